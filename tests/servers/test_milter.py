"""Milter sessions against the server, over a transport in memory and a clock that stands still."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import FailPolicy
from mailfilter.scan.verdict import Action, AddHeader, ReplaceBody, Verdict
from mailfilter.servers.milter import (
    MAX_EVENTS,
    MAX_HELD,
    PROGRESS_SECONDS,
)
from mailfilter.servers.scanning import MAX_SCAN_SECONDS
from mailfilter.testing.fake_scanner import NO_ACTION, FakeScanner

from ..codec.milter_mta import (
    ALL_EDITS,
    ALL_STEPS,
    MESSAGE,
    connect,
    frame,
    header,
    helo,
    macros,
    mail,
    message,
    offer,
    rcpt,
    recordings,
)
from .milter_server import ACCEPT, LISTENER, START, Mta, logged

REJECT = replace(NO_ACTION, action=Action.REJECT)


class SessionTests(SynchronousTestCase):
    def test_lockstep_has_one_reply_for_each_event(self) -> None:
        mta = Mta()
        self.assertEqual([code for code, _ in mta.send(offer(steps=0))], ["O"])
        for event in (connect(), helo(), *message()[:-1]):
            self.assertEqual(mta.send(macros("C", "j", "mx"), event), [("c", b"")])
        self.assertEqual(mta.send(message()[-1]), [ACCEPT])

    def test_with_no_reply_bits_nothing_is_said_before_the_end(self) -> None:
        mta = Mta()
        self.assertEqual([code for code, _ in mta.send(*START)], ["O"])
        self.assertEqual(mta.send(*message()[:-1]), [])
        self.assertEqual(mta.send(message()[-1]), [ACCEPT])

    def test_versions(self) -> None:
        for version in (2, 3, 4, 5, 6, 7):
            for steps in (0, ALL_STEPS):
                mta = Mta()
                ((code, payload),) = mta.send(offer(version, 0x3F, steps))
                self.assertEqual((code, payload[:4]), ("O", bytes((0, 0, 0, min(version, 6)))))
                mta.send(connect(), helo())
                self.assertEqual(mta.send(*message())[-1], ACCEPT)

    def test_old_versions_are_refused(self) -> None:
        for version in (0, 1):
            mta = Mta()
            with logged() as lines:
                self.assertEqual(mta.send(offer(version)), [])
            self.assertTrue(mta.is_closing)
            self.assertEqual(len(lines), 1)
            self.assertIn(f"protocol version {version}", lines[0])

    def test_the_scanner_gets_envelope_and_message(self) -> None:
        mta = Mta()
        mta.send(*START, macros("M", "i", "4711", "{auth_authen}", "user"), *message())
        ((envelope, raw),) = mta.scanner.calls
        self.assertEqual(raw, MESSAGE)
        self.assertEqual((envelope.listener, envelope.queue_id), ("test", "4711"))
        self.assertEqual((str(envelope.client_ip), envelope.user), ("192.0.2.7", "user"))
        self.assertEqual((envelope.helo, envelope.sender), ("client.example.net", "a@example.org"))
        self.assertEqual([each.address for each in envelope.recipients], ["b@example.net"])

    def test_a_session_in_one_write_and_octet_by_octet(self) -> None:
        whole = b"".join([*START, *message(), *message(), frame("A"), frame("Q")])
        for parts in ([whole], [whole[at : at + 1] for at in range(len(whole))]):
            mta = Mta()
            self.assertEqual(mta.send(*parts)[1:], [ACCEPT, ACCEPT])
            self.assertTrue(mta.is_closing)
            self.assertEqual([raw for _, raw in mta.scanner.calls], [MESSAGE, MESSAGE])

    def test_recorded_sessions(self) -> None:
        """Ours is to answer each end of a message, and nothing else; then to close."""
        for recording in recordings().values():
            mta = Mta()
            names = recording.names()
            answers = mta.send(recording.mta)
            lockstep = "version 2" in recording.title
            codes = [code for code, _ in answers if code != "c" or not lockstep]
            self.assertEqual(codes, ["O"] + ["a"] * names.count("BODYEOB"), recording.title)
            self.assertEqual(mta.is_closing, "QUIT" in names)

    def test_recorded_lockstep_sessions_keep_step(self) -> None:
        """Where the recorded filter answered, so do we, with as many final replies."""
        for title in (
            "postfix ham, v6, no flags wanted (lockstep)",
            "sendmail ham, v6, no flags wanted (lockstep)",
            "postfix filter answered version 2",
        ):
            mta = Mta()
            recorded = recordings()[title].frames
            negotiation, *rest = [(side, name, data) for side, name, data in recorded]
            mta.send(offer(steps=0))
            for (side, name, data), (following, *_) in pairwise([*rest, ("mta", "", b"")]):
                if side == "mta":
                    answers = [code for code, _ in mta.send(data)]
                    final = "a" if name == "BODYEOB" else "c"
                    self.assertEqual(answers, [final] if following == "filter" else [], name)
            self.assertEqual(negotiation[1], "OPTNEG")


class ReplyTests(SynchronousTestCase):
    def answer(self, verdict: Verdict, *body: bytes, edits: int = ALL_EDITS) -> list[Any]:
        """The frames that a verdict makes of a small message."""
        mta = Mta(FakeScanner(verdict))
        mta.send(offer(edits=edits), connect(), helo())
        return mta.send(*message(*body))

    def test_reject(self) -> None:
        verdict = replace(REJECT, smtp_message="100% spam")
        self.assertEqual(self.answer(verdict), [("y", b"554 5.7.1 100%% spam\0")])

    def test_discard(self) -> None:
        self.assertEqual(self.answer(replace(NO_ACTION, action=Action.DISCARD)), [("d", b"")])

    def test_forged_marks_are_counted_over_the_header_alone(self) -> None:
        mta = Mta(FakeScanner(replace(NO_ACTION, action=Action.ADD_HEADER)))
        parts = message(b"X-Spam: in the body\r\n")
        parts[4:4] = [header("x-spam", " No\n X-Spam: folded"), header("X-Spam", " No")]
        self.assertEqual(
            mta.send(*START, *parts)[1:],
            [
                ("m", b"\0\0\0\x02X-Spam\0\0"),
                ("m", b"\0\0\0\x01X-Spam\0\0"),
                ("h", b"X-Spam\0 Yes\0"),
                ACCEPT,
            ],
        )

    def test_edits_that_were_not_agreed_are_dropped_and_logged(self) -> None:
        edits = AddHeader("X-A", "v"), ReplaceBody(b"new")
        with logged() as lines:
            answer = self.answer(replace(NO_ACTION, edits=edits), edits=0x02)
        self.assertEqual(answer, [("b", b"new"), ACCEPT])
        self.assertEqual(len([line for line in lines if "add header X-A" in line]), 1)

    def test_a_failed_scan_follows_the_policy(self) -> None:
        policies: dict[FailPolicy, list[tuple[str, bytes]]] = {
            "accept": [ACCEPT],
            "tempfail": [("y", b"451 4.7.1 Message could not be scanned\0")],
            "reject": [("y", b"554 5.7.1 Message could not be scanned\0")],
        }
        for error in (ValueError("no"), CancelledError()):
            for policy, expected in policies.items():
                mta = Mta(FakeScanner(error=error), on_failure=policy)
                mta.send(*START)
                self.assertEqual(mta.send(*message()), expected)
                mta.scanner.error = None
                self.assertEqual(mta.send(*message()), [ACCEPT])
                self.assertEqual(len(self.flushLoggedErrors(type(error))), 1)

    def test_a_message_of_exactly_the_limit_is_scanned(self) -> None:
        size = len(MESSAGE)
        policies: dict[FailPolicy, list[tuple[str, bytes]]] = {
            "accept": [("h", b"X-Spam-Skipped\0 size\0"), ACCEPT],
            "tempfail": [("y", b"451 4.3.4 Message is too large to be scanned\0")],
            "reject": [("y", b"552 5.3.4 Message is too large to be scanned\0")],
        }
        for policy, expected in policies.items():
            mta = Mta(FakeScanner(max_message=size), oversize=policy)
            mta.send(*START)
            self.assertEqual(mta.send(*message()), [ACCEPT])
            self.assertEqual(mta.send(*message(b"Hello!!\r\n")), expected)
            self.assertEqual(mta.send(*message(b"Hello.\r\n" * 1000)), expected)
            self.assertEqual(mta.send(*message()), [ACCEPT])
            self.assertEqual([raw for _, raw in mta.scanner.calls], [MESSAGE, MESSAGE])


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
            with logged() as lines:
                mta.clock.pump([PROGRESS_SECONDS] * 1000)
            self.assertEqual(mta.replies()[-2:], [("p", b""), ACCEPT])
            self.assertEqual(scanner.cancelled, 1)
            (line,) = lines[:1]
            self.assertIn("scan given up: no verdict within 600 s", line)

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

    def test_a_waiting_mta_is_not_idle(self) -> None:
        self.mta.clock.advance(MAX_SCAN_SECONDS - 1)
        self.assertFalse(self.mta.is_closing)
        self.mta.scanner.release()
        self.mta.clock.advance(LISTENER.idle_timeout - 1)
        self.assertFalse(self.mta.is_closing)


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


class DisconnectTests(SynchronousTestCase):
    def test_at_every_step(self) -> None:
        parts = [*START, *message(), frame("Q")]
        for wait in (False, True):
            for at in range(len(parts) + 1):
                for rest in (b"", b"\0\0", b"\0\0\0\x09L"):
                    mta = Mta(FakeScanner(wait=wait))
                    mta.send(*parts[:at], rest)
                    mta.lose()
                    self.assertEqual(mta.scanner.waiting, 0)
                    self.assertEqual(mta.clock.getDelayedCalls(), [])
                    self.assertEqual(mta.factory.connections, set())

    def test_quit(self) -> None:
        mta = Mta()
        with logged() as lines:
            self.assertEqual(mta.send(*START, frame("Q"))[1:], [])
        self.assertTrue(mta.is_closing)
        self.assertEqual(lines, [])

    def test_quit_new(self) -> None:
        mta = Mta()
        replies = mta.send(*START, mail(), frame("K"), connect("new.example.net"), *message())
        self.assertEqual(replies[1:], [ACCEPT])
        self.assertEqual(mta.scanner.calls[0][0].hostname, "new.example.net")
        self.assertEqual(mta.scanner.calls[0][0].helo, None)

    def test_idle_connections_close(self) -> None:
        mta = Mta()
        mta.clock.advance(LISTENER.idle_timeout - 1)
        mta.send(*START)
        mta.clock.advance(LISTENER.idle_timeout - 1)
        self.assertFalse(mta.is_closing)
        with logged() as lines:
            mta.clock.advance(1)
        self.assertTrue(mta.is_closing)
        self.assertIn("idle", lines[0])
        self.assertFalse(mta.transport.disconnected)
        mta.clock.advance(LISTENER.idle_timeout)
        self.assertTrue(mta.transport.disconnected)

    def test_too_many_connections(self) -> None:
        mta = Mta(max_connections=1)
        with logged() as lines:
            self.assertIsNone(mta.factory.buildProtocol(None))
            self.assertIsNone(mta.factory.buildProtocol(None))
        self.assertEqual(len(lines), 1)
        mta.lose()
        self.assertIsNotNone(mta.factory.buildProtocol(None))

    def test_an_mta_that_does_not_read_is_not_read(self) -> None:
        mta = Mta()
        assert mta.transport.producer is not None
        mta.transport.producer.pauseProducing()
        self.assertEqual(mta.transport.producerState, "paused")
        mta.transport.producer.resumeProducing()
        self.assertEqual(mta.transport.producerState, "producing")
