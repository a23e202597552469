"""The store in Redis and servers that take their time; calls that are given up."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from mailfilter.store.base import Get, Put
from mailfilter.store.errors import StoreError, TimedOut, Unavailable
from mailfilter.store.resp import connection

from .case import A, B, C
from .fake_redis import OK, FakeCase, always, bulk, pause


class SlowTests(FakeCase):
    """Servers that take their time."""

    async def test_never_answers(self) -> None:
        """Not even to one who logs in."""
        self.begin(OK)
        self.server.is_deaf = True
        await self.fails(Get([A]), Unavailable)
        await pause(0.3)
        self.assertIn("no answer", await self.fails(Get([A]), Unavailable))

    async def test_stands_still(self) -> None:
        """All calls on a connection end when it stands still; the next one works."""
        self.begin(lambda speaker, words: None)
        answers = [Deferred.fromCoroutine(self.store.do(Get([A]))) for _ in range(50)]
        for answer in answers:
            with self.assertRaises((TimedOut, Unavailable)):
                await answer
        self.server.script = lambda speaker, words: bulk(b"x")
        await pause(0.2)
        self.assertEqual(await self.store.do(Get([A])), [b"x"])
        self.assertEqual(self.server.connections, 2)

    async def test_late(self) -> None:
        """A reply that comes too late goes to nobody, and later ones to whom they are for."""
        self.begin(lambda speaker, words: None)
        first = Deferred.fromCoroutine(self.store.do(Get([A])))
        late = Deferred.fromCoroutine(self.store.do(Get([B])))
        await pause(0.2)
        self.server.speakers[0].send(bulk(b"first"))
        self.assertEqual(await first, [b"first"])
        await pause(0.05)
        after = Deferred.fromCoroutine(self.store.do(Get([C])))
        with self.assertRaises(TimedOut):
            await late
        self.server.speakers[0].send(bulk(b"late") + bulk(b"after"))
        self.assertEqual(await after, [b"after"])
        self.assertEqual(self.server.connections, 1)

    async def test_again_at_once(self) -> None:
        """Who asks again when it is given up gets its own answer, and its own time."""
        self.begin(always(None))

        async def ask_twice() -> Any:
            try:
                return await self.store.do(Get([A]))
            except StoreError:
                return await self.store.do(Get([B]))

        answers = [Deferred.fromCoroutine(ask_twice()) for _ in range(3)]
        await pause(0.2)
        self.server.speakers[0].send(bulk(b"first"))
        await pause(0.2)
        self.server.speakers[0].send(b"".join(bulk(b"%d" % n) for n in range(4)))
        got = [await answer for answer in answers]
        self.assertEqual(got, [[b"first"], [b"2"], [b"3"]])

    async def test_cancelled(self) -> None:
        """Nor does one whose call was cancelled."""
        self.begin(lambda speaker, words: None, 5)
        given_up = Deferred.fromCoroutine(self.store.do(Get([A])))
        after = Deferred.fromCoroutine(self.store.do(Get([B])))
        while len(self.server.heard) < 2 or self.server.heard[-1][0] != b"GET":
            await pause(0.001)
        given_up.cancel()
        with self.assertRaises(CancelledError):
            await given_up
        self.server.speakers[0].send(bulk(b"nobody's") + bulk(b"after"))
        self.assertEqual(await after, [b"after"])
        self.assertEqual(self.counts, [])

    async def test_too_many(self) -> None:
        """Calls under way are bounded, by number and by octets."""
        self.begin(OK)
        await self.store.do(Put({A: b""}))
        self.patch(connection, "MAX_CALLS", 10)
        self.server.is_deaf = True
        for limit, value in ((10, b""), (3, b"x" * 2**20)):
            self.patch(connection, "MAX_OCTETS", 2**21)
            calls = [Deferred.fromCoroutine(self.store.do(Put({A: value}))) for _ in range(limit)]
            said = await self.fails(Put({A: value}), Unavailable)
            self.assertIn("under way already", said)
            for call in calls:
                with self.assertRaises((TimedOut, Unavailable)):
                    await call
            self.server.is_deaf = False
            await pause(0.3)
            self.server.is_deaf = True
