"""The lists of RAR archives (versions 4 and 5), and what a 7z archive tells of its own.

Headers of RAR are neither packed nor encrypted, but if the sender wants the latter.
"""

from struct import Struct

from .archive import Found, Member, name_of

SIGNATURE = b"Rar!\x1a\x07"
MAX_BLOCKS = 4000
"""Blocks of one archive that are looked at, members or not."""

MAX_RECORDS = 16
"""Extra records of one member that are looked at: there are seven kinds."""

_BLOCK4 = Struct("<HBHH")
_FILE4 = Struct("<IIBIIBBHI")
_MAIN4, _FILE4_TYPE, _END4 = 0x73, 0x74, 0x7B
_HAS_DATA4, _LARGE4 = 0x8000, 0x100

_MAIN5, _FILE5, _ENCRYPTION5, _END5 = 1, 2, 4, 5

_AES7 = b"\x06\xf1\x07\x01"
"""The method of 7z that encrypts."""


def read_rar(data: bytes, found: Found) -> None:
    """List the members of an archive whose signature is at the beginning or soon after it."""
    start = data.find(SIGNATURE)
    if start < 0:
        found.stop("truncated")
        return
    if start > 0:
        found.traits.add("prefix")
    if data.startswith(b"\x00", start + len(SIGNATURE)):
        _read4(data, start + len(SIGNATURE) + 1, found)
    elif data.startswith(b"\x01\x00", start + len(SIGNATURE)):
        _read5(data, start + len(SIGNATURE) + 2, found)
    else:
        found.stop("unknown")


def _read4(data: bytes, at: int, found: Found) -> None:
    for _ in range(MAX_BLOCKS):
        if at + _BLOCK4.size > len(data):
            break
        _, kind, flags, size = _BLOCK4.unpack_from(data, at)
        if size < _BLOCK4.size or kind == _END4:
            if kind != _END4:
                found.stop("broken")
            return
        if kind == _MAIN4:
            if flags & 0x1:
                found.traits.add("volume")
            if flags & 0x80:
                found.traits.add("encrypted_list")
                return
        body = data[at + _BLOCK4.size : at + size]
        packed = 0
        if kind == _FILE4_TYPE:
            if len(body) < _FILE4.size:
                break
            packed, is_listed = _file4(body, flags, found)
            if not is_listed:
                return
        elif flags & _HAS_DATA4:
            packed = int.from_bytes(body[:4], "little")
        at += size + packed
    found.stop("truncated")


def _file4(body: bytes, flags: int, found: Found) -> tuple[int, bool]:
    """List one member; gives the octets of its data, and whether there was room for it."""
    packed, size, *_, name_size, _ = _FILE4.unpack_from(body)
    at = _FILE4.size
    if flags & _LARGE4:
        packed |= int.from_bytes(body[at : at + 4], "little") << 32
        size |= int.from_bytes(body[at + 4 : at + 8], "little") << 32
        at += 8
    name = body[at : at + name_size]
    if flags & 0x200:
        # Characters beyond ASCII follow a zero octet in a packed form; extensions have none.
        name = name.partition(b"\0")[0]
    is_folder = flags & 0xE0 == 0xE0
    member = Member(name_of(name), size, packed, bool(flags & 0x4), is_folder)
    return packed, found.add(member)


def _read5(data: bytes, at: int, found: Found) -> None:
    for _ in range(MAX_BLOCKS):
        numbers = _Numbers(data, at + 4)
        size = numbers.take()
        start = numbers.at
        if start + size > len(data) or not size:
            break
        numbers.end = start + size
        kind, flags = numbers.take(), numbers.take()
        extra = numbers.take() if flags & 0x1 else 0
        packed = numbers.take() if flags & 0x2 else 0
        if kind == _END5:
            return
        if kind == _ENCRYPTION5:
            found.traits.add("encrypted_list")
            return
        if kind == _MAIN5 and numbers.take() & 0x1:
            found.traits.add("volume")
        if kind == _FILE5 and not _file5(numbers, packed, extra, found):
            return
        at = start + size + packed
    found.stop("truncated")


def _file5(numbers: "_Numbers", packed: int, extra: int, found: Found) -> bool:
    flags, size, _ = numbers.take(), numbers.take(), numbers.take()
    numbers.at += (4 if flags & 0x2 else 0) + (4 if flags & 0x4 else 0)
    numbers.take()
    numbers.take()
    name_size = numbers.take()
    name = numbers.data[numbers.at : min(numbers.at + name_size, numbers.end)]
    extras = _Numbers(numbers.data, max(numbers.end - extra, numbers.at))
    extras.end = numbers.end
    is_encrypted = False
    for _ in range(MAX_RECORDS):
        record = extras.take()
        if not record:
            break
        after = extras.at + record
        is_encrypted |= extras.take() == 1
        extras.at = after
    return found.add(Member(name_of(name, True), size, packed, is_encrypted, bool(flags & 0x1)))


class _Numbers:
    """Numbers of RAR 5: seven bits an octet, the lowest first; 0 where there are none left."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at
        self.end = len(data)

    def take(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            if self.at >= self.end:
                return 0
            octet = self.data[self.at]
            self.at += 1
            value |= (octet & 0x7F) << shift
            if octet < 0x80:
                return value
        return 0


def read_7z(data: bytes, found: Found) -> None:
    """Tell whether the list is encrypted; it is packed by LZMA, which is never undone here."""
    found.stop("unknown")
    offset = int.from_bytes(data[12:20], "little")
    size = int.from_bytes(data[20:28], "little")
    header = data[32 + offset : 32 + offset + min(size, 4096)] if offset < len(data) else b""
    if header.startswith(b"\x17") and _AES7 in header:
        found.traits.add("encrypted_list")
