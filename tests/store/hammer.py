"""A process that uses one embedded store with many calls at once; tests start several of it.

`python -m tests.store.hammer KIND PATH NAME COUNT` waits until standard input says go (so that all
begin together), carries out COUNT calls of a kind, and writes what came of it as JSON. The kinds
are the functions below; what the answers must add up to is for the test to say.
"""

import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from itertools import pairwise
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall, deferLater
from twisted.internet.threads import deferToThread

from mailfilter.config.model import StoreSettings
from mailfilter.store.base import (
    Bucket,
    Call,
    Count,
    HashAdd,
    HistoryAdd,
    Limits,
    LogAppend,
    Publish,
    PutIfAbsent,
    Row,
    SetAdd,
    Snapshot,
    SnapshotGet,
    SnapshotPut,
    Take,
    key,
)
from mailfilter.store.embedded import EmbeddedStore
from mailfilter.store.errors import StoreError
from mailfilter.store.health import Health

reactor: Any = _reactor

AT_ONCE = 50
"""Calls under way in each process."""
SHARED = key("hammer", "shared")
TOKENS = 100
"""In the bucket that all take from; it fills so slowly that no more come meanwhile."""
LIMITS = Limits(10**6, 86400.0, 10**9)
TICK = 0.01


def open_store(path: str, seconds: float = 60.0) -> EmbeddedStore:
    """A store that tells of its trouble on standard error."""

    def alarm(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    health = Health("embedded", reactor, alarm, lambda name: None)
    store = EmbeddedStore(reactor, StoreSettings(timeout=seconds), path, health, alarm)
    store.open()
    return store


async def all_of(store: EmbeddedStore, calls: Iterator[Call[Any]]) -> list[Any]:
    """The answers to all calls, in their order, with some of them under way at any time."""
    answers: dict[int, Any] = {}
    numbered = enumerate(calls)

    async def work() -> None:
        for number, call in numbered:
            answers[number] = await store.do(call)

    for worker in [Deferred.fromCoroutine(work()) for _ in range(AT_ONCE)]:
        await worker
    return [answers[number] for number in sorted(answers)]


async def counters(store: EmbeddedStore, name: str, count: int) -> Any:
    """Add 1, and 1 to a field of a hash; the last numbers seen."""
    numbers = await all_of(store, (Count({SHARED: 1}) for _ in range(count)))
    fields = await all_of(store, (HashAdd(SHARED, {b"f": 1}) for _ in range(count)))
    return [[number for (number,) in numbers], [number for (number,) in fields]]


async def buckets(store: EmbeddedStore, name: str, count: int) -> Any:
    """Take a token; how many were granted."""
    calls = (Take([Bucket(SHARED, 1e-6, TOKENS)]) for _ in range(count))
    return sum(wait == 0 for (wait,) in await all_of(store, calls))


async def firsts(store: EmbeddedStore, name: str, count: int) -> Any:
    """Be the first at keys, and with members of a set, which all try; which ones one was."""
    keys = (PutIfAbsent(key("hammer", str(n)), name.encode()) for n in range(count))
    absent = await all_of(store, keys)
    members = await all_of(store, (SetAdd(SHARED, [b"%d" % n], 10**5) for n in range(count)))
    return [
        [number for number, found in enumerate(absent) if found is None],
        [number for number, (is_new,) in enumerate(members) if is_new],
    ]


async def logs(store: EmbeddedStore, name: str, count: int) -> Any:
    """Append to a log and to a history, by name and number; the positions given."""
    entries = (LogAppend(SHARED, [f"{name} {n}".encode()]) for n in range(count))
    positions = await all_of(store, entries)
    rows = (
        HistoryAdd(SHARED, [Row(f"{name} {n}".encode(), float(n), (), b"x")], LIMITS)
        for n in range(count)
    )
    await all_of(store, rows)
    return positions


async def snapshots(store: EmbeddedStore, name: str, count: int) -> Any:
    """Put and get snapshots of several rows each; whether all that were read were whole."""

    def snapshot(number: int) -> Snapshot:
        return Snapshot(number, (b"%s %d " % (name.encode(), number)) * 150_000)

    for number in range(count):
        await store.do(SnapshotPut(SHARED, snapshot(number)))
        found = await store.do(SnapshotGet(SHARED))
        if found is None or found.position < number:
            return False
        words = found.data.split()
        if words[0::2] != [words[0]] * 150_000 or words[1::2] != [words[1]] * 150_000:
            return False
    return True


async def notices(store: EmbeddedStore, name: str, count: int) -> Any:
    """Publish while listening; what was heard, in order, until every process has said its last."""
    heard: list[str] = []
    listens: Deferred[None] = Deferred()

    def listener(value: bytes | None) -> None:
        if value is not None:
            heard.append(value.decode())
        elif not listens.called:
            listens.callback(None)
        else:
            heard.append("missed")

    store.subscribe(b"topic", listener)
    await listens
    await store.do(Count({SHARED: 1}))
    while (await store.do(Count({SHARED: 0})))[0] < int(name.partition("/")[2]):
        await deferLater(reactor, 0.01)
    for number in range(count):
        await store.do(Publish(b"topic", f"{name} {number}".encode()))
    while sum(text.endswith(f" {count - 1}") for text in heard) < int(name.partition("/")[2]):
        await deferLater(reactor, 0.01)
    return heard


async def deadlines(store: EmbeddedStore, name: str, count: int) -> Any:
    """Count until that was answered after it was not; says each time that a call was given up.

    `turns` is how often the reactor did something else during the one where it did so most: the
    machine may have stood still during another.
    """
    ticks: list[float] = []
    ticking = LoopingCall(lambda: ticks.append(reactor.seconds()))
    ticking.start(TICK)
    longest, turns = 0.0, 0
    errors: list[str] = []
    for _ in range(count):
        began, before = reactor.seconds(), len(ticks)
        try:
            await store.do(Count({SHARED: 1}))
        except StoreError as error:
            errors.append(error.name)
            turns = max(turns, len(ticks) - before)
            print(error.name, flush=True)
        else:
            if errors:
                break
        longest = max(longest, reactor.seconds() - began)
    ticking.stop()
    gap = max(after - before for before, after in pairwise(ticks))
    return {"errors": errors, "turns": turns, "longest": longest, "gap": gap}


async def acknowledged(store: EmbeddedStore, name: str, count: int) -> Any:
    """Write without end, and say on standard output what was answered."""

    async def write(lane: int) -> None:
        number = lane
        while True:
            text = f"{name}.{number}"
            position = await store.do(LogAppend(SHARED, [text.encode()]))
            await store.do(HistoryAdd(SHARED, [Row(text.encode(), 0.0, (), b"x")], LIMITS))
            await store.do(Count({SHARED: 1}))
            sys.stdout.write(f"{position} {text}\n")
            sys.stdout.flush()
            number += 8

    for writer in [Deferred.fromCoroutine(write(lane)) for lane in range(8)]:
        await writer


KINDS: dict[str, Callable[[EmbeddedStore, str, int], Awaitable[Any]]] = {
    function.__name__: function
    for function in (
        counters,
        buckets,
        firsts,
        logs,
        snapshots,
        notices,
        deadlines,
        acknowledged,
    )
}


async def hammer(kind: str, path: str, name: str, count: int) -> None:
    """All of it."""
    store = open_store(path, seconds=1.0 if kind == "deadlines" else 60.0)
    await store.do(Count({SHARED: 0}))
    print("ready", flush=True)
    await deferToThread(sys.stdin.readline)
    result = await KINDS[kind](store, name, count)
    await store.close()
    print(json.dumps(result), flush=True)


def main() -> None:
    """Run until it is done; status 1 with the reason on standard error when it fails."""
    kind, path, name, count = sys.argv[1:]
    status: list[int] = []

    def ended(failure: Any) -> None:
        if failure is not None:
            failure.printTraceback(sys.stderr)
        status.append(0 if failure is None else 1)
        reactor.stop()

    def begin() -> None:
        Deferred.fromCoroutine(hammer(kind, path, name, int(count))).addCallbacks(ended, ended)

    reactor.callWhenRunning(begin)
    reactor.run()
    sys.exit(status[0] if status else 1)


if __name__ == "__main__":
    main()
