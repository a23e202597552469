"""The store in Redis and servers that take their time; calls that are given up."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from mailfilter.store.base import Get
from mailfilter.store.errors import StoreError, TimedOut, Unavailable
from mailfilter.store.resp import connection, pool

from .case import A, B
from .fake_redis import OK, FakeCase, bulk, pause
from .redis_clock import ClockCase


class SlowTests(ClockCase):
    """Servers that take their time."""

    def test_stands_still(self) -> None:
        """All calls on a connection end when it stands still; the next one works."""
        first = self.connect()
        answers = [self.ask() for _ in range(50)]
        self.passes(0.9)
        for answer in answers:
            self.assertNoResult(answer)
        self.passes(0.2)
        for answer in answers:
            self.failureResultOf(answer, TimedOut, Unavailable)
        self.assertFalse(first.is_usable)
        self.passes(0.5)
        second = self.connect()
        answer = self.ask()
        second.dataReceived(bulk(b"x"))
        self.assertEqual(self.successResultOf(answer), b"x")

    def test_late(self) -> None:
        """A reply that comes too late goes to nobody, and later ones to whom they are for."""
        server = self.connect()
        first, late = self.ask(), self.ask()
        self.passes(0.7)
        server.dataReceived(bulk(b"first"))
        self.assertEqual(self.successResultOf(first), b"first")
        after = self.ask()
        self.passes(0.4)
        self.failureResultOf(late, TimedOut)
        self.assertNoResult(after)
        server.dataReceived(bulk(b"late") + bulk(b"after"))
        self.assertEqual(self.successResultOf(after), b"after")
        self.assertTrue(server.is_usable)

    def test_again_at_once(self) -> None:
        """Who asks again when it is given up gets its own answer, and its own time."""

        async def ask_twice() -> Any:
            try:
                return await self.ask()
            except StoreError:
                return await self.ask()

        server = self.connect()
        answers = [Deferred.fromCoroutine(ask_twice()) for _ in range(3)]
        self.passes(0.7)
        server.dataReceived(bulk(b"first"))
        self.passes(0.7)
        server.dataReceived(b"".join(bulk(b"%d" % n) for n in range(4)))
        self.assertEqual([self.successResultOf(item) for item in answers], [b"first", b"2", b"3"])

    def test_too_many(self) -> None:
        """Calls under way are bounded, by number and by octets."""
        self.patch(connection, "MAX_CALLS", 10)
        self.patch(connection, "MAX_OCTETS", 2**21)
        for limit, value in ((10, b""), (3, b"x" * 2**20)):
            server = self.connect()
            calls = [self.ask(b"SET", b"a", value) for _ in range(limit)]
            failure = self.failureResultOf(self.ask(b"SET", b"a", value), Unavailable)
            self.assertIn("under way already", str(failure.value))
            server.dataReceived(OK)
            self.successResultOf(calls[0])
            calls.append(self.ask(b"SET", b"a", value))
            self.passes(1.1)
            for call in calls[1:]:
                self.failureResultOf(call, TimedOut, Unavailable)
            self.passes(0.5)


class TimeTests(ClockCase):
    """A call has one time, whatever it is spent for."""

    def test_connecting(self) -> None:
        """To wait for a connection counts."""
        answer = self.ask()
        self.passes(0.7)
        self.connect()
        self.passes(0.2)
        self.assertNoResult(answer)
        self.passes(0.2)
        self.failureResultOf(answer, TimedOut)

    def test_lost_script(self) -> None:
        """So does the first attempt with a script."""
        server = self.connect()
        answer = self.run_script()
        self.passes(0.7)
        server.dataReceived(b"-NOSCRIPT none\r\n")
        self.assertEqual([words[0] for words in self.heard(server)], [b"EVALSHA", b"EVAL"])
        self.passes(0.2)
        self.assertNoResult(answer)
        self.passes(0.2)
        self.failureResultOf(answer, TimedOut)
        after = self.ask()
        server.dataReceived(b":1\r\n:2\r\n")
        self.assertEqual(self.successResultOf(after), 2)

    def test_waiting(self) -> None:
        """No more than so many wait for the first connection; who is cancelled does not count."""
        self.patch(pool, "MAX_WAITING", 2)
        first, second = self.ask(), self.ask()
        self.assertIn("wait", str(self.failureResultOf(self.ask(), Unavailable).value))
        second.cancel()
        self.failureResultOf(second, CancelledError)
        third = self.ask()
        self.connect().dataReceived(b":1\r\n:2\r\n")
        self.assertEqual([self.successResultOf(call) for call in (first, third)], [1, 2])


class DeafTests(FakeCase):
    """The same with a server of whom one hears nothing."""

    async def test_never_answers(self) -> None:
        """Not even to one who logs in."""
        self.begin(OK, 0.3)
        self.server.is_deaf = True
        while "no answer" not in await self.fails(Get([A]), Unavailable):
            await pause(0.02)

    async def test_cancelled(self) -> None:
        """The reply to a call that was cancelled goes to nobody."""
        self.begin(lambda speaker, words: None, 15)
        given_up = Deferred.fromCoroutine(self.store.do(Get([A])))
        after = Deferred.fromCoroutine(self.store.do(Get([B])))
        await self.until(lambda: [words[0] for words in self.server.heard[-2:]] == [b"GET"] * 2)
        given_up.cancel()
        with self.assertRaises(CancelledError):
            await given_up
        self.server.speakers[0].send(bulk(b"nobody's") + bulk(b"after"))
        self.assertEqual(await after, [b"after"])
        self.assertEqual(self.counts, [])
