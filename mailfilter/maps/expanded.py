"""How large a regular expression is once its counted repetitions are written out."""

import re

_COUNTS = re.compile(r"\{([0-9]{0,9})(,([0-9]{0,9}))?\}")

MOST = 10**9
"""More is not counted."""


def expanded(pattern: str) -> int:
    """Roughly how many parts a pattern has, each group as often as it may be repeated.

    The parts of `(?:a{50}){50}` are 2500: that many nodes a compiler makes of it.
    """
    outer: list[int] = []
    size, last = 0, 0
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "(":
            outer.append(size + last)
            size = last = 0
        elif char == ")" and outer:
            size, last = outer.pop(), size + last
        elif char == "{" and (found := _COUNTS.match(pattern, at)):
            last = min(MOST, last * _most(found))
            at = found.end()
            continue
        else:
            size, last = min(MOST, size + last), 1
            at = _after(pattern, at)
            continue
        at += 1
    return min(MOST, size + last + sum(outer))


def _most(counts: re.Match[str]) -> int:
    return max(1, int(counts[1] or 0), int(counts[3] or 0))


def _after(pattern: str, at: int) -> int:
    """Where a part ends that is no group: an escape, a class, or a character."""
    if pattern[at] == "\\":
        return at + 2
    if pattern[at] != "[":
        return at + 1
    end = pattern.find("]", at + 2)
    while end > 0 and _is_escaped(pattern, end):
        end = pattern.find("]", end + 1)
    return end + 1 if end > 0 else at + 1


def _is_escaped(pattern: str, at: int) -> bool:
    before = pattern[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
