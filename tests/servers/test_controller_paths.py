"""The controller: paths, and requests in odd pieces."""

import random

from mailfilter.servers.controller import ENDPOINTS
from mailfilter.servers.controller_paths import lookup_path, normal_path
from mailfilter.servers.static_folders import Elsewhere, Folders, Place

from .controller_case import STRANGER, ControllerCase, error_bytes

ALPHABET = (b"/", b"/", b"..", b".", b"%2e", b"%2F", b"%5c", b"\\", b"a", b"web", b"%00", b"\xff")


class PathTests(ControllerCase):
    def test_normal(self) -> None:
        for path, expected in (
            (b"/", "/"),
            (b"", "/"),
            (b"//", "/"),
            (b"/.", "/"),
            (b"/..", "/"),
            (b"/../..", "/"),
            (b"/A/b", "/A/b"),
            (b"/a/", "/a/"),
            (b"/a/.", "/a/"),
            (b"/a/b/..", "/a/"),
            (b"/a/..", "/"),
            (b"/a//b/./c/../d", "/a/b/d"),
            (b"/../../a", "/a"),
            (b"/a%2e%2e/b", "/a%2e%2e/b"),
            (b"/...", "/..."),
            (b"/\xe9", "/\xe9"),
        ):
            self.assertEqual(expected, normal_path(path), path)
            self.assertEqual(expected.lower().rstrip("/") or "/", lookup_path(path), path)

    def test_table(self) -> None:
        """Each path of the table is one that is looked up."""
        for path in ENDPOINTS:
            self.assertEqual(path, lookup_path(path.encode()))

    def test_no_way_out(self) -> None:
        """Whatever a path is made of, it names nothing outside of a folder."""
        made = random.Random(1)
        folders = Folders("/folder")
        for _ in range(20_000):
            path = b"/" + b"".join(made.choices(ALPHABET, k=made.randrange(12)))
            found = folders.find(path)
            if isinstance(found, Place):
                place = found.path.as_posix()
                self.assertNotIn("..", found.path.parts, path)
                self.assertTrue(place.startswith("/folder/") or "/mailfilter/web/" in place, path)
            elif isinstance(found, Elsewhere):
                self.assertEqual("web/", found.location, path)
            normal = normal_path(path)
            self.assertTrue(normal.startswith("/"), path)
            self.assertNotIn("..", normal.split("/"), path)


class PieceTests(ControllerCase):
    def test_octets(self) -> None:
        """It does not matter how a request arrives."""
        for request, expected in (
            (b"GET /AUTH HTTP/1.1\r\n\r\n", self.get("/auth")),
            (
                b"POST /saveactions HTTP/1.1\r\nContent-Length: 5\r\n\r\n[1,2]",
                error_bytes(400, "Cannot parse input"),
            ),
            (
                b"POST /saveactions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n",
                error_bytes(400, "Cannot parse input"),
            ),
        ):
            self.assertEqual(expected, self.ask(request))
            for at in range(1, len(request)):
                self.transport.clear()
                self.protocol.dataReceived(request[:at])
                self.protocol.dataReceived(request[at:])
                self.assertEqual(expected, self.replies(), request[:at])
            self.transport.clear()
            for octet in request:
                self.protocol.dataReceived(bytes((octet,)))
            self.assertEqual(expected, self.replies(), request)

    def test_pipelined(self) -> None:
        """In order; each is judged by itself."""
        self.connect(STRANGER)
        two = b"GET /auth HTTP/1.1\r\n\r\nGET /ping HTTP/1.1\r\n\r\n"
        refused, pong = error_bytes(401, "Unauthorized"), self.get("/ping")
        self.assertEqual(refused + pong, self.ask(two))

    def test_hostile(self) -> None:
        """Refused, in headers and JSON of ours that nothing of it can end."""
        for request in (
            b"GET /%0d%0aX:y HTTP/1.1\r\n\r\n",
            b"GET /getmap?map=1%0d%0aX:y HTTP/1.1\r\n\r\n",
            b"GET /getmap?map=%22%3C HTTP/1.1\r\n\r\n",
            b"GET /plugins/maps/query_specific?maps=%22%3Cscript%3E&value=x HTTP/1.1\r\n\r\n",
            b"GET /history?from=%22 HTTP/1.1\r\n\r\n",
        ):
            self.connect()
            reply = self.ask(request)
            self.assertRegex(reply[:12], rb"HTTP/1\.1 4..")
            head, _, body = reply.partition(b"\r\n\r\n")
            self.assertNotIn(b"\r\nX", head.replace(b"\r\nX-", b""))
            self.assertNotIn(b"\r\n\r\n", body)
