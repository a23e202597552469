"""Which rules fire for a message."""

from collections.abc import Callable, Generator, Sequence
from functools import partial
from math import inf
from time import perf_counter, thread_time
from typing import Any, NamedTuple, TypeVar, cast

import hyperscan

from ..mail import Message
from .beside import Apply, Beside, Suspect, slow_ones
from .budget import MESSAGE_SECONDS, SECONDS, Budget
from .compile import Compiled, Fault, Table, compile_rules, confirming, patterns_of, without
from .model import Rule, Trouble
from .target import Reader, Target, reader_of

T = TypeVar("T")

_Found = tuple[dict[int, set[str]], set[int]]

_NOTHING: frozenset[str] = frozenset()

LONG = 4096
"""Octets; to search less takes no time that is worth measuring."""

INTERVAL = 10.0
"""Seconds between two searches for the expression that takes long, each some seconds of work."""


class Matched(NamedTuple):
    """What came of a message."""

    rules: list[Rule]
    """Those that fire, in the order of their files."""
    undecided: list[str]
    """Symbols of those for which there was no time."""


class _Search(NamedTuple):
    """A table that is ready."""

    table: Table
    target: Target
    needs: bytes | None
    """The field that must be there."""
    is_header: bool
    read: Reader
    scan: Callable[..., Any]
    scratch: hyperscan.Scratch
    confirmed: dict[int, Any]
    """Id -> the expression that decides."""


class Matcher:
    """Compiled rules, for one thread."""

    def __init__(
        self, rules: Sequence[Rule], compiled: Compiled, budget: Budget | None = None
    ) -> None:
        """Raises hyperscan.error if these are no databases of this machine's library."""
        self.budget = budget or Budget()
        self._dropped = frozenset(fault.rule for fault in compiled.faults)
        self._rules = list(rules)
        self.rules = [rule for at, rule in enumerate(rules) if at not in self._dropped]
        """Those that can be used."""
        self.troubles = [_trouble(self._rules[fault.rule], fault) for fault in compiled.faults]
        """Why others cannot."""
        patterns = patterns_of(self._rules)
        self._owners = [(at, pattern.name) for at, pattern in patterns]
        self._patterns = patterns
        self._searches = [_search(table, patterns) for table in compiled.tables]
        self.beside = Beside()
        self._blamed = -INTERVAL
        self._left_out = self._dropped
        """Rules that are in no table."""
        self._always = [at for at, rule in enumerate(self._rules) if rule.condition(_NOTHING)]

    def run(self, message: Message) -> Matched:
        """The rules that fire, without a pause; see `steps`."""
        return _drained(self.steps(message))

    def steps(self, message: Message) -> Generator[None, None, Matched]:
        """Find the rules that fire; yields where a pause may be made, behind each target for which
        more than the header is looked at. Raises nothing.
        """
        matched, undecided = yield from self._search(message)
        fired = []
        for at in sorted({*matched, *self._always} - undecided - self._dropped):
            rule = self._rules[at]
            if rule.condition(frozenset(matched.get(at, _NOTHING))):
                fired.append(rule)
        off = self.budget.off
        if off:
            fired = [rule for rule in fired if rule.symbol not in off]
        return Matched(fired, [self._rules[at].symbol for at in sorted(undecided)])

    def matches(self, rule: Rule, message: Message) -> frozenset[str]:
        """The names of the patterns of a rule that match, for who wants to know why."""
        matched, _undecided = _drained(self._search(message))
        return frozenset(matched.get(self._rules.index(rule), _NOTHING))

    def _search(self, message: Message) -> Generator[None, None, _Found]:
        """Place of each rule -> its patterns that match; and the rules without a decision."""
        found: list[int] = []

        def hit(id_: int, *_: object) -> None:
            found.append(id_)

        matched: dict[int, set[str]] = {}
        undecided: set[int] = set()
        left = MESSAGE_SECONDS
        self.beside.take()
        fields = message.headers.names()
        for search in self._searches:
            # Most rules look at fields that most messages have not.
            if search.needs is not None and search.needs not in fields:
                continue
            octets = search.read(message)
            if octets is not None:
                found.clear()
                began = perf_counter() if len(octets) > LONG else inf
                search.scan(octets, hit, scratch=search.scratch)
                if perf_counter() - began > SECONDS:
                    self._blame(search, octets)
                if found and search.confirmed:
                    left = self._confirm(search, octets, found, undecided, left)
                for id_ in found:
                    at, name = self._owners[id_]
                    matched.setdefault(at, set()).add(name)
            if not search.is_header:
                yield
        return matched, undecided

    def _blame(self, search: _Search, octets: bytes) -> None:
        """A search took long: find out by which of its expressions, beside other work."""
        if perf_counter() - self._blamed < INTERVAL:
            return
        mine = [
            Suspect(id_, pattern, id_ in search.confirmed)
            for id_, (at, pattern) in enumerate(self._patterns)
            if pattern.target == search.target and at not in self._left_out
        ]

        def work() -> Apply:
            return partial(self._judge, slow_ones(mine, octets, SECONDS))

        if self.beside.start(work):
            self._blamed = perf_counter()

    def _judge(self, slow: Sequence[int]) -> None:
        """These took too long; rules that are off leave their tables."""
        for at in {self._owners[id_][0] for id_ in slow}:
            self.budget.overrun(self._rules[at].symbol, self._rules[at].place)
        off = {at for at, rule in enumerate(self._rules) if rule.symbol in self.budget.off}
        if off <= self._left_out:
            return
        left_out = self._left_out | off
        tables = [search.table for search in self._searches]

        def work() -> Apply:
            made = [without(table, self._rules, left_out) for table in tables]
            ready = [_search(table, self._patterns) for table in made if table is not None]
            return partial(self._swap, ready, left_out)

        self.beside.start(work)

    def _swap(self, searches: list[_Search], left_out: frozenset[int]) -> None:
        self._searches, self._left_out = searches, left_out

    def _confirm(
        self, search: _Search, octets: bytes, found: list[int], undecided: set[int], left: float
    ) -> float:
        """Take out of `found` what is not so; returns the seconds that are left."""
        text: str | bytes = octets if search.target.is_octets else octets.decode("utf-8", "replace")
        for id_ in [id_ for id_ in found if id_ in search.confirmed]:
            at = self._owners[id_][0]
            rule = self._rules[at]
            if rule.symbol in self.budget.off:
                found.remove(id_)
                continue
            began = thread_time()
            try:
                # A time of zero would be none at all.
                is_so = left > 0 and search.confirmed[id_].search(text, timeout=min(left, SECONDS))
            except TimeoutError:
                is_so = False
                undecided.add(at)
                if left >= SECONDS:
                    self.budget.overrun(rule.symbol, rule.place)
            else:
                if left <= 0:
                    undecided.add(at)
            left -= thread_time() - began
            if not is_so:
                found.remove(id_)
        return left


def _drained(steps: Generator[None, None, T]) -> T:
    """What comes of steps without pauses."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast("T", end.value)


def make_matcher(rules: Sequence[Rule], budget: Budget | None = None) -> Matcher:
    """Compile rules and make them ready."""
    return Matcher(rules, compile_rules(rules), budget)


def _search(table: Table, patterns: Sequence[tuple[int, Any]]) -> _Search:
    database = hyperscan.loadb(table.database, hyperscan.HS_MODE_BLOCK)
    confirmed = {id_: confirming(patterns[id_][1]) for id_ in table.confirmed}
    target = table.target
    scratch = hyperscan.Scratch(database)
    return _Search(
        table,
        target,
        target.needs,
        target.is_header,
        reader_of(target),
        database.scan,
        scratch,
        confirmed,
    )


def _trouble(rule: Rule, fault: Fault) -> Trouble:
    place = rule.place if fault.pattern < 0 else rule.patterns[fault.pattern].place
    return Trouble(place, f"{rule.symbol}: {fault.text}")
