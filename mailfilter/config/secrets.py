"""Which keys hold secrets, and which files that set them others may read.

Two kinds of keys do: those that the model marks, and options of checks whose name says so, since
the model does not know them.
"""

import grp
import os
import pwd
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .files import Source
from .model import Config, Server
from .problem import Problem
from .schema import Named, Node, Scalar, Table, table_of
from .toml_text import KeyPath, key_text, parse_key
from .tree import Tree, settings_in

HIDDEN = "(secret)"
"""What is shown in place of a secret."""

_SECRET_WORD = re.compile("password|passwd|secret|token|api_?key|private_?key", re.I)
_SECRET_NAME = re.compile(rf"(?:\A|_)(?:{_SECRET_WORD.pattern})\Z", re.I)


def is_secret(path: KeyPath) -> bool:
    """Whether the value of a key must not be shown."""
    if path[:1] == ("checks",) and path[2:3] == ("options",):
        return any(isinstance(part, str) and _SECRET_NAME.search(part) for part in path[3:])
    node: Node | None = table_of(Config)
    for part in path:
        node = _below(node, part)
    return isinstance(node, Scalar) and node.is_secret


def masked(path: KeyPath, value: object) -> object:
    """The value of a key, with words in place of secrets."""
    if is_secret(path):
        return HIDDEN
    if isinstance(value, list):
        return [masked((*path, at), item) for at, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: masked((*path, key), item) for key, item in value.items()}
    return value


def discreet(problem: Problem) -> Problem:
    """A problem with the text of a file, without its value if that may be a secret."""
    path = parse_key(problem.key) if problem.key else None
    is_hidden = is_secret(path) if path else _SECRET_WORD.search(problem.value or "")
    if problem.value is None or not is_hidden:
        return problem
    return replace(problem, value=HIDDEN, hint="")


def find_exposed(
    server: Server, files: Sequence[Source], trees: Sequence[Tree]
) -> Iterator[Problem]:
    """Secrets in files that others may read, or a group that is not the service's own.

    `trees` are what the files set, in the same order.
    """
    groups = service_groups(server)
    for source, tree in zip(files, trees, strict=True):
        reason = _exposed(source, groups)
        if reason is None:
            continue
        for path, setting in settings_in(tree):
            for key in _secrets_in(path, setting.value):
                yield Problem(source.file, setting.origin.line, key_text(key), None, *reason)


def service_groups(server: Server) -> frozenset[int]:
    """Ids of the groups that the service runs with; unknown names are left out."""
    groups = {os.getegid()} if not (server.user or server.group) else set()
    if server.group:
        groups |= _group(server.group)
    elif server.user:
        groups |= _primary_group(server.user)
    return frozenset(groups)


def _secrets_in(path: KeyPath, value: object) -> Iterator[KeyPath]:
    """The key itself, or those in the tables of a list."""
    if is_secret(path):
        yield path
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _secrets_in((*path, at), item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _secrets_in((*path, key), item)


def _exposed(source: Source, groups: frozenset[int]) -> tuple[str, str] | None:
    """What is wrong with a file that holds a secret, and how to mend it."""
    fix = f"chmod {0o600 if source.gid not in groups else 0o640:o} {source.file}"
    if source.mode & (stat.S_IROTH | stat.S_IWOTH):
        return "a secret in a file that everybody may read", fix
    if source.mode & (stat.S_IRGRP | stat.S_IWGRP) and source.gid not in groups:
        return "a secret in a file that a group other than the service's own may read", fix
    return None


def _below(node: Node | None, part: str | int) -> Node | None:
    if isinstance(node, Table) and isinstance(part, str):
        field = node.fields.get(part)
        return None if field is None else field.node
    return node.item if isinstance(node, Named) else node


def _group(name: str) -> set[int]:
    try:
        return {int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid}
    except (KeyError, ValueError):
        return set()


def _primary_group(name: str) -> set[int]:
    try:
        entry = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except (KeyError, OverflowError, ValueError):
        return set()
    return {entry.pw_gid}
