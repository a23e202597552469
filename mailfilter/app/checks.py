"""Find the checks: the built-in ones, third parties' entry points, the operator's directory."""

import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from inspect import getmembers, isclass
from pathlib import Path
from types import ModuleType

from ..checks import BUILT_IN
from ..config.files import read_source
from ..scan.check import Check, Stage, Symbol

MAX_FILES = 40
"""In the operator's directory. Together with those of the configuration, at a MiB each, they have
room in a message to a worker."""

ENTRY_POINT_GROUP = "mailfilter.checks"

_CHECK_NAME = re.compile("[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class CheckFile:
    """A file of the operator's directory as it was when it was read."""

    path: str
    data: bytes


class CheckLoadError(Exception):
    """Some checks cannot be loaded.

    Each of `problems` names the file or entry point and the reason; `checks` are the others.
    """

    def __init__(self, problems: Sequence[str], checks: Sequence[type[Check]]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
        self.checks = list(checks)


def read_check_files(directory: str | None) -> tuple[list[CheckFile], list[str]]:
    """The files of the operator's directory (absolute; `None` is none), and what is wrong."""
    if directory is None:
        return [], []
    problem = not_private(Path(directory))
    if problem is not None:
        return [], [problem]
    paths = sorted(Path(directory).glob("*.py"))
    if len(paths) > MAX_FILES:
        return [], [f"{directory}: expected at most {MAX_FILES} files"]
    return read_private(paths)


def read_private(paths: Iterable[Path]) -> tuple[list[CheckFile], list[str]]:
    """Files of code and rules in this order, and what is wrong with those that cannot be used."""
    files: list[CheckFile] = []
    problems: list[str] = []
    for path in paths:
        problem = not_private(path)
        if problem is not None:
            problems.append(problem)
            continue
        source, unread = read_source(str(path))
        problems += map(str, unread)
        if source is not None:
            files.append(CheckFile(source.file, source.data))
    return files, problems


def has_entry_points() -> bool:
    """Whether other packages offer checks."""
    return bool(entry_points(group=ENTRY_POINT_GROUP))


def load_checks(files: Sequence[CheckFile] = (), problems: Sequence[str] = ()) -> list[type[Check]]:
    """All checks there are; `files` are the operator's, `problems` what was wrong with others.

    Raises CheckLoadError with everything that is wrong.
    """
    loader = _Loader(problems)
    loader.from_entry_points()
    for file in files:
        loader.from_file(file)
    if loader.problems:
        raise CheckLoadError(loader.problems, loader.checks)
    return loader.checks


class _Loader:
    """Collects checks, and what is wrong with those that it cannot take."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.checks: list[type[Check]] = list(BUILT_IN)
        self.problems = list(problems)

    def from_entry_points(self) -> None:
        for point in entry_points(group=ENTRY_POINT_GROUP):
            origin = f"entry point {point.name} ({point.value})"
            try:
                self._take(point.load(), origin)
            except BaseException as error:
                # Others' code: even sys.exit() in it must end in a line that says where.
                self.problems.append(f"{origin}: {reason(error)}")

    def from_file(self, file: CheckFile) -> None:
        try:
            module = import_file(file, "mailfilter_operator_checks")
        except BaseException as error:
            self.problems.append(f"{file.path}: {reason(error)}")
            return
        found = [
            item
            for _name, item in getmembers(module, isclass)
            if issubclass(item, Check) and item.__module__ == module.__name__
        ]
        if not found:
            self.problems.append(f"{file.path}: holds no subclass of mailfilter.scan.check.Check")
        for item in found:
            self._take(item, file.path)

    def _take(self, found: object, origin: str) -> None:
        if not isclass(found) or not issubclass(found, Check):
            self.problems.append(f"{origin}: expected a subclass of Check, got {found!r}")
            return
        problem = malformed(found)
        if problem is None:
            self.checks.append(found)
        else:
            self.problems.append(f"{origin}: {found.__name__}{problem}")


def import_file(file: CheckFile, prefix: str) -> ModuleType:
    """Make a module of what was read: a worker that starts later must not see other code.

    Raises whatever that code raises.
    """
    module = ModuleType(f"{prefix}_{Path(file.path).stem}")
    module.__file__ = file.path
    # Where `dataclasses` and `typing` look for what an annotation means.
    sys.modules[module.__name__] = module
    try:
        exec(compile(file.data, file.path, "exec"), module.__dict__)
    except BaseException:
        sys.modules.pop(module.__name__, None)
        raise
    return module


def reason(error: BaseException) -> str:
    """What went wrong, in a line."""
    return f"{type(error).__name__}: {error}"


def not_private(path: Path) -> str | None:
    """Say why code is refused that someone else could have put there (bad-input.md row 45)."""
    try:
        status = path.stat()
    except OSError as error:
        return f"{path}: {error.strerror}"
    if status.st_uid not in (0, os.geteuid()):
        return f"{path}: belongs to user {status.st_uid}, expected root or our own"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"{path}: is writable by others; expected chmod go-w"
    return None


def malformed(check: type[Check]) -> str | None:
    """Say what is wrong with the declarations of a check, whose types nobody may have checked."""
    name = getattr(check, "name", None)
    if not isinstance(name, str) or not _CHECK_NAME.fullmatch(name):
        return f".name: expected lower case letters, digits and _, got {name!r}"
    if check.stage not in list(Stage):
        return f".stage: expected one of {', '.join(Stage)}, got {check.stage!r}"
    for key in ("after", "options"):
        value = getattr(check, key)
        if not isinstance(value, tuple) or not all(isinstance(item, str) for item in value):
            return f".{key}: expected a tuple of names, got {value!r}"
    symbols = check.symbols
    if not isinstance(symbols, Mapping) or not all(
        isinstance(key, str) and isinstance(value, Symbol) for key, value in symbols.items()
    ):
        return f".symbols: expected names and Symbol(...), got {symbols!r}"
    return None
