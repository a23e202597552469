"""The text of metrics by prometheus_client, which only tests need, for `metrics_cost`."""

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client.core import CollectorRegistry, CounterMetricFamily, HistogramMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from mailfilter.report.counters import CHECK

Page = Mapping[str, Any]


def registry(page: Page) -> CollectorRegistry:
    """What renders a page."""
    made = CollectorRegistry()
    made.register(Library(page))
    return made


def render(made: CollectorRegistry) -> bytes:
    """All of it as OpenMetrics."""
    text: bytes = generate_latest(made)  # type: ignore[no-untyped-call]
    return text


class Library(Collector):
    """The symbols and checks of a page, for prometheus_client."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def collect(self) -> Iterable[Any]:
        """Hits of symbols, times of checks."""
        hits = CounterMetricFamily("hits", "Hits.", labels=["symbol", "verdict"])
        for name, count in self._page["counters"].items():
            kind, _, symbol = name.partition("/")
            if kind in ("symbol_spam", "symbol_ham"):
                hits.add_metric([symbol, kind], count)
        yield hits
        times = HistogramMetricFamily("seconds", "Times.", labels=["check"])
        for name, told in self._page["histograms"].items():
            if name.startswith(CHECK):
                bounds = [*map(str, told["bounds"]), "+Inf"]
                buckets = list(zip(bounds, told["counts"], strict=True))
                times.add_metric([name], buckets, sum_value=told["total"])
        yield times
