"""The log of what was learned, for those who look at it and take things back."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import msgspec

from ..classifier.event import Event, Label, Learn, Unlearn, decode
from ..classifier.rebuild import read_snapshot
from ..classifier.undo import Amends, Undo
from ..report.learning_log import LOG, MAX_TOGETHER, append, entries, note
from ..store.base import Entry, LogLook, SnapshotGet, Store


class NoLog(Exception):
    """The log cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """An event of the log."""

    position: int
    event: Event

    @property
    def label(self) -> Label | None:
        """What it teaches; None is to forget."""
        return self.event.label if isinstance(self.event, Learn) else None

    @property
    def is_human(self) -> bool:
        """Whether somebody said so, and not the filter itself."""
        return not isinstance(self.event, Learn) or self.event.is_human


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of it."""

    count: int
    """Events undone."""
    forgotten: int
    """Messages that are of no class now."""
    restored: int
    """Those that are of another one."""


async def lessons(store: Store) -> AsyncIterator[Lesson]:
    """What the log has, the newest first. Raises a StoreError."""
    state = await store.do(LogLook(LOG))
    until = state.last
    while until >= state.first:
        after = max(until - MAX_TOGETHER, state.first - 1)
        found = [entry async for entry in entries(store, after, until)]
        for lesson in reversed(_lessons(found)):
            yield lesson
        until = after


async def undo_lessons(
    store: Store, wanted: Callable[[Lesson], bool], who: str, *, is_dry: bool
) -> Undone:
    """Append what makes the log say what it would without some of its events.

    Raises NoLog, or a StoreError.
    """
    undo = Undo(await _base(store), lambda position, event: wanted(Lesson(position, event)))
    state = await store.do(LogLook(LOG))
    if state.first > undo.start + 1:
        raise NoLog("a part of the log is gone; try again")
    async for entry in entries(store, undo.start, state.last):
        for lesson in _lessons((entry,)):
            undo.look(lesson.position, lesson.event)
    amends = list(undo.amends())
    if not is_dry:
        for start in range(0, len(amends), MAX_TOGETHER // 2):
            await _make(store, amends[start : start + MAX_TOGETHER // 2], who)
    restored = sum(found.position is not None for found in amends)
    return Undone(undo.count, len(amends) - restored, restored)


async def _base(store: Store) -> bytes | None:
    snapshot = await store.do(SnapshotGet(LOG))
    if snapshot is None:
        return None
    try:
        return read_snapshot(snapshot.data).ledger
    except ValueError as error:
        raise NoLog(f"the snapshot of the log cannot be read: {error}") from None


async def _make(store: Store, amends: Sequence[Amends], who: str) -> None:
    at = time.time()
    events: list[Event] = []
    for found in amends:
        if found.was is not None:
            # Nothing that the table has learned of it stays, and no label outranks the old one.
            events.append(Unlearn(found.digest, who, at))
        if found.position is None:
            continue
        async for entry in entries(store, found.position - 1, found.position):
            event = decode(entry.data)
            events.append(msgspec.structs.replace(event, by=who, at=at))
    if events:
        await append(store, events)
        await note(store, events)


def _lessons(found: Sequence[Entry]) -> list[Lesson]:
    """Those that can be read: the others teach nothing."""
    read = []
    for entry in found:
        try:
            read.append(Lesson(entry.position, decode(entry.data)))
        except msgspec.MsgspecError:
            continue
    return read
