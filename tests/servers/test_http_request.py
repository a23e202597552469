"""Requests for scans, from their octets to those of the reply."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from backports import zstd
from msgspec import msgpack
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.interfaces import IAddress

from mailfilter.scan.verdict import ReplaceBody
from mailfilter.servers import background
from mailfilter.testing.fake_scanner import FakeScanner

from .http_case import VERDICT, Case, at_once
from .test_http_body import FORM, form, part, request

MESSAGE = b"Subject: hi\r\n\r\nbody\r\n"


def v3(metadata: dict[str, Any], *headers: str, message: bytes | None = None) -> bytes:
    """A request whose metadata are JSON."""
    parts = [part("metadata", json.dumps(metadata).encode())]
    if message is not None:
        parts.append(part("message", message))
    return request(form(*parts), f"Content-Type: {FORM}", *headers, path="/checkv3")


class RequestCase(Case):
    def reply(self, data: bytes) -> tuple[dict[str, str], bytes]:
        """Headers and body of the reply to a request."""
        head, _, body = self.ask(data).partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.assertEqual("HTTP/1.1 200 OK", first)
        headers = dict(line.split(": ", 1) for line in lines)
        self.assertEqual(str(len(body)), headers["Content-Length"])
        return headers, body


class ReplyTests(RequestCase):
    def test_plain(self) -> None:
        headers, _ = self.reply(request(MESSAGE))
        self.assertTrue({"Compression", "Content-Encoding", "Vary"}.isdisjoint(headers))

    def test_zstd(self) -> None:
        """Both headers say so, however it was asked for."""
        _, plain = self.reply(request(MESSAGE))
        packed = zstd.compress(MESSAGE)
        for data in (
            request(MESSAGE, "Accept-Encoding: zstd"),
            request(MESSAGE, "Flags: zstd"),
            request(packed, "Compression: ZSTD"),
            request(packed, "Content-Encoding: zstd"),
            request(packed, path="/checkv2?compression=zstd"),
        ):
            headers, body = self.reply(data)
            self.assertEqual(
                ("zstd", "zstd"), (headers["Compression"], headers["Content-Encoding"])
            )
            self.assertEqual(plain, zstd.decompress(body))
            self.assertEqual(MESSAGE, self.scanner.calls[-1][1])

    def test_new_body(self) -> None:
        """It begins at the octet that is told."""
        self.serve(FakeScanner(replace(VERDICT, edits=(ReplaceBody(b"new"),))))
        headers, body = self.reply(request(MESSAGE, "Flags: body_block"))
        at = int(headers["Message-Offset"])
        self.assertEqual("add header", json.loads(body[:at])["action"])
        self.assertEqual(b"Subject: hi\r\n\r\nnew", body[at:])

    def test_msgpack(self) -> None:
        headers, body = self.reply(request(MESSAGE, "Accept: application/msgpack"))
        self.assertEqual("application/msgpack", headers["Content-Type"])
        self.assertEqual("add header", msgpack.decode(body)["action"])

    def test_first_of_several_headers(self) -> None:
        headers, _ = self.reply(
            request(MESSAGE, "Accept: application/msgpack", path="/checkv2?accept=application/json")
        )
        self.assertEqual("application/msgpack", headers["Content-Type"])


class PartTests(RequestCase):
    """Requests for `/checkv3`."""

    def test_json(self) -> None:
        headers, body = self.reply(v3({"from": "a@b"}, message=MESSAGE))
        self.assertTrue(headers["Content-Type"].startswith("multipart/form-data; boundary="))
        self.assertEqual("Accept, Accept-Encoding", headers["Vary"])
        self.assertIn(b"\r\nContent-Type: application/json\r\n", body)
        envelope, raw = self.scanner.calls[-1]
        self.assertEqual(("a@b", MESSAGE), (envelope.sender, raw))

    def test_msgpack(self) -> None:
        """Answered in kind."""
        metadata = part("metadata", msgpack.encode({"from": "a@b"}), "Content-Type: x-msgpack")
        data = request(
            form(metadata, part("message", MESSAGE)), f"Content-Type: {FORM}", path="/checkv3"
        )
        _, body = self.reply(data)
        self.assertIn(b"\r\nContent-Type: application/msgpack\r\n", body)
        self.assertEqual("a@b", self.scanner.calls[-1][0].sender)

    def test_headers_of_the_request(self) -> None:
        """They say nothing of the message; metadata do."""
        self.reply(v3({"from": "a@b"}, "From: x@y", "User: u", "Settings: {}", message=MESSAGE))
        envelope, _ = self.scanner.calls[-1]
        self.assertEqual(("a@b", None, None), (envelope.sender, envelope.user, envelope.settings))

    def test_settings_of_who_is_not_believed(self) -> None:
        self.connect(IPv4Address("TCP", "192.0.2.9", 1))
        self.reply(v3({"settings": {"actions": {"reject": 1}}}, message=MESSAGE))
        (line,) = self.lines()
        self.assertIn("'192.0.2.9'", line)


class FileTests(RequestCase):
    """Messages that are named."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(background, "in_background", at_once)
        self.path = Path(self.mktemp()).absolute()
        self.path.write_bytes(MESSAGE)
        self.serve(FakeScanner(VERDICT, max_message=100), local_files=True)
        self.connect(UNIXAddress(None))

    def test_read(self) -> None:
        for data in (
            request(b"", f"File: {self.path}"),
            request(b"", path=f"/checkv2?path={self.path}"),
            v3({"file": str(self.path)}),
        ):
            self.scanner.calls.clear()
            self.reply(data)
            self.assertEqual([MESSAGE], [raw for _, raw in self.scanner.calls])

    def test_refused(self) -> None:
        """The connection goes on, and nothing is scanned."""
        self.path.write_bytes(bytes(101))
        for data, text in (
            (request(b"", f"File: {self.path}"), b"413 Request entity too large: 101"),
            (request(b"", f"File: {self.path}.no"), b"400 Cannot open file: No such file or"),
            (v3({"file": "relative"}), b"400 Cannot open file: expected an absolute path"),
        ):
            self.assertTrue(self.ask(data).startswith(b"HTTP/1.1 " + text), text)
        self.assertEqual([], self.scanner.calls)
        self.assertFalse(self.transport.disconnecting)

    def test_off(self) -> None:
        """Nobody may, unless a listener says so; and nobody from elsewhere."""
        cases: tuple[tuple[dict[str, Any], IAddress], ...] = (
            ({}, UNIXAddress(None)),
            ({"local_files": True}, IPv4Address("TCP", "127.0.0.1", 1)),
        )
        for settings, address in cases:
            self.serve(FakeScanner(VERDICT), **settings)
            for data in (request(b"", f"File: {self.path}"), v3({"file": str(self.path)})):
                self.connect(address)
                reply = self.ask(data)
                self.assertTrue(reply.startswith(b"HTTP/1.1 400 file and shm message"), reply)
            self.assertEqual([], self.scanner.calls)
