"""Files of certificates, keys, authorities, lists and keypairs, and who may read them."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from math import inf
from pathlib import Path
from typing import Literal

from ..config import Config, Loaded, Problem
from ..config.accounts import group_name
from ..config.files import Source, read_source
from ..config.secrets import changeable, doubtful, exposed, service_groups
from ..config.toml_text import KeyPath, key_text, string_text
from ..tls.pem import MAX_FILE, MAX_LIST
from ..tls.reading import Stamp, stamp

MAX_TOTAL = 2**25
"""Octets of all files together, each counted wherever it is used: they travel to each worker in
one message."""

SETTLE_SECONDS = 1.0
"""What was changed less than this ago may be half written."""

_NS = 1_000_000_000

MAX_ENTRIES = 100_000
"""Names in a folder that are looked at."""

_KEY = b"PRIVATE KEY-----"
"""What a file of PEM has in it that holds a private key."""

_WHAT = "a private key"

_LISTS = ("client_crl", "tls_crl")
"""Keys for lists of revoked certificates."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A key of the configuration that names a file."""

    key: KeyPath
    path: str
    limit: int = MAX_FILE

    @property
    def most(self) -> int:
        """Octets that the file may have."""
        return MAX_LIST if self.key[-1] in _LISTS else self.limit


def used(
    config: Config, table: Literal["certificates", "keypairs"]
) -> Mapping[str, tuple[str, ...]]:
    """What of a table listeners have by its name -> those that do."""
    found: dict[str, tuple[str, ...]] = {}
    for listener_name, listener in config.listeners.items():
        for name in dict.fromkeys(getattr(listener, table) if listener.enabled else ()):
            if name in getattr(config, table):
                found[name] = (*found.get(name, ()), listener_name)
    return found


@dataclass(slots=True)
class Desk:
    """Reads files once each, and notes what they were."""

    loaded: Loaded
    settled: float = inf
    """Unix time: what has changed since may be half written."""
    stamps: dict[str, Stamp | None] = field(default_factory=dict)
    """File -> what it was before it was read; `None` is that it was not there."""
    warnings: list[Problem] = field(default_factory=list)
    _read: dict[tuple[str, int], Source | list[Problem]] = field(default_factory=dict, repr=False)
    _total: int = 0

    def read_secret(self, setting: Setting) -> bytes:
        """As `read`, of a file that others must not read, whatever is in it."""
        return self.read(setting, is_secret=True)

    def read(self, setting: Setting, *, is_secret: bool = False) -> bytes:
        """The octets of a file. Raises Refused if it cannot be used, whatever is in it."""
        if self._total <= MAX_TOTAL:
            data = self._checked(setting, self._source(setting), is_secret=is_secret)
            self._total += len(data)
            if self._total <= MAX_TOTAL:
                return data
        limit = f"expected at most {MAX_TOTAL // 2**20}MiB in all such files together"
        raise self.refused(setting, limit, "a file counts for each listener that uses it")

    def check_secret(self, setting: Setting) -> None:
        """Raises Refused if others may read a file that was read, and turned out to be secret."""
        self._checked(setting, self._source(setting), is_secret=True)

    def is_settled(self, setting: Setting) -> bool:
        """Whether what was read has been there for a while. Clocks that were set back are no
        reason to wait."""
        seen = self.stamps.get(setting.path)
        changed = max(seen[3], seen[4]) / _NS if seen is not None else 0.0
        return not self.settled < changed <= self.settled + SETTLE_SECONDS

    def look_again(self, setting: Setting) -> None:
        """What was read is to be read once more at the next look."""
        self.stamps[setting.path] = None

    def list_folder(self, setting: Setting) -> list[str]:
        """Paths of what is in a folder, by name. Raises Refused if it cannot be used."""
        folder = setting.path
        self.stamps.setdefault(folder, stamp(folder))
        try:
            is_open = os.stat(folder).st_mode & stat.S_IWOTH
            with os.scandir(folder) as entries:
                found = [entry.path for entry in islice(entries, MAX_ENTRIES + 1)]
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise self.refused(
                setting, f"cannot be read: {reason}", _mend_reading(folder)
            ) from None
        if is_open:
            hint = f"chmod o-w {folder}"
            raise self.refused(setting, "a folder that everybody may change", hint)
        if len(found) > MAX_ENTRIES:
            raise self.refused(setting, f"expected at most {MAX_ENTRIES} files in a folder")
        return sorted(found)

    def _source(self, setting: Setting) -> Source:
        file, most = setting.path, setting.most
        if (file, most) not in self._read:
            self.stamps.setdefault(file, stamp(file))
            source, found = read_source(file, most)
            self._read[file, most] = source or found
        source_or_problems = self._read[file, most]
        if isinstance(source_or_problems, Source):
            return source_or_problems
        texts = [problem.expected for problem in source_or_problems]
        mend = _mend_reading(file)
        hint = f"if the service runs as this user: {mend}" if mend else ""
        raise self.refused(setting, "; ".join(texts), hint)

    def refused(self, setting: Setting, expected: str, hint: str = "") -> "Refused":
        """What is wrong with the file of a setting."""
        return Refused(setting, self.problem(setting, expected, hint))

    def problem(self, setting: Setting, expected: str, hint: str = "") -> Problem:
        """The same, where nothing is raised."""
        value = string_text(setting.path)
        return self.loaded.problem(key_text(setting.key), value, expected, hint)

    def _checked(self, setting: Setting, source: Source, *, is_secret: bool) -> bytes:
        if not source.data:
            raise self.refused(setting, "the file is empty")
        if not is_secret and _KEY not in source.data:
            if (reason := changeable(source)) is not None:
                raise self.refused(setting, *reason)
            return source.data
        groups = service_groups(self.loaded.config.server)
        if (reason := exposed(source, groups, _WHAT)) is not None:
            raise self.refused(setting, *reason)
        if (reason := doubtful(source, groups, _WHAT)) is not None:
            warning = self.problem(setting, *reason)
            if warning not in self.warnings:
                self.warnings.append(warning)
        return source.data


class Refused(Exception):
    """A file cannot be used; `is_revoked` if it says that a certificate of ours is revoked."""

    def __init__(self, setting: Setting, problem: Problem, *, is_revoked: bool = False) -> None:
        self.setting = setting
        self.problem = problem
        self.is_revoked = is_revoked
        super().__init__(str(problem))


def with_sequel(problem: Problem, text: str) -> Problem:
    """A problem that also says what comes of it."""
    return replace(problem, hint=f"{problem.hint}; {text}" if problem.hint else text)


def find_unreadable(loaded: Loaded, settings: Sequence[Setting]) -> Iterator[Problem]:
    """Files that could be read as root, and cannot be as who we are now.

    Asked once root is given up: what is renewed later is read as that user, too.
    """
    for setting in settings:
        try:
            os.close(os.open(setting.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        except PermissionError:
            yield loaded.problem(
                key_text(setting.key),
                string_text(setting.path),
                "the user of the service cannot read it: a renewal could not be taken over",
                _mend_reading(setting.path),
            )
        except OSError:
            # Gone since: that is for the watch.
            continue


def _mend_reading(file: str) -> str:
    """What lets us read a file that we may not; empty if that is not what is wrong."""
    target = os.path.realpath(file)
    for path in (file, target):
        for folder in reversed(Path(path).parents):
            if folder.is_dir() and not os.access(folder, os.X_OK, effective_ids=True):
                return _grant(str(folder), "x")
    if os.path.exists(target) and not os.access(target, os.R_OK, effective_ids=True):
        return _grant(target, "r")
    return ""


def _grant(path: str, right: str) -> str:
    return f"chgrp {group_name(os.getegid())} {path} && chmod g+{right} {path}"
