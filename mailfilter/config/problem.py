"""What is wrong with a configuration, and where each of its values came from."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .hiding import HIDDEN, is_unquotable_text
from .toml_text import KeyPath, printable

MAX_VALUE_SHOWN = 72
"""Characters of a value in a message: enough to recognise it."""

MAX_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was set; without a file it is the built-in default."""

    file: str | None = None
    line: int | None = None
    words: str = ""
    """What else there is to say, for people; without a file it is all."""

    def __str__(self) -> str:
        if self.file is None:
            return self.words or "default"
        place = printable(self.file)
        if self.line is not None:
            place += f":{self.line}"
        return f"{place}, {self.words}" if self.words else place


DEFAULT = Origin()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    `value` is the value's TOML text. `expected` says what is wrong in terms of what would be
    right; `hint` what to write instead, such as the nearest valid name.
    """

    file: str | None
    line: int | None
    key: str
    value: str | None
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        """`etc/x.toml:12: scan.timout = "8s": unknown key; did you mean scan.timeout?`."""
        place = str(Origin(self.file, self.line)) if self.file is not None else ""
        subject = " = ".join(part for part in (self.key, _short(self.value)) if part)
        message = f"{self.expected}; {self.hint}" if self.hint else self.expected
        return printable(": ".join(part for part in (place, subject, message) if part))


class ConfigError(Exception):
    """The configuration cannot be used; `problems` are all that were found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class Unfit(ValueError):
    """A value is not what it should be: what was expected, and what to write instead."""

    def __init__(self, expected: str, hint: str = "") -> None:
        self.expected = expected
        self.hint = hint
        super().__init__(f"{expected}; {hint}" if hint else expected)


def in_order(problems: Iterable[Problem], main_file: str | None) -> list[Problem]:
    """Problems of the main file first, then of the others by name, each by line."""
    return sorted(
        problems,
        key=lambda problem: (
            problem.file is None,
            problem.file != main_file,
            problem.file or "",
            problem.line or 0,
        ),
    )


class Problems:
    """Collects problems, up to a number that nobody reads to the end."""

    def __init__(self, found: Iterable[Problem] = ()) -> None:
        self.found: list[Problem] = list(found)
        self.doubtful: set[KeyPath] = set()
        """Keys that do not hold what was meant: what was written for them was reported."""

    @property
    def is_full(self) -> bool:
        """No more are wanted: looking for hints would be for nothing."""
        return len(self.found) > MAX_PROBLEMS

    def is_doubtful(self, path: KeyPath) -> bool:
        """Whether a key, a table around it or something in it was reported.

        A complaint about its value would be a second one about the same mistake.
        """
        return any(
            known[: len(path)] == path or path[: len(known)] == known for known in self.doubtful
        )

    def add(self, *problems: Problem) -> None:
        """Take problems in, while there is room, without the values of secrets."""
        for problem in problems:
            if len(self.found) == MAX_PROBLEMS:
                problem = Problem(None, None, "", None, "more problems are not shown")
            if not self.is_full:
                self.found.append(_discreet(problem))


def _discreet(problem: Problem) -> Problem:
    """A problem without its value if that may be a secret; a hint may repeat it."""
    if problem.value in (None, HIDDEN) or not is_unquotable_text(problem.key):
        return problem
    return replace(problem, value=HIDDEN, hint="")


def _short(value: str | None) -> str | None:
    if value is None or len(value) <= MAX_VALUE_SHOWN:
        return value
    return value[: MAX_VALUE_SHOWN - 3] + "..."
