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
from typing import Literal

from ..config.model import Composite, CompositePolicy

MAX_DEPTH = 32
"""Nesting of parentheses and negations; a person's expression has three or four."""

MAX_NAME = 64
"""Characters of a name that are compared in search of a near one."""

Unknown = Literal["check", "symbol", "group", "option"]
"""What a name that nobody knows should have been."""

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

Lookup = Callable[[str], tuple[str, ...]]
"""Atom -> the symbols that fired for it."""
Node = Callable[[Lookup], bool]


@dataclass(frozen=True, slots=True)
class Atom:
    """A symbol or group in an expression; `positive` if it is not under a negation."""

    name: str
    mark: str
    positive: bool


class ExpressionError(ValueError):
    """An expression cannot be read; the text says where and why."""


class Expression:
    """A parsed expression. Raises ExpressionError."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.atoms: list[Atom] = []
        self._tokens = list(_tokens(text))
        self._at = 0
        self.holds: Node = self._any(positive=True, depth=0)
        if self._at < len(self._tokens):
            raise ExpressionError(f"unexpected {self._tokens[self._at][1]!r} in {text!r}")

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _any(self, *, positive: bool, depth: int) -> Node:
        nodes = [self._all(positive=positive, depth=depth)]
        while self._peek() == "|":
            self._at += 1
            nodes.append(self._all(positive=positive, depth=depth))
        return nodes[0] if len(nodes) == 1 else lambda look: any(node(look) for node in nodes)

    def _all(self, *, positive: bool, depth: int) -> Node:
        nodes = [self._one(positive=positive, depth=depth)]
        while self._peek() == "&":
            self._at += 1
            nodes.append(self._one(positive=positive, depth=depth))
        return nodes[0] if len(nodes) == 1 else lambda look: all(node(look) for node in nodes)

    def _one(self, *, positive: bool, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise ExpressionError(f"nested more than {MAX_DEPTH} deep: {self.text[:80]!r}")
        if self._at >= len(self._tokens):
            raise ExpressionError(f"something is missing at the end of {self.text!r}")
        mark, token = self._tokens[self._at]
        self._at += 1
        if token == "!":
            inner = self._one(positive=not positive, depth=depth + 1)
            return lambda look: not inner(look)
        if token == "(":
            inner = self._any(positive=positive, depth=depth + 1)
            if self._peek() != ")":
                raise ExpressionError(f"a closing parenthesis is missing in {self.text!r}")
            self._at += 1
            return inner
        if token in ("&", "|", ")"):
            raise ExpressionError(f"unexpected {token!r} in {self.text!r}")
        self.atoms.append(Atom(token, mark, positive))
        return lambda look: bool(look(token))


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


def make_composites(
    composites: Mapping[str, Composite], groups: Mapping[str, str]
) -> tuple["Composites", list[Fault]]:
    """Read the composites of a configuration; `groups` maps each known symbol to its group.

    The second value says what is wrong; such composites are left out.
    """
    errors: list[Fault] = []
    rules: dict[str, Rule] = {}
    for name, item in composites.items():
        if not item.enabled:
            continue
        try:
            expression = Expression(item.expression)
        except ExpressionError as error:
            errors.append(Fault(name, str(error)))
            continue
        unknown = [
            fault for atom in expression.atoms if (fault := _unknown(name, atom.name, groups))
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
        errors.append(Fault(circle[0], f"composites in a circle: {' -> '.join(circle)}"))
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

        def look(atom: str) -> tuple[str, ...]:
            return self._fired(atom, fired)

        for rule in self.rules:
            score = score_of(rule.name)
            if score is None or not rule.expression.holds(look):
                continue
            names.append(rule.name)
            for atom in rule.expression.atoms:
                if not atom.positive:
                    continue
                removal = _MARKS.get(atom.mark, rule.removal)
                for symbol in look(atom.name):
                    removals[symbol] = removals.get(symbol, Removal.NOTHING) | removal
            fired[rule.name] = score
        return names, {name: _settle(removal) for name, removal in removals.items()}

    def _fired(self, atom: str, fired: Mapping[str, float]) -> tuple[str, ...]:
        kind, colon, group = atom.partition(":")
        if not colon:
            return (atom,) if atom in fired else ()
        members = [name for name in self._groups.get(group, ()) if name in fired]
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
