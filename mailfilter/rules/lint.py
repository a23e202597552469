"""Shapes of expressions that are seldom meant, or that cost more than they find."""

import re

from .wider import MOST, wider

MAX_EXPRESSION = 4000
"""Characters of one expression."""

MAX_REPEAT = 1000
"""Of a repetition with bounds: each of them becomes states of its own in a compiled database."""

_ONE = r"(?:\\.|\[[^\[\]]{0,40}\]|[^()\\\[\]|])"
_NESTED = re.compile(rf"\((?:\?:)?(?:[^()\\\[\]|]{{0,40}}[+*]|{_ONE}[+*](?:{_ONE}\?)?)\)[+*]")
_REPEAT = re.compile(r"(?<!\\x)\{(?:[0-9]{0,9},)?([0-9]{1,9})\}")
_DOT_AT_EDGE = re.compile(r"\A\.[*+]|(?<!\\)\.\*\Z")


def doubts(expression: str) -> list[str]:
    """What is doubtful, as sentences for the one who wrote it."""
    found = []
    if _NESTED.search(expression):
        found.append("a repetition in a repetition, such as (a+)+, finds no more than a+ does")
    if any(int(many) > MAX_REPEAT for many in _REPEAT.findall(expression)):
        found.append(f"a repetition of more than {MAX_REPEAT} makes the database large")
    elif wider(expression) != expression:
        found.append(
            f"a class or a dot more than {MOST} times is sought in two steps, which takes longer;"
            " use + or *"
        )
    if _DOT_AT_EDGE.search(expression):
        found.append("'.*' at an end finds nothing that the rest alone does not; leave it out")
    return found
