"""rspamdclient-rs asks the filter, and reads what it says."""

from dataclasses import replace
from pathlib import Path

from mailfilter.scan.verdict import AddHeader, RemoveHeader, ReplaceBody
from mailfilter.servers import background
from mailfilter.testing.fake_scanner import FakeScanner

from ..http_case import at_once
from .client_case import MAIL, MESSAGE, NEAR, UNIX
from .every_case import EveryCase, EveryTests
from .outcome import Fate
from .rust import Rust, pack, split, unpack
from .verdicts import PLAIN
from .wire import HttpReply, read_reply

FATES: dict[str, Fate] = {
    "no action": "accepted",
    "greylist": "accepted",
    "add header": "marked",
    "rewrite subject": "marked",
    "soft reject": "deferred",
    "reject": "refused",
    "discard": "refused",
    "quarantine": "quarantined",
}

FRAME = b"(\xb5/\xfd\x00X\xd9\x00\x00From: a@b\nSubject: x\n\nbody\n"

SYNC = (
    b"POST /checkv2 HTTP/1.1\r\n"
    b"content-type: application/octet-stream\r\n"
    b"from: a@b.example\r\n"
    b"ip: 192.0.2.1\r\n"
    b"helo: h\r\n"
    b"rcpt: b@c.example\r\n"
    b"rcpt: d@e.example\r\n"
    b"content-encoding: zstd\r\n"
    b"compression: zstd\r\n"
    b"accept-encoding: gzip, deflate\r\n"
    b"connection: close\r\n"
    b"content-length: 36\r\n"
    b"accept: */*\r\n"
    b"user-agent: attohttpc/0.31.0\r\n"
    b"host: 127.0.0.1:11333\r\n"
    b"\r\n" + FRAME
)
ASYNC = (
    b"POST /checkv2 HTTP/1.1\r\n"
    b"content-encoding: zstd\r\n"
    b"compression: zstd\r\n"
    b"from: a@b.example\r\n"
    b"ip: 192.0.2.1\r\n"
    b"helo: h\r\n"
    b"rcpt: b@c.example\r\n"
    b"rcpt: d@e.example\r\n"
    b"accept: */*\r\n"
    b"accept-encoding: zstd\r\n"
    b"host: 127.0.0.1:11333\r\n"
    b"content-length: 36\r\n"
    b"\r\n" + FRAME
)
"""As recorded, with a helo added."""

RECORDED = replace(
    MAIL,
    raw=b"From: a@b\nSubject: x\n\nbody\n",
    sender="a@b.example",
    recipients=("b@c.example", "d@e.example"),
    helo="h",
)


class SyncTests(EveryTests, EveryCase):
    client = Rust()
    fates = FATES
    recorded = SYNC

    def reply(self, client: Rust) -> HttpReply:
        """To a message, on a new connection."""
        self.connect()
        return read_reply(self.ask(client.requests(MAIL)[0]))

    def test_request(self) -> None:
        """The emulator sends what the client sends, but for how well the body is packed."""
        (request,) = self.client.requests(RECORDED)
        self.assertEqual(_unsized(request), _unsized(self.recorded))
        self.tell(PLAIN)
        self.client.outcome(self.ask(self.recorded))
        envelope, raw = self.asked()
        self.assertEqual(raw, RECORDED.raw)
        self.assertEqual(
            ("a@b.example", "192.0.2.1", "h"),
            (envelope.sender, str(envelope.client_ip), envelope.helo),
        )
        found = [one.address for one in envelope.recipients]
        self.assertEqual(found, list(RECORDED.recipients))

    def test_both_headers_of_packed_replies(self) -> None:
        self.tell(PLAIN)
        reply = read_reply(self.ask(self.recorded))
        self.assertEqual(reply.header("compression"), "zstd")
        self.assertEqual(reply.header("content-encoding"), "zstd")

    def test_unpacked(self) -> None:
        """Only if it wants that: the async one takes zstd whatever it sends."""
        client = replace(self.client, zstd=False)
        self.outcome(PLAIN, client=client)
        reply = self.reply(client)
        expected = "zstd" if client.is_async else None
        self.assertEqual(reply.header("compression"), expected)

    def test_last_recipient(self) -> None:
        """Of older versions is told alone."""
        self.outcome(PLAIN, client=replace(self.client, last_recipient_alone=True))
        found = [one.address for one in self.asked()[0].recipients]
        self.assertEqual(found, [MAIL.recipients[-1]])

    def test_edits(self) -> None:
        """Nothing that its types do not have: all of a name are removed, and one is added."""
        edits = (RemoveHeader("X-A", 1), RemoveHeader("X-A", 3), AddHeader("X-B", "1"))
        outcome = self.outcome(replace(PLAIN, edits=(*edits, AddHeader("X-B", "2"))))
        self.assertEqual(outcome.added, (("X-B", "1"),))
        self.assertEqual(outcome.removed, ("X-A",))

    def test_new_body(self) -> None:
        """Behind the JSON, if it sets the flag; the offset is that before packing."""
        verdict = replace(PLAIN, edits=(ReplaceBody(b"new\r\n"),))
        for extra, end in (((("flags", "body_block"),), b"\r\n\r\nnew\r\n"), ((), None)):
            client = replace(self.client, extra=extra)
            self.outcome(verdict, client=client)
            reply = self.reply(client)
            _, message = split(reply, client.unpacked(reply))
            self.assertEqual(message and message[-len(end or b"") :], end)

    def test_broken_frames(self) -> None:
        """Are an error, whatever is broken."""
        frame = pack(MESSAGE)
        for body in (frame[:-1], frame + b"x", frame[:5], frame + frame, MESSAGE):
            self.tell(PLAIN)
            head = b"POST /checkv2 HTTP/1.1\r\ncompression: zstd\r\ncontent-length: %d\r\n\r\n"
            reply = self.ask(head % len(body) + body)
            self.assertEqual(self.client.outcome(reply).fate, "error", body[:9])
            self.assertEqual(self.scanner.calls, [])

    def test_file(self) -> None:
        """Named in place of the message: taken on a unix socket alone, if that is allowed."""
        self.patch(background, "in_background", at_once)
        path = Path(self.mktemp()).absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(MESSAGE)
        (request,) = replace(self.client, file=str(path)).requests(MAIL)
        self.assertTrue(request.startswith(b"GET /checkv2"))
        for near, allowed, status in (
            (NEAR, True, 400),
            (UNIX, False, 400),
            (UNIX, True, 200),
        ):
            self.near = near
            self.serve(FakeScanner(PLAIN), local_files=allowed)
            self.assertEqual(read_reply(self.ask(request)).status, status)
            expected = [MESSAGE] if status == 200 else []
            self.assertEqual([raw for _, raw in self.scanner.calls], expected)


class AsyncTests(SyncTests):
    client = Rust(is_async=True)
    recorded = ASYNC


class PackedTests(EveryCase):
    """The emulator's own zstd."""

    def test_recorded(self) -> None:
        self.assertEqual(unpack(FRAME), RECORDED.raw)


def _unsized(request: bytes) -> tuple[list[bytes], bytes]:
    """The head without the length, and the message."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    return [line for line in lines if not line.startswith(b"content-length")], unpack(body)
