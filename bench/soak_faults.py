"""Parts of `bench.soak` in which the filter goes on whatever is done to it."""

import contextlib
import random
import re
import signal
import statistics
import threading
import time
from dataclasses import dataclass

from tests.live.processes import wait_until

from . import http_client, messages
from .soak_filter import SoakFilter, kill_counted, open_connections
from .soak_load import Failure, Load

ROUNDS = 10
"""Reloads, kills."""

WARM_UP = 200
"""Requests before anything is done to the filter."""

SETTLE_SECONDS = 0.5
"""In which clients notice that their connections are gone."""

BROKEN = ("[scan\n", "[server]\nworkers = 2\n", '[scores]\nno_such_key = "x"\n')
"""Put at the end of a configuration, each of these makes it one that cannot be read."""

MARKERS = {"loop": (b"X-Test-Spin: 1\r\n", "_suffer"), "re": (b"X-Soak-Hold: 1\r\n", "hold.py")}
"""Fields of messages at which a worker computes without end, and what its stack shows then."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    requests: int
    workers: int


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of a part."""

    is_good: bool
    text: str


def reload(options: Options) -> Result:
    """Reloads under load, each with a new certificate: every request is answered."""
    with SoakFilter(options.workers) as tested, Load(tested.addresses) as load:
        load.wait(WARM_UP)
        took = []
        for _ in range(ROUNDS):
            tested.site.renew()
            took.append(tested.reload())
            load.wait(options.requests // ROUNDS)
        count = tested.generation()
        load.end()
        wait_until(lambda: len(tested.workers()) == options.workers, "old workers to end", 130)
        complaints = tested.complaints()
    show(load.failures)
    is_good = not load.failures and count == ROUNDS + 1 and not complaints
    return Result(
        is_good and load.count >= options.requests,
        f"{count - 1} reloads of {statistics.median(took):.2f} s (longest {max(took):.2f}),"
        f" {load.count} requests, {len(load.failures)} failed, {rate(load)}/s,"
        f" {complaints} complaints in the log",
    )


def kill(options: Options) -> Result:
    """Workers killed under load: what was not in them is answered."""
    failed, most = [], []
    is_good = True
    with SoakFilter(options.workers) as tested, Load(tested.addresses) as load:
        load.wait(WARM_UP)
        for _ in range(ROUNDS):
            mark, begun = tested.log_size(), time.monotonic()
            had = kill_counted(random.choice(tested.workers()))
            tested.wait_replaced(mark)
            load.wait(options.requests // ROUNDS // 4)
            found = load.since(begun)
            strange = [item for item in found if item.port and item.port not in had.ports]
            is_good &= len(found) <= had.count and not strange
            show(strange)
            failed.append(len(found))
            most.append(had.count)
        load.end()
        complaints = tested.complaints()
    return Result(
        is_good and len(load.failures) == sum(failed) and not complaints,
        f"{ROUNDS} kills, failed/open at each: {pairs(failed, most)}; {load.count} answered,"
        f" {rate(load)}/s, {complaints} complaints in the log",
    )


def broken(options: Options) -> Result:
    """A configuration that cannot be read: the old one goes on, and says so."""
    with SoakFilter(options.workers) as tested, Load(tested.addresses) as load:
        good = tested.config.read_text()
        took = []
        for text in BROKEN:
            load.wait(WARM_UP)
            before, mark = tested.generation(), tested.log_size()
            tested.config.write_text(good + text)
            tested.child.send(signal.SIGHUP)
            tested.wait_log("reload failed, the old configuration goes on", mark, 20)
            load.wait(WARM_UP)
            if tested.generation() != before:
                raise AssertionError(f"a new generation in spite of {text!r}")
            tested.config.write_text(good)
            took.append(tested.reload())
        load.end()
        complaints = tested.complaints()
    show(load.failures)
    return Result(
        not load.failures and not complaints,
        f"{len(BROKEN)} broken configurations, each told in the log and mended by a reload of"
        f" {statistics.median(took):.2f} s; {load.count} requests, {len(load.failures)} failed",
    )


def spin(options: Options) -> Result:
    """A worker that computes without end is replaced, and others go on."""
    texts = []
    is_good = True
    with SoakFilter(options.workers, watchdog="2s") as tested, Load(tested.addresses) as load:
        for name in MARKERS:
            load.wait(WARM_UP)
            good, text = spin_once(tested, load, name)
            is_good &= good
            texts.append(text)
    return Result(is_good, "; ".join(texts))


def spin_once(tested: SoakFilter, load: Load, name: str) -> tuple[bool, str]:
    """One worker made to spin: whether all was well, and figures."""
    field, place = MARKERS[name]
    mark, begun, before = tested.log_size(), time.monotonic(), load.count
    asked = threading.Thread(target=ask, args=(tested.http, field))
    asked.start()
    tested.wait_log("is stuck for", mark, 15)
    told = time.monotonic() - begun
    match = re.search(r"\(pid (\d+)\) is stuck for", tested.log(mark))
    had = open_connections(int(match[1])) if match else None
    served = load.count - before
    tested.wait_replaced(mark)
    took = time.monotonic() - begun
    time.sleep(SETTLE_SECONDS)
    found, after = load.since(begun), time.monotonic()
    load.wait(WARM_UP)
    asked.join(60)
    has_stack = place in tested.log(mark)
    late = load.since(after)
    show(late)
    most = had.count if had else 0
    is_good = has_stack and served > 0 and len(found) <= most and not late
    return is_good, (
        f"{name}: told after {told:.1f} s, replaced after {took:.1f} s, stack"
        f" {'logged' if has_stack else 'NOT LOGGED'}, {served} others answered meanwhile,"
        f" {len(found)} failed of {most} open, {len(late)} later"
    )


def ask(port: int, field: bytes) -> None:
    """Send a message that is not going to be answered."""
    connection = http_client.Connection(port)
    raw = field + next(messages.made_up())
    with contextlib.suppress(OSError, ValueError):
        connection.scan(connection.prepare(raw))
    connection.close()


def pairs(first: list[int], second: list[int]) -> str:
    """Figures two by two."""
    return " ".join(f"{one}/{other}" for one, other in zip(first, second, strict=True))


def rate(load: Load) -> int:
    """Requests answered in a second."""
    return round(load.count / max(load.seconds, 0.001))


def show(failures: list[Failure]) -> None:
    """Print failures that should not be, the first of them."""
    for failure in failures[:10]:
        print(f"    {failure}")
