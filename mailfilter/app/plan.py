"""From files to the configuration and the plan of checks, with every mistake at once."""

from ..config import ConfigError, Loaded, Problem
from ..config.load import Reading, read
from ..config.problem import Problems, in_order
from ..config.toml_text import KeyPath, key_text
from ..scan.check import Check
from ..scan.plan import Plan, PlanError, PlanProblem, build_plan
from .checks import CheckLoadError, load_checks

_ENTRY_POINT = "entry point "
"""How what is said of an entry point begins; everything else is about scan.check_dir."""

_CHECK_DIR: frozenset[KeyPath] = frozenset({("scan",), ("scan", "check_dir")})


def load_all(path: str | None) -> tuple[Loaded, Plan]:
    """Load a configuration (`None` is the built-in defaults) and its checks, and make the plan.

    Raises ConfigError with everything that is wrong in the files, in the checks and between
    them, by file and line.
    """
    reading = read(path)
    loaded = reading.loaded
    if loaded is None:
        raise ConfigError(reading.problems)
    problems = Problems(reading.problems)
    checks, unloaded = _checks(loaded)
    problems.add(*unloaded)
    plan = None
    try:
        plan = build_plan(loaded.config, checks)
    except PlanError as error:
        for item in error.problems:
            if problems.is_full:
                break
            if not _is_follow_up(item, reading, has_all_checks=not unloaded):
                problems.add(loaded.problem(key_text(item.key), None, item.text, item.hint))
    if problems.found or plan is None:
        raise ConfigError(in_order(problems.found, loaded.path))
    return loaded, plan


def _checks(loaded: Loaded) -> tuple[list[type[Check]], list[Problem]]:
    """The checks that can be loaded, and what is wrong with the others."""
    try:
        return load_checks(loaded.config.scan.check_dir or None), []
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
