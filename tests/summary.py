"""Read what trial printed, and judge it: `python -m tests.summary OUTPUT ALLOWED-SKIPS`.

Prints the skips that are not allowed and, as the last line, `N passed, N failed, N skipped`.
The exit status is 0 if all went well, 1 if a test failed or was skipped without being on the
list, 2 if trial did not finish or ran no test.

Needs nothing but Python, so that it also works where the installation failed.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

ENDING = re.compile(r"(?:PASSED|FAILED)(?: \(([a-zA-Z]+=\d+(?:, [a-zA-Z]+=\d+)*)\))?")
"""Trial's last line, as in `FAILED (skips=2, failures=1, successes=40)`."""
RULER = re.compile(r"[=-]{70,}")
"""What separates the blocks of trial's report."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tests ended in which way."""

    passed: int
    failed: int
    skipped: int

    def __str__(self) -> str:
        """The closing line."""
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass(frozen=True, slots=True)
class Skip:
    """A skipped test and why it was."""

    test: str
    reason: str


def read_counts(output: str) -> Counts | None:
    """The numbers of trial's last line; `None` if it did not get that far.

    What make says of a failed command comes after that line.
    """
    lines = [line for line in output.splitlines() if line and not line.startswith("make")]
    ending = ENDING.fullmatch(lines[-1].strip()) if lines else None
    if ending is None:
        return None
    pairs = (item.split("=") for item in (ending[1] or "").split(", ") if item)
    numbers = {name: int(count) for name, count in pairs}
    return Counts(
        passed=numbers.get("successes", 0) + numbers.get("expectedFailures", 0),
        failed=sum(numbers.get(name, 0) for name in ("failures", "errors", "unexpectedSuccesses")),
        skipped=numbers.get("skips", 0),
    )


def read_skips(output: str) -> Iterator[Skip]:
    """The skipped tests that trial lists: a reason, an empty line, and the names of the tests."""
    block: list[str] | None = None
    for line in output.splitlines():
        if RULER.fullmatch(line):
            yield from skips_of(block or [])
            block = []
        elif block is not None:
            block.append(line)


def skips_of(block: Sequence[str]) -> Iterator[Skip]:
    """The skips of one block of the report, if it is one of skips."""
    if not block or block[0] != "[SKIPPED]":
        return
    reason, _, tests = "\n".join(block[1:]).strip("\n").rpartition("\n\n")
    for test in tests.splitlines():
        yield Skip(test, " ".join(reason.split()))


def read_allowed(text: str) -> dict[str, str]:
    """The list of allowed skips: a test (`*` and `?` match), white space, the reason.

    Raises ValueError: a line without a reason.
    """
    allowed = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        test, _, reason = line.strip().partition(" ")
        if not reason.strip(" #:-"):
            raise ValueError(f"line {number}: {test} has no reason")
        allowed[test] = reason.strip()
    return allowed


def not_allowed(skips: Iterator[Skip], allowed: dict[str, str]) -> list[Skip]:
    """The skips that are not on the list."""
    return [skip for skip in skips if not any(fnmatchcase(skip.test, name) for name in allowed)]


def judge(output: str, allowed: dict[str, str]) -> tuple[int, list[str]]:
    """Exit status, and the lines to print."""
    counts = read_counts(output)
    if counts is None:
        return 2, ["trial did not come to its end", str(Counts(0, 1, 0))]
    bad = not_allowed(read_skips(output), allowed)
    lines = [f"not on the list of allowed skips: {skip.test}: {skip.reason}" for skip in bad]
    if counts.passed + counts.failed == 0:
        return 2, [*lines, "no test ran", str(counts)]
    return int(bool(bad) or counts.failed > 0), [*lines, str(counts)]


def main(arguments: Sequence[str]) -> int:
    """Read the two files, print, and return the exit status. Without a list no skip is allowed."""
    output, allowed = map(Path, arguments)
    listed = read_allowed(allowed.read_text("utf-8")) if allowed.exists() else {}
    status, lines = judge(output.read_text("utf-8", "replace"), listed)
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
