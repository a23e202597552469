"""The milter server while scans take their time, and under floods."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter import Event
from mailfilter.scan.verdict import Action, ReplaceBody, Verdict
from mailfilter.servers.milter import (
    MAX_EVENTS,
    MAX_HELD,
    PROGRESS_SECONDS,
)
from mailfilter.testing.fake_scanner import NO_ACTION, FakeScanner

from ..codec.milter_mta import (
    frame,
    macros,
    mail,
    message,
    rcpt,
)
from .milter_server import ACCEPT, START, Mta, skipped

REJECT = replace(NO_ACTION, action=Action.REJECT)


class WaitingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.mta = Mta(FakeScanner(wait=True))
        self.mta.send(*START, *message())

    def test_the_answer_comes_with_the_verdict(self) -> None:
        self.assertEqual(self.mta.replies(), [])
        self.mta.scanner.release()
        self.assertEqual(self.mta.replies(), [ACCEPT])

    def test_progress(self) -> None:
        self.mta.clock.advance(PROGRESS_SECONDS - 0.1)
        self.assertEqual(self.mta.replies(), [])
        self.mta.clock.advance(0.1)
        self.assertEqual(self.mta.replies(), [("p", b"")])
        self.mta.clock.pump([PROGRESS_SECONDS] * 3)
        self.assertEqual(self.mta.replies(), [("p", b"")] * 3)
        self.mta.scanner.release()
        self.assertEqual(self.mta.replies(), [ACCEPT])
        self.mta.clock.pump([PROGRESS_SECONDS] * 3)
        self.assertEqual(self.mta.replies(), [])

    def test_no_progress_within_a_body(self) -> None:
        verdict = replace(NO_ACTION, edits=(ReplaceBody(b"x" * 200000),))
        self.mta.scanner.verdict = verdict
        self.mta.clock.advance(PROGRESS_SECONDS)
        self.mta.scanner.release()
        self.mta.clock.advance(PROGRESS_SECONDS)
        self.assertEqual("".join(code for code, _ in self.mta.replies()), "pbbbba")

    def test_a_scan_without_end_is_given_up(self) -> None:
        for scanner in (FakeScanner(wait=True), StubbornScanner(wait=True)):
            mta = Mta(scanner, on_failure="accept")
            mta.send(*START, *message())
            mta.clock.pump([PROGRESS_SECONDS] * 20)
            self.assertEqual(mta.replies()[-3:], [("p", b""), skipped("deadline"), ACCEPT])
            self.assertEqual(scanner.cancelled, 1)
            ((envelope, given),) = scanner.unscanned_calls
            self.assertEqual((envelope.sender, given.reason), ("a@example.org", "deadline"))

    def test_no_timer_is_left(self) -> None:
        self.mta.scanner.release()
        self.mta.send(*message())
        self.mta.lose()
        self.assertEqual(self.mta.clock.getDelayedCalls(), [])
        self.assertEqual(self.mta.factory.connections, set())

    def test_what_comes_meanwhile_waits(self) -> None:
        self.assertEqual(self.mta.send(mail(), rcpt("<second@example.net>")), [])
        self.assertEqual(self.mta.send(*message()[2:], frame("Q")), [])
        self.assertFalse(self.mta.is_closing)
        self.mta.scanner.release()
        self.assertEqual(self.mta.replies(), [ACCEPT])
        self.mta.scanner.release()
        self.assertEqual(self.mta.replies(), [ACCEPT])
        self.assertTrue(self.mta.is_closing)
        second = self.mta.scanner.calls[1][0]
        self.assertEqual([each.address for each in second.recipients], ["second@example.net"])

    def test_what_is_not_scanned_waits_too(self) -> None:
        """A message that is too large has its answer in its turn."""
        mta = Mta(FakeScanner(wait=True, max_message=100))
        mta.send(*START, *message())
        self.assertEqual(mta.send(*message(b"x" * 100), *message()), [])
        mta.scanner.release()
        self.assertEqual([code for code, _ in mta.replies()], ["a", "h", "a"])
        mta.scanner.release()
        self.assertEqual(mta.replies(), [ACCEPT])

    def test_many_waiting_messages(self) -> None:
        self.mta.send(b"".join(message()) * 500)
        self.mta.scanner.wait = False
        self.mta.scanner.release()
        self.assertEqual(self.mta.replies(), [ACCEPT] * 501)

    def test_too_much_that_waits_stops_reading(self) -> None:
        self.assertEqual(self.mta.transport.producerState, "producing")
        for part in message(*[b"x" * 60000] * (MAX_HELD // 60000 + 1))[:-1]:
            self.mta.send(part)
        self.assertEqual(self.mta.transport.producerState, "paused")
        self.mta.scanner.release()
        self.assertEqual(self.mta.transport.producerState, "producing")
        self.mta.scanner.wait = False
        self.assertEqual(self.mta.send(message()[-1]), [ACCEPT, ACCEPT])

    def test_abort_cancels(self) -> None:
        self.assertEqual(self.mta.send(frame("A")), [])
        self.assertEqual((self.mta.scanner.cancelled, self.mta.scanner.waiting), (1, 0))
        self.mta.clock.advance(PROGRESS_SECONDS * 2)
        self.assertEqual(self.mta.replies(), [])
        self.mta.scanner.wait = False
        self.assertEqual(self.mta.send(frame("A"), *message()), [ACCEPT])

    def test_abort_behind_macros_and_before_a_message(self) -> None:
        """It is the same however TCP cuts the stream, and the next message is answered."""
        self.mta.scanner.wait = False
        sent = self.mta.send(macros("M", "i", "q"), frame("A"), *message())
        self.assertEqual((sent, self.mta.scanner.cancelled), ([ACCEPT], 1))

    def test_abort_in_one_write_with_the_message(self) -> None:
        self.mta.send(frame("A"))
        self.mta.send(b"".join([*message(), frame("A")]))
        self.assertEqual((self.mta.scanner.cancelled, self.mta.scanner.waiting), (2, 0))
        self.assertEqual(self.mta.replies(), [])

    def test_abort_of_a_later_message_cancels_only_that(self) -> None:
        self.mta.send(mail(), frame("A"))
        self.assertEqual(self.mta.scanner.cancelled, 0)
        self.mta.scanner.release()
        self.assertEqual(self.mta.replies(), [ACCEPT])

    def test_vanishing_cancels(self) -> None:
        self.mta.lose()
        self.assertEqual((self.mta.scanner.cancelled, self.mta.scanner.waiting), (1, 0))
        self.assertEqual(self.mta.replies(), [])
        self.assertEqual(self.mta.clock.getDelayedCalls(), [])
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_macros_while_scanning_cost_little(self) -> None:
        """What has been looked at is not looked at again with each packet."""
        looked = 0
        heed = self.mta.protocol._heed_abort

        def count(events: Iterable[Event]) -> None:
            nonlocal looked
            events = list(events)
            looked += len(events)
            heed(events)

        self.patch(self.mta.protocol, "_heed_abort", count)
        for _ in range(1000):
            self.mta.protocol.dataReceived(frame("D", b"M"))
        self.assertEqual(looked, 1000)
        self.mta.send(frame("A"))
        self.assertEqual(self.mta.scanner.cancelled, 1)

    def test_a_waiting_mta_is_not_idle(self) -> None:
        """However long the scan takes; then it has all of its time to go on."""
        mta = Mta(FakeScanner(wait=True), idle_timeout=3.0)
        mta.send(*START, *message())
        mta.clock.pump([1.0] * 28)
        self.assertFalse(mta.is_closing)
        mta.scanner.release()
        mta.clock.pump([1.0] * 2)
        self.assertFalse(mta.is_closing)
        mta.clock.advance(1.0)
        self.assertTrue(mta.is_closing)


class TurnTests(SynchronousTestCase):
    """Nobody has the reactor, or memory, for himself alone."""

    def scanned_in_a_turn(self, mta: Mta, data: bytes) -> list[int]:
        """How many messages had been scanned at each of the next turns of somebody else."""
        found: list[int] = []

        def note() -> None:
            found.append(len(mta.scanner.calls))
            if len(found) < 5:
                mta.clock.callLater(0, note)

        mta.clock.callLater(0, note)
        mta.protocol.dataReceived(data)
        mta.clock.advance(0)
        return found

    def test_one_message_in_a_turn(self) -> None:
        mta = Mta()
        mta.send(*START)
        found = self.scanned_in_a_turn(mta, b"".join(message()) * 100)
        self.assertEqual(found, [1, 2, 3, 4, 5])
        self.assertEqual(mta.replies(), [ACCEPT] * 100)
        self.assertEqual(mta.transport.producerState, "producing")

    def test_events_of_a_turn_are_bounded(self) -> None:
        mta = Mta()
        mta.send(*START)
        found = self.scanned_in_a_turn(mta, frame("A") * MAX_EVENTS * 3 + b"".join(message()))
        self.assertEqual(found, [0, 0, 0, 1, 1])

    def test_a_single_message_needs_no_further_turn(self) -> None:
        mta = Mta()
        mta.protocol.dataReceived(b"".join([*START, *message()]))
        self.assertEqual(len(mta.clock.getDelayedCalls()), 1)
        self.assertIn(b"\0\0\0\x01a", mta.transport.value())

    def test_reading_stops_until_all_is_handled(self) -> None:
        mta = Mta()
        mta.protocol.dataReceived(b"".join([*START, *message() * 2]))
        self.assertEqual(mta.transport.producerState, "paused")
        mta.protocol.dataReceived(b"".join(message()))
        self.assertEqual(mta.replies()[1:], [ACCEPT] * 3)
        self.assertEqual(mta.transport.producerState, "producing")

    def test_the_connection_is_lost_between_turns(self) -> None:
        mta = Mta()
        mta.protocol.dataReceived(b"".join([*START, *message() * 3]))
        mta.lose()
        mta.clock.advance(0)
        self.assertEqual(len(mta.scanner.calls), 1)
        self.assertEqual(mta.clock.getDelayedCalls(), [])

    def test_what_waits_is_bounded_over_many_scans(self) -> None:
        """That one message is answered does not make room for as much again."""
        mta = Mta(FakeScanner(wait=True))
        mta.send(*START, *message())
        many = b"".join(message()) * 200
        taken = 0
        while mta.transport.producerState == "producing":
            mta.send(many)
            taken += len(many)
            mta.scanner.release()
            self.assertLess(taken, 2 * MAX_HELD)

    def test_nothing_is_handled_while_replies_are_not_read(self) -> None:
        mta = Mta()
        mta.send(*START)
        mta.protocol.pauseProducing()
        self.assertEqual(mta.send(b"".join(message()) * 2, frame("Q")), [])
        self.assertEqual((mta.scanner.calls, mta.is_closing), ([], False))
        mta.protocol.resumeProducing()
        self.assertEqual(mta.transport.producerState, "paused")
        self.assertEqual(mta.replies(), [ACCEPT] * 2)
        self.assertTrue(mta.is_closing)

    def test_replies_stop_when_the_transport_is_full(self) -> None:
        """Also where it tells so within the very write, as real ones do."""
        mta = Mta(FakeScanner(replace(NO_ACTION, edits=(ReplaceBody(b"x" * 100_000),))))
        mta.send(*START)
        write = mta.transport.write

        def fill(data: bytes) -> None:
            write(data)
            mta.protocol.pauseProducing()

        self.patch(mta.transport, "write", fill)
        for _ in range(3):
            answers = mta.send(b"".join(message()) * 2)
            self.assertEqual([code for code, _ in answers], ["b", "b", "a"])
            mta.protocol.resumeProducing()
            self.assertEqual([code for code, _ in mta.replies()], ["b", "b", "a"])
            mta.protocol.resumeProducing()


class StubbornScanner(FakeScanner):
    """One that gives a verdict even when it is cancelled."""

    async def scan(self, envelope: Any, raw: bytes) -> Verdict:
        """Answer, come what may."""
        try:
            return await super().scan(envelope, raw)
        except CancelledError:
            return REJECT


class StaleTests(SynchronousTestCase):
    def test_a_verdict_that_comes_late_is_not_sent(self) -> None:
        mta = Mta(StubbornScanner(wait=True))
        mta.send(*START, *message())
        self.assertEqual(mta.send(frame("A"), *message()), [])
        mta.scanner.release()
        self.assertEqual(mta.replies(), [ACCEPT])
