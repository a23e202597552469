"""Rules for hyperscan: one database for each target, so that each is searched once per message.

What hyperscan cannot do (look-around, back-references, possessive quantifiers), or not soon (large
counts), it only narrows down: such an expression is compiled in a wider form, and what that finds
is confirmed by `regex`.
"""

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import hyperscan
import msgspec
import regex  # type: ignore[import-untyped]

from ..maps.expanded import expanded
from .model import Pattern, Rule
from .target import Target
from .wider import wider

MAX_THREADS = 4
"""In which tables are compiled."""

MAX_EXPANDED = 20_000
"""Parts of an expression for `regex` with its repetitions written out: see `maps/patterns.py`."""

_ALWAYS = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY | hyperscan.HS_FLAG_MULTILINE

_LOOKS_HARD = re.compile(r"\(\?<?[=!]|\(\?>|\(\?P=|\\[1-9k]|[+*?}]\+")
"""Look-around, atomic groups, back-references, possessive quantifiers: now and then something else,
which is then confirmed without need."""


class Table(msgspec.Struct, frozen=True, array_like=True):
    """The patterns of one target."""

    kind: str
    field: str
    database: bytes
    """As `hyperscan.dumpb` writes it; ids are places in `patterns_of` all rules."""
    confirmed: tuple[int, ...]
    """Ids that are only narrowed down."""

    @property
    def target(self) -> Target:
        """What it is for."""
        return Target(self.kind, self.field)


class Fault(msgspec.Struct, frozen=True, array_like=True):
    """A rule that cannot be used: its place among all rules, and why."""

    rule: int
    text: str
    pattern: int = -1
    """The pattern that is to blame, by its place in the rule."""


class Compiled(msgspec.Struct, frozen=True, array_like=True):
    """What rules are compiled to."""

    tables: tuple[Table, ...]
    faults: tuple[Fault, ...]


class _BadPattern(Exception):
    """It is no expression."""


class _Sought(NamedTuple):
    """A pattern on its way into a table."""

    id_: int
    rule: int
    place: int
    """Among those of its rule."""
    pattern: Pattern


def compile_rules(rules: Sequence[Rule]) -> Compiled:
    """Compile all patterns, which takes seconds for thousands. Raises nothing."""
    sought: dict[Target, list[_Sought]] = defaultdict(list)
    id_ = 0
    for at, rule in enumerate(rules):
        for place, pattern in enumerate(rule.patterns):
            sought[pattern.target].append(_Sought(id_, at, place, pattern))
            id_ += 1
    faults: dict[int, Fault] = {}
    # hyperscan works without the lock of Python. The largest table takes longest: it goes first.
    largest = sorted(sought, key=lambda target: -len(sought[target]))
    with ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1)) as pool:
        tables = list(pool.map(lambda target: _table(target, sought[target], faults), largest))
    by_target = dict(zip(largest, tables, strict=True))
    return Compiled(
        tuple(table for target in sought if (table := by_target[target]) is not None),
        tuple(faults[at] for at in sorted(faults)),
    )


def _table(target: Target, found: Sequence[_Sought], faults: dict[int, Fault]) -> Table | None:
    """The patterns of a target together; those that are no good go to `faults`, by rule."""
    flags = {one.id_: _flags(one.pattern) for one in found}
    good: Sequence[_Sought] = found
    try:
        try:
            # Mostly all are good, and to compile each alone takes as long again.
            database = _database(found, _narrowed(found, flags))
        except (hyperscan.error, _BadPattern):
            good = _judged(found, flags, faults)
            database = _database(good, flags)
        confirmed = [one.id_ for one in good if flags[one.id_] & hyperscan.HS_FLAG_PREFILTER]
        return Table(target.kind, target.field, database, tuple(confirmed))
    except hyperscan.error as error:
        for one in good:
            text = f"not to be compiled with the others of {target}: {error}"
            faults.setdefault(one.rule, Fault(one.rule, text))
    return None


def _narrowed(found: Sequence[_Sought], flags: dict[int, int]) -> dict[int, int]:
    """Mark those that look as if hyperscan cannot take them as they are. Raises _BadPattern."""
    for one in found:
        if _LOOKS_HARD.search(one.pattern.text) or wider(one.pattern.text) != one.pattern.text:
            _check_confirming(one.pattern)
            flags[one.id_] |= hyperscan.HS_FLAG_PREFILTER
    return flags


def _judged(
    found: Sequence[_Sought], flags: dict[int, int], faults: dict[int, Fault]
) -> list[_Sought]:
    """Those that are good, each tried alone; flags are set, and the others go to `faults`."""
    good = []
    for one in found:
        flags[one.id_] &= ~hyperscan.HS_FLAG_PREFILTER
        try:
            if _must_be_confirmed(one, flags):
                flags[one.id_] |= hyperscan.HS_FLAG_PREFILTER
            good.append(one)
        except _BadPattern as error:
            faults.setdefault(one.rule, Fault(one.rule, f"no expression: {error}", one.place))
    return good


def without(table: Table, rules: Sequence[Rule], dropped: frozenset[int]) -> Table | None:
    """The table without the rules at some places, nothing if no other is in it.

    Raises hyperscan.error.
    """
    found = [
        _Sought(id_, at, 0, pattern)
        for id_, (at, pattern) in enumerate(patterns_of(rules))
        if pattern.target == table.target and at not in dropped
    ]
    if not found:
        return None
    ids = {one.id_ for one in found}
    confirmed = tuple(id_ for id_ in table.confirmed if id_ in ids)
    flags = {one.id_: _flags(one.pattern, one.id_ in confirmed) for one in found}
    return Table(table.kind, table.field, _database(found, flags), confirmed)


def single(pattern: Pattern, is_wide: bool) -> hyperscan.Database:
    """The database of one pattern. Raises hyperscan.error."""
    octets = _database([_Sought(0, 0, 0, pattern)], {0: _flags(pattern, is_wide)})
    return hyperscan.loadb(octets, hyperscan.HS_MODE_BLOCK)


def patterns_of(rules: Sequence[Rule]) -> list[tuple[int, Pattern]]:
    """All patterns in order, each with the place of its rule: an id is a place in this list."""
    return [(at, pattern) for at, rule in enumerate(rules) for pattern in rule.patterns]


def confirming(pattern: Pattern) -> Any:
    """The pattern for `regex`, which decides where hyperscan only narrows down."""
    flags = regex.VERSION0 | regex.MULTILINE
    flags |= regex.IGNORECASE if "i" in pattern.flags else 0
    flags |= regex.DOTALL if "s" in pattern.flags else 0
    if pattern.target.is_octets:
        return regex.compile(pattern.text.encode("latin-1"), flags, cache_pattern=False)
    if pattern.text.isascii():
        # As hyperscan sees \w; but then only letters of ASCII are the same in both cases.
        flags |= regex.ASCII
    return regex.compile(pattern.text, flags, cache_pattern=False)


def _flags(pattern: Pattern, is_wide: bool = False) -> int:
    flags = _ALWAYS | (hyperscan.HS_FLAG_PREFILTER if is_wide else 0)
    if not pattern.target.is_octets:
        flags |= hyperscan.HS_FLAG_UTF8
    if "i" in pattern.flags:
        flags |= hyperscan.HS_FLAG_CASELESS
    if "s" in pattern.flags:
        flags |= hyperscan.HS_FLAG_DOTALL
    return flags


def _must_be_confirmed(one: _Sought, flags: Mapping[int, int]) -> bool:
    """Whether hyperscan takes only something wider. Raises _BadPattern if not even that."""
    try:
        if wider(one.pattern.text) == one.pattern.text:
            _database([one], flags)
            return False
    except hyperscan.error:
        pass
    _check_confirming(one.pattern)
    try:
        _database([one], {one.id_: flags[one.id_] | hyperscan.HS_FLAG_PREFILTER})
    except hyperscan.error as error:
        raise _BadPattern(str(error)) from None
    return True


def _check_confirming(pattern: Pattern) -> None:
    if expanded(pattern.text) > MAX_EXPANDED:
        raise _BadPattern("repetitions of repetitions make it too large")
    try:
        confirming(pattern)
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise _BadPattern(str(error) or "nested too deep") from None


def _database(found: Sequence[_Sought], flags: Mapping[int, int]) -> bytes:
    """Raises hyperscan.error."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[_octets(one.pattern, flags[one.id_]) for one in found],
        ids=[one.id_ for one in found],
        elements=len(found),
        flags=[flags[one.id_] for one in found],
    )
    return hyperscan.dumpb(database)


def _octets(pattern: Pattern, flags: int) -> bytes:
    text = wider(pattern.text) if flags & hyperscan.HS_FLAG_PREFILTER else pattern.text
    return text.encode("latin-1" if pattern.target.is_octets else "utf-8")
