"""All rules of a configuration."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import hyperscan

from ..scan.check import Check
from .budget import Budget
from .cache import Cache, Kept, key_of
from .check import rules_check
from .compile import compile_rules
from .examples import wrong_examples
from .load import load_rules
from .match import Matcher
from .model import Rule, Trouble
from .python import PythonRule


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules that go together: each symbol is there once."""

    rules: tuple[Rule, ...] = ()
    python: tuple[PythonRule, ...] = ()
    troubles: tuple[str, ...] = ()
    """What is wrong or doubtful, by place."""
    matcher: Matcher | None = None
    """Once they are compiled."""

    def check(self) -> type[Check]:
        """The check that asks them."""
        return rules_check(self.rules, self.python, self.matcher, self.troubles)


def read_rules(
    built_in: Iterable[tuple[str, bytes]],
    own: Iterable[tuple[str, bytes]] = (),
    python: Iterable[PythonRule] = (),
    taken: Mapping[str, str] | None = None,
) -> RuleSet:
    """Rules from TOML (name and octets of each file) and Python, not yet compiled.

    A rule of `own` or `python` takes the place of a `built_in` one of its symbol. `taken` has
    symbols that rules cannot have, and whose they are.
    """
    troubles: list[str] = []
    owners = dict(taken or {})
    mine = _read(own, troubles, owners)
    functions = [rule for rule in python if _is_free(rule.name, rule.place, troubles, owners)]
    have = {*(rule.symbol for rule in mine), *(rule.name for rule in functions)}
    shipped = _read(built_in, troubles, dict(taken or {}))
    rules = [rule for rule in shipped if rule.symbol not in have]
    return RuleSet((*rules, *mine), tuple(functions), tuple(troubles))


def compiled(found: RuleSet, cache: Cache | None = None, budget: Budget | None = None) -> RuleSet:
    """The rules ready for messages: from the cache, or compiled and then kept there.

    Takes seconds for hundreds that are in no cache; processes that start together compile once.
    """
    cache = cache or Cache(None)
    budget = budget or Budget()
    key = key_of(found.rules)
    ready = _from_cache(found, cache.get(key), budget)
    if ready is not None:
        return ready
    with cache.alone():
        return _from_cache(found, cache.get(key), budget) or _anew(found, cache, key, budget)


def _from_cache(found: RuleSet, kept: Kept | None, budget: Budget) -> RuleSet | None:
    if kept is None:
        return None
    # Of a library that is another one than it says: compiled anew, it is ours.
    with suppress(hyperscan.error):
        return _ready(found, kept, Matcher(found.rules, kept.compiled, budget))
    return None


def _anew(found: RuleSet, cache: Cache, key: str, budget: Budget) -> RuleSet:
    result = compile_rules(found.rules)
    # What examples take is not held against rules.
    matcher = Matcher(found.rules, result, Budget())
    kept = Kept(result, tuple(wrong_examples(matcher)))
    matcher.budget = budget
    unkept = ""
    try:
        cache.put(key, kept)
    except OSError as error:
        unkept = f"compiled rules cannot be kept: {error.strerror or error}"
    return _ready(found, kept, matcher, unkept)


def _ready(found: RuleSet, kept: Kept, matcher: Matcher, unkept: str = "") -> RuleSet:
    late = [*matcher.troubles, *kept.wrong_examples, *([unkept] if unkept else [])]
    return replace(found, troubles=(*found.troubles, *map(str, late)), matcher=matcher)


def _read(
    files: Iterable[tuple[str, bytes]], troubles: list[str], owners: dict[str, str]
) -> Sequence[Rule]:
    rules = []
    for name, data in files:
        loaded = load_rules(name, data)
        told: list[Trouble] = [*loaded.problems, *loaded.warnings]
        troubles += map(str, told)
        rules += [
            rule
            for rule in loaded.rules
            if _is_free(rule.symbol, str(rule.place), troubles, owners)
        ]
    return rules


def _is_free(symbol: str, place: str, troubles: list[str], owners: dict[str, str]) -> bool:
    """Whether nobody has the symbol yet; from then on it is had from this place."""
    if symbol in owners:
        troubles.append(f"{place}: {symbol}: {owners[symbol]} declares it already")
        return False
    owners[symbol] = f"the rule in {place}"
    return True
