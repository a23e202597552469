"""What the calls of each store cost: `python -m bench.store [KIND ...] [--processes 4]`.

Each call is made again and again, one after another, in one process and then in several at the
same time. Counted is the processor time of the client, all of its threads together, and what one
waits for the answer. The Redis server is the one of the live tests, on a unix socket.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import mean
from typing import Any

from twisted.internet import reactor as running_reactor
from twisted.internet.defer import Deferred

from mailfilter.config.model import Redis, StoreSettings
from mailfilter.store import make_store
from mailfilter.store.base import (
    Bucket,
    Call,
    Count,
    Get,
    HashAdd,
    HistoryAdd,
    Limits,
    LogAppend,
    Put,
    PutIfAbsent,
    Row,
    SetAdd,
    Store,
    Take,
    key,
)

KINDS = ("memory", "embedded", "redis")
VALUES = 20_000
"""That are there when values are got."""
CALLS = 2000
"""Of each kind, in each process; the dearer ones fewer."""
WARM = 100
GOALS: Mapping[tuple[str, str], float] = {
    ("embedded", "get"): 60,
    ("embedded", "take from a bucket"): 120,
    ("redis", "get"): 120,
    ("redis", "get 100"): 250,
    ("redis", "take from a bucket"): 120,
}
"""Microseconds of processor time, alone."""

reactor: Any = running_reactor
KEYS = [key("bench", str(number)) for number in range(VALUES)]
LIMITS = Limits(10_000, 86400.0, 2**28)
ROW = Row(b"0123456789ab", 1.7e9, [b"%016x" % n for n in range(40)], b"b" * 1500, b"d" * 3000)


def calls(place: int) -> Mapping[str, tuple[int, Callable[[int], Call[Any]]]]:
    """What is measured: a divisor of `CALLS`, and the n-th call."""
    own = [key("bench", str(place), str(number)) for number in range(CALLS + WARM)]
    return {
        "get": (1, lambda n: Get([KEYS[n * 7 % VALUES]])),
        "get 100": (4, lambda n: Get([KEYS[(n * 7 + m * 31) % VALUES] for m in range(100)])),
        "put": (1, lambda n: Put({KEYS[n * 7 % VALUES]: b"v" * 50}, 3600.0)),
        "put if absent": (1, lambda n: PutIfAbsent(own[n], b"v" * 50, 300.0)),
        "count": (1, lambda n: Count({KEYS[n % 100]: 1}, 60.0)),
        "take from a bucket": (1, lambda n: Take([Bucket(KEYS[n % 100], 100.0, 1e6)])),
        "take from 3 buckets": (2, lambda n: Take([Bucket(KEYS[m], 9.0, 1e6) for m in (1, 2, 3)])),
        "add to a set": (1, lambda n: SetAdd(KEYS[n % 100], [b"member %d" % n], 1000, 86400.0)),
        "add to a hash": (1, lambda n: HashAdd(KEYS[n % 100], {b"field %d" % (n % 50): 1}, 60.0)),
        "history, 1 row": (4, lambda n: HistoryAdd(KEYS[0], [ROW], LIMITS)),
        "history, 100 rows": (40, lambda n: HistoryAdd(KEYS[0], [ROW] * 100, LIMITS)),
        "append to a log": (4, lambda n: LogAppend(KEYS[0], [b"e" * 2000])),
    }


def settings_of(kind: Any, place: str) -> StoreSettings:
    """The store at a path: a folder, or a socket."""
    return StoreSettings(kind=kind, timeout=30.0, redis=Redis(servers=(place,)))


async def measure(store: Store, place: int) -> dict[str, tuple[float, float, float]]:
    """Microseconds of each call: processor, and the median and the 99th part of waiting."""
    found = {}
    for name, (divisor, make) in calls(place).items():
        for number in range(WARM // divisor):
            await store.do(make(number))
        waits = []
        begun = time.process_time()
        for number in range(WARM // divisor, WARM // divisor + CALLS // divisor):
            call = make(number)
            since = time.perf_counter()
            await store.do(call)
            waits.append(time.perf_counter() - since)
        spent = (time.process_time() - begun) / len(waits)
        waits.sort()
        at = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
        found[name] = (spent * 1e6, at[0] * 1e6, at[1] * 1e6)
    return found


async def work(kind: str, where: str, place: int) -> None:
    """One process: measure, and print it as JSON."""
    store = make_store(reactor, settings_of(kind, where), where, print, lambda name: None)
    store.open()
    for start in range(0, VALUES, 1000):
        await store.do(Put(dict.fromkeys(KEYS[start : start + 1000], b"v" * 50)))
    print("ready", flush=True)
    await Deferred.fromCoroutine(_go())
    print(json.dumps(await measure(store, place)))
    await store.close()


async def _go() -> None:
    """Wait for the word to begin, which comes to all at the same time."""
    from twisted.internet.threads import deferToThread

    await deferToThread(sys.stdin.readline)


def run(kind: str, where: str, processes: int) -> dict[str, tuple[float, float, float]]:
    """Measure in so many processes at once: the mean of their times, the worst 99th part."""
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.store", "--work", kind, where, str(place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for place in range(processes)
    ]
    for child in children:
        assert child.stdout is not None
        while child.stdout.readline() not in ("ready\n", ""):
            pass
    results = []
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    for child in children:
        output, _ = child.communicate()
        if child.returncode:
            raise SystemExit(f"bench.store: a process ended with status {child.returncode}")
        results.append(json.loads(output.splitlines()[-1]))
    return {
        name: (
            mean(result[name][0] for result in results),
            mean(result[name][1] for result in results),
            max(result[name][2] for result in results),
        )
        for name in results[0]
    }


def report(kind: str, processes: int) -> None:
    """Print a table for a store."""
    from .store_server import serving

    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder,
        serving(kind, Path(folder)) as where,
    ):
        if where is None:
            print(f"{kind}: there is no server; `python -m tests.live.peers fetch` gets one")
            return
        alone = run(kind, where, 1)
        together = run(kind, where, processes) if kind != "memory" else None
    print(f"\n{kind:22}{'alone: CPU':>12}{'p50':>8}{'p99':>8}{'goal':>8}", end="")
    print(f"{f'{processes} at once: CPU':>20}{'p50':>8}{'p99':>8}  us" if together else "  us")
    for name, figures in alone.items():
        goal = GOALS.get((kind, name))
        print(f"{name:22}" + "{:12.0f}{:8.0f}{:8.0f}".format(*figures), end="")
        print(f"{goal:8.0f}" if goal else " " * 8, end="")
        print("{:20.0f}{:8.0f}{:8.0f}".format(*together[name]) if together else "")


def main() -> None:
    """Measure the stores named, or all."""
    parser = argparse.ArgumentParser(prog="bench.store")
    parser.add_argument("kinds", nargs="*", default=KINDS)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--work", action="store_true")
    options = parser.parse_args()
    if not options.work:
        for kind in options.kinds:
            report(kind, options.processes)
        return
    kind, where, place = options.kinds
    done = Deferred.fromCoroutine
    reactor.callWhenRunning(
        lambda: (
            done(work(kind, where, int(place)))
            .addErrback(lambda failure: failure.printTraceback())
            .addBoth(lambda _: reactor.stop())
        )
    )
    reactor.run()


if __name__ == "__main__":
    main()
