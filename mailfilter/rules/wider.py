"""A wider form of an expression, where large counts would take hyperscan minutes to compile.

Each step of a counted repetition becomes states of its own. What matches the expression matches
its wider form; whether it does in earnest, `regex` says.
"""

import re

MOST = 150
"""Of a repetition of a dot or a class that is compiled as it is written."""

MOST_OF_GROUP = 1000
"""The same of a group."""

_COUNT = re.compile(r"\{([0-9]{1,9})(?:(,)([0-9]{0,9}))?\}")
_ESCAPE = re.compile(r"\\x\{[0-9A-Fa-f]*\}|\\[pP]\{[^}]*\}|\\.", re.DOTALL)
_PLAIN_CLASS = re.compile(r"\[:\^?[a-z]+:\]")
_CLASSES = frozenset("dDsSwWhHvVNpPX")


def wider(expression: str) -> str:
    """The expression with such repetitions as often as one likes; itself if there are none."""
    # What must not follow would be wider, and the whole narrower.
    if "{" not in expression or "(?!" in expression or "(?<!" in expression:
        return expression
    found: list[str] = []
    at, most = 0, 0
    while at < len(expression):
        count = _COUNT.match(expression, at) if most else None
        if count is not None and _steps(count) > most:
            found.append("*" if int(count[1]) == 0 else "+")
            # Possessive or not: the wider form tries all.
            at = count.end() + expression.startswith("+", count.end())
            most = 0
            continue
        end, most = _piece(expression, at)
        found.append(expression[at:end])
        at = end
    return "".join(found)


def _steps(count: re.Match[str]) -> int:
    """Steps of a repetition: up to its end, or to its beginning if it has no end."""
    return int(count[3] or count[1])


def _piece(expression: str, at: int) -> tuple[int, int]:
    """Where what begins here ends, and how often it may be repeated; 0 is as often as one likes."""
    char = expression[at]
    if char == "\\":
        escape = _ESCAPE.match(expression, at)
        if escape is None:
            return at + 1, 0
        return escape.end(), MOST if escape[0][1] in _CLASSES else 0
    if char == "[":
        return _class_end(expression, at), MOST
    return at + 1, {".": MOST, ")": MOST_OF_GROUP}.get(char, 0)


def _class_end(expression: str, at: int) -> int:
    """The end of a class: a bracket that stands first in it is one of its members."""
    at += 2 if expression.startswith("[^", at) else 1
    at += expression.startswith("]", at)
    while at < len(expression) and expression[at] != "]":
        inner = _ESCAPE.match(expression, at) or _PLAIN_CLASS.match(expression, at)
        at = inner.end() if inner else at + 1
    return at + 1
