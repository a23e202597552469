"""What counting costs, and what it costs to tell of it: `python -m bench.metrics_cost`.

With 1,000 symbols, 200 checks and 4 workers: for each scan; each second for each worker's report;
for a scrape of metrics, in the master and in the worker that answers, against what
prometheus_client would take for the text alone (if it is installed, as for tests); and for the
series of all that.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from mailfilter.app.hub import Hub
from mailfilter.codec.control import Histogram, Report, encode, to_master_reader
from mailfilter.report.alarms import Alarms
from mailfilter.report.counters import Counters
from mailfilter.report.metrics import OPENMETRICS, PLAIN, render_metrics
from mailfilter.report.metrics_page import families
from mailfilter.report.series import TICK_SECONDS, SeriesRecorder
from mailfilter.report.series_read import read_series
from mailfilter.report.series_steps import RANGES, Range
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import Action, CheckRun, SymbolResult, Verdict
from mailfilter.store.base import Store
from mailfilter.store.memory import MemoryStore

GOAL_MS = 20.0
"""Of a scrape, in the master and the worker together."""
ROUNDS = 7
"""The cheapest counts: what is dearer is the noise of other processes."""
STAGES = ("pre", "main", "classify", "post")
FOUND = 20
"""Symbols of a message."""
ENVELOPE = Envelope(listener="http")

Page = Mapping[str, Any]


def verdicts(symbols: int, checks: int) -> list[Verdict]:
    """So many scans that all symbols are found, half of them spam."""
    runs = tuple(
        CheckRun(f"check_{n}", STAGES[n * len(STAGES) // checks], n * 1e-5, 1e-5)
        for n in range(checks)
    )
    base = Verdict(Action.NO_ACTION, 1.0, 15.0, (), "0", size=5000, elapsed=0.01, runs=runs)
    return [
        replace(
            base,
            action=action,
            symbols=tuple(
                SymbolResult(f"SYMBOL_NAME_{n}", 1.0, 1.0) for n in range(start, start + FOUND)
            ),
        )
        for action in (Action.NO_ACTION, Action.REJECT)
        for start in range(0, symbols, FOUND)
    ]


def best(work: Callable[[], Any], times: int = 1) -> float:
    """Seconds of one of so many, in the cheapest round."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(times):
            work()
        taken.append((time.perf_counter() - begun) / times)
    return min(taken)


def report_of(counters: Counters) -> Report:
    """As `app.engine` makes it."""
    return Report(
        memory=2**26,
        cpu=1.0,
        scans=0,
        connections={"http": 1},
        counters=counters.snapshot(),
        histograms={
            name: Histogram(sizes.bounds, sizes.counts, sizes.total)
            for name, sizes in counters.histograms().items()
        },
    )


def page_of(reports: list[Report]) -> bytes:
    """What the master does for a scrape: the part of `app.status_page` that grows."""
    counters, histograms = Hub(Alarms(), "").totals(reports)
    plain = {
        name: {"bounds": sizes.bounds, "counts": sizes.counts, "total": sizes.total}
        for name, sizes in histograms.items()
    }
    page = {"version": "1", "uptime": 1.0, "counters": dict(counters), "histograms": plain}
    return msgspec.msgpack.encode(page)


def counting(symbols: int, checks: int, workers: int) -> dict[str, float]:
    """Seconds of each part."""
    scans = verdicts(symbols, checks)
    counters = Counters()
    few = [replace(verdict, runs=verdict.runs[:10]) for verdict in scans]

    def count(several: list[Verdict]) -> None:
        for verdict in several:
            counters.count_scan(ENVELOPE, verdict)

    found = {
        "count a scan, 10 checks": best(lambda: count(few)) / len(few),
        f"count a scan, {checks} checks": best(lambda: count(scans)) / len(scans),
    }
    frame = encode(report_of(counters))
    found["a worker's report: worker"] = best(lambda: encode(report_of(counters)))
    found["a worker's report: master"] = best(lambda: to_master_reader().receive(frame))
    reports = [report_of(counters)] * workers
    packed = page_of(reports)
    page = msgspec.msgpack.decode(packed)
    found["scrape: the master sums"] = best(lambda: page_of(reports))
    found["scrape: the worker reads"] = best(lambda: msgspec.msgpack.decode(packed))
    for name, content_type in (("OpenMetrics", OPENMETRICS), ("text 0.0.4", PLAIN)):
        found[f"scrape: {name}"] = best(partial(_render, page, content_type))
    if find_spec("prometheus_client") is not None:
        from .metrics_library import registry, render

        found["(by prometheus_client)"] = best(partial(render, registry(page)))
    return found


def series(symbols: int, checks: int, workers: int) -> dict[str, float]:
    """Seconds for a look at the counters, and for reading each range when it is full."""
    scans = [replace(verdict, runs=()) for verdict in verdicts(symbols, checks)]
    clock = Clock()
    store = MemoryStore(clock)
    store.open()
    now = 1.7e9
    ticks = []
    for span in RANGES.values():
        for worker in range(workers):
            counters = Counters()
            hands = Clock()
            start = now - span.span
            recorder = SeriesRecorder(store, counters, hands, wall_clock=_wall(hands, start))
            recorder.start()
            for point in range(span.points):
                for verdict in scans:
                    counters.count_scan(ENVELOPE, verdict)
                begun = time.perf_counter()
                hands.advance(max(TICK_SECONDS, span.step))
                if point and not worker:
                    ticks.append(time.perf_counter() - begun)
    found = {"series: write what is new": sorted(ticks)[len(ticks) // 2]}
    for span in RANGES.values():
        read = best(partial(_read, store, span, now))
        found[f"series: read the last {span.name}"] = read
    return found


def _render(page: Page, content_type: str) -> bytes:
    return render_metrics(families(page), content_type)


def _read(store: Store, span: Range, now: float) -> None:
    Deferred.fromCoroutine(read_series(store, span, now))


def _wall(hands: Clock, start: float) -> Callable[[], float]:
    return lambda: start + hands.seconds()


def table(symbols: int, checks: int, workers: int) -> Iterable[str]:
    """The lines to print."""
    yield f"Counting and telling: {symbols} symbols, {checks} checks, {workers} workers"
    costs = counting(symbols, checks, workers)
    scrape = sum(
        cost for name, cost in costs.items() if name.startswith("scrape: ") and "0.0.4" not in name
    )
    for name, cost in (costs | series(symbols, checks, workers)).items():
        yield f"{name:32}{cost * 1e6:12.1f} us"
    yield f"{'a scrape of OpenMetrics':32}{scrape * 1000:12.1f} ms   goal {GOAL_MS:g}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.metrics_cost")
    parser.add_argument("--symbols", type=int, default=1000)
    parser.add_argument("--checks", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    options = parser.parse_args()
    print("\n".join(table(options.symbols, options.checks, options.workers)))


if __name__ == "__main__":
    main()
