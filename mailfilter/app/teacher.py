"""Puts what is to be learned into the log, where learners find it."""

from collections.abc import Callable
from time import time

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from ..classifier import features
from ..classifier.event import MAX_BY, Event, Learn, Unlearn, digest_of, packed
from ..classifier.features import features_of
from ..classifier.shared import Shared
from ..mail import parse
from ..report.learning_log import known_key
from ..servers.teaching import Label, Taught
from ..store.base import Get, Store
from .event_writer import EventWriter

WAIT_SECONDS = 1.0
"""For the table to have learned what is in the log already."""

LOOK_SECONDS = 0.01


class Teacher:
    """See `servers.teaching.Teacher`."""

    def __init__(
        self,
        clock: IReactorTime,
        store: Store,
        shared: Shared,
        nudge: Callable[[], None],
        wall_clock: Callable[[], float] = time,
    ) -> None:
        """`nudge` tells this process's learner that there is something to learn."""
        self._clock = clock
        self._store = store
        self._shared = shared
        self._writer = EventWriter(store, nudge)
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
        await self._write(event)
        return Taught("learned")

    async def forget(self, raw: bytes, by: str) -> Taught:
        """See `servers.teaching.Teacher`."""
        digest = digest_of(parse(raw))
        if await self._known(digest) is None:
            return Taught("known")
        await self._write(Unlearn(digest, by[:MAX_BY], self._wall_clock()))
        return Taught("forgotten")

    async def _known(self, digest: bytes) -> bytes | None:
        return (await self._store.do(Get([known_key(digest)])))[0]

    async def _write(self, event: Event) -> None:
        """Whoever teaches and then scans wants to see what was learned; but not for long."""
        position = await self._writer.write(event)
        ends = self._clock.seconds() + WAIT_SECONDS
        while self._shared.state().position < position and self._clock.seconds() < ends:
            await deferLater(self._clock, LOOK_SECONDS)
