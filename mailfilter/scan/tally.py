"""What a scan has found so far, and what it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from .check import Findings, Force, Hit, Note
from .composites import Removal
from .findings import MAX_OPTION_CHARS, checked
from .plan import Plan
from .profiles import Settings
from .symbols import SymbolInfo
from .verdict import HARSHNESS, Action, AuthResult, Edit, LastFields, SymbolResult, Url

MAX_FINDINGS = 1000
"""Findings taken from one check: a check that yields without end must not hold the scan."""

MAX_SYMBOLS = 2000
"""Symbols of one verdict; a full set of rules has some hundred that can fire together."""

MAX_EDITS = 200
"""Edits of one verdict."""

MAX_LAST_FIELDS = 50
"""Signatures and their like that are made for one message."""

MAX_AUTH_RESULTS = 50
"""Results of authentication of one verdict: a message may have a dozen signatures."""

MAX_URLS = 1000
"""URLs that a verdict tells of."""

MAX_OPTION_ROOM = 256 * 1024
"""Characters of all options of one verdict, which go into replies and logs."""

SCORE_DIGITS = 6
"""Scores are rounded here, so that 0.1 + 0.2 reaches a threshold of 0.3."""


@dataclass(frozen=True, slots=True)
class Forced:
    """An action that a check decided."""

    by: str
    force: Force


class Tally:
    """Collects findings in the order in which they come."""

    __slots__ = (
        "_option_room",
        "auth_results",
        "edits",
        "forced",
        "hits",
        "last_fields",
        "max_options",
        "notes",
        "plan",
        "settings",
        "urls",
    )

    def __init__(self, plan: Plan, settings: Settings, max_options: int) -> None:
        self.plan = plan
        self.settings = settings
        self.max_options = max_options
        self.hits: dict[str, Hit] = {}
        self.edits: list[Edit] = []
        self.auth_results: list[AuthResult] = []
        self.last_fields: list[tuple[str, LastFields]] = []
        """What is to be added at the end, with the check that wants it."""
        self.urls: list[Url] = []
        self.forced: Forced | None = None
        self.notes: list[tuple[str, str]] = []
        self._option_room = MAX_OPTION_ROOM

    def take(self, check: str, findings: Findings | None) -> list[str]:
        """Add what a check returned; return the symbols it gave.

        Raises TypeError or ValueError for something that is no finding, and whatever a generator
        of findings raises; nothing of it then counts.
        """
        if not findings:
            return []
        most = self.max_options
        taken = [checked(item, most) for item in islice(findings, MAX_FINDINGS)]
        symbols = []
        for item in taken:
            if isinstance(item, Hit):
                self.add(item)
                symbols.append(item.symbol)
            elif isinstance(item, Force):
                self._force(check, item)
            elif isinstance(item, Note):
                self.notes.append((check, item.text[:MAX_OPTION_CHARS]))
            elif isinstance(item, AuthResult):
                if len(self.auth_results) < MAX_AUTH_RESULTS:
                    self.auth_results.append(item)
            elif isinstance(item, Url):
                if len(self.urls) < MAX_URLS:
                    self.urls.append(item)
            elif isinstance(item, LastFields):
                if len(self.last_fields) < MAX_LAST_FIELDS:
                    self.last_fields.append((check, item))
            elif len(self.edits) < MAX_EDITS:
                self.edits.append(item)
        return symbols

    def add(self, hit: Hit) -> None:
        """Add a hit; a symbol that has fired already keeps its place."""
        old = self.hits.get(hit.symbol)
        if old is not None:
            hit = self._joined(old, hit)
        elif len(self.hits) >= MAX_SYMBOLS:
            return
        elif not hit.options:
            self.hits[hit.symbol] = hit
            return
        kept = old.options if old is not None else ()
        growth = sum(map(len, hit.options)) - sum(map(len, kept))
        if growth > self._option_room:
            hit = Hit(hit.symbol, hit.weight, kept)
        else:
            self._option_room -= growth
        self.hits[hit.symbol] = hit

    def _joined(self, old: Hit, hit: Hit) -> Hit:
        info = self.plan.symbols.get(hit.symbol)
        weight = old.weight if info is None or info.one_shot else old.weight + hit.weight
        options = (*old.options, *(text for text in hit.options if text not in old.options))
        return Hit(old.symbol, weight, options[: self.max_options])

    def _force(self, check: str, force: Force) -> None:
        if self.forced is None or _rank(force) > _rank(self.forced.force):
            self.forced = Forced(check, force)

    def results(self) -> tuple[float, tuple[SymbolResult, ...], list[str], list[str]]:
        """Score, symbols, the composites that fired, and what caps of groups have cut, as text."""
        scores = {name: self._score(hit) for name, hit in self.hits.items() if self._counts(name)}
        fired, removals = self.plan.composites.apply(scores, self._composite_score)
        for name in fired:
            scores[name] = self._weight(name)
        kept = _apply_removals(scores, removals)
        capped, cuts = _apply_caps(kept, self.plan.symbols, self.plan.group_caps)
        hidden = {name for name, removal in removals.items() if removal & Removal.SYMBOL}
        symbols = tuple(
            self._result(name, score) for name, score in capped.items() if name not in hidden
        )
        return round(sum(capped.values()), SCORE_DIGITS), symbols, fired, cuts

    def decide(self, score: float) -> tuple[Action, float]:
        """Action and score: what a check forced, else what the score reaches."""
        forced = self.deciding(score)
        if forced is None:
            return self.settings.action(score), score
        force = forced.force
        return force.action, score if force.score is None else force.score

    def deciding(self, score: float) -> Forced | None:
        """What decides in place of a score, if anything does."""
        if self.forced is None or not self.forced.force.is_least:
            return self.forced
        by_score = HARSHNESS.index(self.settings.action(score))
        return None if by_score > HARSHNESS.index(self.forced.force.action) else self.forced

    def _info(self, name: str) -> SymbolInfo:
        return self.plan.symbols.get(name) or SymbolInfo(name, 0.0, "undeclared", "")

    def _weight(self, name: str) -> float:
        changed = self.settings.symbols.get(name)
        return self._info(name).score if changed is None else changed

    def _score(self, hit: Hit) -> float:
        return round(self._weight(hit.symbol) * hit.weight, SCORE_DIGITS)

    def _counts(self, name: str) -> bool:
        settings = self.settings
        if not settings.disabled_groups and settings.counts is None:
            return True
        group = self._info(name).group
        if group in settings.disabled_groups:
            return False
        return settings.counts is None or settings.counts(name, group)

    def _composite_score(self, name: str) -> float | None:
        return self._weight(name) if self._counts(name) else None

    def _result(self, name: str, score: float) -> SymbolResult:
        info = self._info(name)
        hit = self.hits.get(name)
        weight = self.settings.symbols.get(name, info.score)
        options = hit.options if hit else ()
        return SymbolResult(name, score, weight, info.group, info.description, options)


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


def _rank(force: Force) -> tuple[int, bool, int]:
    """Which of two forces decides: the one with more."""
    harshness = HARSHNESS.index(force.action) if force.is_least else 0
    return force.priority, not force.is_least, harshness


def _apply_caps(
    scores: Mapping[str, float], symbols: Mapping[str, SymbolInfo], caps: Mapping[str, float]
) -> tuple[dict[str, float], list[str]]:
    """Cut what the symbols of a group add above its cap, and say so.

    Cut from the last name back: checks that wait end in any order, the verdict must not differ.
    """
    capped = dict(scores)
    cuts: list[str] = []
    members: dict[str, list[str]] = {}
    for name in scores:
        info = symbols.get(name)
        if info is not None and info.group in caps:
            members.setdefault(info.group, []).append(name)
    for group, names in members.items():
        total = sum(scores[name] for name in names)
        excess = total - caps[group]
        if round(excess, SCORE_DIGITS) > 0:
            cuts.append(f"{group}: {total:g} cut to {caps[group]:g}")
        for name in sorted(names, reverse=True):
            if excess <= 0:
                break
            cut = min(excess, max(scores[name], 0.0))
            capped[name] = round(scores[name] - cut, SCORE_DIGITS)
            excess -= cut
    return capped, cuts
