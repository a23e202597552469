"""Puts what is to be learned into the log, where learners find it."""

from collections.abc import Callable
from math import ceil
from time import time
from typing import TypeVar

from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from ..classifier import features
from ..classifier.event import MAX_BY, Digest, Event, Learn, Unlearn, digest_of, packed
from ..classifier.features import features_of
from ..classifier.shared import Shared
from ..mail import Message, parse
from ..report.learning_log import known_key
from ..servers.teaching import Label, Taught
from ..store.base import Bucket, Get, Store, Take, key
from .event_writer import EventWriter
from .learner import Aside

WAIT_SECONDS = 1.0
"""For the table to have learned what is in the log already."""

CORRECTION_SECONDS = 0.1
"""The same for corrections: after some of them the table is made anew, which may take seconds, and
all the more often the longer others wait for it."""

LOOK_SECONDS = 0.01


LARGE = 2**18
"""Octets of a message that is read in a thread, as that may take more than 10 ms."""

T = TypeVar("T")


class Teacher:
    """See `servers.teaching.Teacher`."""

    def __init__(
        self,
        clock: IReactorTime,
        store: Store,
        shared: Shared,
        nudge: Callable[[], None],
        max_per_hour: int = 0,
        aside: Aside = maybeDeferred,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        """`nudge` tells this process's learner that there is something to learn.

        `max_per_hour` messages may come of one source, if it is not 0. `aside` does work in a
        thread.
        """
        self._clock = clock
        self._store = store
        self._shared = shared
        self._writer = EventWriter(store, nudge)
        self._max_per_hour = max_per_hour
        self._aside = aside
        self._wall_clock = wall_clock

    async def learn(
        self, raw: bytes, label: Label, by: str, *, source: str = "", is_human: bool = True
    ) -> Taught:
        """See `servers.teaching.Teacher`."""
        if seconds := await self._seconds_to_wait(source or by):
            return _too_many(seconds)
        message, digest = await self._apart(raw, lambda: _read(raw))
        known = await self._known(digest)
        if known == label.encode():
            return Taught("known", label)
        text, rest = await self._apart(raw, lambda: _features(message))
        at = self._wall_clock()
        event = Learn(digest, label, text, rest, features.VERSION, by[:MAX_BY], at, is_human)
        await self._write(event, WAIT_SECONDS if known is None else CORRECTION_SECONDS)
        return Taught("learned")

    async def forget(self, raw: bytes, by: str, *, source: str = "") -> Taught:
        """See `servers.teaching.Teacher`."""
        if seconds := await self._seconds_to_wait(source or by):
            return _too_many(seconds)
        _, digest = await self._apart(raw, lambda: _read(raw))
        if await self._known(digest) is None:
            return Taught("known")
        event = Unlearn(digest, by[:MAX_BY], self._wall_clock())
        await self._write(event, CORRECTION_SECONDS)
        return Taught("forgotten")

    async def _seconds_to_wait(self, source: str) -> float:
        """Until a source may teach again; 0.0 if it may now, which is then counted."""
        if not self._max_per_hour:
            return 0.0
        most = float(self._max_per_hour)
        bucket = Bucket(key("classifier_taught", source), most / 3600, most)
        return (await self._store.do(Take([bucket])))[0]

    async def _apart(self, raw: bytes, make: Callable[[], T]) -> T:
        """Do some work on a message, where that does not hold up others."""
        if len(raw) <= LARGE:
            return make()
        made: T = await self._aside(make)
        return made

    async def _known(self, digest: bytes) -> bytes | None:
        return (await self._store.do(Get([known_key(digest)])))[0]

    async def _write(self, event: Event, seconds: float) -> None:
        """Whoever teaches and then scans wants to see what was learned; but not for long."""
        position = await self._writer.write(event)
        ends = self._clock.seconds() + seconds
        while self._shared.state().position < position and self._clock.seconds() < ends:
            await deferLater(self._clock, LOOK_SECONDS)


def _read(raw: bytes) -> tuple[Message, Digest]:
    message = parse(raw)
    return message, digest_of(message)


def _features(message: Message) -> tuple[bytes, bytes]:
    text, rest = features_of(message)
    return packed(text), packed(rest)


def _too_many(seconds: float) -> Taught:
    return Taught("refused", f"too much was taught from there, try again in {ceil(seconds)} s")
