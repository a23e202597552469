"""Where rules come from: those of the package, and the operator's directories."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache as once
from inspect import getmembers, isclass
from pathlib import Path
from typing import NamedTuple

from ..config.model import RuleSettings
from ..rules.cache import Cache
from ..rules.check import RulesCheck
from ..rules.python import PythonRule
from ..rules.ruleset import RuleSet, compiled, read_rules
from ..scan.check import Check
from ..scan.plan import Plan
from .checks import CheckFile, import_file, malformed, not_private, read_private, reason

BUILT_IN = Path(__file__).parents[1] / "etc" / "rules"

MAX_FILES = 40
"""Of the operator's. With those of checks and of the configuration, at a MiB each, they have room
in a message to a worker."""

FOLDER = "rules"
"""In the state directory."""

_MEMORY = Cache(None)
"""Of a process that keeps nothing on disk: what has not changed is not compiled again there."""


class RulesUnreadError(Exception):
    """A directory of rules cannot be read at all; the text says why."""


class OwnRules(NamedTuple):
    """What the rules of a configuration are, of each kind."""

    rules: RuleSet
    checks: tuple[type[Check], ...]
    """Classes among the operator's Python rules."""


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """The operator's files as they were when they were read."""

    files: tuple[CheckFile, ...] = ()
    troubles: tuple[str, ...] = ()
    """What is wrong with others."""

    @property
    def has_code(self) -> bool:
        """Whether some are in Python."""
        return any(file.path.endswith(".py") for file in self.files)


NO_RULE_FILES = RuleFiles()


def read_rule_files(settings: RuleSettings) -> RuleFiles:
    """The operator's files.

    Raises RulesUnreadError if a directory is not there, is not ours alone, or has too many.
    """
    files: list[CheckFile] = []
    troubles: list[str] = []
    for directory in settings.dirs:
        trouble = not_private(Path(directory))
        if trouble is not None:
            raise RulesUnreadError(trouble)
        found = [*Path(directory).glob("*.toml"), *Path(directory).glob("*.py")]
        if len(files) + len(found) > MAX_FILES:
            raise RulesUnreadError(f"{directory}: expected at most {MAX_FILES} files of rules")
        usable, unread = read_private(sorted(found))
        files += usable
        troubles += unread
    return RuleFiles(tuple(files), tuple(troubles))


def load_rule_set(
    settings: RuleSettings, files: RuleFiles = NO_RULE_FILES, checks: Sequence[type[Check]] = ()
) -> OwnRules:
    """The rules of a configuration, not yet compiled; `checks` have symbols of their own.

    Runs the operator's code.
    """
    code = _Code(files.troubles, checks)
    own = []
    for file in files.files:
        if file.path.endswith(".py"):
            code.take(file)
        else:
            own.append((file.path, file.data))
    found = read_rules(_built_in() if settings.built_in else (), own, code.rules, code.symbols)
    found = replace(found, troubles=(*code.troubles, *found.troubles))
    return OwnRules(found, tuple(code.checks))


def compile_rule_set(found: RuleSet, settings: RuleSettings, state_dir: str | None) -> RuleSet:
    """Make them ready; what is compiled is kept in the state directory, if that is wanted."""
    keeps = settings.cache and state_dir is not None
    return compiled(found, Cache(f"{state_dir}/{FOLDER}") if keeps else _MEMORY)


def rule_troubles(plan: Plan) -> tuple[str, ...]:
    """What is wrong with the rules of a plan."""
    return tuple(text for check in _checks(plan) for text in check.troubles)


def tell_of_rules(plan: Plan, alarm: Callable[[str], None]) -> None:
    """Whom to tell when a rule of a plan fails, or is switched off."""
    for check in _checks(plan):
        check.budget.tell = alarm


def _checks(plan: Plan) -> list[RulesCheck]:
    return [step.check for step in plan.steps if isinstance(step.check, RulesCheck)]


@once
def _built_in() -> tuple[tuple[str, bytes], ...]:
    paths = sorted(BUILT_IN.glob("*.toml"))
    return tuple((f"etc/rules/{path.name}", path.read_bytes()) for path in paths)


class _Code:
    """Collects what is in Python files, and what is wrong with those that it cannot take."""

    def __init__(self, troubles: Sequence[str], checks: Sequence[type[Check]]) -> None:
        self.rules: list[PythonRule] = []
        self.checks: list[type[Check]] = []
        self.troubles = list(troubles)
        self.symbols = {symbol: f"check {one.name}" for one in checks for symbol in one.symbols}
        """Whose symbols are had already."""
        self._names = {one.name for one in checks} | {RulesCheck.name}

    def take(self, file: CheckFile) -> None:
        try:
            module = import_file(file, "mailfilter_operator_rules")
        except BaseException as error:
            # Others' code: even sys.exit() in it must end in a line that says where.
            place = f"{file.path}:{_line_of(error, file.path)}"
            self.troubles.append(f"{place}: {reason(error)}")
            return
        found = [item for _, item in getmembers(module)]
        rules = [item for item in found if isinstance(item, PythonRule)]
        own = [item for item in rules if item.function.__module__ == module.__name__]
        classes = [item for item in found if isclass(item) and item.__module__ == module.__name__]
        checks = [item for item in classes if issubclass(item, Check)]
        if not own and not checks:
            self.troubles.append(f"{file.path}:1: holds no function with @rule(...), and no check")
        self.rules += own
        for check in checks:
            self._take_check(file, check)

    def _take_check(self, file: CheckFile, check: type[Check]) -> None:
        place = f"{file.path}:{check.run.__code__.co_firstlineno}: {check.__name__}"
        problem = malformed(check)
        if problem is None and check.name in self._names:
            problem = f".name: another check is named {check.name}"
        taken = [] if problem else [one for one in check.symbols if one in self.symbols]
        if taken:
            problem = f".symbols: {self.symbols[taken[0]]} declares {taken[0]} already"
        if problem is not None:
            self.troubles.append(f"{place}{problem}")
            return
        self._names.add(check.name)
        self.symbols |= dict.fromkeys(check.symbols, f"check {check.name}")
        self.checks.append(check)


def _line_of(error: BaseException, path: str) -> int:
    """The line of a file at which its code went wrong."""
    if isinstance(error, SyntaxError) and error.lineno is not None:
        return error.lineno
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == path and frame.lineno is not None
    ]
    return lines[-1] if lines else 1
