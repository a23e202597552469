"""What is known of an archive without unpacking it, and how much may be looked at."""

import re
from dataclasses import dataclass
from typing import NamedTuple

MAX_MEMBERS = 2000
"""Members of all archives of a message that are listed."""

MAX_UNPACKED = 4 * 1024 * 1024
"""Octets of all archives of a message that are unpacked, to look for archives within: some
15 ms."""

MAX_SECONDS = 0.035
"""Of CPU time to list what is in zip archives and to unpack: octets made to be hard take thirty
times as long as others."""

MAX_NAME = 512
"""Octets of a member's name that are kept, from its end."""

# Joiners and single marks of direction are needed to write some languages and emoji.
_UNSEEN = re.compile(
    "[\u00ad\u115f\u1160\u180e\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_GAP = " " * 8
_FINDER_ICON = "Icon\r"
"""A file of macOS in folders with a picture of their own."""
_CONTINUATION = bytes(range(0x80, 0xC0))
_ABOVE = re.compile(r"(?:^|[\\/])\.\.(?:[\\/]|$)")


class Member(NamedTuple):
    """A file or folder as the archive tells of it: nothing of it need be true."""

    name: str
    size: int = 0
    """Octets when unpacked."""
    packed: int = 0
    """Octets in the archive."""
    is_encrypted: bool = False
    is_folder: bool = False
    within: str = ""
    """The archive in the archive that it is in, by its name."""


@dataclass(frozen=True, slots=True)
class ArchiveListing:
    """What an archive says is in it."""

    kind: str
    """`zip`, `tar`, `gz`, `rar`, `7z`, ... as `magic` names it."""
    members: tuple[Member, ...]
    traits: frozenset[str]
    """What is odd or worth knowing:

    - `encrypted`: a member is; `encrypted_list`: the list of members is, so there is none.
    - `volume`: one of several files that belong together.
    - `prefix`: other octets before it, as in programs that unpack themselves.
    - `differs`: it can be read in two ways, with other members or names.
    - `overlap`: members share octets.
    - `unseen`, `odd`: names with characters that nobody sees, with control characters or gaps.
    - `above`: names that lead out of the folder in which it is unpacked.
    """
    cut: str
    """Why not all members are listed (`members`, `octets`, `time`, `ratio`: more than is looked
    at; `truncated`, `broken`; `unknown`: not read), or empty."""


class ArchiveBudget:
    """What is left for all archives of one message."""

    __slots__ = ("members", "seconds", "unpacked")

    def __init__(self, members: int = MAX_MEMBERS, unpacked: int = MAX_UNPACKED) -> None:
        self.members = members
        self.unpacked = unpacked
        self.seconds = MAX_SECONDS


class Found:
    """A listing while it is made."""

    def __init__(self, kind: str, budget: ArchiveBudget) -> None:
        self.kind = kind
        self.budget = budget
        self.traits: set[str] = set()
        self.cut = ""
        self._members: dict[Member, None] = {}

    def add(self, member: Member) -> bool:
        """List a member; false if no more may be listed, which is noted."""
        if self.budget.members <= 0:
            self.stop("members")
            return False
        self.budget.members -= 1
        self._members[member] = None
        if member.is_encrypted:
            self.traits.add("encrypted")
        self._look_at(member.name)
        return True

    def stop(self, why: str) -> None:
        """Note that there is more than is listed; the first reason counts."""
        self.cut = self.cut or why

    def take(self, other: ArchiveListing, within: str) -> None:
        """List the members of an archive in this one, which have been counted already."""
        for member in other.members:
            self._members[member._replace(within=within)] = None
        self.traits |= other.traits - {"encrypted_list", "prefix", "volume"}
        if "encrypted_list" in other.traits:
            self.traits.add("encrypted")
        if other.cut:
            self.stop(other.cut)

    def listing(self) -> ArchiveListing:
        return ArchiveListing(self.kind, tuple(self._members), frozenset(self.traits), self.cut)

    def _look_at(self, name: str) -> None:
        # What cannot be printed is rare, and to ask for that is ten times as fast.
        if not name.isprintable():
            if _CONTROL.search(name.removesuffix(_FINDER_ICON)):
                self.traits.add("odd")
            if _UNSEEN.search(name):
                self.traits.add("unseen")
        if _GAP in name:
            self.traits.add("odd")
        if ".." in name and _ABOVE.search(name):
            self.traits.add("above")


def name_of(raw: bytes, is_utf8: bool = False) -> str:
    """A member's name: UTF-8 if it is declared or fits, else the PC's old code page 437."""
    if len(raw) > MAX_NAME:
        raw = raw[-MAX_NAME:].lstrip(_CONTINUATION)
    if is_utf8:
        return raw.decode("utf-8", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")
