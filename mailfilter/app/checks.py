"""Find the checks: the built-in ones, third parties' entry points, the operator's directory."""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from inspect import getmembers, isclass
from pathlib import Path
from types import ModuleType

from ..checks import BUILT_IN
from ..scan.check import Check, Stage, Symbol

ENTRY_POINT_GROUP = "mailfilter.checks"

_CHECK_NAME = re.compile("[a-z][a-z0-9_]{0,63}")


class CheckLoadError(Exception):
    """Some checks cannot be loaded.

    Each of `problems` names the file or entry point and the reason; `checks` are the others.
    """

    def __init__(self, problems: Sequence[str], checks: Sequence[type[Check]]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
        self.checks = list(checks)


def load_checks(directory: str | None) -> list[type[Check]]:
    """All checks there are. `directory` is the operator's own, absolute; `None` is none.

    Raises CheckLoadError with everything that is wrong.
    """
    loader = _Loader()
    loader.from_entry_points()
    if directory is not None:
        loader.from_directory(Path(directory))
    if loader.problems:
        raise CheckLoadError(loader.problems, loader.checks)
    return loader.checks


class _Loader:
    """Collects checks, and what is wrong with those that it cannot take."""

    def __init__(self) -> None:
        self.checks: list[type[Check]] = list(BUILT_IN)
        self.problems: list[str] = []

    def from_entry_points(self) -> None:
        for point in entry_points(group=ENTRY_POINT_GROUP):
            origin = f"entry point {point.name} ({point.value})"
            try:
                self._take(point.load(), origin)
            except BaseException as error:
                # Others' code: even sys.exit() in it must end in a line that says where.
                self.problems.append(f"{origin}: {_reason(error)}")

    def from_directory(self, directory: Path) -> None:
        problem = _not_private(directory)
        if problem is not None:
            self.problems.append(problem)
            return
        for path in sorted(directory.glob("*.py")):
            self._from_file(path)

    def _from_file(self, path: Path) -> None:
        problem = _not_private(path)
        if problem is not None:
            self.problems.append(problem)
            return
        try:
            module = _import(path)
        except BaseException as error:
            self.problems.append(f"{path}: {_reason(error)}")
            return
        found = [
            item
            for _name, item in getmembers(module, isclass)
            if issubclass(item, Check) and item.__module__ == module.__name__
        ]
        if not found:
            self.problems.append(f"{path}: holds no subclass of mailfilter.scan.check.Check")
        for item in found:
            self._take(item, str(path))

    def _take(self, found: object, origin: str) -> None:
        if not isclass(found) or not issubclass(found, Check):
            self.problems.append(f"{origin}: expected a subclass of Check, got {found!r}")
            return
        problem = _malformed(found)
        if problem is None:
            self.checks.append(found)
        else:
            self.problems.append(f"{origin}: {found.__name__}{problem}")


def _import(path: Path) -> ModuleType:
    spec = spec_from_file_location(f"mailfilter_operator_checks_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError("is not a Python file")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _not_private(path: Path) -> str | None:
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


def _malformed(check: type[Check]) -> str | None:
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
