"""What an administrator does with a store: look whether it works, copy it, move to another."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from secrets import token_hex
from typing import Any

from .base import (
    MAX_NUMBER,
    Bucket,
    Call,
    Count,
    Delete,
    Dump,
    Get,
    HashAdd,
    HashAll,
    HashPut,
    HashRemove,
    HistoryAdd,
    HistoryClear,
    HistoryFind,
    Limits,
    LogAppend,
    LogLook,
    LogTrim,
    Publish,
    Put,
    PutIfAbsent,
    Row,
    SetAdd,
    SetMembers,
    SetRemove,
    Snapshot,
    SnapshotPut,
    Store,
    Take,
    key,
)
from .errors import StoreError, TimedOut
from .sqlite.failures import named
from .sqlite.files import BESIDE, COMPANIONS, part_name, put_in_place

TRIAL_SECONDS = 60.0
"""After which what a trial has left behind expires."""


async def copy(
    source: Store, target: Store, progress: Callable[[int], None] = lambda calls: None
) -> int:
    """Carry out in `target` what makes it the same as `source`; how many calls that took.

    If there is something in it already, that is added to; but values that are there stay, such as
    the secret that rows there are found with. Raises StoreError, of either; then the target has a
    part of it.
    """
    cursor: bytes | None = None
    count = 0
    while True:
        part = await source.do(Dump(cursor))
        for call in part.calls:
            await _carry_out(target, call)
        count += len(part.calls)
        progress(count)
        cursor = part.cursor
        if cursor is None:
            return count


async def _carry_out(target: Store, call: Call[Any]) -> None:
    if not isinstance(call, Put):
        await target.do(call)
        return
    for name, value in call.values.items():
        await target.do(PutIfAbsent(name, value, call.seconds))


async def copy_to_file(source: Store, path: str, make: Callable[[str], Store]) -> None:
    """Copy a store to a file that is complete as soon as it has its name.

    `make` makes the store of a file. Raises StoreError; then there is no file, nor a part of one.
    """
    part = part_name(path)
    target = make(part)
    try:
        target.open()
        try:
            await copy(source, target)
        finally:
            await target.close()
        _finish(part, path)
    finally:
        for suffix in ("", *BESIDE):
            with suppress(OSError):
                os.unlink(part + suffix)


def _finish(part: str, path: str) -> None:
    if any(os.path.exists(part + suffix) for suffix in COMPANIONS):
        raise TimedOut(f"{part}: the disk is busy; the copy could not be finished")
    try:
        put_in_place(part, path)
    except OSError as error:
        raise named(error, path) from None


async def try_out(store: Store) -> Sequence[str]:
    """Make calls of each kind under keys of their own; what did not work.

    They remove what they make, or it expires, but for a log, since those are for ever: of the one
    of all trials its last position and an empty snapshot stay.
    A server may let us in and still forbid a command, or a disk may be readable only.
    """
    trials = _trials(token_hex(8))
    return [text for call, expected in trials if (text := await _try(store, call, expected))]


async def _try(store: Store, call: Call[Any], expected: object) -> str:
    name = type(call).__name__
    try:
        answer = await store.do(call)
    except StoreError as error:
        return f"{name}: {error.name}: {error}"
    if expected is not ... and answer != expected:
        return f"{name}: the answer is {answer!r}, expected {expected!r}"
    return ""


def _trials(token: str) -> Sequence[tuple[Call[Any], object]]:
    """Calls and their answers, `...` where any will do."""
    name, log = key("trial", token), key("trial_log")
    limits = Limits(1, TRIAL_SECONDS, 10_000)
    return (
        (Put({name: b"1"}, TRIAL_SECONDS), None),
        (Get([name]), [b"1"]),
        (PutIfAbsent(name, b"2", TRIAL_SECONDS), b"1"),
        (Delete([name]), 1),
        (Count({name: 2}, TRIAL_SECONDS), [2]),
        (Take([Bucket(name, 1.0, 1.0)]), [0.0]),
        (SetAdd(name, [b"1"], 1, TRIAL_SECONDS), [True]),
        (SetMembers(name), [b"1"]),
        (SetRemove(name, [b"1"]), 1),
        (HashPut(name, {b"1": b"1"}, TRIAL_SECONDS), None),
        (HashAdd(name, {b"1": 1}, TRIAL_SECONDS), [2]),
        (HashAll(name), {b"1": b"2"}),
        (HashRemove(name, [b"1"]), 1),
        (HistoryAdd(name, [Row(b"1", 0.0, [b"1"], b"1")], limits), None),
        (HistoryFind(name, [b"1"]), ...),
        (HistoryClear(name), 1),
        (LogAppend(log, [b"1"]), ...),
        (LogLook(log), ...),
        (SnapshotPut(log, Snapshot(MAX_NUMBER, b"")), True),
        (LogTrim(log), ...),
        (Publish(b"trial"), None),
    )
