"""Log lines on messages: which it was, what was done, and nothing of strangers in them."""

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.scan.envelope import Envelope
from mailfilter.scan.run import FAILURE_LOG_INTERVAL
from mailfilter.scan.unscanned import Unscanned
from mailfilter.scan.verdict import Action, AddHeader, Verdict
from mailfilter.servers.answering import MAX_LOGGED
from mailfilter.testing.fake_scanner import NO_ACTION, FakeScanner

from ..codec.milter_mta import connect, frame, header, helo, macros, mail, offer, rcpt
from .milter_server import START, Mta, logged

MESSAGE = [mail("<a@b>\r\n"), rcpt(), macros("T", "i", "47\n11"), frame("T"), frame("N")]
MESSAGE_SHOWN = "test: '192.168.1.1': message '47\\n11' of '<a@b>\\r\\n'"
WHOSE = f"{MESSAGE_SHOWN}, {NO_ACTION.trace_id}: "


class BrokenScanner(FakeScanner):
    """Fails at everything."""

    def __init__(self) -> None:
        super().__init__(error=RuntimeError("boom"))

    def unscanned(self, envelope: Envelope, given: Unscanned) -> Verdict:
        raise ValueError("boom")


class LineTests(SynchronousTestCase):
    def lines(self, mta: Mta, *parts: bytes) -> list[str]:
        """What is logged of a message, but for what was missed of macros."""
        with logged() as lines:
            mta.send(*(parts or START), *MESSAGE, frame("B", b"x" * 100), frame("E"))
        return [line for line in lines if "does not send" not in line]

    def test_edits_that_were_not_agreed_are_one_line(self) -> None:
        edits = tuple(AddHeader(f"X-{at}", "v") for at in range(200))
        mta = Mta(FakeScanner(replace(NO_ACTION, edits=edits)))
        (line,) = self.lines(mta, offer(edits=0), connect(), helo())
        first = "; ".join(f"add header X-{at}: not agreed with the MTA" for at in range(5))
        self.assertEqual(line, f"{WHOSE}left out of the reply: {first}; and 195 more")

    def test_long_values(self) -> None:
        """Of a queue id and an address the beginning will do."""
        mta = Mta(FakeScanner(replace(NO_ACTION, edits=(AddHeader("X", "v"),))))
        begun = mail("s" * 5000), rcpt(), macros("T", "i", "q" * 5000)
        with logged() as lines:
            mta.send(offer(edits=0), connect(), helo(), *begun, frame("N"), frame("E"))
        queue_id, sender = "q" * MAX_LOGGED, "s" * MAX_LOGGED
        self.assertIn(f"message '{queue_id}' of '{sender}', 0000000000000000: left out", lines[-1])

    def test_by_policy_alone(self) -> None:
        """Whatever breaks, the MTA gets its answer."""
        for policy, code in (("accept", "a"), ("tempfail", "t"), ("reject", "r")):
            mta = Mta(BrokenScanner(), on_failure=policy)
            lines = self.lines(mta)
            self.assertEqual(lines[-1], f"{MESSAGE_SHOWN}: answered by policy alone: {policy}")
            # One traceback a minute, of each kind.
            self.assertEqual(len(self.flushLoggedErrors(RuntimeError, ValueError)), 2)
            self.assertEqual(mta.send(*MESSAGE, frame("E"))[-1:], [(code, b"")])
            self.assertEqual(self.flushLoggedErrors(RuntimeError, ValueError), [])
            mta.clock.advance(FAILURE_LOG_INTERVAL)
            again = [line for line in self.lines(mta) if "more times" in line]
            self.assertEqual(len(again), 2)
            self.assertIn("test: the scan of a message failed (1 more times since", again[0])
            self.assertEqual(len(self.flushLoggedErrors(RuntimeError, ValueError)), 2)

    def test_left_without_an_answer(self) -> None:
        """An MTA that waits for less than the deadline is told of, not one that takes back."""
        mta = Mta(FakeScanner(wait=True), deadline=30.0)
        self.assertEqual(self.lines(mta), [])
        mta.clock.advance(10)
        with logged() as lines:
            mta.lose()
        (line,) = lines
        self.assertEqual(
            line,
            f"{MESSAGE_SHOWN}: the client left after 10.0 s, unanswered; its time-out must be"
            " above the deadline of this listener, 30 s",
        )
        self.assertEqual(mta.scanner.cancelled, 1)
        for end in (frame("A"), frame("Q")):
            mta = Mta(FakeScanner(wait=end == frame("A")))
            self.assertEqual(self.lines(mta), [])
            with logged() as lines:
                mta.send(end)
                mta.lose()
            self.assertEqual(lines, [])

    def test_ended_by_us(self) -> None:
        mta = Mta(FakeScanner(wait=True))
        self.lines(mta)
        with logged() as lines:
            mta.factory.abort()
            mta.lose()
        self.assertEqual((lines, mta.scanner.cancelled), ([], 1))

    def test_a_verdict_that_cannot_be_told(self) -> None:
        """It is logged and remembered; there is no second one."""
        broken: Any = 5
        mta = Mta(FakeScanner(replace(NO_ACTION, edits=broken)), on_failure="tempfail")
        lines = self.lines(mta)
        self.assertEqual(lines[-1], f"{WHOSE}answered by policy alone: tempfail")
        self.assertEqual(mta.scanner.unscanned_calls, [])
        self.assertEqual(len(self.flushLoggedErrors()), 1)


class UnscannedTests(SynchronousTestCase):
    """What the scanner is told of a message that it cannot scan."""

    def given(self, mta: Mta) -> Unscanned:
        mta.send(*START, *MESSAGE, frame("B", b"x" * 100), frame("E"))
        ((envelope, given),) = mta.scanner.unscanned_calls
        self.assertEqual((envelope.queue_id, given.size), ("47\n11", 102))
        return given

    def test_failure(self) -> None:
        for policy, action, text in (
            ("accept", Action.NO_ACTION, ""),
            ("tempfail", Action.SOFT_REJECT, "451 4.7.1 Message could not be scanned"),
            ("reject", Action.REJECT, "554 5.7.1 Message could not be scanned"),
        ):
            given = self.given(Mta(FakeScanner(error=RuntimeError("boom")), on_failure=policy))
            self.assertEqual((given.reason, given.action, given.text), ("failure", action, text))
            self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_too_large(self) -> None:
        given = self.given(Mta(FakeScanner(max_message=50), oversize="reject"))
        text = "552 5.3.4 Message is too large to be scanned"
        self.assertEqual((given.reason, given.action, given.text), ("size", Action.REJECT, text))

    def test_the_header_is_kept(self) -> None:
        mta = Mta(FakeScanner(max_message=50))
        parts = [mail(), rcpt(), header("A", " b"), frame("N"), frame("B", b"x" * 100)]
        mta.send(*START, *parts, frame("E"))
        self.assertEqual(mta.scanner.unscanned_calls[0][1].head, b"A: b\r\n")
