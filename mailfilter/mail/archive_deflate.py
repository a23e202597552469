"""Undoing deflate within bounds (RFC 1951, 1952)."""

import zlib
from time import thread_time

from .archive import Found, name_of

PIECE = 64 * 1024
"""Octets that are unpacked at once."""

FED = 16 * 1024
"""Octets that are given to zlib at once."""

MAX_RATIO = 200
"""Octets that one packed octet gives, on average, in what people send. Deflate can give 1032."""

GZIP, RAW = 31, -15
"""Forms, as zlib numbers them."""


def unpack(data: bytes, most: int, found: Found, *, form: int = GZIP) -> bytes:
    """Undo deflate (gzip's form by default), as far as the budget and `most` go.

    What packs suspiciously well is given up at a mebibyte.
    """
    undo = zlib.decompressobj(form)
    pieces: list[bytes] = []
    size = taken = 0
    rest = data[:FED]
    began = thread_time()
    while not undo.eof:
        room = min(PIECE, most - size, found.budget.unpacked)
        if room <= 0:
            found.stop("octets")
            break
        if thread_time() - began > found.budget.seconds:
            found.stop("time")
            break
        try:
            piece = undo.decompress(rest, room)
        except zlib.error:
            found.stop("broken")
            break
        taken += len(rest) - len(undo.unconsumed_tail)
        size += len(piece)
        found.budget.unpacked -= len(piece)
        pieces.append(piece)
        if size >= 1 << 20 and size > MAX_RATIO * taken:
            found.stop("ratio")
            break
        rest = undo.unconsumed_tail or data[taken : taken + FED]
        if not piece and not rest and not undo.eof:
            found.stop("truncated")
            break
    found.budget.seconds -= thread_time() - began
    return b"".join(pieces)


def gzip_name(data: bytes) -> str:
    """The name of the file that was packed, if the header has it (RFC 1952 2.3.1)."""
    if len(data) < 10 or not data[3] & 0x8:
        return ""
    at = 10
    if data[3] & 0x4:
        at += 2 + int.from_bytes(data[10:12], "little")
    end = data.find(b"\0", at, at + 4096)
    return name_of(data[at:end]) if end >= 0 else ""
