"""The trace id in a header and in refusals: the same over milter and HTTP."""

import json
from typing import Any, cast

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter_session import BLANKS_RESTORED, HEAD_TAKEN_OFF
from mailfilter.config.model import Config, Listener, Scan
from mailfilter.scan.check import Check, Force
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.plan import build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.verdict import Action, Verdict
from mailfilter.servers.scan_http import HttpFactory
from mailfilter.testing.fake_scanner import FakeScanner

from ..codec.milter_mta import connect, frame, header, helo, mail, message, offer, rcpt
from ..scan.case import finding
from .http_case import CHECK
from .milter_server import START, Mta


class ShownCase(SynchronousTestCase):
    """Real scans, by a check that does as it is told, asked for by both protocols."""

    def make_scanner(self, *checks: type[Check], **settings: Any) -> FakeScanner:
        config = Config(scan=Scan(**settings))
        self.verdicts: list[Verdict] = []
        plan = build_plan(config, checks)
        # Work takes no time: after a pause of the machine a scan would wait for a still clock.
        scanner = Scanner(plan, config.scan, Clock(), [self.observe], work_clock=lambda: 0.0)
        return cast(FakeScanner, scanner)

    def observe(self, envelope: Envelope, verdict: Verdict) -> None:
        self.verdicts.append(verdict)

    @property
    def trace_id(self) -> str:
        return self.verdicts[-1].trace_id

    def over_milter(self, scanner: FakeScanner) -> list[tuple[str, bytes]]:
        mta = Mta(scanner)
        mta.send(*START)
        return mta.send(*message())

    def over_http(self, scanner: FakeScanner) -> dict[str, Any]:
        clock = Clock()
        listener = Listener(protocol="http", endpoint="tcp:0")
        factory = HttpFactory(scanner, "http", listener, clock)
        protocol = factory.buildProtocol(None)
        assert protocol is not None
        transport = StringTransport()
        protocol.makeConnection(transport)
        protocol.dataReceived(CHECK)
        clock.advance(0)
        found: dict[str, Any] = json.loads(transport.value().partition(b"\r\n\r\n")[2])
        return found


class HeaderTests(ShownCase):
    """`scan.trace_header`."""

    def test_header(self) -> None:
        """A header of that name with the trace id and nothing else."""
        scanner = self.make_scanner(trace_header="X-Trace")
        (edit, _accept) = self.over_milter(scanner)
        self.assertEqual(edit, ("h", b"X-Trace\0 %b\0" % self.trace_id.encode()))
        edits = self.over_http(scanner)["milter"]
        added = {"value": self.trace_id, "order": -1}
        self.assertEqual(
            edits, {"add_headers": {"X-Trace": added}, "remove_headers": {"X-Trace": 0}}
        )

    def test_forged(self) -> None:
        """Fields of that name which senders have put there go, and the one that is left is ours."""
        scanner = self.make_scanner(trace_header="X-Trace")
        forged = [header(name, " aaaaaaaaaaaa") for name in ("x-trace", "X-Other", "X-TRACE")]
        mta = Mta(scanner)
        mta.send(*START)
        frames = message()
        first, second, added, _accept = mta.send(*frames[:3], *forged, *frames[3:])
        self.assertEqual(first, ("m", b"\0\0\0\2X-Trace\0\0"))
        self.assertEqual(second, ("m", b"\0\0\0\1X-Trace\0\0"))
        self.assertEqual(added, ("i", b"\0\x01\x86\xa0X-Trace\0 %b\0" % self.trace_id.encode()))

    def test_off(self) -> None:
        """By default there is none."""
        scanner = self.make_scanner()
        self.assertEqual(self.over_milter(scanner), [("a", b"")])
        self.assertNotIn("milter", self.over_http(scanner))


class NoteTests(ShownCase):
    """What a milter session had to do to the message stands in the trace of its scan."""

    def notes(self, *parts: bytes) -> list[str]:
        mta = Mta(self.make_scanner())
        mta.send(*parts)
        (verdict,) = self.verdicts
        return [entry.text for entry in verdict.trace if entry.source == "message"]

    def test_blanks(self) -> None:
        start = connect(), helo()
        self.assertEqual(self.notes(offer(steps=0), *start, *message()), [BLANKS_RESTORED])
        self.assertEqual(self.notes(offer(), *start, *message()), [])

    def test_header_twice(self) -> None:
        parts = mail(), rcpt(), header("Subject", "a"), frame("N")
        body = frame("B", b"Subject: a\r\n\r\nb\r\n"), frame("E")
        start = offer(steps=0), connect(), helo()
        self.assertEqual(self.notes(*start, *parts, *body), [HEAD_TAKEN_OFF])


class ReplyTests(ShownCase):
    """`scan.trace_in_reply`."""

    def said(self, force: Force, **settings: Any) -> tuple[str, str | None]:
        """What both protocols say, with T for the trace id."""
        scanner = self.make_scanner(finding("a", force), **settings)
        ((_code, payload),) = self.over_milter(scanner)
        reply = payload.rstrip(b"\0").decode().replace(self.trace_id, "T")
        text = self.over_http(scanner)["messages"].get("smtp_message")
        return reply, text and text.replace(self.trace_id, "T")

    def test_refusals(self) -> None:
        """With and without a text of the check."""
        for force, reply, text in (
            (
                Force(Action.REJECT),
                "554 5.7.1 Spam message rejected (trace T)",
                "Spam message rejected (trace T)",
            ),
            (
                Force(Action.REJECT, "550 5.7.9 go"),
                "550 5.7.9 go (trace T)",
                "go (trace T)",
            ),
            (
                Force(Action.SOFT_REJECT, "later"),
                "451 4.7.1 later (trace T)",
                "later (trace T)",
            ),
        ):
            self.assertEqual(self.said(force, trace_in_reply=True), (reply, text))

    def test_off(self) -> None:
        """By default nothing is said of it."""
        self.assertEqual(self.said(Force(Action.REJECT)), ("554 5.7.1 Spam message rejected", None))
