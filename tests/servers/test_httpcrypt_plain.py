"""Requests that are not sealed, at a listener with keypairs: as at one without."""

from backports import zstd

from mailfilter.testing.fake_scanner import FakeScanner

from .http_case import CHECK, GOLDEN, VERDICT, error_bytes, reply_bytes
from .test_http_body import FORM, METADATA, form, part, request
from .test_httpcrypt import SealedCase

MOST = 1000
PACKED = zstd.compress(b"hello")


class PlainTests(SealedCase):
    def setUp(self) -> None:
        super().setUp()
        self.serve(FakeScanner(VERDICT, max_message=MOST))

    def scanned(self, data: bytes) -> bytes:
        """The message of a request that is answered."""
        self.assertIn(b"200 OK", self.anew(data))
        return self.scanner.calls[-1][1]

    def test_kept_alive(self) -> None:
        for _ in range(2):
            self.assertEqual(self.ask(CHECK), reply_bytes(GOLDEN, close=False))

    def test_packed(self) -> None:
        self.assertEqual(self.scanned(request(PACKED, "Compression: zstd")), b"hello")

    def test_form(self) -> None:
        data = form(METADATA, part("message", PACKED, "Content-Encoding: zstd"))
        request_of_form = request(data, f"Content-Type: {FORM}", path="/checkv3")
        self.assertEqual(self.scanned(request_of_form), b"hello")
        self.assertEqual(self.scanner.calls[-1][0].sender, "a@b")

    def test_too_large(self) -> None:
        """Whether it says so, or turns out to be: room is only for what is sealed."""
        self.assertEqual(self.scanned(request(b"x" * MOST)), b"x" * MOST)
        packed = zstd.compress(bytes(MOST + 1))
        head = b"POST /checkv2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        for data in (
            request(bytes(MOST + 1))[:-MOST],
            head + b"%x\r\n" % (MOST + 1),
            request(packed, "Compression: zstd"),
        ):
            found = self.anew(data)
            self.assertEqual(found, error_bytes(413, f"Request entity too large: {MOST + 1}"))
        self.assertEqual(len(self.scanner.calls), 1)
