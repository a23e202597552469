"""Users and groups of the system, by the name or number that a configuration gives."""

import grp
import pwd


def find_user(name: str) -> tuple[int, int] | None:
    """The user's id and the id of its own group; `None` if there is no such user."""
    try:
        entry = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except (KeyError, OverflowError, ValueError):
        return None
    return entry.pw_uid, entry.pw_gid


def find_group(name: str) -> int | None:
    """The group's id; `None` if there is no such group."""
    try:
        entry = grp.getgrgid(int(name)) if name.isdecimal() else grp.getgrnam(name)
    except (KeyError, OverflowError, ValueError):
        return None
    return entry.gr_gid


def group_name(gid: int) -> str:
    """What the system calls a group, else its number."""
    try:
        return grp.getgrgid(gid).gr_name
    except (KeyError, OverflowError):
        return str(gid)
