"""What a client of HTTP is told of a message that cannot be scanned, by the listener's policies."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from backports import zstd
from msgspec import msgpack
from twisted.internet.address import UNIXAddress

from mailfilter.config.model import FailPolicy
from mailfilter.servers import http_answer
from mailfilter.servers.local_files import SourceTooLarge
from mailfilter.testing.fake_scanner import FakeScanner

from .http_case import CHECK, PING, PONG, VERDICT, Case, error_bytes
from .test_scan_http import BrokenScanner

POLICIES: tuple[tuple[FailPolicy, str], ...] = (
    ("accept", "no action"),
    ("tempfail", "soft reject"),
    ("reject", "reject"),
)
TOLD = b"Queue-Id: 4711\r\nFrom: a@example.org\r\nRcpt: b@example.net\r\n"


def form(metadata: bytes, kind: bytes, message: bytes = b"x") -> bytes:
    parts = ((b"metadata", kind, metadata), (b"message", b"text/plain", message))
    return b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%b"\r\nContent-Type: %b\r\n\r\n%b\r\n' % part
        for part in parts
    ) + (b"--b--\r\n")


def post(path: bytes, body: bytes, *fields: bytes) -> bytes:
    head = b"".join(field + b"\r\n" for field in (*fields, b"Content-Length: %d" % len(body)))
    return b"POST /%b HTTP/1.1\r\n%b\r\n%b" % (path, head, body)


def v3(metadata: bytes, kind: bytes = b"application/json", *fields: bytes) -> bytes:
    content_type = b"Content-Type: multipart/form-data; boundary=b"
    return post(b"checkv3", form(metadata, kind), content_type, *fields)


def verdict_of(reply: bytes) -> dict[str, Any]:
    """The verdict in a reply of whatever form."""
    head, _, body = reply.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n"), head
    kind = head.split(b"Content-Type: ")[1].split(b"\r\n")[0]
    if kind.startswith(b"multipart/"):
        part_head, _, rest = body.partition(b"\r\n\r\n")
        kind = part_head.split(b"Content-Type: ")[1].split(b"\r\n")[0]
        body = rest.rpartition(b"\r\n--")[0]
    if b"Content-Encoding: zstd" in head:
        body = zstd.decompress(body)
    read = msgpack.decode if b"msgpack" in kind else json.loads
    return cast(dict[str, Any], read(body))


FORMS: Sequence[tuple[bytes, bytes]] = (
    (CHECK, b"Content-Type: application/json\r\n"),
    (post(b"symbols", b"x"), b"Content-Type: application/json\r\n"),
    (post(b"checkv2", b"x", b"Accept: application/msgpack"), b"application/msgpack\r\n"),
    (post(b"checkv2", b"x", b"Accept-Encoding: zstd"), b"Content-Encoding: zstd\r\n"),
    (v3(b'{"from":"a@b"}'), b"Content-Type: multipart/form-data; boundary="),
    (v3(b'{"from":"a@b"}', b"a/json", b"Accept: message/rfc822"), b"Content-Type: multipart/mixed"),
    (
        v3(msgpack.encode({"from": "a@b"}), b"application/msgpack"),
        b"Content-Type: multipart/form-data; boundary=",
    ),
)
"""Requests, and how the reply to each is to look."""


class FormTests(Case):
    def check_forms(self, action: str) -> None:
        for data, shape in FORMS:
            reply = self.ask(data)
            self.assertIn(shape, reply)
            found = verdict_of(reply)
            if data.startswith(b"POST /symbols"):
                found = found["default"]
            self.assertEqual(found["action"], action, data)
            if b"\r\nContent-Type: application/msgpack" in data:
                self.assertIn(b"\r\nContent-Type: application/msgpack\r\n", reply)
            self.assertEqual(self.ask(PING), PONG)

    def test_by_policy_alone(self) -> None:
        """The client gets the form that it can read, also where little else can be said."""
        for policy, action in POLICIES:
            self.serve(BrokenScanner(error=RuntimeError("boom")), on_failure=policy)
            self.check_forms(action)
            lines = [line for line in self.lines() if line.endswith(f"policy alone: {action}")]
            self.assertEqual(len(lines), len(FORMS))
            self.flushLoggedErrors(RuntimeError)
        self.assertIn("http: '192.168.1.1': message '' of 'a@b': answered by policy", lines[-1])

    def test_a_request_that_cannot_be_read(self) -> None:
        """A mistake of ours in it is no leave to deliver."""

        def fail(*_: object) -> None:
            raise ZeroDivisionError

        self.patch(http_answer, "read_request", fail)
        for policy, action in POLICIES:
            self.serve(FakeScanner(), on_failure=policy)
            self.check_forms(action)
            self.assertEqual((len(self.scanner.unscanned_calls), self.scanner.calls), (7, []))
            self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        reply = self.ask(post(b"checkv2", b"A: 1\n\nx", *TOLD.split(b"\r\n")[:-1]))
        self.assertEqual(verdict_of(reply)["action"], "reject")
        envelope, given = self.scanner.unscanned_calls[-1]
        self.assertEqual((envelope.queue_id, envelope.sender), ("4711", "a@example.org"))
        self.assertEqual((given.reason, given.head, given.size), ("failure", b"A: 1\n", 7))

    def test_nothing_of_it_can_be_read(self) -> None:
        def fail(*_: object) -> None:
            raise ZeroDivisionError

        self.patch(http_answer, "read_request", fail)
        self.patch(http_answer, "read_head", fail)
        for _ in range(3):
            reply = self.ask(CHECK.replace(b"\r\n\r\n", b"\r\nQueue-Id: a\xff\r\n\r\n"))
            self.assertEqual(verdict_of(reply)["action"], "soft reject")
        lines = [line for line in self.lines() if "by policy alone" in line]
        text = "http: '192.168.1.1': message 'a\ufffd' of '': answered by policy alone: soft reject"
        self.assertEqual(lines, [text] * 3)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)

    def test_not_even_that(self) -> None:
        """No client waits for ever, and none is told of success."""
        self.serve(FakeScanner(wait=True))
        self.patch(self.factory.answers, "_unscanned", None)
        for end in (self.scanner_fails, lambda: self.clock.advance(self.factory.listener.deadline)):
            self.connect()
            self.assertEqual(self.ask(CHECK), b"")
            end()
            self.assertEqual(self.replies(), b"")
            self.assertTrue(self.transport.disconnected)
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 2)
        self.flushLoggedErrors(RuntimeError)

    def scanner_fails(self) -> None:
        self.scanner.error = RuntimeError("boom")
        self.scanner.release()

    def test_a_verdict_that_cannot_be_told(self) -> None:
        """It is there already, and the form is kept."""
        self.serve(FakeScanner(replace(VERDICT, edits=cast(tuple[()], 5))))
        self.check_forms("soft reject")
        self.assertEqual(self.scanner.unscanned_calls, [])
        self.flushLoggedErrors(TypeError)


class TooLargeTests(Case):
    LIMIT = 100

    CASES: Sequence[tuple[bytes, int]] = (
        (b"POST /checkv2 HTTP/1.1\r\n" + TOLD + b"Content-Length: 101\r\n\r\n", 101),
        (
            b"POST /checkv2 HTTP/1.1\r\n" + TOLD + b"Transfer-Encoding: chunked\r\n\r\n"
            b"32\r\n" + b"x" * 50 + b"\r\n33\r\n",
            101,
        ),
        (post(b"checkv2", zstd.compress(bytes(10**6)), b"Compression: zstd", TOLD[:-2]), 101),
        (post(b"symbols", b"x" * 101, TOLD[:-2]), 101),
        (
            b"POST /checkv3 HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            + TOLD
            + b"Content-Length: 9999999\r\n\r\n",
            9999999,
        ),
    )

    def refuse(self, policy: FailPolicy, data: bytes, **scanner: Any) -> bytes:
        self.serve(FakeScanner(max_message=self.LIMIT, **scanner), oversize=policy)
        self.events.clear()
        return self.ask(data)

    def check_remembered(self, size: int) -> None:
        ((envelope, given),) = self.scanner.unscanned_calls
        self.assertEqual((envelope.queue_id, envelope.sender), ("4711", "a@example.org"))
        self.assertEqual([to.address for to in envelope.recipients], ["b@example.net"])
        self.assertEqual((given.reason, given.size, given.head), ("size", size, b""))

    def check_closed(self) -> None:
        self.assertEqual(self.ask(PING), b"")
        self.assertFalse(self.transport.disconnected)

    def test_accept(self) -> None:
        """Delivered by most clients, but not unseen."""
        for data, size in self.CASES:
            text = f"Request entity too large: {size}"
            self.assertEqual(self.refuse("accept", data), error_bytes(413, text))
            self.check_remembered(size)
            line = f"http: '192.168.1.1': message '4711': refused: 413 '{text}'"
            self.assertEqual(self.lines(), [line])
            self.check_closed()

    def test_other_policies(self) -> None:
        for policy, action in POLICIES[1:]:
            for data, size in self.CASES:
                reply = self.refuse(policy, data)
                found = verdict_of(reply)
                found = found.get("default", found)
                self.assertEqual(found["action"], action)
                self.assertIn("Message is too large to be scanned", str(verdict_of(reply)))
                self.assertIn(b"\r\nConnection: close\r\n", reply)
                self.assertEqual(b"checkv3" in data, b"multipart/form-data" in reply)
                self.check_remembered(size)
                self.assertEqual(self.lines(), [])
                self.check_closed()

    def test_a_file(self) -> None:
        async def fail(*_: object) -> bytes:
            raise SourceTooLarge(101)

        self.patch(http_answer, "read_source", fail)
        data = post(b"checkv2", b"", TOLD + b"File: /a")
        for policy, action in POLICIES:
            self.serve(FakeScanner(), oversize=policy, local_files=True)
            self.connect(UNIXAddress("/a"))
            reply = self.ask(data)
            if policy == "accept":
                self.assertTrue(reply.startswith(b"HTTP/1.1 413 Request entity too large: 101\r\n"))
            else:
                self.assertEqual(verdict_of(reply)["action"], action)
            self.check_remembered(101)
            self.assertEqual(self.ask(PING), PONG)

    def test_another_path(self) -> None:
        """There is no message in it."""
        data = post(b"ping", b"x" * 101)
        expected = error_bytes(413, "Request entity too large: 101")
        self.assertEqual(self.refuse("reject", data), expected)
        self.assertEqual(self.scanner.unscanned_calls, [])

    def test_no_form_that_can_be_read(self) -> None:
        head = b"POST /checkv3 HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        data = head + b"Accept: text/html\r\nContent-Length: 9999999\r\n\r\n"
        self.assertEqual(verdict_of(self.refuse("reject", data))["action"], "reject")
        self.assertEqual(len(self.scanner.unscanned_calls), 1)

    def test_by_policy_alone(self) -> None:
        for policy, told in (("accept", "413"), ("tempfail", "soft reject"), ("reject", "reject")):
            scanner = BrokenScanner(max_message=self.LIMIT)
            self.serve(scanner, oversize=cast(FailPolicy, policy))
            reply = self.ask(self.CASES[0][0])
            self.assertIn(b" 413 " if told == "413" else told.encode(), reply)
            line = (
                "http: '192.168.1.1': message '4711' of 'a@example.org': answered by policy"
                f" alone: {told}"
            )
            self.assertIn(line, self.lines())
            self.check_closed()
        self.flushLoggedErrors(RuntimeError)
