"""What becomes of a message whose scan takes longer than it may, and of what comes behind it."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.testing.fake_scanner import FakeScanner

from ..codec.milter_mta import frame, mail, message, rcpt
from .milter_server import ACCEPT, START, Mta, skipped

Reply = tuple[str, bytes]
PROGRESS = ("p", b"")
TEMPFAIL = ("y", b"451 4.7.1 Message could not be scanned\0")
REJECT = ("y", b"554 5.7.1 Message could not be scanned\0")
STEP = 0.25


def waiting(**settings: Any) -> Mta:
    """An MTA that waits for the answer to a message."""
    mta = Mta(FakeScanner(wait=True), **settings)
    mta.send(*START, *message())
    return mta


def told(mta: Mta, seconds: float) -> list[tuple[float, Reply]]:
    """What is replied in that time, and when."""
    found: list[tuple[float, Reply]] = []
    end = mta.clock.seconds() + seconds
    while mta.clock.seconds() < end:
        mta.clock.advance(STEP)
        found += [(mta.clock.seconds(), reply) for reply in mta.replies()]
    return found


class PolicyTests(SynchronousTestCase):
    def test_every_policy(self) -> None:
        for policy, replies in (
            ("accept", [skipped("deadline"), ACCEPT]),
            ("tempfail", [TEMPFAIL]),
            ("reject", [REJECT]),
        ):
            mta = waiting(deadline=7.0, on_failure=policy)
            expected = [(5.0, PROGRESS), *((7.0, reply) for reply in replies)]
            self.assertEqual(told(mta, 60), expected)
            ((_, given),) = mta.scanner.unscanned_calls
            self.assertEqual(given.reason, "deadline")
            self.assertEqual((mta.scanner.cancelled, mta.is_closing), (1, False))

    def test_every_deadline(self) -> None:
        """Exactly then, whatever the rhythm of what is said before."""
        for deadline, progress in (
            (1.0, []),
            (5.0, []),
            (7.0, [5.0]),
            (10.0, [5.0]),
            (12.5, [5.0, 10.0]),
            (30.0, [5.0, 10.0, 15.0, 20.0, 25.0]),
            (62.0, [5.0 * at for at in range(1, 13)]),
        ):
            found = told(waiting(deadline=deadline), 100)
            expected = [*((at, PROGRESS) for at in progress), (deadline, TEMPFAIL)]
            self.assertEqual(found, expected, deadline)

    def test_a_verdict_just_in_time(self) -> None:
        mta = waiting(deadline=7.0)
        told(mta, 7.0 - STEP)
        mta.scanner.release()
        self.assertEqual(mta.replies(), [ACCEPT])
        self.assertEqual(told(mta, 60), [])


class AfterwardsTests(SynchronousTestCase):
    def test_what_waited_is_handled(self) -> None:
        """At once, and with a deadline of its own."""
        mta = waiting(deadline=7.0)
        told(mta, 3)
        second = [mail(), rcpt("<second@example.net>"), *message()[2:]]
        self.assertEqual(mta.send(*second, *message(), frame("Q")), [])
        self.assertEqual(
            told(mta, 60),
            [
                (5.0, PROGRESS),
                (7.0, TEMPFAIL),
                (12.0, PROGRESS),
                (14.0, TEMPFAIL),
                (19.0, PROGRESS),
                (21.0, TEMPFAIL),
            ],
        )
        self.assertTrue(mta.is_closing)
        recipients = [call[0].recipients[0].address for call in mta.scanner.calls]
        self.assertEqual(recipients, ["b@example.net", "second@example.net", "b@example.net"])

    def test_what_waited_may_be_an_abort(self) -> None:
        """Of the next message: that of the first was answered."""
        mta = waiting(deadline=7.0)
        mta.send(*message()[:-1], frame("A"))
        self.assertEqual(told(mta, 8), [(5.0, PROGRESS), (7.0, TEMPFAIL)])
        mta.scanner.wait = False
        self.assertEqual(mta.send(*message()), [ACCEPT])

    def test_reading_goes_on(self) -> None:
        mta = waiting(deadline=7.0)
        mta.send(*message(*[b"x" * 65535] * 5)[:-1])
        self.assertEqual(mta.transport.producerState, "paused")
        told(mta, 7)
        self.assertEqual(mta.transport.producerState, "producing")

    def test_the_mta_has_time_to_go_on(self) -> None:
        """It is silent from the answer on, not from the message on."""
        mta = waiting(deadline=7.0, idle_timeout=4.0)
        told(mta, 11 - STEP)
        self.assertFalse(mta.is_closing)
        told(mta, STEP)
        self.assertTrue(mta.is_closing)
        mta.lose()
        self.assertEqual(mta.clock.getDelayedCalls(), [])
