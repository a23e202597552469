"""The list of a tar archive (POSIX ustar and pax, GNU)."""

from .archive import Found, Member, name_of

BLOCK = 512
MAX_BLOCKS = 6000
"""Headers of one archive that are read: a member may have two more for its name."""

_MAX_LONG = 64 * 1024
_FOLDER, _LONG_NAME, _PAX, _SPARSE = b"5", b"L", b"x", b"S"
_NO_MEMBER = (b"K", b"L", b"N", b"V", b"g", b"x")


def looks_like_tar(data: bytes) -> bool:
    """Whether the first block is a header of tar, with or without a signature."""
    block = data[:BLOCK]
    return len(block) == BLOCK and block[0] != 0 and _is_header(block)


def read_tar(data: bytes, found: Found) -> None:
    """List the members of a tar archive."""
    at = 0
    long_name = b""
    for _ in range(MAX_BLOCKS):
        block = data[at : at + BLOCK]
        if len(block) < BLOCK:
            found.stop("truncated")
            return
        if not _is_header(block):
            if block.strip(b"\0"):
                found.stop("broken")
            return
        size = _number(block[124:136])
        if size is None:
            found.stop("broken")
            return
        kind = block[156:157]
        at += BLOCK
        if kind in _NO_MEMBER:
            long_name = _long_name(kind, data[at : at + min(size, _MAX_LONG)]) or long_name
        else:
            if not found.add(_member(block, kind, long_name, size)):
                return
            long_name = b""
            if kind == _SPARSE and block[482]:
                at = _behind_map(data, at)
        at += (size + BLOCK - 1) // BLOCK * BLOCK
    found.stop("members")


def _is_header(block: bytes) -> bool:
    """Whether the sum of all octets is right (those of the sum itself count as blanks)."""
    told = _number(block[148:156])
    return told is not None and sum(block) - sum(block[148:156]) + 8 * 0x20 == told


def _number(field: bytes) -> int | None:
    """An octal number, or GNU's binary one; None if it is neither or negative."""
    if field[0] & 0x80:
        return None if field[0] & 0x40 else int.from_bytes(field, "big") & (1 << 87) - 1
    digits = field.partition(b"\0")[0].strip(b" ")
    if not digits or digits.strip(b"01234567"):
        return None if digits else 0
    return int(digits, 8)


def _member(block: bytes, kind: bytes, long_name: bytes, size: int) -> Member:
    name = long_name
    if not name:
        name = block[:100].partition(b"\0")[0]
        prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
        name = prefix + b"/" + name if prefix else name
    is_folder = kind == _FOLDER or name.endswith(b"/")
    return Member(name_of(name), size, size, is_folder=is_folder)


def _long_name(kind: bytes, data: bytes) -> bytes:
    """A name that is too long for its field: GNU's, or `path` of POSIX."""
    if kind == _LONG_NAME:
        return data.partition(b"\0")[0]
    if kind != _PAX:
        return b""
    _, found, rest = data.partition(b" path=")
    return rest.partition(b"\n")[0] if found else b""


def _behind_map(data: bytes, at: int) -> int:
    """Where the octets of a sparse file begin, behind the blocks that tell of its holes."""
    while at + BLOCK <= len(data):
        at += BLOCK
        if not data[at - 8]:
            break
    return at
