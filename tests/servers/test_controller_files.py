"""The controller: files of our pages and of another interface."""

import os
import socket
import zlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from unittest.mock import patch

from backports.zstd import decompress

from mailfilter.config.model import Controller
from mailfilter.servers import background, packing, static_files, static_folders
from mailfilter.servers.controller_answer import ControllerAnswers

from .controller_case import STRANGER, ControllerCase, dressed_bytes
from .http_case import at_once

NOT_FOUND = dressed_bytes(b"404 Not found", b"text/plain", b"Not found")
PAGE = b"<!doctype html><script>one()</script><script src=x.js></script>"
SCRIPT = b"let x = 1;\n" * 1000


class FilesCase(ControllerCase):
    """A folder with the pages of another interface, and one with ours."""

    def setUp(self) -> None:
        self.patch(background, "in_background", at_once)
        self.theirs = Path(self.mktemp()).absolute()
        self.ours = Path(self.mktemp()).absolute()
        for folder in (self.theirs, self.ours):
            (folder / "js").mkdir(parents=True)
            (folder / "index.html").write_bytes(PAGE)
            (folder / "js" / "main.js").write_bytes(SCRIPT)
        self.patch(static_folders, "OWN", self.ours)
        super().setUp()
        self.use(Controller(static_dir=str(self.theirs)))
        self.connect(STRANGER)

    def parts(self, reply: bytes) -> tuple[bytes, Mapping[str, str], bytes]:
        """The first line of a reply, its headers by lower case name, its body."""
        head, _, body = reply.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        headers = dict(line.decode().split(": ", 1) for line in lines)
        self.assertEqual(len(lines), len(headers), reply)
        return first, {name.lower(): value for name, value in headers.items()}, body

    def found(self, path: str, headers: str = "") -> tuple[Mapping[str, str], bytes]:
        first, fields, body = self.parts(self.get(path, headers))
        self.assertEqual(b"HTTP/1.1 200 OK", first, path)
        return fields, body


class FileTests(FilesCase):
    def test_found(self) -> None:
        """Nobody is asked who it is; types are known by the ends of names."""
        (self.theirs / "a b.SVG").write_bytes(b"<svg/>")
        (self.theirs / "x.exe").write_bytes(b"MZ")
        (self.theirs / "empty.css").write_bytes(b"")
        for path, kind, body in (
            ("/", "text/html; charset=utf-8", PAGE),
            ("//.//index.html?x=y", "text/html; charset=utf-8", PAGE),
            ("/js/main.js", "text/javascript; charset=utf-8", SCRIPT),
            ("/js/m%61in.js", "text/javascript; charset=utf-8", SCRIPT),
            ("/a%20b.SVG", "image/svg+xml", b"<svg/>"),
            ("/x.exe", "application/octet-stream", b"MZ"),
            ("/empty.css", "text/css; charset=utf-8", b""),
            ("/web/", "text/html; charset=utf-8", PAGE),
            ("/web/js/main.js", "text/javascript; charset=utf-8", SCRIPT),
        ):
            headers, found = self.found(path)
            self.assertEqual((kind, body), (headers["content-type"], found), path)
            self.assertEqual("nosniff", headers["x-content-type-options"])
            self.assertEqual("DENY", headers["x-frame-options"])
            self.assertEqual("no-cache", headers["cache-control"])

    def test_head(self) -> None:
        reply = self.ask(b"HEAD /js/main.js HTTP/1.1\r\n\r\n")
        headers = self.parts(reply)[1]
        self.assertEqual(str(len(SCRIPT)), headers["content-length"])
        self.assertTrue(reply.endswith(b"\r\n\r\n"))

    def test_not_found(self) -> None:
        """Also what is there, but is no file that anybody should see."""
        secret = self.theirs.parent / "secret"
        secret.write_bytes(b"secret")
        self.addCleanup(secret.unlink)
        (self.theirs / ".htpasswd").write_bytes(b"x")
        (self.theirs / ".git").mkdir()
        (self.theirs / ".git" / "config").write_bytes(b"x")
        os.mkfifo(self.theirs / "fifo")
        (self.theirs / "huge").write_bytes(b"")
        os.truncate(self.theirs / "huge", static_files.MAX_FILE + 1)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(os.path.relpath(self.theirs / "socket"))
            for path in (
                "/nothing",
                "/JS/main.js",
                "/index.html/",
                "/js/main.js/x",
                "/../secret",
                "/js/../../secret",
                "/%2e%2e/secret",
                "/..%2fsecret",
                "/%2e%2e%2fsecret",
                "/..%5csecret",
                "/web/../../secret",
                "/web/%2e%2e/%2e%2e/secret",
                "/web/..%2f..%2fservices.py",
                f"/{secret}",
                f"/web/{secret}",
                "/.htpasswd",
                "/%2ehtpasswd",
                "/.git/config",
                "/fifo",
                "/socket",
                "/huge",
                "/index.html%00.js",
                "/%ff",
                f"/{'a' * 300}",
                f"/{'a/' * 1000}",
                "/web/nothing",
                "/web/lib",
                "/web/lib/",
                "/web/lib/plotly-0.0.min.js",
            ):
                self.assertEqual(NOT_FOUND, self.get(path), path)

    def test_methods(self) -> None:
        self.assertEqual(NOT_FOUND, self.post("/index.html", b"x"))

    def test_folders(self) -> None:
        """A client is told to ask again, relative to where it is."""
        (self.theirs / "deep" / "er").mkdir(parents=True)
        for path, location in (("/web", "web/"), ("/js", "js/"), ("/deep/er", "er/")):
            first, headers, body = self.parts(self.get(path))
            self.assertEqual((b"HTTP/1.1 302 Found", b""), (first, body), path)
            self.assertEqual(location, headers["location"])
        self.assertEqual(NOT_FOUND, self.get("/js/"))
        self.use(Controller())
        self.assertEqual("web/", self.parts(self.get("/"))[1]["location"])
        self.assertEqual(NOT_FOUND, self.get("/index.html"))

    def test_links(self) -> None:
        """The operator's folder may lead elsewhere, as those of distributions do."""
        (self.theirs / "js" / "lib.js").symlink_to(self.ours / "js" / "main.js")
        self.assertEqual(SCRIPT, self.found("/js/lib.js")[1])

    def test_no_folder(self) -> None:
        self.use(Controller(static_dir=str(self.theirs / "nothing")))
        self.assertEqual(NOT_FOUND, self.get("/"))


class KeptTests(FilesCase):
    def test_known(self) -> None:
        """What a browser has is not sent again."""
        tag = self.found("/js/main.js")[0]["etag"]
        for names in (tag, f'"x", {tag}', "*"):
            reply = self.get("/js/main.js", f"If-None-Match: {names}\r\n")
            first, headers, body = self.parts(reply)
            self.assertEqual((b"HTTP/1.1 304 Not Modified", b""), (first, body), names)
            self.assertEqual(tag, headers["etag"])
        self.assertEqual(SCRIPT, self.found("/js/main.js", 'If-None-Match: "x"\r\n')[1])

    def test_changed(self) -> None:
        tag = self.found("/js/main.js")[0]["etag"]
        (self.theirs / "js" / "main.js").write_bytes(b"new")
        headers, body = self.found("/js/main.js", f"If-None-Match: {tag}\r\n")
        self.assertEqual(b"new", body)
        self.assertNotEqual(tag, headers["etag"])
        (self.theirs / "js" / "main.js").unlink()
        self.assertEqual(NOT_FOUND, self.get("/js/main.js"))

    def test_packed(self) -> None:
        """The best that a reader knows; pictures, and what is small, as they are."""
        (self.theirs / "x.png").write_bytes(SCRIPT)
        for accept, encoding in (
            ("gzip, deflate, br, zstd", "zstd"),
            ("gzip, deflate", "gzip"),
            ("gzip;q=0.5, deflate", "deflate"),
            ("zstd;q=0, gzip", "gzip"),
            ("br", None),
            ("identity", None),
            ("", None),
        ):
            headers, body = self.found("/js/main.js", f"Accept-Encoding: {accept}\r\n")
            self.assertEqual(encoding, headers.get("content-encoding"), accept)
            self.assertEqual("Accept-Encoding", headers["vary"])
            self.assertEqual(SCRIPT, unpacked(body, encoding), accept)
            for path in ("/x.png", "/index.html"):
                headers, _ = self.found(path, f"Accept-Encoding: {accept}\r\n")
                self.assertNotIn("content-encoding", headers)

    def test_kept(self) -> None:
        """Packed once, while it is asked for; others go."""
        answers = self.factory.answers
        assert isinstance(answers, ControllerAnswers)
        kept = answers._files._kept
        with patch.dict(packing.PACKERS, {"gzip": lambda data: b"packed"}):
            self.assertEqual(b"packed", self.found("/js/main.js", "Accept-Encoding: gzip\r\n")[1])
        self.assertEqual(b"packed", self.found("/js/main.js", "Accept-Encoding: gzip\r\n")[1])
        self.assertEqual(1, len(kept))
        with patch.object(static_files, "MAX_KEPT", len(SCRIPT) + 10):
            self.found("/js/main.js")
            self.assertEqual(2, len(kept))
            self.found("/index.html")
            self.assertEqual(1, len(kept))
            self.assertEqual(PAGE, self.found("/index.html")[1])


class PolicyTests(FilesCase):
    def policy(self, path: str) -> str:
        return self.found(path)[0]["content-security-policy"]

    def test_ours(self) -> None:
        """Nothing inline, nothing from elsewhere."""
        policy = self.policy("/web/")
        self.assertIn("default-src 'none'; script-src 'self'; style-src 'self';", policy)
        self.assertNotIn("unsafe", policy)

    def test_theirs(self) -> None:
        """Scripts that are in a page when it is sent, and no others."""
        policy = self.policy("/")
        self.assertIn("script-src 'self' 'sha256-", policy)
        self.assertEqual(1, policy.count("sha256"))
        self.assertNotIn("sha256", self.policy("/js/main.js"))
        self.assertNotIn("script-src 'self' 'unsafe-inline'", policy)
        self.assertIn("connect-src 'self';", policy)

    def test_neighbours(self) -> None:
        neighbours = {
            "a": "https://mx2.example.org:11334/x",
            "b": "http://[2001:db8::1]/",
            "c": "http://x;script-src *",
        }
        self.use(Controller(static_dir=str(self.theirs), neighbours=neighbours))
        self.assertIn(
            "connect-src 'self' https://mx2.example.org:11334 http://[2001:db8::1] http://x;",
            self.policy("/"),
        )


class LibraryTests(FilesCase):
    def test_plotly(self) -> None:
        """From its package, at a path that says which version it is."""
        name = f"plotly-{version('plotly')}.min.js"
        first, headers, _ = self.parts(self.get("/web/lib/plotly.min.js"))
        self.assertEqual((b"HTTP/1.1 302 Found", name), (first, headers["location"]))
        headers, body = self.found(f"/web/lib/{name}")
        self.assertEqual("max-age=31536000, immutable", headers["cache-control"])
        self.assertEqual("text/javascript; charset=utf-8", headers["content-type"])
        self.assertIn(b"plotly.js", body[:100])

    def test_without(self) -> None:
        self.patch(static_folders, "find_spec", lambda _: None)
        self.use(Controller())
        self.assertEqual(NOT_FOUND, self.get("/web/lib/plotly.min.js"))


class PackedReplyTests(ControllerCase):
    """Replies in JSON."""

    def setUp(self) -> None:
        self.patch(background, "in_background", at_once)
        super().setUp()

    def test_packed(self) -> None:
        plain = self.get("/symbols").partition(b"\r\n\r\n")[2]
        self.assertGreater(len(plain), 1024)
        for encoding in ("zstd", "gzip", "deflate"):
            reply = self.get("/symbols", f"Accept-Encoding: {encoding}\r\n")
            head, _, body = reply.partition(b"\r\n\r\n")
            self.assertIn(f"\r\nContent-Encoding: {encoding}\r\n".encode(), head)
            self.assertIn(b"\r\nVary: Accept-Encoding\r\n", head)
            self.assertEqual(plain, unpacked(body, encoding))
        self.assertNotIn(b"Encoding", self.get("/auth", "Accept-Encoding: gzip\r\n"))

    def test_large(self) -> None:
        self.desk.logged = [{"message": "x" * 100_000}]
        body = self.get("/errors", "Accept-Encoding: gzip\r\n").partition(b"\r\n\r\n")[2]
        self.assertLess(len(body), 1000)
        self.assertIn(b"x" * 100_000, unpacked(body, "gzip"))


def unpacked(body: bytes, encoding: str | None) -> bytes:
    if encoding is None:
        return body
    return decompress(body) if encoding == "zstd" else zlib.decompress(body, zlib.MAX_WBITS | 32)
