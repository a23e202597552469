"""Proposes scores for symbols that are ours alone; those that Rspamd has too are as they are.

    python -m bench.accuracy --set train --dump train.jsonl
    python -m bench.tune train.jsonl                      # the table of scores
    python -m bench.tune train.jsonl --measure dev.jsonl  # and what they would do to other mail

A logistic regression over train, with what the other symbols give as it is: a score keeps its
sign, and is at most what the share of spam among its hits is worth. Ham that comes near the limit
costs more than spam below it: how much more is chosen by leaving out one source of mail after
another, and scoring it by what the others say.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import NamedTuple

from bench.accuracy_scan import built_in
from mailfilter.client.known_symbols import known_symbols

LIMIT = 6.0
MARGIN = 1.0
"""Ham is to stay so far below the limit, spam to get so far above it."""

MOST = 1.5
"""The highest score of one symbol. With more, ham of sources left out came to harm; with less,
much spam got through."""

HAM_COSTS = (4.0, 8.0, 16.0, 32.0)
"""How often the cost of spam, that of ham is tried as."""

WRONG_SHARE = 0.001
"""Of the ham of sources that were left out, which our symbols may make spam of."""

LEAST_WEIGHT = 0.3
MOST_WEIGHT = 10.0
"""Between these, the ham of each source weighs the same."""

ROUNDS = 150
RIDGE = 0.02


class Row(NamedTuple):
    """One message: what others give it, and which of our symbols it has, how often."""

    is_spam: bool
    family: str
    base: float
    hits: tuple[tuple[str, float], ...]


class Figures(NamedTuple):
    """How many of each are at the limit."""

    caught: int
    spam: int
    wrong: int
    ham: int

    def __str__(self) -> str:
        shares = [
            f"{part} of {whole} ({100 * part / max(whole, 1):.2f} %)"
            for part, whole in ((self.caught, self.spam), (self.wrong, self.ham))
        ]
        return f"spam caught {shares[0]}, ham taken for spam {shares[1]}"


Scores = Mapping[str, float]


def read_rows(path: Path, current: Scores) -> list[Row]:
    """The messages of a dump, with the symbols whose scores are sought apart from the others."""
    rows = []
    for line in path.read_text("utf-8").splitlines():
        found = json.loads(line)
        symbols = found["symbols"]
        ours = {name: symbols[name] for name in symbols if name in current}
        hits = tuple((name, score / current[name]) for name, score in ours.items() if score)
        base = found["score"] - sum(ours.values())
        # sa-spam-2 is more of sa-spam.
        family = re.sub(r"-\d+$", "", found["source"])
        rows.append(Row(found["label"] == "spam", family, base, hits))
    return rows


def score_of(row: Row, scores: Scores) -> float:
    """The whole score of a message."""
    return row.base + sum(scores.get(name, 0.0) * times for name, times in row.hits)


def figures(rows: Iterable[Row], scores: Scores) -> Figures:
    """What is caught and what is wrong with these scores."""
    counts = {True: [0, 0], False: [0, 0]}
    for row in rows:
        counts[row.is_spam][0] += score_of(row, scores) >= LIMIT - 1e-9
        counts[row.is_spam][1] += 1
    return Figures(*counts[True], *counts[False])


def count_hits(rows: Iterable[Row]) -> dict[str, tuple[int, int]]:
    """The messages with each symbol: spam and ham."""
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        for name, _ in row.hits:
            spam, ham = found.get(name, (0, 0))
            found[name] = (spam + row.is_spam, ham + (not row.is_spam))
    return found


def bounds(rows: Sequence[Row], current: Scores) -> dict[str, tuple[float, float]]:
    """The lowest and the highest score of each symbol that fires: few hits prove little."""
    spam = sum(row.is_spam for row in rows)
    ham = len(rows) - spam
    found = {}
    for name, (in_spam, in_ham) in count_hits(rows).items():
        worth = log((in_spam + 1) / (spam + 1)) - log((in_ham + 1) / (ham + 1))
        if current[name] > 0:
            found[name] = (0.0, min(max(worth, 0.0), MOST))
        else:
            found[name] = (max(min(worth, 0.0), -MOST), 0.0)
    return found


@dataclass(slots=True)
class _Fit:
    """A descent by the slope of one symbol after another, each by its own curvature."""

    rows: Sequence[Row]
    costs: Sequence[float]
    """Of each row, to be on the wrong side."""

    def run(self, limits: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        scores = {name: (low + high) / 2 for name, (low, high) in limits.items()}
        columns: dict[str, list[tuple[int, float]]] = {name: [] for name in limits}
        for place, row in enumerate(self.rows):
            for name, times in row.hits:
                if name in columns:
                    columns[name].append((place, times))
        totals = [score_of(row, scores) for row in self.rows]
        for _ in range(ROUNDS):
            moved = 0.0
            for name, column in columns.items():
                low, high = limits[name]
                step = self._step(column, totals, scores[name])
                new = min(max(scores[name] + step, low), high)
                change = new - scores[name]
                if change:
                    scores[name] = new
                    for place, times in column:
                        totals[place] += change * times
                moved = max(moved, abs(change))
            if moved < 0.005:
                break
        return scores

    def _step(
        self, column: Sequence[tuple[int, float]], totals: Sequence[float], score: float
    ) -> float:
        """One step of Newton's for one score."""
        slope, curve = RIDGE * score, RIDGE
        for place, times in column:
            is_spam = self.rows[place].is_spam
            # How far on the wrong side, if above 0.
            past = LIMIT + MARGIN - totals[place] if is_spam else totals[place] - LIMIT + MARGIN
            share = 1 / (1 + exp(-max(min(past, 30.0), -30.0)))
            cost = self.costs[place]
            slope += (-cost if is_spam else cost) * share * times
            curve += cost * share * (1 - share) * times * times
        return max(min(-slope / curve, 1.0), -1.0)


def costs_of(rows: Sequence[Row], ham_cost: float) -> list[float]:
    """What each row costs on the wrong side. Ham of a source with few messages costs more: most
    is of technical lists, which no spam is like."""
    sizes = Counter(row.family for row in rows if not row.is_spam)
    mean = sizes.total() / max(len(sizes), 1)
    weights = {
        name: min(max(mean / size, LEAST_WEIGHT), MOST_WEIGHT) for name, size in sizes.items()
    }
    return [1.0 if row.is_spam else ham_cost * weights[row.family] for row in rows]


def fit(rows: Sequence[Row], current: Scores, ham_cost: float) -> dict[str, float]:
    """Scores by these messages, to a tenth."""
    found = _Fit(rows, costs_of(rows, ham_cost)).run(bounds(rows, current))
    return {name: round(score, 1) for name, score in found.items()}


def left_out(rows: Sequence[Row], current: Scores, ham_cost: float) -> Figures:
    """What becomes of each source by the scores of all others."""
    sums = [0, 0, 0, 0]
    for family in sorted({row.family for row in rows}):
        scores = fit([row for row in rows if row.family != family], current, ham_cost)
        found = figures((row for row in rows if row.family == family), scores)
        sums = [old + new for old, new in zip(sums, found, strict=True)]
    return Figures(*sums)


def choose(rows: Sequence[Row], current: Scores) -> Iterator[tuple[float, Figures]]:
    """The costs of ham that were tried, up to the first that keeps it from harm."""
    already = figures(rows, {}).wrong
    for cost in HAM_COSTS:
        found = left_out(rows, current, cost)
        yield cost, found
        if found.wrong - already <= WRONG_SHARE * found.ham:
            return


def ours() -> dict[str, float]:
    """The scores of symbols that Rspamd does not have, and that say something."""
    known = known_symbols()
    plan = built_in().plan
    return {
        name: info.score
        for name, info in plan.symbols.items()
        if name not in known and info.score and info.group != "failures"
    }


def propose(rows: Sequence[Row], current: Scores, others: Sequence[Row]) -> Iterator[str]:
    """The proposal, line by line."""
    yield f"without:   {figures(rows, {})}"
    yield f"now:       {figures(rows, current)}"
    cost = HAM_COSTS[0]
    for cost, found in choose(rows, current):
        yield f"left out, ham at {cost:g}: {found}"
    # Of what train does not have it says nothing.
    scores = {**current, **fit(rows, current, cost)}
    yield f"proposed:  {figures(rows, scores)}"
    if others:
        yield f"measured now:      {figures(others, current)}"
        yield f"measured proposed: {figures(others, scores)}"
    yield ""
    yield f"{'symbol':40} {'now':>6} {'new':>6} {'spam':>6} {'ham':>6}"
    hits = count_hits(rows)
    for name in sorted(current, key=lambda name: (-scores[name], name)):
        spam, ham = hits.get(name, (0, 0))
        yield f"{name:40} {current[name]:6.2f} {scores[name]:6.1f} {spam:6} {ham:6}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("train", type=Path, help="what bench.accuracy dumped of train")
    parser.add_argument("--measure", type=Path, metavar="FILE", help="a dump of other mail")
    given = parser.parse_args(arguments)
    if "/dev/" in given.train.read_text("utf-8"):
        sys.exit(f"bench.tune: {given.train} holds mail of dev, which is for measuring only")
    current = ours()
    others = read_rows(given.measure, current) if given.measure else []
    for line in propose(read_rows(given.train, current), current, others):
        print(line, flush=True)


if __name__ == "__main__":
    main()
