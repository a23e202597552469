"""Hostile requests to the controller, byte for byte (bad-input.md 22 and 24)."""

from backports import zstd

from mailfilter.config.model import Controller

from .controller_case import LOOPBACK, STRANGER, ControllerCase, error_bytes

CROSS_SITE = error_bytes(
    403, "Refused as asked for by another site: send the header Password, or X-Mailfilter: 1"
)
UNAUTHORIZED = error_bytes(401, "Unauthorized")
LARGE = 100 * 2**20
"""Over all limits."""
BOMB = zstd.compress(bytes(LARGE))
"""Some KiB."""
CHANGES = ("/saveactions", "/api/save", "/savemap")
MESSAGES = ("/checkv2", "/learnspam", "/learnham", "/fuzzyadd", "/api/scan")


def status_of(reply: bytes) -> int:
    return int(reply.split(b" ", 2)[1])


class PackedTests(ControllerCase):
    """Row 22: bodies that are packed."""

    def test_bomb(self) -> None:
        """What does not fit is not unpacked, by whatever path, and changes nothing."""
        for path in (*CHANGES, *MESSAGES, "/stat"):
            for header in ("Content-Encoding: zstd", "Compression: zstd"):
                self.connect(LOOPBACK)
                reply = self.post(path, BOMB, f"{header}\r\n")
                self.assertEqual(status_of(reply), 413, path)
        self.assertEqual(self.desk.told, [])
        self.assertEqual(self.scanner.calls, [])

    def test_not_looked_at(self) -> None:
        """Where no body is wanted none is unpacked, whatever it is."""
        for start, status in (
            ("GET /ping", 200),
            ("POST /zzz", 404),
            ("OPTIONS /checkv2", 200),
            ("PUT /checkv2", 500),
        ):
            head = f"{start} HTTP/1.1\r\nContent-Encoding: zstd\r\nContent-Length: {len(BOMB)}\r\n"
            self.connect(STRANGER)
            self.assertEqual(status_of(self.ask(f"{head}\r\n".encode() + BOMB)), status, start)

    def test_head(self) -> None:
        """HEAD is for files: it would change what is asked for by it."""
        for path in (*CHANGES, *MESSAGES, "/stat", "/statreset", "/checkv3"):
            self.connect(LOOPBACK)
            head = f"HEAD {path} HTTP/1.1\r\nContent-Length: 10\r\n\r\n[33,8,6,4]"
            reply = self.ask(head.encode())
            self.assertTrue(reply.startswith(b"HTTP/1.1 500 Invalid method\r\n"), reply)
        self.assertEqual(self.desk.told, [])
        self.assertEqual(self.scanner.calls, [])

    def test_other_packing(self) -> None:
        for header, status in (
            ("Content-Encoding: gzip", 415),
            ("Content-Encoding: zstd, zstd", 415),
            ("Compression: zstd\r\nDictionary: 1", 400),
            ("Compression: zstd\r\nDictionary: x", 400),
        ):
            for path in ("/savemap", "/saveactions", "/learnspam", "/checkv2"):
                self.connect(LOOPBACK)
                self.assertEqual(status_of(self.post(path, BOMB, f"{header}\r\n")), status, path)

    def test_no_zstd(self) -> None:
        for path in ("/savemap", "/saveactions", "/learnspam", "/checkv2"):
            self.connect(LOOPBACK)
            reply = self.post(path, b"no zstd", "Compression: zstd\r\n")
            self.assertEqual(status_of(reply), 400, path)

    def test_huge(self) -> None:
        """What says that it is too large is refused before it comes: huge learns, too."""
        for path in (*CHANGES, *MESSAGES):
            self.connect(LOOPBACK)
            head = f"POST {path} HTTP/1.1\r\nContent-Length: {LARGE}\r\n\r\n"
            self.assertEqual(status_of(self.ask(head.encode())), 413, path)


class StrangerTests(ControllerCase):
    """Row 24: who is not let in."""

    def test_behind_proxy(self) -> None:
        """No password, and a proxy on this machine: nothing is open."""
        for header in ("X-Forwarded-For: 127.0.0.1", "X-Real-IP: ::1", "Forwarded: for=127.0.0.1"):
            for path in ("/stat", "/auth", "/saveactions", "/api/saved", "/checkv2", "/metrics"):
                self.assertEqual(self.get(path, f"{header}\r\n"), UNAUTHORIZED, path)
        self.assertEqual(self.desk.told, [])

    def test_rebinding(self) -> None:
        self.assertEqual(self.get("/stat", "Host: evil.example:11334\r\n"), UNAUTHORIZED)
        self.assertEqual(status_of(self.get("/stat", "Host: localhost:11334\r\n")), 200)

    def test_brute_force(self) -> None:
        """401, then 429 with the time to wait, which says nothing of the password."""
        self.use(Controller(password="x", max_auth_failures=2))
        self.connect(STRANGER)
        for _ in range(2):
            self.assertEqual(self.get("/auth", "Password: y\r\n"), UNAUTHORIZED)
        for password in ("x", "y"):
            reply = self.get("/auth", f"Password: {password}\r\n")
            self.assertTrue(
                reply.startswith(b"HTTP/1.1 429 Too many authentication failures\r\n"), reply
            )
            self.assertIn(b"\r\nRetry-After: 60\r\n", reply)
            self.assertTrue(reply.endswith(b'\r\n\r\n{"error":"Too many authentication failures"}'))
        self.clock.advance(60)
        self.assertEqual(status_of(self.get("/auth", "Password: x\r\n")), 200)

    def test_ping(self) -> None:
        """Whoever must wait may still ask whether anybody is there."""
        self.use(Controller(password="x", max_auth_failures=1))
        self.connect(STRANGER)
        self.get("/auth", "Password: y\r\n")
        self.assertEqual(status_of(self.get("/ping", "Password: y\r\n")), 200)


class OtherSiteTests(ControllerCase):
    """Row 24: what pages of somebody else have browsers send."""

    def test_forged(self) -> None:
        for path in (
            "/saveactions",
            "/savesymbols",
            "/savemap",
            "/statreset",
            "/historyreset",
            "/learnspam",
            "/checkv2",
            "/api/save",
            "/api/undo",
            "/api/scan",
        ):
            for header in (
                "Origin: http://evil.example",
                "Origin: null",
                "Referer: http://evil.example/localhost",
                "Sec-Fetch-Site: cross-site",
            ):
                told = f"Host: localhost:11334\r\n{header}\r\n"
                self.assertEqual(self.post(path, b"{}", told), CROSS_SITE, path)
                self.assertEqual(self.get(path, told), CROSS_SITE, path)
        self.assertEqual(self.desk.told, [])
        self.assertEqual(self.scanner.calls, [])

    def test_own(self) -> None:
        """Our own page, and scripts, which say nothing of a site."""
        own = "Host: localhost:11334\r\nOrigin: http://localhost:11334\r\n"
        for headers in ("", "Host: localhost\r\n", own, own + "Sec-Fetch-Site: same-origin\r\n"):
            reply = self.post("/saveactions", b"[20, 8, 6, 4]", headers)
            self.assertEqual(status_of(reply), 200, headers)
        self.assertEqual(len(self.desk.told), 4)

    def test_asked_before(self) -> None:
        """A browser that asks first is not told that others may send our header."""
        told = "Origin: http://evil.example\r\nAccess-Control-Request-Headers: x-mailfilter\r\n"
        reply = self.ask(f"OPTIONS /saveactions HTTP/1.1\r\n{told}\r\n".encode()).lower()
        self.assertNotIn(b"x-mailfilter", reply)
        self.assertNotIn(b"access-control-allow-origin", reply)
        self.assertNotIn(b"allow-credentials", reply)
