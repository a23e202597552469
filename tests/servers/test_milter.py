"""Milter sessions against the server, over a transport in memory and a clock that stands still."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import FailPolicy
from mailfilter.scan.verdict import Action, AddHeader, ReplaceBody, Verdict
from mailfilter.servers.milter import FIRST_SECONDS
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
    recordings,
)
from .milter_server import ACCEPT, IDLE, START, Mta, logged, skipped

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
                ("i", b"\0\x01\x86\xa0X-Spam\0 Yes\0"),
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
            "accept": [skipped("failure"), ACCEPT],
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
            "accept": [skipped("size"), ACCEPT],
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

    def test_silence_before_the_negotiation(self) -> None:
        """Whoever says nothing, or only the half of something, does not keep its place for long."""
        for begin in (b"", b"\0\0", b"GET /pi"):
            mta = Mta()
            mta.send(begin)
            mta.clock.advance(FIRST_SECONDS - 1)
            self.assertFalse(mta.is_closing)
            mta.clock.advance(1)
            self.assertTrue(mta.is_closing)

    def test_a_last_reply_that_is_not_read(self) -> None:
        mta = Mta()
        mta.send(*START, frame("Q"))
        self.assertTrue(mta.is_closing)
        mta.clock.advance(FIRST_SECONDS)
        self.assertTrue(mta.transport.disconnected)

    def test_idle_connections_close(self) -> None:
        mta = Mta()
        mta.clock.advance(FIRST_SECONDS - 1)
        mta.send(*START)
        mta.clock.advance(IDLE - 1)
        self.assertFalse(mta.is_closing)
        with logged() as lines:
            mta.clock.advance(1)
        self.assertTrue(mta.is_closing)
        self.assertIn("idle", lines[0])
        self.assertFalse(mta.transport.disconnected)
        mta.clock.advance(FIRST_SECONDS)
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
