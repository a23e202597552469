"""The list of a zip archive, by its central directory and local headers (APPNOTE.TXT 4.3).

Programs read zip archives from the end or from the beginning, and believe one header or the
other: both are read here, and where they differ it is told.
"""

from itertools import pairwise
from struct import Struct
from typing import NamedTuple

from .archive import MAX_NAME, Found, Member, name_of

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END64, _LOCATOR64 = b"PK\x06\x06", b"PK\x06\x07"

_LOCAL = Struct("<4sHHHHHIIIHH")
_CENTRAL = Struct("<4sHHHHHHIIIHHHHHII")
_END = Struct("<4sHHHHIIH")
_EXTRA = Struct("<HH")

MAX_COMMENT = 65535
MAX_ENDS = 8
"""End records that are tried: any octets of the comment may look like one."""

MAX_EXTRA = 512
"""Octets of one member's extra fields that are looked at."""

MAX_FIELDS = 16
"""Of these. Programs write two to five."""

_ENCRYPTED, _SIZES_BEHIND, _UTF8, _MASKED = 0x1, 0x8, 0x800, 0x2000
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ZIP64, _UNICODE_NAME = 0x0001, 0x7075


class Entry(NamedTuple):
    """A member, and where its octets are."""

    member: Member
    method: int
    start: int
    """Of its local header."""
    data: int
    """Of its octets."""


class _Header(NamedTuple):
    """What both kinds of headers say."""

    flags: int
    method: int
    packed: int
    size: int
    name: bytes
    extra: bytes


class _Directory(NamedTuple):
    """A central directory: its octets, and where offsets in it begin to count."""

    start: int
    end: int
    base: int


def read_zip(data: bytes, found: Found) -> list[Entry]:
    """List the members of a zip archive; gives those whose octets are there."""
    directories = _directories(data)
    if not directories:
        found.stop("truncated")
        return _walk_locals(data, 0, len(data), found)
    entries: list[Entry] = []
    for directory in directories:
        entries += _read_directory(data, directory, found)
    if len(directories) > 1:
        found.traits.add("differs")
    first = min((entry.start for entry in entries), default=directories[0].start)
    if first > 0 and not found.cut:
        if data.startswith(LOCAL):
            found.traits.add("differs")
            entries += _walk_locals(data, 0, first, found)
        else:
            found.traits.add("prefix")
    if _overlap(entries):
        found.traits.add("overlap")
    return entries


def has_end(data: bytes) -> bool:
    """Whether octets of another kind have a zip archive at their end."""
    return bool(_directories(data))


def _directories(data: bytes) -> list[_Directory]:
    """The central directories that programs may take, the last one first.

    An end record in the comment of another one makes two; those of stored members do not count.
    """
    lowest = max(len(data) - _END.size - MAX_COMMENT, 0)
    at = len(data)
    found: dict[_Directory, None] = {}
    for _ in range(MAX_ENDS):
        at = data.rfind(END, lowest, at)
        if at < 0:
            break
        directory = _directory(data, at)
        is_whole = directory and at + _END.size + _comment_size(data, at) == len(data)
        if directory and (is_whole or not found):
            found[directory] = None
    return list(found)[:2]


def _comment_size(data: bytes, at: int) -> int:
    return int.from_bytes(data[at + 20 : at + 22], "little")


def _directory(data: bytes, at: int) -> _Directory | None:
    if at + _END.size > len(data):
        return None
    _, _, _, _, count, size, offset, _ = _END.unpack_from(data, at)
    end = at
    if count == _FULL16 or _FULL32 in (size, offset):
        size, offset, end = _large(data, at) or (size, offset, end)
    start = end - size
    if start < 0 or offset > start:
        return None
    if size and not data.startswith(CENTRAL, start):
        return None
    return _Directory(start, end, start - offset) if size or count == 0 else None


def _large(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Size, offset and end of the directory by the records of zip64, if they are there."""
    if at < 76 or not data.startswith(_LOCATOR64, at - 20):
        return None
    record = data.rfind(_END64, max(at - 20 - 4096, 0), at - 20)
    if record < 0 or record + 56 > at:
        return None
    size = int.from_bytes(data[record + 40 : record + 48], "little")
    offset = int.from_bytes(data[record + 48 : record + 56], "little")
    return size, offset, record


def _read_directory(data: bytes, directory: _Directory, found: Found) -> list[Entry]:
    entries: list[Entry] = []
    at = directory.start
    while at < directory.end:
        if at + _CENTRAL.size > directory.end or not data.startswith(CENTRAL, at):
            found.stop("broken")
            break
        fields = _CENTRAL.unpack_from(data, at)
        flags, method, packed, size, offset = *fields[3:5], *fields[8:10], fields[16]
        name, extra = _name_and_extra(data, at + _CENTRAL.size, *fields[10:12])
        if _FULL32 in (packed, size, offset):
            size, packed, offset = _sizes64(extra, size, packed, offset)
        header = _Header(flags, method, packed, size, name, extra)
        start = directory.base + offset
        entry = Entry(_member(header), method, start, _data_at(data, start))
        if not found.add(entry.member):
            break
        entries.append(entry)
        _add_second_names(data, start, header, entry.member, found)
        at += _CENTRAL.size + sum(fields[10:13])
    return entries


def _name_and_extra(data: bytes, at: int, name_size: int, extra_size: int) -> tuple[bytes, bytes]:
    """What follows a header of either kind, as much of it as is looked at.

    Of a name that is too long an octet more, by which `name_of` knows.
    """
    end = at + name_size
    return data[max(at, end - MAX_NAME - 1) : end], data[end : end + min(extra_size, MAX_EXTRA)]


def _member(header: _Header) -> Member:
    name = name_of(header.name, bool(header.flags & _UTF8))
    is_encrypted = bool(header.flags & _ENCRYPTED)
    is_folder = name.endswith(("/", "\\"))
    return Member(name, header.size, header.packed, is_encrypted, is_folder)


def _data_at(data: bytes, start: int) -> int:
    """Where a member's octets are, or -1 if there is no local header."""
    if not data.startswith(LOCAL, start) or start + _LOCAL.size > len(data):
        return -1
    fields = _LOCAL.unpack_from(data, start)
    return int(start + _LOCAL.size + fields[9] + fields[10])


def _local(data: bytes, start: int) -> _Header | None:
    if not data.startswith(LOCAL, start) or start + _LOCAL.size > len(data):
        return None
    fields = _LOCAL.unpack_from(data, start)
    flags, method, packed, size = *fields[2:4], *fields[7:9]
    name, extra = _name_and_extra(data, start + _LOCAL.size, *fields[9:11])
    if _FULL32 in (packed, size):
        size, packed, _ = _sizes64(extra, size, packed, 0)
    return _Header(flags, method, packed, size, name, extra)


def _add_second_names(
    data: bytes, start: int, central: _Header, member: Member, found: Found
) -> None:
    """List what other programs take for the name of a member, and tell of differences."""
    local = _local(data, start)
    if local is None:
        found.traits.add("differs")
        return
    names: set[str] = set()
    if local.name != central.name and not local.flags & _MASKED:
        found.traits.add("differs")
        names.add(name_of(local.name, bool(local.flags & _UTF8)))
    sizes_known = not local.flags & _SIZES_BEHIND
    if sizes_known and (local.packed, local.size) != (central.packed, central.size):
        found.traits.add("differs")
    if (local.flags ^ central.flags) & _ENCRYPTED or local.method != central.method:
        found.traits.add("differs")
    names.update(name for name in map(_unicode_name, (local.extra, central.extra)) if name)
    names.discard(member.name)
    for name in names:
        found.add(member._replace(name=name))


def _fields(extra: bytes) -> list[tuple[int, bytes]]:
    fields: list[tuple[int, bytes]] = []
    at = 0
    while at + 4 <= len(extra) and len(fields) < MAX_FIELDS:
        kind, size = _EXTRA.unpack_from(extra, at)
        fields.append((kind, extra[at + 4 : at + 4 + size]))
        at += 4 + size
    return fields


def _sizes64(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Those numbers that are too large for their fields are in an extra field, in this order."""
    for kind, value in _fields(extra):
        if kind == _ZIP64:
            numbers = [size, packed, offset]
            at = 0
            for which, number in enumerate(numbers):
                if number == _FULL32 and at + 8 <= len(value):
                    numbers[which] = int.from_bytes(value[at : at + 8], "little")
                    at += 8
            return numbers[0], numbers[1], numbers[2]
    return size, packed, offset


def _unicode_name(extra: bytes) -> str:
    """The name in Info-ZIP's Unicode Path field (APPNOTE.TXT 4.6.9)."""
    for kind, value in _fields(extra) if extra else ():
        if kind == _UNICODE_NAME and len(value) > 5:
            return name_of(value[5:], is_utf8=True)
    return ""


def _walk_locals(data: bytes, start: int, end: int, found: Found) -> list[Entry]:
    """List members by their local headers, as programs do that read from the beginning."""
    entries: list[Entry] = []
    at = data.find(LOCAL, start, end)
    while at >= 0:
        header = _local(data, at)
        if header is None:
            break
        entry = Entry(_member(header), header.method, at, _data_at(data, at))
        if not found.add(entry.member):
            break
        entries.append(entry)
        after = entry.data if header.flags & _SIZES_BEHIND else entry.data + header.packed
        at = data.find(LOCAL, after, end)
    return entries


def _overlap(entries: list[Entry]) -> bool:
    places = sorted([(entry.start, entry.data + entry.member.packed) for entry in entries])
    return any(before[1] > after[0] for before, after in pairwise(places))
