"""Rules from TOML. What is wrong with one is told with file and line, and the others are taken."""

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from .lint import MAX_EXPRESSION, doubts
from .logic import Condition, ConditionError, read_any, read_count, read_when
from .model import GROUP, MAX_SCORE, SYMBOL, Pattern, Place, Rule, Trouble
from .places import Places
from .target import Target, TargetError, read_target

MAX_RULES = 2000
"""In one file."""

MAX_PATTERNS = 64
"""Of one rule."""

MAX_EXAMPLES = 50
"""Of one kind, of one rule."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_FLAGS = frozenset("is")

RULE_KEYS = (
    "symbol",
    "score",
    "group",
    "description",
    "target",
    "match",
    "patterns",
    "when",
    "count",
    "flags",
    "one_shot",
    "shadow",
    "examples",
)
_PATTERN_KEYS = ("target", "match", "flags")
_EXAMPLE_KEYS = ("match", "no_match")

_MISSING: Any = object()


class Loaded(NamedTuple):
    """The rules of a file."""

    rules: tuple[Rule, ...]
    problems: tuple[Trouble, ...]
    """What is wrong; a rule that is named here is not among the rules."""
    warnings: tuple[Trouble, ...] = ()
    """What may become dear or surprising in those that are."""


class _BadRule(Exception):
    """A key has a value that it cannot have."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


def load_rules(file: str, data: bytes) -> Loaded:
    """Read the rules of a file, whose name is for messages only. Raises nothing."""
    try:
        text = data.decode()
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _broken(Place(file, line), "expected UTF-8")
    except ValueError as error:
        # Mostly TOMLDecodeError; a number of thousands of digits is another one.
        found = re.search(r"at line ([0-9]+)", str(error))
        return _broken(Place(file, int(found[1]) if found else 1), f"no TOML: {error}")
    except RecursionError:
        return _broken(Place(file, 1), "no TOML: nested too deep")
    tables = document.pop("rule", [])
    if document:
        return _broken(Place(file, 1), f"expected [[rule]] only, got {next(iter(document))[:100]}")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        return _broken(Place(file, 1), "expected [[rule]] with two brackets")
    if len(tables) > MAX_RULES:
        return _broken(Place(file, 1), f"expected at most {MAX_RULES} rules in a file")
    places = Places(file, text, len(tables))
    rules: list[Rule] = []
    problems: list[Trouble] = []
    warnings: list[Trouble] = []
    for index, table in enumerate(tables):
        try:
            rule = _rule(_Table(table, places, index))
        except _BadRule as error:
            name = table.get("symbol")
            whose = f"{name}: " if isinstance(name, str) and SYMBOL.fullmatch(name) else ""
            problems.append(Trouble(places.of(index, error.key), f"{whose}{error}"))
            continue
        rules.append(rule)
        for pattern in rule.patterns:
            for doubt in doubts(pattern.text):
                warnings.append(Trouble(pattern.place, f"{rule.symbol}: {doubt}"))
    return Loaded(tuple(rules), tuple(problems), tuple(warnings))


def _broken(place: Place, text: str) -> Loaded:
    return Loaded((), (Trouble(place, text),))


class _Table:
    """A table of a file, of which each key must have a value of its type."""

    def __init__(self, values: Mapping[str, object], places: Places, index: int) -> None:
        self.values = values
        self.places = places
        self.index = index

    def get(self, key: str, kind: type, default: Any = _MISSING) -> Any:
        value = self.values.get(key, default)
        if value is _MISSING:
            raise _BadRule("symbol", f"{key} is missing")
        return value if value is default else _typed(key, value, kind)


def _typed(key: str, value: object, kind: type) -> object:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind):
        raise _BadRule(key, f"{key}: expected {_KINDS[kind]}, got {str(value)[:100]!r}")
    return value


_KINDS = {str: "text", float: "a number", bool: "true or false", dict: "a table", list: "a list"}


def _rule(table: _Table) -> Rule:
    _known_keys(table.values, RULE_KEYS, "", "symbol")
    symbol = _form("symbol", table.get("symbol", str), SYMBOL, "letters, digits and _")
    score = table.get("score", float)
    if not -MAX_SCORE <= score <= MAX_SCORE:
        raise _BadRule("score", f"score: expected -{MAX_SCORE:g} to {MAX_SCORE:g}, got {score}")
    patterns = _patterns(table)
    hits, misses = _examples(table)
    return Rule(
        symbol=symbol,
        score=score,
        group=_form("group", table.get("group", str), GROUP, "lower case letters, digits and _"),
        description=_description(table.get("description", str)),
        patterns=patterns,
        condition=_condition(table, [pattern.name for pattern in patterns]),
        when=table.get("when", str, "") or table.get("count", str, ""),
        place=table.places.of(table.index, "symbol"),
        one_shot=table.get("one_shot", bool, True),
        is_shadow=table.get("shadow", bool, False),
        hits=hits,
        misses=misses,
    )


def _known_keys(values: Mapping[str, object], known: tuple[str, ...], where: str, at: str) -> None:
    for key in values:
        if key not in known:
            near = get_close_matches(key[:50], known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise _BadRule(at or key, f"no key is named {where}{key[:50]!r}{hint}")


def _form(key: str, text: str, form: re.Pattern[str], expected: str) -> str:
    if not form.fullmatch(text):
        raise _BadRule(key, f"{key}: expected {expected}, at most 64, got {text[:100]!r}")
    return text


def _description(text: str) -> str:
    if not text.isprintable() or not 0 < len(text) <= 200:
        raise _BadRule("description", "description: expected a line of at most 200 characters")
    return text


def _patterns(table: _Table) -> tuple[Pattern, ...]:
    target = table.get("target", str, "")
    flags = _flags("flags", table.get("flags", str, ""))
    if ("match" in table.values) == ("patterns" in table.values):
        raise _BadRule("symbol", "expected either match or patterns")
    if "match" in table.values:
        place = table.places.of(table.index, "match")
        given = table.get("match", str)
        return (_pattern("match", "match", given, _target(target), flags, place),)
    given = table.get("patterns", dict)
    if not 0 < len(given) <= MAX_PATTERNS:
        raise _BadRule("patterns", f"patterns: expected 1 to {MAX_PATTERNS}, got {len(given)}")
    return tuple(_one_of_many(table, name, value, target, flags) for name, value in given.items())


def _one_of_many(table: _Table, name: str, value: object, target: str, flags: str) -> Pattern:
    """A pattern with a name: its expression, or a table that has a target and flags of its own."""
    key = f"patterns.{name[:50]}"
    place = table.places.of(table.index, "patterns", name)
    if not _NAME.fullmatch(name):
        raise _BadRule("patterns", f"{key}: expected a name of lower case letters, digits and _")
    if isinstance(value, str):
        return _pattern(key, name, value, _target(target), flags, place)
    if not isinstance(value, dict):
        raise _BadRule("patterns", f"{key}: expected an expression, or a table with match")
    _known_keys(value, _PATTERN_KEYS, f"{key}.", "patterns")
    inner = _Table(value, table.places, table.index)
    try:
        own = _target(inner.get("target", str, target))
        flags = _flags("flags", inner.get("flags", str, flags))
        return _pattern(key, name, inner.get("match", str), own, flags, place)
    except _BadRule as error:
        raise _BadRule("patterns", f"{key}: {error}") from None


def _pattern(key: str, name: str, text: str, target: Target, flags: str, place: Place) -> Pattern:
    if not text:
        raise _BadRule(key, f"{key}: expected an expression; an empty one is found in all mail")
    if len(text) > MAX_EXPRESSION:
        raise _BadRule(key, f"{key}: expected at most {MAX_EXPRESSION} characters")
    if "\0" in text:
        raise _BadRule(key, f"{key}: expected no NUL, but \\x00 for it")
    if target.is_octets and not all(ord(character) < 256 for character in text):
        raise _BadRule(key, f"{key}: expected octets (\\x80 to \\xff) for the target {target}")
    return Pattern(name, target, text, flags, place)


def _target(text: str) -> Target:
    if not text:
        raise _BadRule("symbol", "target is missing")
    try:
        return read_target(text)
    except TargetError as error:
        raise _BadRule("target", f"target: {error}") from None


def _flags(key: str, text: str) -> str:
    if not _FLAGS.issuperset(text):
        raise _BadRule(key, f"flags: expected letters of {''.join(sorted(_FLAGS))}, got {text!r}")
    return text


def _condition(table: _Table, names: list[str]) -> Condition:
    when, count = table.get("when", str, ""), table.get("count", str, "")
    if when and count:
        raise _BadRule("count", "expected when or count, got both")
    key = "when" if when else "count"
    try:
        if when:
            return read_when(when, names)
        return read_count(count, names) if count else read_any(names)
    except ConditionError as error:
        raise _BadRule(key, f"{key}: {error}") from None


def _examples(table: _Table) -> tuple[tuple[str, ...], tuple[str, ...]]:
    given = table.get("examples", dict, {})
    _known_keys(given, _EXAMPLE_KEYS, "examples.", "examples")
    hits, misses = (_texts(key, given.get(key, [])) for key in _EXAMPLE_KEYS)
    return hits, misses


def _texts(key: str, given: object) -> tuple[str, ...]:
    texts = given if isinstance(given, list) else [given]
    if len(texts) > MAX_EXAMPLES or not all(isinstance(text, str) for text in texts):
        text = f"examples.{key}: expected a list of at most {MAX_EXAMPLES} texts"
        raise _BadRule("examples", text)
    return tuple(texts)
