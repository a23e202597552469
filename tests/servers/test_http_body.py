"""What takes the body of a request is chosen by its path, headers and query."""

import gc
import tracemalloc
from random import Random

from backports import zstd
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http1 import ProtocolError, RequestCodec, RequestComplete
from mailfilter.codec.http_body import Part, PlainBody
from mailfilter.codec.http_multipart import FormBody
from mailfilter.codec.http_zstd import ZstdBody
from mailfilter.servers.http_body import FORM_OVERHEAD, MAX_METADATA, open_body

MAX_BODY = 5000
MESSAGE = b"From: a@example.org\r\n\r\n" + b"".join(b"line %d\r\n" % n for n in range(50))
FORM = "multipart/form-data; boundary=xX"
FORM_ERROR = "cannot parse multipart/form-data body: "


def part(name: str, data: bytes, *fields: str) -> bytes:
    head = [f'Content-Disposition: form-data; name="{name}"', *fields]
    return "\r\n".join(["--xX", *head, "", ""]).encode() + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--xX--\r\n"


def request(body: bytes, *headers: str, path: str = "/checkv2") -> bytes:
    lines = [f"POST {path} HTTP/1.1", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def ask(data: bytes, max_body: int = MAX_BODY) -> RequestComplete | ProtocolError:
    """What a request ends with."""
    codec = RequestCodec(lambda head: open_body(head, max_body))
    event = codec.receive(data)[-1]
    assert isinstance(event, RequestComplete | ProtocolError)
    return event


METADATA = part("metadata", b'{"from":"a@b"}', "Content-Type: Application/JSON")
METADATA_PART = Part("metadata", b"application/json", b'{"from":"a@b"}')


class Chosen(SynchronousTestCase):
    def body(self, data: bytes) -> bytes:
        event = ask(data)
        assert isinstance(event, RequestComplete), event
        self.assertEqual((), event.parts)
        return event.body

    def refused(self, data: bytes) -> tuple[int, str]:
        event = ask(data)
        assert isinstance(event, ProtocolError), event
        return event.status, event.text

    def test_plain(self) -> None:
        packed = zstd.compress(MESSAGE)
        for headers in (
            (),
            ("Compression: identity",),
            ("Content-Encoding:",),
            ("Content-Encoding: Identity", "Compression: "),
            ("Dictionary: 5",),
            ("Accept-Encoding: zstd",),
            (f"Content-Type: {FORM}",),
        ):
            self.assertEqual(packed, self.body(request(packed, *headers)), headers)

    def test_zstd(self) -> None:
        packed = zstd.compress(MESSAGE)
        for headers, path in (
            (("Compression: zstd",), "/checkv2"),
            (("Content-Encoding: ZSTD",), "/check"),
            (("compression: zstd", "content-encoding: zstd"), "/symbols"),
            (("Compression: identity", "Content-Encoding: zstd"), "/checkv2"),
            ((), "/checkv2?compression=zstd"),
            ((), "/checkv2?a=b&Content-Encoding=%7Astd"),
        ):
            self.assertEqual(MESSAGE, self.body(request(packed, *headers, path=path)), headers)
            self.assertEqual(b"", self.body(request(b"", *headers, path=path)), headers)

    def test_refused(self) -> None:
        method = (415, "Invalid compression method")
        for headers, path, expected in (
            (("Compression: gzip",), "/checkv2", method),
            (("Content-Encoding: gzip, zstd",), "/checkv2", method),
            (("Content-Encoding: zstd", "Content-Encoding: gzip"), "/checkv2", method),
            (("Compression: deflate", "Content-Encoding: zstd"), "/checkv2", method),
            (("Compression: zstd",), "/checkv2?compression=br", method),
            ((), "/checkv2?compression=gzip", method),
            ((), "/checkv2?a=%0a", (400, "Control character in a query argument")),
            (
                ("Compression: zstd", "Dictionary: 5"),
                "/checkv2",
                (400, "Unknown dictionary, undefined locally"),
            ),
            (
                ("Compression: zstd", "Dictionary: x5"),
                "/checkv2",
                (400, "Non numeric dictionary"),
            ),
            (("Compression: zstd", "Dictionary:"), "/checkv2", (400, "Non numeric dictionary")),
            (
                ("Compression: zstd",),
                "/checkv2?dictionary=-1",
                (400, "Non numeric dictionary"),
            ),
            (
                ("Compression: zstd",),
                "/checkv2",
                (400, "Decompression error: Unknown frame descriptor"),
            ),
        ):
            data = request(b"message", *headers, path=path)
            self.assertEqual(expected, self.refused(data), (headers, path))

    def test_limits(self) -> None:
        self.assertEqual(MAX_BODY, len(self.body(request(bytes(MAX_BODY)))))
        error = (413, f"Request entity too large: {MAX_BODY + 1}")
        self.assertEqual(error, self.refused(request(bytes(MAX_BODY + 1))))
        packed = zstd.compress(bytes(MAX_BODY))
        self.assertEqual(MAX_BODY, len(self.body(request(packed, "Compression: zstd"))))
        packed = zstd.compress(bytes(MAX_BODY + 1))
        self.assertEqual(error, self.refused(request(packed, "Compression: zstd")))

    def test_kinds(self) -> None:
        codec = RequestCodec(lambda head: open_body(head, MAX_BODY))
        head = codec.receive(request(b""))[0]
        assert not isinstance(head, RequestComplete | ProtocolError)
        self.assertIsInstance(open_body(head, 1), PlainBody)
        head.headers.append((b"compression", b"zstd"))
        self.assertIsInstance(open_body(head, 1), ZstdBody)


class Forms(SynchronousTestCase):
    def ask(
        self, body: bytes, *headers: str, path: str = "/checkv3", kind: str = FORM
    ) -> RequestComplete | ProtocolError:
        return ask(request(body, f"Content-Type: {kind}", *headers, path=path))

    def parts(self, body: bytes, *headers: str, path: str = "/checkv3") -> tuple[Part, ...]:
        event = self.ask(body, *headers, path=path)
        assert isinstance(event, RequestComplete), event
        self.assertEqual(b"", event.body)
        return event.parts

    def test_parts(self) -> None:
        plain, packed = Part("message", b"", MESSAGE), zstd.compress(MESSAGE)
        self.assertEqual(
            (METADATA_PART, plain), self.parts(form(METADATA, part("message", MESSAGE)))
        )
        for encoding in ("zstd", "ZSTD "):
            message = part("message", packed, f"Content-Encoding: {encoding}")
            self.assertEqual((plain, METADATA_PART), self.parts(form(message, METADATA)))
        message = part("message", MESSAGE, "Content-Encoding: identity")
        self.assertEqual(
            (METADATA_PART, plain), self.parts(form(METADATA, message), path="/CheckV3?a=b")
        )

    def test_metadata_alone(self) -> None:
        """A message may be elsewhere, which only the metadata tell."""
        self.assertEqual((METADATA_PART,), self.parts(form(METADATA)))

    def test_encoding_of_the_request(self) -> None:
        """Says nothing about the parts."""
        body = form(METADATA, part("message", MESSAGE))
        self.assertEqual(2, len(self.parts(body, "Compression: zstd", "Dictionary: 5")))

    def test_boundary(self) -> None:
        body = form(METADATA)
        event = self.ask(body, kind='multipart/form-data; charset=utf-8; boundary="xX"')
        self.assertIsInstance(event, RequestComplete)
        event = self.ask(body, kind="multipart/form-data; boundary=Xx")
        self.assertEqual(ProtocolError(400, FORM_ERROR + "unexpected end"), event)

    def test_refused(self) -> None:
        message = part("message", MESSAGE)
        packed = zstd.compress(MESSAGE)
        names = FORM_ERROR + "parts must be one 'metadata' and one 'message'"
        for body, status, text in (
            (b"", 400, FORM_ERROR + "unexpected end"),
            (MESSAGE, 400, FORM_ERROR + "unexpected end"),
            (form(), 400, "missing 'metadata' part in v3 request"),
            (form(message), 400, "missing 'metadata' part in v3 request"),
            (form(part("metadata", b""), message), 400, "empty metadata object"),
            (form(METADATA, METADATA), 400, names),
            (form(message, message), 400, names),
            (form(METADATA, part("Message", b"")), 400, names),
            (
                form(METADATA, message, message),
                400,
                "v3 request must contain at most 2 parts (metadata + message), got 3",
            ),
            (
                form(part("metadata", packed, "Content-Encoding: zstd")),
                415,
                "Invalid compression method",
            ),
            (
                form(METADATA, part("message", packed, "Content-Encoding: gzip")),
                415,
                "Invalid compression method",
            ),
            (
                form(METADATA, part("message", packed[:-1], "Content-Encoding: zstd")),
                400,
                "message decompression error: unexpected end",
            ),
            (
                form(part("message", bytes(MAX_BODY + 1))),
                413,
                f"Request entity too large: {MAX_BODY + 1}",
            ),
            (
                form(part("message", zstd.compress(bytes(MAX_BODY + 1)), "Content-Encoding: zstd")),
                413,
                f"Request entity too large: {MAX_BODY + 1}",
            ),
            (
                form(part("metadata", bytes(MAX_METADATA + 1))),
                413,
                f"Request entity too large: {MAX_METADATA + 1}",
            ),
            (
                bytes(MAX_BODY + FORM_OVERHEAD + 1),
                413,
                f"Request entity too large: {MAX_BODY + FORM_OVERHEAD + 1}",
            ),
        ):
            self.assertEqual(ProtocolError(status, text), self.ask(body), body[:200])

    def test_content_type(self) -> None:
        data = request(form(METADATA), path="/checkv3")
        error = ProtocolError(400, "missing Content-Type header for v3 request")
        self.assertEqual(error, ask(data))
        error = ProtocolError(400, "cannot extract boundary from Content-Type")
        for kind in ("application/json", "multipart/form-data", "multipart/mixed; boundary=xX", ""):
            self.assertEqual(error, self.ask(form(METADATA), kind=kind), kind)
        self.assertEqual(error, self.ask(form(METADATA), f"Content-Type: {FORM}"))

    def test_largest(self) -> None:
        metadata, message = bytes(MAX_METADATA), bytes(MAX_BODY)
        body = form(part("metadata", metadata), part("message", message))
        self.assertEqual(
            (Part("metadata", b"", metadata), Part("message", b"", message)), self.parts(body)
        )

    def test_memory(self) -> None:
        """A message is there once."""
        size = 2**22
        noise = Random(1).randbytes(size // 2) + bytes(size // 2)
        for message in (
            part("message", noise),
            part("message", zstd.compress(noise), "Content-Encoding: zstd"),
        ):
            data = request(form(METADATA, message), f"Content-Type: {FORM}", path="/checkv3")
            codec = RequestCodec(lambda head: open_body(head, size))
            tracemalloc.start()
            self.addCleanup(tracemalloc.stop)
            for at in range(0, len(data), 2**16):
                events = codec.receive(data[at : at + 2**16])
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            event = events[-1]
            assert isinstance(event, RequestComplete)
            self.assertEqual(noise, event.parts[1].data)
            self.assertLess(peak, size * 5 // 4 + 2**19)

    def test_freed(self) -> None:
        """A form does not stay until cycles are looked for, which may be many messages later."""
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        for body in (form(METADATA, part("message", MESSAGE)), form(METADATA, METADATA)):
            self.ask(body)
            kept = [thing for thing in gc.get_objects() if type(thing) is FormBody]
            self.assertEqual([], kept)
