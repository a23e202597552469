"""Which files that set secrets others may read."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .accounts import find_group, find_user, group_name
from .files import Source
from .hiding import is_secret
from .model import Server
from .problem import Problem
from .toml_text import KeyPath, key_text
from .tree import Tree, settings_in

ROOT = 0

_SECRET = "a secret"

_OTHERS = stat.S_IROTH | stat.S_IWOTH
_GROUP = stat.S_IRGRP | stat.S_IWGRP


@dataclass(frozen=True, slots=True)
class Exposed:
    """What is wrong with the files."""

    problems: tuple[Problem, ...] = ()
    """Secrets that others may read, or a group that is not the service's own."""
    warnings: tuple[Problem, ...] = ()
    """The first secret of each file that a group may read of which we cannot tell."""


def find_exposed(server: Server, files: Sequence[Source], trees: Sequence[Tree]) -> Exposed:
    """Look at all files that set secrets; `trees` are what they set, in the same order."""
    groups = service_groups(server)
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for source, tree in zip(files, trees, strict=True):
        if (reason := exposed(source, groups, _SECRET)) is not None:
            problems += _about(source, tree, *reason)
        elif (reason := doubtful(source, groups, _SECRET)) is not None:
            warnings += list(_about(source, tree, *reason))[:1]
    return Exposed(tuple(problems), tuple(warnings))


def service_groups(server: Server) -> frozenset[int] | None:
    """Ids of the groups that the service runs with; unknown names are left out.

    `None` where nobody can tell: root may read the files for a service that a unit of systemd or
    an option of twistd makes another user.
    """
    if server.group:
        gid = find_group(server.group)
        return frozenset() if gid is None else frozenset({gid})
    if server.user:
        user = find_user(server.user)
        return frozenset() if user is None else frozenset({user[1]})
    return None if os.geteuid() == ROOT else frozenset({os.getegid()})


def _about(source: Source, tree: Tree, expected: str, hint: str) -> Iterator[Problem]:
    """The same about each secret in a file."""
    for path, setting in settings_in(tree):
        for key in _secrets_in(path, setting.value):
            yield Problem(source.file, setting.origin.line, key_text(key), None, expected, hint)


def _secrets_in(path: KeyPath, value: object) -> Iterator[KeyPath]:
    """The key itself, or those in the tables of a list."""
    if is_secret(path):
        if value != "":  # That is none.
            yield path
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _secrets_in((*path, at), item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _secrets_in((*path, key), item)


def exposed(source: Source, groups: frozenset[int] | None, what: str) -> tuple[str, str] | None:
    """What is wrong with a file that holds a secret, and how to mend it; `what` names the secret.

    What mends it must not take the file from the service, which may read it by its group.
    """
    is_foreign = bool(source.mode & _GROUP) and groups is not None and source.gid not in groups
    fixes = [_group_fix(source, groups)] if is_foreign else []
    if source.mode & _OTHERS:
        fixes.append(f"chmod o-rw {source.file}")
        return f"{what} in a file that everybody may read", " && ".join(fixes)
    if is_foreign:
        return f"{what} in a file that a group other than the service's own may read", fixes[0]
    return None


def changeable(source: Source) -> tuple[str, str] | None:
    """What is wrong with a file that says whom to believe, and how to mend it.

    A group that may change it is taken for those who look after it.
    """
    if not source.mode & stat.S_IWOTH:
        return None
    return "a file that everybody may change", f"chmod o-w {source.file}"


def doubtful(source: Source, groups: frozenset[int] | None, what: str) -> tuple[str, str] | None:
    """What may be wrong with such a file, where nobody knows the service's group."""
    if groups is not None or not _is_shared(source):
        return None
    expected = f"{what} in a file that the group {group_name(source.gid)} may read"
    return expected, "it should be the service's own"


def _group_fix(source: Source, groups: frozenset[int] | None) -> str:
    for gid in groups or ():
        return f"chgrp {group_name(gid)} {source.file}"
    return f"chmod g-rw {source.file}"


def _is_shared(source: Source) -> bool:
    """Whether a group other than root's, or the one that root has now, may read a file."""
    return bool(source.mode & _GROUP) and source.gid not in (ROOT, os.getegid())
