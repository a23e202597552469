"""What a scan has found so far, and what it comes to."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice

from .check import Findings, Force, Hit, Note
from .composites import Removal
from .plan import Plan
from .profiles import Settings
from .symbols import SymbolInfo
from .verdict import Action, Edit, SymbolResult

MAX_FINDINGS = 10_000
"""Findings taken from one check: a check that yields without end must not hold the scan."""

MAX_OPTION_CHARS = 1024
"""Characters kept of one option; options quote mail, which may hold a line of megabytes."""

SCORE_DIGITS = 6
"""Scores are rounded here, so that 0.1 + 0.2 reaches a threshold of 0.3."""

_SYMBOL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}\Z")


@dataclass(frozen=True, slots=True)
class Forced:
    """An action that a check decided."""

    by: str
    force: Force


class Tally:
    """Collects findings in the order in which they come."""

    __slots__ = ("edits", "forced", "hits", "max_options", "notes", "plan", "settings")

    def __init__(self, plan: Plan, settings: Settings, max_options: int) -> None:
        self.plan = plan
        self.settings = settings
        self.max_options = max_options
        self.hits: dict[str, Hit] = {}
        self.edits: list[Edit] = []
        self.forced: Forced | None = None
        self.notes: list[tuple[str, str]] = []

    def take(self, check: str, findings: Findings | None) -> list[str]:
        """Add what a check returned; return the symbols it gave.

        Raises TypeError or ValueError for something that is no finding, and whatever a generator
        of findings raises; nothing of it then counts.
        """
        if not findings:
            return []
        hits: list[Hit] = []
        others: list[Force | Note | Edit] = []
        for item in islice(findings, MAX_FINDINGS):
            if isinstance(item, Hit):
                hits.append(_checked(item, self.max_options))
            elif isinstance(item, Force | Note | Edit):
                others.append(item)
            else:
                raise TypeError(f"expected a finding, got {type(item).__name__}")
        for hit in hits:
            self.add(hit)
        for other in others:
            if isinstance(other, Force):
                self._force(check, other)
            elif isinstance(other, Note):
                self.notes.append((check, other.text[:MAX_OPTION_CHARS]))
            else:
                self.edits.append(other)
        return [hit.symbol for hit in hits]

    def add(self, hit: Hit) -> None:
        """Add a hit; a symbol that has fired already keeps its place."""
        old = self.hits.get(hit.symbol)
        if old is None:
            self.hits[hit.symbol] = hit
            return
        info = self.plan.symbols.get(hit.symbol)
        weight = old.weight if info is None or info.one_shot else old.weight + hit.weight
        options = (*old.options, *(text for text in hit.options if text not in old.options))
        self.hits[hit.symbol] = replace(old, weight=weight, options=options[: self.max_options])

    def _force(self, check: str, force: Force) -> None:
        if self.forced is None or force.priority > self.forced.force.priority:
            self.forced = Forced(check, force)

    def results(self) -> tuple[float, tuple[SymbolResult, ...], list[str]]:
        """Score, symbols, and the composites that fired."""
        scores = {name: self._score(hit) for name, hit in self.hits.items() if self._counts(name)}
        fired, removals = self.plan.composites.apply(scores)
        for name in fired:
            if self._counts(name):
                scores[name] = self._score(Hit(name))
        kept = _apply_removals(scores, removals)
        capped = _apply_caps(kept, self.plan.symbols, self.plan.group_caps)
        hidden = {name for name, removal in removals.items() if removal & Removal.SYMBOL}
        symbols = tuple(
            self._result(name, score) for name, score in capped.items() if name not in hidden
        )
        return round(sum(capped.values()), SCORE_DIGITS), symbols, fired

    def decide(self, score: float) -> tuple[Action, float]:
        """Action and score: what a check forced, else what the score reaches."""
        if self.forced is None:
            return self.settings.action(score), score
        force = self.forced.force
        return force.action, score if force.score is None else force.score

    def _info(self, name: str) -> SymbolInfo:
        return self.plan.symbols.get(name) or SymbolInfo(name, 0.0, "undeclared", "")

    def _weight(self, name: str) -> float:
        changed = self.settings.symbols.get(name)
        return self._info(name).score if changed is None else changed

    def _score(self, hit: Hit) -> float:
        return round(self._weight(hit.symbol) * hit.weight, SCORE_DIGITS)

    def _counts(self, name: str) -> bool:
        disabled = self.settings.disabled_groups
        return not disabled or self._info(name).group not in disabled

    def _result(self, name: str, score: float) -> SymbolResult:
        info = self._info(name)
        hit = self.hits.get(name)
        return SymbolResult(
            name=name,
            score=score,
            weight=self._weight(name),
            group=info.group,
            description=info.description,
            options=hit.options if hit else (),
        )


def _checked(hit: Hit, max_options: int) -> Hit:
    if not _SYMBOL_NAME.match(hit.symbol):
        raise ValueError(f"not a symbol name: {hit.symbol[:80]!r}")
    if not math.isfinite(hit.weight):
        raise ValueError(f"{hit.symbol}: weight {hit.weight!r} is not a finite number")
    if not hit.options:
        return hit
    options = tuple(str(text)[:MAX_OPTION_CHARS] for text in islice(hit.options, max_options))
    return hit if options == hit.options else replace(hit, options=options)


def _apply_removals(
    scores: Mapping[str, float], removals: Mapping[str, Removal]
) -> dict[str, float]:
    if not removals:
        return dict(scores)
    kept = {}
    for name, score in scores.items():
        removal = removals.get(name, Removal.NOTHING)
        if removal & Removal.SCORE and removal & Removal.SYMBOL:
            continue
        kept[name] = 0.0 if removal & Removal.SCORE else score
    return kept


def _apply_caps(
    scores: Mapping[str, float], symbols: Mapping[str, SymbolInfo], caps: Mapping[str, float]
) -> dict[str, float]:
    """Cut what the symbols of a group add above its cap, in the order in which they fired."""
    sums: dict[str, float] = {}
    capped = {}
    for name, score in scores.items():
        info = symbols.get(name)
        cap = caps.get(info.group) if info else None
        if info is None or cap is None:
            capped[name] = score
            continue
        before = sums.get(info.group, 0.0)
        if score > 0 and before + score > cap:
            score = round(max(0.0, cap - before), SCORE_DIGITS)
        sums[info.group] = before + score
        capped[name] = score
    return capped
