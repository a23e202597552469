"""Find the checks: the built-in ones, third parties' entry points, the operator's directory."""

import os
import stat
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from inspect import getmembers, isclass
from pathlib import Path
from types import ModuleType

from ..checks import BUILT_IN
from ..scan.check import Check

ENTRY_POINT_GROUP = "mailfilter.checks"


class CheckLoadError(ValueError):
    """A check cannot be loaded; the text names the file or entry point and the reason."""


def load_checks(directory: str | None) -> list[type[Check]]:
    """All checks there are. `directory` is the operator's own, absolute; `None` is none.

    Raises CheckLoadError.
    """
    checks = [*BUILT_IN, *_from_entry_points()]
    if directory is not None:
        checks.extend(_from_directory(Path(directory)))
    return checks


def _from_entry_points() -> Iterator[type[Check]]:
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            found = point.load()
        except Exception as error:
            raise CheckLoadError(f"entry point {point.name} ({point.value}): {error!r}") from error
        yield _require_check(found, f"entry point {point.name} ({point.value})")


def _from_directory(directory: Path) -> Iterator[type[Check]]:
    try:
        _require_private(directory)
        files = sorted(directory.glob("*.py"))
    except OSError as error:
        raise CheckLoadError(f"scan.check_dir: {error}") from error
    for path in files:
        _require_private(path)
        module = _import(path)
        found = [
            item
            for _name, item in getmembers(module, isclass)
            if issubclass(item, Check) and item.__module__ == module.__name__
        ]
        if not found:
            raise CheckLoadError(f"{path}: holds no subclass of mailfilter.scan.check.Check")
        for item in found:
            yield _require_check(item, str(path))


def _import(path: Path) -> ModuleType:
    spec = spec_from_file_location(f"mailfilter_operator_checks_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise CheckLoadError(f"{path}: is not a Python file")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise CheckLoadError(f"{path}: {type(error).__name__}: {error}") from error
    return module


def _require_private(path: Path) -> None:
    """Refuse code that someone else could have put there (specs: bad-input.md row 45)."""
    status = path.stat()
    if status.st_uid not in (0, os.geteuid()):
        raise CheckLoadError(f"{path}: belongs to user {status.st_uid}, expected root or our own")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CheckLoadError(f"{path}: is writable by others; expected chmod go-w")


def _require_check(found: object, origin: str) -> type[Check]:
    if not isclass(found) or not issubclass(found, Check):
        raise CheckLoadError(f"{origin}: expected a subclass of Check, got {found!r}")
    if not isinstance(getattr(found, "name", None), str):
        raise CheckLoadError(f"{origin}: {found.__name__} has no name")
    return found
