"""Regular expressions of the package: a form that older releases of Python 3.11 match wrongly."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from re import _constants as code  # type: ignore[attr-defined] # no public way to a parsed pattern
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import mailfilter

REPEATS = (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT)


def parts_of(operator: Any, argument: Any) -> list[Any]:
    """The sequences inside one item of a parsed pattern."""
    if operator in REPEATS:
        return [argument[2]]
    if operator is code.SUBPATTERN:
        return [argument[3]]
    if operator is code.ATOMIC_GROUP:
        return [argument]
    if operator in (code.BRANCH, code.ASSERT, code.ASSERT_NOT):
        return list(argument[1]) if operator is code.BRANCH else [argument[1]]
    return []


def can_fail_late(sequence: Any) -> bool:
    """Tell whether a sequence may still fail once a repetition in it has begun."""
    items = list(sequence)
    for index, (operator, argument) in enumerate(items):
        if operator in REPEATS and (index < len(items) - 1 or (index > 0 and argument[0] > 0)):
            return True
        if any(can_fail_late(part) for part in parts_of(operator, argument)):
            return True
    return False


def is_unsafe(sequence: Any) -> bool:
    """Tell whether a possessive group holds a sequence that may fail late.

    Up to Python 3.11.4 the position is then not put back to where the group began its last
    round: `(?:"[^"]*")*+` matches the quote of `"a`.
    """
    return any(
        (operator is code.POSSESSIVE_REPEAT and can_fail_late(argument[2]))
        or any(is_unsafe(part) for part in parts_of(operator, argument))
        for operator, argument in sequence
    )


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Every compiled pattern that a module of the package holds."""
    for module in pkgutil.walk_packages(mailfilter.__path__, "mailfilter."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                yield f"{module.name}.{name}", value


class PatternTests(SynchronousTestCase):
    """The patterns, and the rule."""

    def test_patterns(self) -> None:
        """No pattern depends on the release of Python."""
        parsed = {name: parser.parse(found.pattern, found.flags) for name, found in patterns()}
        self.assertEqual([name for name, sequence in parsed.items() if is_unsafe(sequence)], [])
        self.assertIn("mailfilter.config.lines._STRING", parsed)

    def test_rule(self) -> None:
        """What the rule refuses was seen to match wrongly, what it passes to match rightly."""
        for pattern in (r'(?:"[^"]*+")*+', r'(?:"(?:[^"]|"")*+"|x)++', r"(?:\n\s[^;]*+;)*+"):
            self.assertTrue(is_unsafe(parser.parse(pattern)), pattern)
        for pattern in (r'(?:"[^"]*+")*', r"(?:\n\s[^;]*+)*+", r"(?:[^a]++|ab)*+", r"[^a]*+b"):
            self.assertFalse(is_unsafe(parser.parse(pattern)), pattern)
