"""Composites: symbols that fire on an expression over other symbols.

An expression joins symbols with `&`, `|`, `!` (or `and`, `or`, `not`) and parentheses. `g:NAME`
holds if any symbol of the group has fired, `g+:NAME` and `g-:NAME` only count those that add to
or take from the score. A mark before an atom overrides what the composite's policy does to it:
`~` takes the symbol away and keeps its score, `-` keeps both, `^` takes both in any case.

All composites look at everything that fired; parts are taken away after the last of them. When
composites disagree about a part, `^` wins, then `-`, then whoever takes most.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntFlag
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Literal, NamedTuple

from ..config.model import Composite, CompositePolicy

MAX_DEPTH = 32
"""Nesting of parentheses and negations; a person's expression has three or four."""

MAX_NAME = 64
"""Characters of a name that are compared in search of a near one."""

Unknown = Literal["check", "symbol", "group", "option"]
"""What a name that nobody knows should have been."""

NO_COMPOSITES: Mapping[str, Composite] = MappingProxyType({})

_TOKEN = re.compile(r"\s*(?:(?P<mark>[~^-]?)(?P<atom>(?:g[+-]?:)?[A-Za-z0-9_.]+)|(?P<op>[&|!()]))")
_WORDS = {"and": "&", "or": "|", "not": "!"}


class Removal(IntFlag):
    """What happens to a part of a composite that fired."""

    NOTHING = 0
    SCORE = 1
    SYMBOL = 2
    KEEP = 4
    FORCED = 8


_POLICIES: Mapping[CompositePolicy, Removal] = {
    "remove_all": Removal.SCORE | Removal.SYMBOL,
    "remove_weight": Removal.SCORE,
    "remove_symbol": Removal.SYMBOL,
    "leave": Removal.NOTHING,
}
_MARKS = {
    "~": Removal.SYMBOL,
    "-": Removal.KEEP,
    "^": Removal.SCORE | Removal.SYMBOL | Removal.FORCED,
}


@dataclass(frozen=True, slots=True)
class Atom:
    """A symbol or group in an expression; `positive` if it is not under a negation."""

    name: str
    mark: str
    positive: bool


Lookup = Callable[[Atom], Sequence[str]]
"""Atom -> the symbols that fired for it."""
Truth = Callable[[Lookup], bool]


class Node(NamedTuple):
    """A part of an expression."""

    holds: Truth
    needs: frozenset[str] | None
    """Atoms of which one at least must have fired; `None` if it may hold without any."""


class ExpressionError(ValueError):
    """An expression cannot be read; the text says where and why."""


class Expression:
    """A parsed expression. Raises ExpressionError."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.atoms: list[Atom] = []
        self._tokens = list(_tokens(text))
        self._at = 0
        self.holds, self.needs = self._any(positive=True, depth=0)
        if self._at < len(self._tokens):
            raise ExpressionError(f"unexpected {self._tokens[self._at][1]!r} in {text!r}")

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _any(self, *, positive: bool, depth: int) -> Node:
        nodes = [self._all(positive=positive, depth=depth)]
        while self._peek() == "|":
            self._at += 1
            nodes.append(self._all(positive=positive, depth=depth))
        if len(nodes) == 1:
            return nodes[0]
        needed = [node.needs for node in nodes if node.needs is not None]
        needs = frozenset[str]().union(*needed) if len(needed) == len(nodes) else None
        return Node(lambda look: any(node.holds(look) for node in nodes), needs)

    def _all(self, *, positive: bool, depth: int) -> Node:
        nodes = [self._one(positive=positive, depth=depth)]
        while self._peek() == "&":
            self._at += 1
            nodes.append(self._one(positive=positive, depth=depth))
        if len(nodes) == 1:
            return nodes[0]
        needed = [node.needs for node in nodes if node.needs is not None]
        needs = min(needed, key=len, default=None)
        return Node(lambda look: all(node.holds(look) for node in nodes), needs)

    def _one(self, *, positive: bool, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise ExpressionError(f"nested more than {MAX_DEPTH} deep: {self.text[:80]!r}")
        if self._at >= len(self._tokens):
            raise ExpressionError(f"something is missing at the end of {self.text!r}")
        mark, token = self._tokens[self._at]
        self._at += 1
        if token == "!":
            inner = self._one(positive=not positive, depth=depth + 1)
            return Node(lambda look: not inner.holds(look), None)
        if token == "(":
            inner = self._any(positive=positive, depth=depth + 1)
            if self._peek() != ")":
                raise ExpressionError(f"a closing parenthesis is missing in {self.text!r}")
            self._at += 1
            return inner
        if token in ("&", "|", ")"):
            raise ExpressionError(f"unexpected {token!r} in {self.text!r}")
        atom = Atom(token, mark, positive)
        self.atoms.append(atom)
        return Node(lambda look: bool(look(atom)), frozenset((token,)))


def _tokens(text: str) -> Iterable[tuple[str, str]]:
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(
                f"cannot read {text[position : position + 20].strip()!r} in {text!r}"
            )
        position = match.end()
        atom = match["atom"]
        if atom is None:
            yield "", match["op"]
        elif atom.lower() in _WORDS and not match["mark"]:
            yield "", _WORDS[atom.lower()]
        else:
            yield match["mark"], atom


@dataclass(frozen=True, slots=True)
class Rule:
    """A composite ready to be asked."""

    name: str
    expression: Expression
    removal: Removal


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a composite."""

    name: str
    text: str
    hint: str = ""
    unknown: Unknown | None = None


def usable_composites(
    shipped: Mapping[str, Composite], groups: Mapping[str, str]
) -> dict[str, Composite]:
    """Those of the package that can fire; parts that no check gives never do.

    `groups` maps each symbol that something else declares to its group. A name that is declared
    is not the package's any more.
    """
    found = {name: item for name, item in shipped.items() if name not in groups}
    expressions = {name: Expression(item.expression) for name, item in found.items()}
    before = -1
    while len(found) != before:
        before = len(found)
        known = {*groups, *found}
        known_groups = {*groups.values(), *(item.group for item in found.values())}

        def best(atom: Atom, known: set[str] = known, of: set[str] = known_groups) -> Sequence[str]:
            """As if all had fired that should, and nothing that should not."""
            _kind, colon, group = atom.name.partition(":")
            is_known = group in of if colon else atom.name in known
            return (atom.name,) if is_known and atom.positive else ()

        found = {name: item for name, item in found.items() if expressions[name].holds(best)}
    return found


def make_composites(
    composites: Mapping[str, Composite],
    groups: Mapping[str, str],
    shipped: Mapping[str, Composite] = NO_COMPOSITES,
) -> tuple["Composites", list[Fault]]:
    """Read the composites of a configuration; `groups` maps each known symbol to its group.

    Those that the package ships may name what nothing declares, and give way to others of the
    same name. The second value says what is wrong; such composites are left out.
    """
    errors: list[Fault] = []
    rules: dict[str, Rule] = {}
    for name, item in {**shipped, **composites}.items():
        if not item.enabled:
            continue
        try:
            expression = Expression(item.expression)
        except ExpressionError as error:
            errors.append(Fault(name, str(error)))
            continue
        is_own = name in composites
        unknown = [
            fault
            for atom in expression.atoms
            if is_own and (fault := _unknown(name, atom.name, groups))
        ]
        if unknown:
            errors.extend(unknown)
            continue
        rules[name] = Rule(name, expression, _POLICIES[item.policy])
    graph = {
        name: [atom.name for atom in rule.expression.atoms if atom.name in rules]
        for name, rule in rules.items()
    }
    order: list[str] = []
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle: list[str] = error.args[1]
        own = next((name for name in circle if name in composites), circle[0])
        errors.append(Fault(own, f"composites in a circle: {' -> '.join(circle)}"))
    return Composites([rules[name] for name in order], groups), errors


def _unknown(name: str, atom: str, groups: Mapping[str, str]) -> Fault | None:
    """What to say of an atom that nothing declares."""
    kind, colon, group = atom.partition(":")
    if not colon:
        if kind in groups:
            return None
        return Fault(name, f"no symbol is named {kind}", near_hint(kind, groups), "symbol")
    known = set(groups.values())
    if group in known:
        return None
    return Fault(name, f"no symbol is in group {group}", near_hint(group, known), "group")


def near_hint(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or nothing if no known name is near."""
    near = get_close_matches(name[:MAX_NAME], list(known), n=1)
    return f"did you mean {near[0]}?" if near else ""


class Composites:
    """The composites, each after those that it names."""

    def __init__(self, rules: Sequence[Rule], groups: Mapping[str, str]) -> None:
        self.rules = tuple(rules)
        self._groups: dict[str, list[str]] = {}
        for symbol, group in groups.items():
            self._groups.setdefault(group, []).append(symbol)
        self._always: list[int] = []
        """Places of those that may hold whatever has fired."""
        self._wakes: dict[str, list[int]] = {}
        """Symbol -> places of those that may hold because it has fired."""
        for place, rule in enumerate(self.rules):
            needs = rule.expression.needs
            if needs is None:
                self._always.append(place)
                continue
            for symbol in {name for atom in needs for name in self._members(atom)}:
                self._wakes.setdefault(symbol, []).append(place)

    def apply(
        self, scores: Mapping[str, float], score_of: Callable[[str], float | None]
    ) -> tuple[list[str], dict[str, Removal]]:
        """Which composites fire, and what they take from which symbol.

        `scores` maps each symbol that fired to its score; `score_of` tells that of a composite,
        `None` if it does not count here.
        """
        if not self.rules:
            return [], {}
        fired: dict[str, float] = dict(scores)
        names: list[str] = []
        removals: dict[str, Removal] = {}
        wakes = self._wakes
        awake = {*self._always}.union(*(wakes[name] for name in fired if name in wakes))

        def look(atom: Atom) -> tuple[str, ...]:
            return self._fired(atom.name, fired)

        for place, rule in enumerate(self.rules):
            if place not in awake:
                continue
            score = score_of(rule.name)
            if score is None or not rule.expression.holds(look):
                continue
            names.append(rule.name)
            for atom in rule.expression.atoms:
                if not atom.positive:
                    continue
                removal = _MARKS.get(atom.mark, rule.removal)
                for symbol in look(atom):
                    removals[symbol] = removals.get(symbol, Removal.NOTHING) | removal
            fired[rule.name] = score
            awake.update(wakes.get(rule.name, ()))
        return names, {name: _settle(removal) for name, removal in removals.items()}

    def _members(self, atom: str) -> Sequence[str]:
        """The symbols for which an atom may stand."""
        _kind, colon, group = atom.partition(":")
        return self._groups.get(group, ()) if colon else (atom,)

    def _fired(self, atom: str, fired: Mapping[str, float]) -> tuple[str, ...]:
        kind, colon, _group = atom.partition(":")
        if not colon:
            return (atom,) if atom in fired else ()
        members = [name for name in self._members(atom) if name in fired]
        if kind == "g+":
            members = [name for name in members if fired[name] > 0]
        elif kind == "g-":
            members = [name for name in members if fired[name] < 0]
        return tuple(members)


def _settle(removal: Removal) -> Removal:
    if removal & Removal.FORCED:
        return Removal.SCORE | Removal.SYMBOL
    if removal & Removal.KEEP:
        return Removal.NOTHING
    return removal
