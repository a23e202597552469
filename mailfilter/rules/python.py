"""Rules in Python: a function with a decorator."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import iscoroutinefunction
from itertools import islice

from ..scan.check import Hit, Symbol
from ..scan.task import Task
from .model import GROUP, MAX_SCORE, SYMBOL

MAX_OPTIONS = 10_000
"""Taken of one answer; the configuration may keep fewer."""

Answer = bool | str | Iterable[str] | None
"""Whether the rule fires: a text, or several, are its options; none, or an empty one, are no."""

_EXPECTED = "expected letters, digits and _, in the group's name lower case"


@dataclass(frozen=True, slots=True)
class PythonRule:
    """A symbol, and the function that tells whether it fires."""

    name: str
    symbol: Symbol
    function: Callable[[Task], Answer]
    is_shadow: bool = False
    """Recorded with score 0."""

    def __call__(self, task: Task) -> Answer:
        """Ask the function, as if it were undecorated."""
        return self.function(task)

    @property
    def place(self) -> str:
        """File and line, for people."""
        code = self.function.__code__
        return f"{code.co_filename}:{code.co_firstlineno}"

    def hit(self, task: Task) -> Hit | None:
        """What it finds. Raises whatever the function raises, and TypeError for no answer."""
        answer = self.function(task)
        if answer is None or answer is False:
            return None
        if answer is True:
            return Hit(self.name)
        if isinstance(answer, bytes | Mapping):
            raise TypeError(f"expected True, False or texts, got {answer!r}"[:200])
        options = (answer,) if isinstance(answer, str) else tuple(islice(answer, MAX_OPTIONS))
        if not all(isinstance(option, str) for option in options):
            raise TypeError(f"expected True, False or texts, got {answer!r}"[:200])
        return Hit(self.name, options=options) if any(options) else None


def rule(
    name: str,
    *,
    score: float,
    group: str,
    description: str,
    one_shot: bool = True,
    shadow: bool = False,
) -> Callable[[Callable[[Task], Answer]], PythonRule]:
    """Make a rule of a function that takes a task and tells whether the symbol `name` fires.

    With `shadow` it is recorded with score 0. Raises ValueError for a name that is none.
    """
    if not SYMBOL.fullmatch(name) or not GROUP.fullmatch(group):
        raise ValueError(f"rule {name!r} of group {group!r}: {_EXPECTED}")
    if not -MAX_SCORE <= score <= MAX_SCORE:
        raise ValueError(f"rule {name}: expected a score of at most {MAX_SCORE:g}, got {score!r}")
    symbol = Symbol(0.0 if shadow else float(score), group, description, one_shot)

    def make(function: Callable[[Task], Answer]) -> PythonRule:
        if iscoroutinefunction(function):
            raise ValueError(f"rule {name}: expected a plain def; what waits is a check")
        return PythonRule(name, symbol, function, shadow)

    return make
