"""Answers packed by zstd (http-scan.md 1.10)."""

from ...codec.unpack import UnpackError, zstd_unpacker
from .exchange import Unanswered


def unpack(octets: bytes, limit: int, dictionary: str = "") -> bytes:
    """Unpack a frame of at most so many octets; `dictionary` is a file, empty for none.

    Raises Unanswered, and Misused for a file that is no dictionary.
    """
    known = None
    if dictionary:
        from .packing import read_dictionary

        known = read_dictionary(dictionary)
    unpacker = zstd_unpacker(limit, known)
    try:
        unpacker.write(octets)
        return unpacker.finish()
    except UnpackError as error:
        raise Unanswered(f"its answer cannot be unpacked: {error}") from None
