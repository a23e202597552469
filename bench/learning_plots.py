"""Plots of the measurement of learning, as pages that need nothing else.

PNG would need a browser (plotly draws by one), which is much to ask for three plots.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from plotly import graph_objects  # type: ignore[import-untyped]

from bench.learning_figures import BINS, probabilities

LEAST = 1e-4
"""Share of ham from which on the curve is drawn: its axis is logarithmic."""


class Said(NamedTuple):
    """What a classifier said of messages."""

    kind: str
    logits: Sequence[float]
    labels: Sequence[bool]


class Curve(NamedTuple):
    """The ranking error of several draws, by number of messages learned."""

    kind: str
    errors: Sequence[tuple[int, Sequence[float]]]


class Line(NamedTuple):
    """A line of a plot."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


def write_plots(folder: Path, said: Sequence[Said], curves: Sequence[Curve]) -> Iterator[str]:
    """Write those plots that there are figures for, and tell where."""
    folder.mkdir(parents=True, exist_ok=True)
    if said:
        lines = [Line(one.kind, *caught_by_share(one)) for one in said]
        axes = "ham taken for spam", "spam caught"
        yield _write(folder / "learning-roc.html", lines, *axes, is_log=True)
        lines = [Line(one.kind, *calibration(one)) for one in said]
        axes = "probability of spam", "share of spam"
        yield _write(folder / "learning-calibration.html", lines, *axes, is_log=False)
    if curves:
        lines = [
            Line(
                one.kind,
                [size for size, errors in one.errors for _ in errors],
                [error for _, errors in one.errors for error in errors],
            )
            for one in curves
        ]
        axes = "messages learned", "1-AUC in percent"
        yield _write(folder / "learning-curve.html", lines, *axes, is_log=True)


def caught_by_share(said: Said) -> tuple[list[float], list[float]]:
    """For each limit that a ham sets: the share of ham above it, and that of spam."""
    spam, ham = _apart(np.asarray(said.logits, float), said)
    limits = np.unique(ham)[::-1]
    wrong = 1 - np.searchsorted(np.sort(ham), limits, "right") / len(ham)
    caught = 1 - np.searchsorted(np.sort(spam), limits, "right") / len(spam)
    return np.maximum(wrong, LEAST).tolist(), caught.tolist()


def calibration(said: Said) -> tuple[list[float], list[float]]:
    """The mean of the probabilities in each tenth, and the share of spam among them."""
    chances = probabilities(np.asarray(said.logits, float))
    is_spam = np.asarray(said.labels, bool)
    bins = np.minimum((chances * BINS).astype(int), BINS - 1)
    found = sorted(set(bins.tolist()))
    means = [float(chances[bins == one].mean()) for one in found]
    return means, [float(is_spam[bins == one].mean()) for one in found]


def _apart(
    values: NDArray[np.float64], said: Said
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    is_spam = np.asarray(said.labels, bool)
    return values[is_spam], values[~is_spam]


def _write(path: Path, lines: Sequence[Line], x: str, y: str, *, is_log: bool) -> str:
    figure = graph_objects.Figure()
    for line in lines:
        figure.add_scatter(x=line.x, y=line.y, name=line.name, mode="lines+markers")
    figure.update_xaxes(title=x, type="log" if is_log else "linear")
    figure.update_yaxes(title=y, rangemode="tozero")
    figure.write_html(path, include_plotlyjs=True)
    return str(path)
