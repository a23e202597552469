"""From files to the configuration and the plan of checks, with every mistake at once."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import time

from ..codec.control import MapFile
from ..config import ConfigError, Loaded, Problem, load
from ..config.load import Reading, Sources, read_sources, take_sources
from ..config.model import CheckSettings
from ..config.problem import Problems, in_order
from ..config.toml_text import KeyPath, key_text
from ..rules.check import RulesCheck
from ..rules.ruleset import RuleSet
from ..scan.check import Check
from ..scan.plan import Plan, PlanError, PlanProblem, build_plan
from .certificates import NOTHING, Held, Taken, take
from .checks import CheckFile, CheckLoadError, has_entry_points, load_checks, read_check_files
from .composites import shipped_composites
from .expiry import expiring
from .map_files import map_problems
from .rules import (
    NO_RULE_FILES,
    RuleFiles,
    RulesUnreadError,
    compile_rule_set,
    load_rule_set,
    read_rule_files,
    rule_troubles,
)

_ENTRY_POINT = "entry point "
"""How what is said of an entry point begins; everything else is about scan.check_dir."""

_CHECK_DIR: frozenset[KeyPath] = frozenset({("scan",), ("scan", "check_dir")})


@dataclass(frozen=True, slots=True)
class Draft:
    """What processes that scan are made from: the files as they were when they were read."""

    loaded: Loaded
    check_files: tuple[CheckFile, ...]
    held: Held = NOTHING
    """What TLS is served with."""
    maps: tuple[MapFile, ...] = ()
    """What its maps have when it comes to serve."""
    rule_files: RuleFiles = NO_RULE_FILES


def draft(path: str | None, before: Held = NOTHING) -> Draft:
    """Read a configuration (`None` is the built-in defaults) without running code of checks.

    Certificates that cannot be used are as `before`, with a warning. Raises ConfigError with
    everything that is wrong in the files.
    """
    reading = read_sources(take_sources(path))
    loaded = reading.loaded
    if loaded is None:
        raise ConfigError(reading.problems)
    now = time()
    taken = take(loaded, before, now, reading.doubtful)
    if reading.problems or taken.problems:
        raise ConfigError(_all_problems(reading, taken))
    troubles = taken.held.troubles().values()
    warnings = (*taken.warnings, *troubles, *expiring(loaded, taken.held, now))
    loaded = replace(loaded, warnings=(*loaded.warnings, *warnings))
    files, unread = read_check_files(loaded.config.scan.check_dir or None)
    if unread:
        raise ConfigError([_unloaded(loaded, text) for text in unread])
    rule_files = _rule_files(loaded)
    if not files and not has_entry_points() and not rule_files.has_code:
        # Nothing but our own code would run: then what is between checks and files is told, too.
        _load(reading, (), rule_files, is_draft=True)
    return Draft(loaded, tuple(files), taken.held, rule_files=rule_files)


def worker_count(loaded: Loaded) -> int:
    """How many workers a configuration asks for, on this machine."""
    return loaded.config.server.workers or len(os.sched_getaffinity(0))


def load_all(path: str | None) -> tuple[Loaded, Plan]:
    """Load a configuration (`None` is the built-in defaults) and its checks, and make the plan.

    Raises ConfigError with everything that is wrong in the files, in the checks and between
    them, by file and line.
    """
    reading = read_sources(take_sources(path))
    if reading.loaded is None:
        raise ConfigError(reading.problems)
    now = time()
    taken = take(reading.loaded, NOTHING, now, reading.doubtful)
    problems = _all_problems(reading, taken, *map_problems(reading.loaded.config.maps))
    loaded, plan = _load(replace(reading, problems=problems), None, None)
    rules = [_about_rules(text) for text in rule_troubles(plan)]
    warnings = (*loaded.warnings, *taken.warnings, *expiring(loaded, taken.held, now), *rules)
    return replace(loaded, warnings=warnings), plan


def rules_of(path: str | None) -> RuleSet:
    """The rules of a configuration (`None` is the built-in defaults), compiled.

    Runs the operator's code; raises ConfigError if the configuration itself is wrong.
    """
    loaded = load(path)
    files, unread = read_check_files(loaded.config.scan.check_dir or None)
    checks, _unloaded = _checks(loaded, files, unread)
    settings = loaded.config.rules
    found = load_rule_set(settings, _rule_files(loaded), checks).rules
    return compile_rule_set(found, settings, None)


def plan_of(path: str | None) -> Plan:
    """The checks and symbols of a configuration (`None` is the built-in defaults).

    Rules are not compiled. Runs the operator's code; raises ConfigError as `load_all` does, but
    for certificates and files of maps.
    """
    return _load(read_sources(take_sources(path)), None, None, is_draft=True)[1]


def load_files(
    sources: Sources,
    check_files: Sequence[CheckFile],
    rule_files: RuleFiles = NO_RULE_FILES,
    state_dir: str | None = None,
) -> tuple[Loaded, Plan]:
    """As `load_all`, from files that were read before; rules are compiled once for a state
    directory.
    """
    return _load(read_sources(sources), check_files, rule_files, state_dir=state_dir)


def _all_problems(reading: Reading, taken: Taken, *others: Problem) -> tuple[Problem, ...]:
    """What is wrong with the configuration, and with the files that it names."""
    problems = Problems(reading.problems)
    problems.add(*taken.problems, *others)
    return tuple(in_order(problems.found, reading.loaded.path if reading.loaded else None))


def _load(
    reading: Reading,
    files: Sequence[CheckFile] | None,
    rule_files: RuleFiles | None,
    *,
    state_dir: str | None = None,
    is_draft: bool = False,
) -> tuple[Loaded, Plan]:
    """Checks, rules and plan; without their files those of the operator are read now.

    In a draft rules are not compiled, nor are those that are switched off.
    """
    loaded = reading.loaded
    if loaded is None:
        raise ConfigError(reading.problems)
    problems = Problems(reading.problems)
    unread: list[str] = []
    if files is None:
        files, unread = read_check_files(loaded.config.scan.check_dir or None)
    checks, unloaded = _checks(loaded, files, unread)
    problems.add(*unloaded)
    if rule_files is None:
        rule_files = _rule_files(loaded)
    rules, more = load_rule_set(loaded.config.rules, rule_files, checks)
    if not is_draft and loaded.config.checks.get(RulesCheck.name, CheckSettings()).enabled:
        rules = compile_rule_set(rules, loaded.config.rules, state_dir)
    plan = None
    try:
        shipped = shipped_composites(loaded.config.rules)
        plan = build_plan(loaded.config, [*checks, *more, rules.check()], shipped=shipped)
    except PlanError as error:
        # The symbols of a rule that is no good are not there for others to name.
        problems.add(*map(_about_rules, rules.troubles))
        for item in error.problems:
            if problems.is_full:
                break
            if not _is_follow_up(item, reading, has_all_checks=not unloaded):
                problems.add(loaded.problem(key_text(item.key), None, item.text, item.hint))
    if problems.found or plan is None:
        raise ConfigError(in_order(problems.found, loaded.path))
    return loaded, plan


def _rule_files(loaded: Loaded) -> RuleFiles:
    """Raises ConfigError."""
    try:
        return read_rule_files(loaded.config.rules)
    except RulesUnreadError as error:
        raise ConfigError([loaded.problem("rules.dirs", None, str(error))]) from None


def _about_rules(text: str) -> Problem:
    """What names its place itself."""
    return Problem(None, None, "", None, text)


def _checks(
    loaded: Loaded, files: Sequence[CheckFile], unread: Sequence[str]
) -> tuple[list[type[Check]], list[Problem]]:
    """The checks that can be loaded, and what is wrong with the others."""
    try:
        return load_checks(files, unread), []
    except CheckLoadError as error:
        return error.checks, [_unloaded(loaded, text) for text in error.problems]


def _unloaded(loaded: Loaded, text: str) -> Problem:
    if text.startswith(_ENTRY_POINT):
        return Problem(None, None, "", None, text)
    return loaded.problem("scan.check_dir", None, text)


def _is_follow_up(item: PlanProblem, reading: Reading, *, has_all_checks: bool) -> bool:
    """Whether this may only be said because of something else that was said already."""
    if item.key in reading.doubtful:
        return True
    kind = item.unknown
    if kind is None or kind == "option":
        return False
    if not has_all_checks or not _CHECK_DIR.isdisjoint(reading.doubtful):
        return True
    return kind != "check" and any(_may_name(kind, path) for path in reading.doubtful)


def _may_name(kind: str, path: KeyPath) -> bool:
    """Whether a key that was reported may have brought a symbol or a group into being."""
    if kind == "symbol":
        return path == ("composites",)
    return path[0] in ("composites", "symbols") and path[2:] in ((), ("group",))
