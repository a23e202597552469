"""Answers that end in no usual way: the client is answered, or its connection is cut off."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Listener
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import Verdict
from mailfilter.servers.first_line import ScanFactory
from mailfilter.servers.http_answer import Answers as HttpAnswers
from mailfilter.servers.http_connection import HttpConnection
from mailfilter.servers.milter_answer import Answers as MilterAnswers
from mailfilter.servers.scan_http import HttpFactory
from mailfilter.servers.spamd import SpamdConnection, SpamdFactory
from mailfilter.servers.spamd_answer import Answers as LineAnswers
from mailfilter.testing.fake_scanner import FakeScanner

from ..codec.milter_mta import message
from .milter_server import ACCEPT, START, Mta
from .spamd_case import CHECK, LOCAL, Transport

HTTP = b"POST /checkv2 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
REQUESTS = (
    (HttpFactory, HTTP, b'"action":"soft reject"'),
    (SpamdFactory, CHECK, b"SPAMD/1.0 69 "),
    (ScanFactory, HTTP, b'"action":"soft reject"'),
    (ScanFactory, CHECK, b"SPAMD/1.0 69 "),
)


class Exiting(FakeScanner):
    """Its first scan ends by what is no `Exception`."""

    async def scan(self, envelope: Envelope, raw: bytes) -> Verdict:
        verdict = await super().scan(envelope, raw)
        if len(self.calls) == 1:
            raise SystemExit(3)
        return verdict


def fail(*args: Any) -> Any:
    """Stand in for what never fails."""
    raise SystemExit(4)


class OddEndTests(SynchronousTestCase):
    def ask(self, make: Any, octets: bytes, scanner: FakeScanner) -> None:
        self.clock = Clock()
        listener = Listener(protocol="scan", endpoint="tcp:0", on_failure="tempfail")
        self.factory = make(scanner, "scan", listener, self.clock)
        self.protocol = self.factory.buildProtocol(LOCAL)
        self.transport = Transport(peerAddress=LOCAL)
        self.protocol.makeConnection(self.transport)
        self.protocol.dataReceived(octets)
        if scanner.wait:
            scanner.release()

    def test_answered_as_any_failure(self) -> None:
        for make, octets, part in REQUESTS:
            for wait in (False, True):
                self.ask(make, octets, Exiting(wait=wait))
                self.assertIn(part, self.transport.value())
                self.assertFalse(self.transport.aborted)
                self.assertEqual(1, len(self.flushLoggedErrors(SystemExit)))

    def test_the_next_request(self) -> None:
        """Each has a reply of its own."""
        self.ask(HttpFactory, HTTP, Exiting())
        self.protocol.dataReceived(HTTP)
        replies = self.transport.value()
        self.assertEqual(2, replies.count(b"HTTP/1.1 200 "))
        self.assertLess(replies.index(b"soft reject"), replies.index(b"no action"))
        self.flushLoggedErrors(SystemExit)

    def test_no_answer_at_all(self) -> None:
        for answers in (HttpAnswers, LineAnswers):
            self.patch(answers, "failed", fail)
        self.check_cut_off(Exiting)

    def test_no_reply(self) -> None:
        for connection in (HttpConnection, SpamdConnection):
            self.patch(connection, "_reply", fail)
        self.check_cut_off(FakeScanner)

    def check_cut_off(self, scanner: type[FakeScanner]) -> None:
        for make, octets, _ in REQUESTS:
            for wait in (False, True):
                self.ask(make, octets, scanner(wait=wait))
                self.assertEqual((True, b""), (self.transport.aborted, self.transport.value()))
                self.protocol.dataReceived(octets)
                self.assertEqual(b"", self.transport.value())
                self.protocol.connectionLost()
                self.assertEqual([], self.clock.getDelayedCalls())
                self.assertEqual(1, len(self.flushLoggedErrors(SystemExit)))


class MilterTests(SynchronousTestCase):
    def ask(self, wait: bool) -> Mta:
        mta = Mta(Exiting(wait=wait), on_failure="tempfail")
        mta.send(*START)
        return mta

    def test_answered_as_any_failure(self) -> None:
        for wait in (False, True):
            mta = self.ask(wait)
            replies = mta.send(*message())
            if wait:
                mta.scanner.release()
                replies += mta.replies()
            self.assertEqual(("y", b"451 4.7.1 Message could not be scanned\0"), replies[-1])
            mta.scanner.wait = False
            self.assertEqual(ACCEPT, mta.send(*message())[-1])
            self.assertEqual(1, len(self.flushLoggedErrors(SystemExit)))

    def test_no_answer_at_all(self) -> None:
        self.patch(MilterAnswers, "failed", fail)
        for wait in (False, True):
            mta = self.ask(wait)
            mta.protocol.dataReceived(b"".join(message() * 2))
            if wait:
                mta.scanner.release()
            self.assertTrue(mta.transport.disconnected)
            mta.clock.advance(0)
            self.assertEqual(1, len(mta.scanner.calls))
            mta.lose()
            self.assertEqual([], mta.clock.getDelayedCalls())
            self.assertEqual(1, len(self.flushLoggedErrors(SystemExit)))

    def test_nothing_to_say_when_time_is_up(self) -> None:
        self.patch(MilterAnswers, "overdue", fail)
        mta = Mta(FakeScanner(wait=True), deadline=5)
        mta.send(*START, *message())
        mta.clock.advance(5)
        self.assertTrue(mta.transport.disconnected)
        self.assertEqual(1, mta.scanner.cancelled)
        self.flushLoggedErrors(SystemExit)
