"""Metrics as text: OpenMetrics 1.0, and the older text format 0.0.4 of Prometheus.

By ourselves: prometheus_client takes 24 ms for what 1,000 symbols and 200 checks have to tell
(`python -m bench.metrics_cost`), during which a controller's process scans nothing. Tests read
what comes of it with that library's parsers.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from math import isfinite
from typing import Literal

from .counters import Sizes

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PLAIN = "text/plain; version=0.0.4; charset=utf-8"

Kind = Literal["counter", "gauge", "histogram"]

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True, slots=True)
class Sample:
    """A number, or a distribution of a histogram, with the values of its family's labels."""

    value: float | Sizes
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """Numbers of the same meaning."""

    name: str
    """Of a counter without `_total`."""
    kind: Kind
    about: str
    """One line for people, without backslashes and quotes."""
    samples: Sequence[Sample]
    labels: tuple[str, ...] = ()
    """Names."""


def render_metrics(families: Iterable[Family], content_type: str) -> bytes:
    """All families that have samples, in the format of that content type.

    Label values may hold anything.
    """
    is_open = content_type == OPENMETRICS
    lines: list[str] = []
    for family in families:
        if family.samples:
            lines += _lines(family, is_open)
    # A comment in the older format; Rspamd ends both with it (http-controller.md 2.6).
    lines.append("# EOF\n")
    return "\n".join(lines).encode("utf-8", "replace")


def _lines(family: Family, is_open: bool) -> Iterator[str]:
    name = family.name
    sampled = f"{name}_total" if family.kind == "counter" else name
    titled = name if is_open else sampled
    yield f"# HELP {titled} {family.about}"
    yield f"# TYPE {titled} {family.kind}"
    for sample in family.samples:
        labels = _labels(family.labels, sample.labels)
        if isinstance(sample.value, Sizes):
            yield from _distribution(name, labels, sample.value)
        elif isfinite(sample.value):
            yield f"{sampled}{{{labels}}} {sample.value}" if labels else f"{sampled} {sample.value}"


def _labels(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    return ",".join(
        f'{name}="{value.translate(_ESCAPES)}"' for name, value in zip(names, values, strict=True)
    )


def _distribution(name: str, labels: str, sizes: Sizes) -> Iterator[str]:
    before = f"{labels}," if labels else ""
    braced = f"{{{labels}}}" if labels else ""
    count = 0
    for bound, count in zip(_bounds(sizes.bounds), accumulate(sizes.counts), strict=True):
        yield f'{name}_bucket{{{before}le="{bound}"}} {count}'
    yield f"{name}_count{braced} {count}"
    yield f"{name}_sum{braced} {float(sizes.total)}"


@cache
def _bounds(bounds: tuple[float, ...]) -> tuple[str, ...]:
    """As text; there are as many as there are kinds of histograms."""
    return (*(str(float(bound)) for bound in bounds), "+Inf")
