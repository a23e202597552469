"""A process that hammers one call after another, and tells what it was answered."""

import json
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from mailfilter.store.base import (
    Bucket,
    Call,
    Count,
    HashAdd,
    LogAppend,
    PutIfAbsent,
    SetAdd,
    Store,
    Take,
    key,
)

from .redis import make_store, settings

ROUNDS = 400
AT_ONCE = 8
COUNTER, BUCKET, SET = key("test", "counter"), key("test", "bucket"), key("test", "set")
HASH, LOG = key("test", "hash"), key("test", "log")
BURST = 300
"""Tokens: fewer than are asked for."""
CAP = 5000


def once(number: int) -> Any:
    """A key that both processes want to be first for."""
    return key("test", "once", str(number))


def calls(name: bytes) -> "dict[str, Callable[[int], Call[Any]]]":
    """What is done, by number of the round."""
    return {
        "count": lambda n: Count({COUNTER: 1}),
        "take": lambda n: Take([Bucket(BUCKET, 1e-6, BURST)]),
        "put_if_absent": lambda n: PutIfAbsent(once(n), name),
        "set_add": lambda n: SetAdd(SET, [b"%d" % n, b"%b %d" % (name, n)], CAP),
        "hash_add": lambda n: HashAdd(HASH, {b"x": 1}),
        "log_append": lambda n: LogAppend(LOG, [b"%b %d" % (name, n)]),
    }


async def hammer(store: Store, name: bytes) -> dict[str, list[Any]]:
    """All calls at the same time, several rounds of each at once."""
    answers: dict[str, list[Any]] = {}

    async def some(kind: str, make: Callable[[int], Call[Any]], first: int) -> None:
        for number in range(first, ROUNDS, AT_ONCE):
            answer = await store.do(make(number))
            readable = answer.decode() if isinstance(answer, bytes) else answer
            answers.setdefault(kind, []).append((number, readable))

    tasks: list[Coroutine[Any, Any, None]] = [
        some(kind, make, first) for kind, make in calls(name).items() for first in range(AT_ONCE)
    ]
    await gatherResults([Deferred.fromCoroutine(task) for task in tasks])
    return answers


def main(where: str, prefix: str, name: str) -> None:
    """Wait for a line, hammer, print what was answered."""
    store = make_store(settings(where, prefix=prefix, timeout=20.0))
    status: list[int] = []

    async def run() -> None:
        try:
            sys.stdin.readline()
            print(json.dumps(await hammer(store, name.encode())))
            status.append(0)
        finally:
            await store.close()
            reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(run()))
    reactor.run()
    sys.exit(0 if status else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
