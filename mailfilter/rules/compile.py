"""Rules for hyperscan: one database for each target, so that each is searched once per message.

What hyperscan cannot do (look-around, back-references, possessive quantifiers) it only narrows
down: such an expression is compiled in a wider form, and what that finds is confirmed by `regex`.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import hyperscan
import msgspec
import regex  # type: ignore[import-untyped]

from ..maps.expanded import expanded
from .model import Pattern, Rule
from .target import Target

MAX_EXPANDED = 20_000
"""Parts of an expression for `regex` with its repetitions written out: see `maps/patterns.py`."""

_ALWAYS = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY | hyperscan.HS_FLAG_MULTILINE


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


def compile_rules(rules: Sequence[Rule]) -> Compiled:
    """Compile all patterns, which takes seconds for thousands. Raises nothing."""
    faults: list[Fault] = []
    sought: dict[Target, list[tuple[int, int, Pattern, int]]] = defaultdict(list)
    number = 0
    for at, rule in enumerate(rules):
        first, number = number, number + len(rule.patterns)
        entries = []
        for place, pattern in enumerate(rule.patterns):
            try:
                entries.append((first + place, at, pattern, _flags_for(pattern)))
            except _BadPattern as error:
                faults.append(Fault(at, f"no expression: {error}", place))
                break
        else:
            for entry in entries:
                sought[entry[2].target].append(entry)
    tables = []
    for target, found in sought.items():
        try:
            database = _database([(id_, item, flags) for id_, _, item, flags in found])
        except hyperscan.error as error:
            text = f"not to be compiled with the others of {target}: {error}"
            faults += [Fault(at, text) for at in dict.fromkeys(entry[1] for entry in found)]
            continue
        narrowed = [id_ for id_, _, _, flags in found if flags & hyperscan.HS_FLAG_PREFILTER]
        tables.append(Table(target.kind, target.field, database, tuple(narrowed)))
    return Compiled(tuple(tables), tuple(faults))


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


def _flags_for(pattern: Pattern) -> int:
    """How hyperscan takes it: as it is, or else as something wider. Raises _BadPattern."""
    flags = _ALWAYS
    if not pattern.target.is_octets:
        flags |= hyperscan.HS_FLAG_UTF8
    if "i" in pattern.flags:
        flags |= hyperscan.HS_FLAG_CASELESS
    if "s" in pattern.flags:
        flags |= hyperscan.HS_FLAG_DOTALL
    try:
        _database([(0, pattern, flags)])
    except hyperscan.error:
        flags |= hyperscan.HS_FLAG_PREFILTER
        _check_confirming(pattern)
        try:
            _database([(0, pattern, flags)])
        except hyperscan.error as error:
            raise _BadPattern(str(error)) from None
    return flags


def _check_confirming(pattern: Pattern) -> None:
    if expanded(pattern.text) > MAX_EXPANDED:
        raise _BadPattern("repetitions of repetitions make it too large")
    try:
        confirming(pattern)
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise _BadPattern(str(error) or "nested too deep") from None


def _database(entries: Sequence[tuple[int, Pattern, int]]) -> bytes:
    """Raises hyperscan.error."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[_octets(pattern) for _, pattern, _ in entries],
        ids=[id_ for id_, _, _ in entries],
        elements=len(entries),
        flags=[flags for _, _, flags in entries],
    )
    return hyperscan.dumpb(database)


def _octets(pattern: Pattern) -> bytes:
    return pattern.text.encode("latin-1" if pattern.target.is_octets else "utf-8")
