"""Parts of `bench.soak` that measure what more workers cost, in CPU time and in memory."""

import itertools
import statistics
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import run
from .soak_faults import Options, Result

PROTOCOLS = ("http", "milter")
CLIENTS = 16
ROUNDS = 5
"""Of each protocol; the machine does other things, too."""
MESSAGES = 4000
"""In one measurement; CPU time is told in hundredths of a second."""
WARM_UP = 400
PER_CONNECTION = 20
"""So that each worker gets its share of what makes it large."""

MOST_RATIO = 1.05
MOST_MEMORY = 60.0
"""MiB."""


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU seconds of a message, measured one after the other."""

    one: float
    """A filter of one process, 16 clients."""
    workers: float
    """A filter with two workers, the same clients: fewer for each of them to answer in a turn."""
    apart: float
    """Two filters of one process that have nothing to do with each other, at the same time, each
    with half of the clients: what it costs that two are at work, however they are made."""
    one_alone: float
    """A filter of one process, a client at a time, so that nothing but it is at work."""
    workers_alone: float
    """A filter with two workers, a client at a time."""


def cpu(_: Options) -> Result:
    """CPU time of a message with two workers, by that with one process.

    Judged is what the split costs: with one client at a time, and against two separate filters
    when both are busy. That two busy processes get less done each, since they share caches and
    what else a processor has only once, is shown beside it.
    """
    with run.running(1) as one, run.running(1) as other, run.running(2) as two:
        for tested, protocol in itertools.product((one, other, two), PROTOCOLS):
            feed([tested], protocol, WARM_UP)
        found = {
            protocol: [costs(one, other, two, protocol, at % 2 == 0) for at in range(ROUNDS)]
            for protocol in PROTOCOLS
        }
    judged = [ratio for items in found.values() for ratio in split_ratios(items)]
    return Result(
        max(judged) <= MOST_RATIO,
        "CPU of a message with 2 workers: "
        + "; ".join(described(name, items) for name, items in found.items()),
    )


def split_ratios(items: list[Costs]) -> tuple[float, float]:
    """What the split costs: a client at a time, and by two separate filters with all clients."""
    return (
        statistics.median(item.workers_alone / item.one_alone for item in items),
        statistics.median(item.workers / item.apart for item in items),
    )


def described(name: str, items: list[Costs]) -> str:
    """The figures of a protocol."""
    alone, apart = split_ratios(items)
    busy = statistics.median(item.workers / item.one for item in items)
    return (
        f"{name} {alone:.3f} of 1 worker's with one client, {apart:.3f} of two filters' with"
        f" {CLIENTS} clients ({busy:.3f} of 1 worker's, which is"
        f" {1e6 * statistics.median(item.one for item in items):.0f} us)"
    )


def costs(
    one: run.Filter, other: run.Filter, two: run.Filter, protocol: str, is_first: bool
) -> Costs:
    """Measure once; turn and turn about, one process is the first or the last."""
    early = cost_of([one], protocol) if is_first else 0.0
    workers = cost_of([two], protocol)
    apart = cost_of([one, other], protocol)
    late = early or cost_of([one], protocol)
    early = cost_of([one], protocol, 1) if is_first else 0.0
    workers_alone = cost_of([two], protocol, 1)
    return Costs(late, workers, apart, early or cost_of([one], protocol, 1), workers_alone)


def cost_of(tested: list[run.Filter], protocol: str, clients: int = CLIENTS) -> float:
    """CPU seconds of a message."""
    before = sum(item.cpu() for item in tested)
    count = feed(tested, protocol, MESSAGES, clients=clients)
    return (sum(item.cpu() for item in tested) - before) / count


def feed(
    tested: list[run.Filter], protocol: str, count: int, *options: str, clients: int = CLIENTS
) -> float:
    """Send messages to filters at the same time, from all clients; how many."""
    share = ("--count", str(count // len(tested)), "--seconds", "300", *options)

    def send(item: run.Filter) -> float:
        return run.load(item, protocol, clients // len(tested), *share)["messages"]

    with ThreadPoolExecutor(len(tested)) as pool:
        return sum(pool.map(send, tested))


def memory(_: Options) -> Result:
    """Memory of one worker more, after some load."""
    totals = [memory_with(workers) for workers in (2, 3)]
    extra = totals[1] - totals[0]
    return Result(
        extra <= MOST_MEMORY,
        f"PSS with 2 workers {totals[0]:.1f} MiB, with 3 {totals[1]:.1f} MiB:"
        f" {extra:.1f} MiB for one more",
    )


def memory_with(workers: int) -> float:
    """MiB that a filter with so many workers uses."""
    with run.running(workers) as tested:
        for protocol in PROTOCOLS:
            feed([tested], protocol, MESSAGES * workers, "--per-connection", str(PER_CONNECTION))
        return tested.memory()
