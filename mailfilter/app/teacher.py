"""Puts what is to be learned into the log, where learners find it."""

from collections.abc import Callable
from time import time

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from ..classifier import features
from ..classifier.event import MAX_BY, Event, Learn, Unlearn, digest_of, encode, packed
from ..classifier.features import features_of
from ..classifier.shared import Shared
from ..mail import parse
from ..servers.teaching import Label, Taught
from ..store.base import Delete, Get, Key, LogAppend, Publish, Put, Store, key
from .learner import LOG, TOPIC

KNOWN_SECONDS = 366 * 86400.0
"""How long it is known what a message was learned as, so that it is not learned again."""

WAIT_SECONDS = 1.0
"""For the table to have learned what is in the log already."""

LOOK_SECONDS = 0.02


class Teacher:
    """See `servers.teaching.Teacher`."""

    def __init__(
        self,
        clock: IReactorTime,
        store: Store,
        shared: Shared,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        self._clock = clock
        self._store = store
        self._shared = shared
        self._wall_clock = wall_clock

    async def learn(self, raw: bytes, label: Label, by: str, *, is_human: bool = True) -> Taught:
        """See `servers.teaching.Teacher`."""
        message = parse(raw)
        digest = digest_of(message)
        if await self._known(digest) == label.encode():
            return Taught("known", label)
        text, rest = features_of(message)
        at = self._wall_clock()
        event = Learn(
            digest, label, packed(text), packed(rest), features.VERSION, by[:MAX_BY], at, is_human
        )
        position = await self._append(event)
        await self._store.do(Put({_key(digest): label.encode()}, KNOWN_SECONDS))
        await self._wait_for(position)
        return Taught("learned")

    async def forget(self, raw: bytes, by: str) -> Taught:
        """See `servers.teaching.Teacher`."""
        digest = digest_of(parse(raw))
        if await self._known(digest) is None:
            return Taught("known")
        position = await self._append(Unlearn(digest, by[:MAX_BY], self._wall_clock()))
        await self._store.do(Delete([_key(digest)]))
        await self._wait_for(position)
        return Taught("forgotten")

    async def _known(self, digest: bytes) -> bytes | None:
        return (await self._store.do(Get([_key(digest)])))[0]

    async def _append(self, event: Event) -> int:
        """Once the store has it, it is learned, whatever happens; and learners are told."""
        position = await self._store.do(LogAppend(LOG, [encode(event)]))
        await self._store.do(Publish(TOPIC))
        return position

    async def _wait_for(self, position: int) -> None:
        """Whoever teaches and then scans wants to see what was learned; but not for long."""
        ends = self._clock.seconds() + WAIT_SECONDS
        while self._shared.state().position < position and self._clock.seconds() < ends:
            await deferLater(self._clock, LOOK_SECONDS)


def _key(digest: bytes) -> Key:
    return key("classifier_known", digest)
