"""Parts of `bench.soak` that measure what more workers cost, in CPU time and in memory."""

import itertools
import statistics
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import run
from .soak_faults import Options, Result

PROTOCOLS = ("http", "milter")
CLIENTS = 16
ROUNDS = 7
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
    """A filter of one process."""
    workers: float
    """A filter with two workers."""
    apart: float
    """Two filters of one process that have nothing to do with each other, at the same time, each
    with half of the clients: what it costs that two are at work, however they are made."""


def cpu(_: Options) -> Result:
    """CPU time of a message with two workers, by that with one process."""
    with run.running(1) as one, run.running(1) as other, run.running(2) as two:
        for tested, protocol in itertools.product((one, other, two), PROTOCOLS):
            feed([tested], protocol, WARM_UP)
        found = {
            protocol: [costs(one, other, two, protocol, at % 2 == 0) for at in range(ROUNDS)]
            for protocol in PROTOCOLS
        }
    ratios = {name: [item.workers / item.one for item in items] for name, items in found.items()}
    texts = [
        f"{name} {statistics.median(ratios[name]):.3f}"
        f" ({', '.join(f'{ratio:.2f}' for ratio in ratios[name])}),"
        f" two filters of one process {statistics.median(i.apart / i.one for i in items):.3f},"
        f" one: {1e6 * statistics.median(item.one for item in items):.0f} us"
        for name, items in found.items()
    ]
    return Result(
        max(map(statistics.median, ratios.values())) <= MOST_RATIO,
        f"CPU of a message with 2 workers by that with 1: {'; '.join(texts)}",
    )


def costs(
    one: run.Filter, other: run.Filter, two: run.Filter, protocol: str, is_first: bool
) -> Costs:
    """Measure once; turn and turn about, one process is the first or the last."""
    early = cost_of([one], protocol) if is_first else 0.0
    workers = cost_of([two], protocol)
    apart = cost_of([one, other], protocol)
    return Costs(early or cost_of([one], protocol), workers, apart)


def cost_of(tested: list[run.Filter], protocol: str) -> float:
    """CPU seconds of a message."""
    before = sum(item.cpu() for item in tested)
    count = feed(tested, protocol, MESSAGES)
    return (sum(item.cpu() for item in tested) - before) / count


def feed(tested: list[run.Filter], protocol: str, count: int, *options: str) -> float:
    """Send messages to filters at the same time, from all clients; how many."""
    share = ("--count", str(count // len(tested)), "--seconds", "300", *options)

    def send(item: run.Filter) -> float:
        return run.load(item, protocol, CLIENTS // len(tested), *share)["messages"]

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
