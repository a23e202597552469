"""Who the filter runs as, once root is not needed any more."""

import os
from dataclasses import dataclass

from twisted.python.util import switchUID

from ..config import Loaded
from ..config.accounts import find_group, find_user
from ..config.toml_text import string_text
from .certificates import settings_of
from .credential_files import find_unreadable
from .credential_signing import nested_settings


class PrivilegeError(Exception):
    """The configured user cannot be become; the text says why."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A user and a group by their numbers."""

    uid: int
    gid: int


def find_identity(loaded: Loaded) -> Identity | None:
    """Whom to become; `None` is to stay. Raises PrivilegeError."""
    server = loaded.config.server
    if not server.user and not server.group:
        return None
    uid, gid = os.geteuid(), os.getegid()
    if server.user:
        uid, gid = _user(loaded, server.user)
    if server.group:
        gid = _group(loaded, server.group)
    if (uid, gid) == (os.geteuid(), os.getegid()):
        return None
    if os.geteuid() != 0:
        key = "server.user" if server.user else "server.group"
        value = string_text(server.user or server.group)
        text = "only root can become another; start as root, or as that one"
        raise PrivilegeError(str(loaded.problem(key, value, text)))
    return Identity(uid, gid)


def become(identity: Identity) -> None:
    """Give up root for good, with the user's own supplementary groups. Raises OSError."""
    switchUID(identity.uid, identity.gid)


def check_readable(loaded: Loaded) -> None:
    """Ask whether we can read, as who we are now, what must be read again while we run.

    Raises PrivilegeError with all that cannot, and what mends it.
    """
    settings = (*settings_of(loaded.config), *nested_settings(loaded))
    problems = list(find_unreadable(loaded, settings))
    if problems:
        raise PrivilegeError("\n".join(map(str, problems)))


def set_umask(text: str) -> None:
    """Set the umask from its octal text; empty leaves it."""
    if text:
        os.umask(int(text, 8))


def _user(loaded: Loaded, name: str) -> tuple[int, int]:
    found = find_user(name)
    if found is None:
        problem = loaded.problem("server.user", string_text(name), "there is no such user")
        raise PrivilegeError(str(problem))
    return found


def _group(loaded: Loaded, name: str) -> int:
    found = find_group(name)
    if found is None:
        problem = loaded.problem("server.group", string_text(name), "there is no such group")
        raise PrivilegeError(str(problem))
    return found
