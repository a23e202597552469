"""How a rule puts its patterns together: `a & !b`, or how many of them match."""

import re
from collections.abc import Callable, Sequence

MAX_CONDITION = 1000
"""Characters of a condition."""

MAX_DEPTH = 20
"""Parentheses within each other."""

Condition = Callable[[frozenset[str]], bool]
"""Told the names of the patterns that match, whether the rule does."""

_TOKEN = re.compile(r"[ \t\n]*+(?:([a-z][a-z0-9_]*+)|([&|!()]))")
_COUNT = re.compile(r"(>=|<=|==|>|<) ?([0-9]{1,3})")
_TOKENS = "names of patterns, & | ! and parentheses"

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    ">=": int.__ge__,
    "<=": int.__le__,
    "==": int.__eq__,
    ">": int.__gt__,
    "<": int.__lt__,
}


class ConditionError(ValueError):
    """A condition cannot be read; the text says what was expected."""


def read_when(text: str, names: Sequence[str]) -> Condition:
    """A condition such as `a & !(b | c)`, in which `!` binds closest and `|` least.

    Raises ConditionError, also for a name that is none of `names`, and if one of them is not used.
    """
    if len(text) > MAX_CONDITION:
        raise ConditionError(f"expected at most {MAX_CONDITION} characters")
    reader = _Reader(_tokens(text), names)
    condition = reader.any(0)
    if reader.at < len(reader.tokens):
        raise ConditionError(f"expected & or | before {reader.tokens[reader.at]!r}")
    unused = [name for name in names if name not in reader.tokens]
    if unused:
        raise ConditionError(f"pattern {unused[0]} is not used")
    return condition


def read_count(text: str, names: Sequence[str]) -> Condition:
    """A condition such as `>= 2`: so many of all patterns match. Raises ConditionError."""
    found = _COUNT.fullmatch(text)
    if found is None:
        raise ConditionError(f"expected a count such as '>= 2', got {text[:100]!r}")
    compare, number = _COMPARE[found[1]], int(found[2])
    if len({compare(count, number) for count in range(len(names) + 1)}) == 1:
        raise ConditionError(f"{text!r} makes no difference for {len(names)} patterns")
    return lambda matched: compare(len(matched), number)


def read_any(names: Sequence[str]) -> Condition:
    """The condition of a rule that gives none: its pattern, or any of its patterns, matches."""
    return lambda matched: bool(matched)


def _tokens(text: str) -> list[str]:
    tokens = []
    at, end = 0, len(text.rstrip(" \t\n"))
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise ConditionError(f"expected {_TOKENS}, got {text[at : at + 20].strip()!r}")
        tokens.append(found[1] or found[2])
        at = found.end()
    return tokens


class _Reader:
    """Reads by descent; each level binds closer than the one before."""

    def __init__(self, tokens: Sequence[str], names: Sequence[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self._names = names

    def any(self, depth: int) -> Condition:
        found = [self._all(depth)]
        while self._take("|"):
            found.append(self._all(depth))
        return found[0] if len(found) == 1 else lambda matched: any(one(matched) for one in found)

    def _all(self, depth: int) -> Condition:
        found = [self._one(depth)]
        while self._take("&"):
            found.append(self._one(depth))
        return found[0] if len(found) == 1 else lambda matched: all(one(matched) for one in found)

    def _one(self, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise ConditionError(f"expected at most {MAX_DEPTH} levels of ! and parentheses")
        if self._take("!"):
            inner = self._one(depth + 1)
            return lambda matched: not inner(matched)
        if self._take("("):
            inner = self.any(depth + 1)
            if not self._take(")"):
                raise ConditionError("expected a closing parenthesis")
            return inner
        name = self.tokens[self.at] if self.at < len(self.tokens) else "the end"
        if name not in self._names:
            known = ", ".join(self._names)
            raise ConditionError(f"expected a pattern ({known}), ! or a parenthesis, got {name}")
        self.at += 1
        return lambda matched: name in matched

    def _take(self, token: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == token:
            self.at += 1
            return True
        return False
