"""The controller: ping, auth, paths and methods, byte for byte (http-controller.md 2.1, 2.8)."""

import json

from mailfilter import __version__

from .controller_case import STRANGER, ControllerCase, dressed_bytes, error_bytes
from .http_case import CHECK

TEXT = b"text/plain"


class GoldenTests(ControllerCase):
    def test_ping(self) -> None:
        """Anybody may ask, at any time."""
        pong = dressed_bytes(b"200 OK", TEXT, b"pong\r\n")
        for peer in (STRANGER, None):
            self.connect(peer)
            for path in ("/ping", "/PING", "/PING?x=y", "//ping", "/./x/../ping", "/ping/"):
                self.assertEqual(pong, self.get(path), path)
        head = self.ask(b"HEAD /ping HTTP/1.1\r\n\r\n")
        self.assertEqual(dressed_bytes(b"200 OK", TEXT, b"", length=6), head)

    def test_auth(self) -> None:
        found = self.value(self.get("/auth"))
        config_id = found.pop("config_id")
        self.assertRegex(config_id, r"\A[a-z2-7]{32}\Z")
        self.assertEqual(
            {
                "version": __version__,
                "auth": "ok",
                "uptime": 3,
                "clean": 1,
                "probable": 8,
                "greylist": 0,
                "reject": 0,
                "soft_reject": 0,
                "scanned": 9,
                "learned": 0,
                "read_only": False,
            },
            found,
        )

    def test_unauthorized(self) -> None:
        self.connect(STRANGER)
        for path in ("/auth", "/stat", "/Stat/", "/statreset", "/checkv2"):
            self.assertEqual(error_bytes(401, "Unauthorized"), self.get(path), path)
        self.assertEqual(error_bytes(401, "Unauthorized"), self.ask(CHECK))
        self.assertEqual([], self.desk.told)
        self.assertEqual([], self.scanner.calls)

    def test_unknown_path(self) -> None:
        self.connect(STRANGER)
        for path in ("/zzz", "/auth/x", "/a%75th", "/checkv2x"):
            expected = dressed_bytes(b"404 Not found", TEXT, b"Not found")
            self.assertEqual(expected, self.get(path), path)

    def test_methods(self) -> None:
        expected = dressed_bytes(b"500 Invalid method", TEXT, b"")
        for method in (b"PUT", b"DELETE", b"PATCH", b"PROPFIND"):
            self.assertEqual(expected, self.ask(b"%b /stat HTTP/1.1\r\n\r\n" % method), method)
        self.assertEqual(
            dressed_bytes(
                b"200 OK",
                TEXT,
                b"",
                b"Access-Control-Allow-Methods: POST, GET, OPTIONS\r\n"
                b"Access-Control-Allow-Headers: "
                b"Classifier,Class,Content-Type,Password,Map,Weight,Flag,Hash\r\n",
            ),
            self.ask(b"OPTIONS /stat HTTP/1.1\r\n\r\n"),
        )

    def test_post_is_get(self) -> None:
        self.assertEqual(self.get("/auth"), self.post("/auth"))
        self.assertEqual(self.get("/auth"), self.post("/AUTH", b"whatever"))


class ScanTests(ControllerCase):
    def test_scan(self) -> None:
        """Layouts of today and of old; who is let in is believed what it tells of its client."""
        for path, is_legacy in (("checkv2", False), ("CheckV2", False), ("/scan", True)):
            found = self.value(self.post(f"/{path}", b"hello", "IP: 192.0.2.7\r\n"))
            self.assertEqual(is_legacy, "default" in found, path)
            envelope, raw = self.scanner.calls[-1]
            self.assertEqual((b"hello", "192.0.2.7"), (raw, str(envelope.client_ip)))
            self.assertTrue(envelope.is_trusted)

    def test_nobody_is_believed(self) -> None:
        self.serve(self.scanner, trusted=False)
        self.value(self.post("/checkv2", b"hello", "IP: 192.0.2.7\r\n"))
        self.assertFalse(self.scanner.calls[-1][0].is_trusted)

    def test_failure(self) -> None:
        """A scan that fails is answered as anywhere else."""
        self.scanner.error = RuntimeError("no")
        self.assertEqual("soft reject", self.value(self.post("/checkv2", b"x"))["action"])
        self.flushLoggedErrors(RuntimeError)


class TroubleTests(ControllerCase):
    def test_refused(self) -> None:
        self.desk.refusal = "the master does not answer"
        self.assertEqual(error_bytes(500, "the master does not answer"), self.get("/auth"))

    def test_failed(self) -> None:
        """A bug costs one reply."""
        self.desk.page = {}
        self.assertEqual(error_bytes(500, "Internal error"), self.get("/auth"))
        self.assertEqual(1, len(self.flushLoggedErrors(KeyError)))
        self.assertEqual([], self.scanner.unscanned_calls)

    def test_too_large(self) -> None:
        """What is no message is bounded before anything of it is kept."""
        for path, size in (("/auth", 2**20), ("/zzz", 2**20), ("/checkv2", 50 * 2**20)):
            self.connect()
            head = f"POST {path} HTTP/1.1\r\nContent-Length: {size + 1}\r\n\r\n"
            reply = self.ask(head.encode())
            text = f"Request entity too large: {size + 1}"
            self.assertTrue(reply.startswith(f"HTTP/1.1 413 {text}\r\n".encode()), reply)
            self.assertEqual({"error": text}, json.loads(reply.partition(b"\r\n\r\n")[2]))
        self.assertEqual([], self.scanner.unscanned_calls)
