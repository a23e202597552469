"""What every store must do with notices."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from mailfilter.store.base import Publish


class NoticeCases:
    """Notices."""

    async def test_notices(self: Any) -> None:
        """Those who are subscribed get them in order, others do not."""
        got: list[bytes | None] = []
        other: list[bytes | None] = []
        end = self.store.subscribe(b"topic", got.append)
        self.store.subscribe(b"other", other.append)
        await self.until(lambda: got == [None] and other == [None])
        for value in (b"1", b"\r\n\0", b""):
            await self.do(Publish(b"topic", value))
        await self.until(lambda: len(got) == 4)
        self.assertEqual(got, [None, b"1", b"\r\n\0", b""])
        self.assertEqual(other, [None])
        end()
        await self.do(Publish(b"topic", b"after"))
        await self.do(Publish(b"other", b"last"))
        await self.until(lambda: b"last" in other)
        self.assertNotIn(b"after", got)

    async def test_end_at_once(self: Any) -> None:
        """After the end nothing comes, not even the word that notices come from now on."""
        got: list[bytes | None] = []
        other: list[bytes | None] = []
        end = self.store.subscribe(b"topic", got.append)
        self.store.subscribe(b"topic", other.append)
        end()
        await self.until(lambda: other == [None])
        self.assertEqual(got, [])

    async def test_end_on_the_way(self: Any) -> None:
        """What is on its way at the end does not arrive any more."""
        got: list[bytes | None] = []
        other: list[bytes | None] = []
        end = self.store.subscribe(b"topic", got.append)
        self.store.subscribe(b"topic", other.append)
        await self.until(lambda: got == [None] and other == [None])
        published = Deferred.fromCoroutine(self.do(Publish(b"topic", b"1")))
        end()
        await published
        await self.until(lambda: other == [None, b"1"])
        self.assertEqual(got, [None])

    async def test_end_twice(self: Any) -> None:
        """To end it once more does nothing, also to one that listens with the same function."""
        got: list[bytes | None] = []
        end = self.store.subscribe(b"topic", got.append)
        end()
        end()
        self.store.subscribe(b"topic", got.append)
        end()
        await self.until(lambda: got == [None])
        await self.do(Publish(b"topic", b"1"))
        await self.until(lambda: got == [None, b"1"])

    async def test_end_by_itself(self: Any) -> None:
        """A listener may end it, or begin with another one, while it is told something."""
        got: list[bytes | None] = []
        ends: list[Callable[[], None]] = []
        subscribe = self.store.subscribe

        def once(value: bytes | None) -> None:
            got.append(value)
            ends[0]()
            subscribe(b"topic", got.append)

        ends.append(subscribe(b"topic", once))
        await self.until(lambda: got == [None, None])
        await self.do(Publish(b"topic", b"1"))
        await self.until(lambda: got == [None, None, b"1"])
