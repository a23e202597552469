"""A rule, as it is written in a file."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from .logic import Condition
from .target import Target

MAX_SCORE = 1000.0
"""More than any threshold that is of use."""

SYMBOL = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
GROUP = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Place(NamedTuple):
    """Where something stands, for those who must mend it."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Trouble(NamedTuple):
    """What is wrong with a rule, or doubtful, and where."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One expression, and in what it is sought."""

    name: str
    """By which the condition of its rule names it."""
    target: Target
    text: str
    flags: str
    """Letters of `i` (case does not matter), `s` (a dot is also a line end)."""
    place: Place


@dataclass(frozen=True, slots=True)
class Rule:
    """A symbol, and when it fires."""

    symbol: str
    score: float
    group: str
    description: str
    patterns: tuple[Pattern, ...]
    condition: Condition = field(compare=False)
    when: str
    """The condition as it is written."""
    place: Place
    one_shot: bool = True
    is_shadow: bool = False
    """Recorded with score 0."""
    hits: tuple[str, ...] = ()
    """Examples of mail in which it fires."""
    misses: tuple[str, ...] = ()
    """Examples of mail in which it does not."""

    @property
    def counted_score(self) -> float:
        """What it adds to the score."""
        return 0.0 if self.is_shadow else self.score


Tell = Callable[[str], None]
"""Takes a text that an administrator must see."""
