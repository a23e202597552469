"""The HTTP scan server: replies, failures and the log."""

import json
from dataclasses import replace
from typing import cast

from twisted.internet.defer import CancelledError

from mailfilter.scan.envelope import Envelope
from mailfilter.scan.unscanned import Unscanned
from mailfilter.scan.verdict import Action, AddHeader, AddRecipient, ReplaceBody, Verdict
from mailfilter.testing.fake_scanner import FakeScanner

from .http_case import CHECK, GOLDEN, MESSAGE, PING, PONG, VERDICT, Case, error_bytes, reply_bytes


class StubbornScanner(FakeScanner):
    """One that goes on waiting when it is cancelled."""

    async def scan(self, envelope: Envelope, raw: bytes) -> Verdict:
        """Answer, or never."""
        try:
            return await super().scan(envelope, raw)
        except CancelledError:
            return await super().scan(envelope, raw)


class BrokenScanner(FakeScanner):
    """One that cannot even say what is to be said of a message that is not scanned."""

    def unscanned(self, envelope: Envelope, given: Unscanned) -> Verdict:
        """Raise."""
        raise RuntimeError("no")


class Answers(Case):
    def test_golden_check(self) -> None:
        for data in (
            b"POST /checkV2 HTTP/1.0\r\nPass: All\r\nContent-Length: %d\r\n\r\n%b"
            % (len(MESSAGE), MESSAGE),
            b"POST /checkv2 HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (MESSAGE[:5], len(MESSAGE) - 5, MESSAGE[5:]),
        ):
            self.connect()
            self.assertEqual(reply_bytes(GOLDEN), self.ask(data))
            self.assertTrue(self.transport.disconnecting)
            self.assertEqual(MESSAGE, self.scanner.calls[-1][1])
        self.assertEqual({"pass_all"}, self.scanner.calls[0][0].flags)
        self.assertEqual([], self.lines())

    def test_envelope(self) -> None:
        self.ask(b"GET /CHECKV2?From=x@y&settings-id=z HTTP/1.1\r\nFrom: a@b\r\nrcpt: c@d\r\n\r\n")
        envelope, raw = self.scanner.calls[0]
        self.assertEqual(
            ("http", "a@b", "z"), (envelope.listener, envelope.sender, envelope.settings_id)
        )
        self.assertEqual(["c@d"], [recipient.address for recipient in envelope.recipients])
        self.assertEqual(b"", raw)

    def test_empty_message(self) -> None:
        self.scanner.verdict = Verdict(Action.NO_ACTION, 0.0, 15.0, (), "t")
        self.assertEqual(
            reply_bytes(
                b'{"is_skipped":false,"score":0.0,"required_score":15.0,"action":"no action",'
                b'"thresholds":{},"symbols":{},"messages":{},"time_real":0.0}'
            ),
            self.ask(b"POST /checkv2 HTTP/1.0\r\nContent-Length: 0\r\n\r\n"),
        )

    def test_golden_ping(self) -> None:
        self.assertEqual(PONG, self.ask(PING))
        self.assertEqual(PONG, self.ask(b"GET /PING?x=y HTTP/1.1\r\n\r\n"))
        self.assertEqual(PONG.removesuffix(b"pong\r\n"), self.ask(b"HEAD /ping HTTP/1.1\r\n\r\n"))
        closed = reply_bytes(b"pong\r\n", kind=b"text/plain")
        self.assertEqual(closed, self.ask(b"GET /ping HTTP/1.0\r\n\r\n"))
        self.assertTrue(self.transport.disconnecting)

    def test_paths(self) -> None:
        """Those of today and those before, whose replies are laid out in another way."""
        for path, is_legacy in (
            (b"checkv2", False),
            (b"skip", False),
            (b"check", True),
            (b"symbols", True),
            (b"scan", True),
            (b"process", True),
            (b"report", True),
            (b"report_ifspam", True),
        ):
            for one in (path, path.upper(), path.title()):
                reply = self.ask(b"POST /%b HTTP/1.1\r\nContent-Length: 1\r\n\r\nx" % one)
                found = json.loads(reply.partition(b"\r\n\r\n")[2])
                self.assertIs("default" in found, is_legacy, one)
                flags = {"skip"} if path == b"skip" else set()
                self.assertEqual(flags, self.scanner.calls[-1][0].flags, one)

    def test_unknown_path(self) -> None:
        for path in (b"/nope", b"/", b"//ping", b"/ping/", b"/check%76%32", b"/../ping"):
            self.connect()
            self.assertEqual(
                error_bytes(404, "invalid command"), self.ask(b"GET %b HTTP/1.0\r\n\r\n" % path)
            )

    def test_refused_requests_keep_the_connection(self) -> None:
        """Where their body is read."""
        text = "file and shm message sources are not allowed on this connection"
        expected = error_bytes(400, text).replace(b"Connection: close\r\n", b"")
        for name in (b"File", b"Path", b"Shm", b"Shm-Offset", b"Shm-Length"):
            request = b"POST /checkv2 HTTP/1.1\r\n%b: /etc/passwd\r\n\r\n" % name
            self.assertEqual(expected, self.ask(request))
            request = b"POST /checkv2?x=y&%b=z HTTP/1.1\r\n\r\n" % name
            self.assertEqual(expected, self.ask(request))
            self.assertEqual(PONG, self.ask(PING))
        self.assertEqual(expected, self.ask(b"POST /checkv2?f%69le=z HTTP/1.1\r\n\r\n"))
        self.assertEqual([], self.scanner.calls)

    def test_no_form_that_the_client_reads(self) -> None:
        body = b'--x\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{"a":1}\r\n'
        body += b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\nhi\r\n--x--\r\n'
        reply = self.ask(
            b"POST /checkv3 HTTP/1.1\r\nAccept: text/html\r\nContent-Length: %d\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n%b" % (len(body), body)
        )
        self.assertTrue(reply.startswith(b"HTTP/1.1 406 Not Acceptable: supported are "), reply)
        self.assertIn(b"\r\nVary: Accept, Accept-Encoding\r\n", reply)
        self.assertEqual([], self.scanner.calls)

    def test_bodies_that_cannot_be_read(self) -> None:
        reply = self.ask(b"POST /checkv2 HTTP/1.1\r\nCompression: gzip\r\n\r\n")
        self.assertEqual(error_bytes(415, "Invalid compression method"), reply)
        self.assertEqual(b"", self.ask(PING))

    def test_keep_alive(self) -> None:
        for _ in range(200):
            self.assertEqual(reply_bytes(GOLDEN, close=False), self.ask(CHECK))
        self.assertEqual(200, len(self.scanner.calls))
        self.assertFalse(self.transport.disconnecting)
        self.assertEqual(1, len(self.clock.getDelayedCalls()))

    def test_trace(self) -> None:
        reply = self.ask(b"POST /checkv2 HTTP/1.1\r\nFlags: trace\r\nContent-Length: 1\r\n\r\nx")
        self.assertIn(b'"trace_id":"abc"', reply)

    def test_octet_by_octet(self) -> None:
        for octet in CHECK:
            self.protocol.dataReceived(bytes((octet,)))
        self.assertEqual(reply_bytes(GOLDEN, close=False), self.transport.value())

    def test_expect(self) -> None:
        head = b"POST /checkv2 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        self.assertEqual(b"HTTP/1.1 100 Continue\r\n\r\n", self.ask(head))
        self.assertEqual(reply_bytes(GOLDEN, close=False), self.ask(b"hello"))
        self.assertEqual(reply_bytes(GOLDEN, close=False), self.ask(head + b"hello"))

    def test_expect_too_much(self) -> None:
        self.serve(FakeScanner(max_message=4))
        data = b"POST /checkv2 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        self.assertEqual(error_bytes(413, "Request entity too large: 5"), self.ask(data))


class Failures(Case):
    def test_verdicts(self) -> None:
        """By a verdict that every client understands, and the connection goes on."""
        actions = {"accept": "no action", "tempfail": "soft reject", "reject": "reject"}
        texts = {
            "accept": None,
            "tempfail": "Message could not be scanned",
            "reject": "Message could not be scanned",
        }
        for policy, action in actions.items():
            self.serve(FakeScanner(error=RuntimeError("boom")), on_failure=policy)
            head, _, body = self.ask(CHECK).partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"))
            reply = json.loads(body)
            self.assertEqual((action, 0.0, {}), (reply["action"], reply["score"], reply["symbols"]))
            self.assertEqual(15.0, reply["required_score"])
            self.assertEqual(texts[policy], reply["messages"].get("smtp_message"))
            ((envelope, given),) = self.scanner.unscanned_calls
            self.assertEqual(("http", "failure"), (envelope.listener, given.reason))
            self.assertEqual(5, given.size)
            self.assertEqual(PONG, self.ask(PING))
            self.assertEqual(1, len(self.flushLoggedErrors(RuntimeError)))

    def test_no_word_for_it(self) -> None:
        """The action of the policy is told even if nothing else can be."""
        actions = {"accept": "no action", "tempfail": "soft reject", "reject": "reject"}
        for policy, action in actions.items():
            self.serve(BrokenScanner(error=RuntimeError("boom")), on_failure=policy)
            reply = self.ask(CHECK)
            self.assertTrue(reply.startswith(b"HTTP/1.1 200 OK\r\n"), reply)
            found = json.loads(reply.partition(b"\r\n\r\n")[2])
            self.assertEqual((action, 999.0), (found["action"], found["required_score"]))
            self.assertEqual({"smtp_message": "Message could not be scanned"}, found["messages"])
            self.assertEqual(PONG, self.ask(PING))
        self.assertEqual(6, len(self.flushLoggedErrors(RuntimeError)))

    def test_head_of_what_is_not_scanned(self) -> None:
        """Of a message the header is enough to say what becomes of it."""
        for raw, head in (
            (b"A: 1\n\nbody\r\n\r\nmore", b"A: 1\n"),
            (b"A: 1\r\n\r\nbody\n\nmore", b"A: 1\r\n"),
            (b"A: 1\n", b"A: 1\n"),
        ):
            self.serve(FakeScanner(error=RuntimeError("boom")))
            self.ask(b"POST /checkv2 HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(raw), raw))
            ((_, given),) = self.scanner.unscanned_calls
            self.assertEqual((head, len(raw)), (given.head, given.size))
        self.flushLoggedErrors(RuntimeError)

    def test_cancelled_from_inside(self) -> None:
        self.scanner.error = CancelledError()
        self.assertIn(b'"action":"soft reject"', self.ask(CHECK))
        self.assertEqual(1, len(self.flushLoggedErrors(CancelledError)))

    def test_scan_without_end(self) -> None:
        for scanner in (FakeScanner(wait=True), StubbornScanner(wait=True)):
            self.serve(scanner, on_failure="reject")
            self.events.clear()
            self.assertEqual(b"", self.ask(CHECK))
            self.clock.advance(self.factory.listener.deadline - 1)
            self.assertEqual(b"", self.ask(PING))
            self.clock.advance(1)
            self.assertIn(b'"action":"reject"', self.replies())
            self.assertEqual(1, scanner.cancelled)
            self.assertEqual([], self.lines())
            ((_, given),) = scanner.unscanned_calls
            self.assertEqual("deadline", given.reason)
            self.assertEqual(PONG, self.ask(PING))

    def test_failure_after_the_client_is_gone(self) -> None:
        self.scanner.wait = True
        self.scanner.error = RuntimeError("boom")
        self.ask(CHECK)
        self.gone()
        self.assertEqual(b"", self.transport.value())

    def test_verdict_that_cannot_be_told(self) -> None:
        self.scanner.verdict = replace(VERDICT, edits=cast(tuple[()], 5))
        self.assertIn(b'"action":"soft reject"', self.ask(CHECK))
        self.assertEqual(1, len(self.flushLoggedErrors(TypeError)))
        (line,) = (line for line in self.lines() if "by policy" in line)
        self.assertEqual(
            "http: '192.168.1.1': message '' of '', abc: answered by policy alone: soft reject",
            line,
        )
        self.assertEqual([], self.scanner.unscanned_calls)


class LogLines(Case):
    def test_one_line_for_each_refused_request(self) -> None:
        self.ask(b"GET /nope HTTP/1.1\r\n\r\n")
        self.ask(b"POST /checkv2 HTTP/1.1\r\nFile: x\r\n\r\n")
        self.ask(b"\xff\r\n\x1b[2J")
        self.assertEqual(
            [
                "http: '192.168.1.1': refused: 404 'invalid command'",
                "http: '192.168.1.1': refused: 400 'file and shm message sources are not allowed"
                " on this connection'",
                "http: '192.168.1.1': refused: 400 'HTTP parser error: Invalid method encountered'",
            ],
            self.lines(),
        )

    def test_edits_that_are_left_out(self) -> None:
        edits = AddHeader("X-A", "v"), ReplaceBody(b"new"), AddRecipient("a b")
        self.scanner.verdict = replace(VERDICT, edits=edits)
        self.ask(b"POST /checkv2 HTTP/1.1\r\nQueue-Id: a\r\n\r\n")
        self.assertEqual(
            [
                "http: '192.168.1.1': message 'a' of '', abc: left out of the reply: add recipient:"
                " bad address; replace body: the client has not set the flag body_block",
            ],
            self.lines(),
        )

    def test_nothing_from_the_client_breaks_the_line(self) -> None:
        self.scanner.verdict = replace(VERDICT, edits=(AddRecipient("a b"),))
        self.ask(b"POST /checkv2 HTTP/1.1\r\nQueue-Id: a\x85{x}\xff\r\n\r\n")
        self.assertIn("message 'a\ufffd{x}\ufffd' of '', abc: left out", self.lines()[0])
