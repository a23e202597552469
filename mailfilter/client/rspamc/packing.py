"""Messages packed by zstd, with a dictionary if there is one (http-scan.md 1.10)."""

from dataclasses import dataclass
from functools import lru_cache

from backports.zstd import ZstdDict, compress

from .exchange import Misused

MAX_DICTIONARY = 16 * 2**20
"""Octets; trained dictionaries have some hundred thousand."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A message as it is sent."""

    octets: bytes
    dictionary: int | None
    """The number of the dictionary, if one was used."""


def pack(octets: bytes, dictionary: str) -> Packed:
    """Pack; `dictionary` is a file, empty for none. Raises Misused for one that is none."""
    if not dictionary:
        return Packed(compress(octets), None)
    found = read_dictionary(dictionary)
    return Packed(compress(octets, zstd_dict=found), found.dict_id)


@lru_cache(maxsize=1)
def read_dictionary(path: str) -> ZstdDict:
    """Read a dictionary from its file. Raises Misused."""
    try:
        with open(path, "rb") as file:
            octets = file.read(MAX_DICTIONARY + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Misused(f"--dictionary: cannot read the file: {reason}") from None
    if len(octets) > MAX_DICTIONARY:
        raise Misused(f"--dictionary: the file is over {MAX_DICTIONARY >> 20} MiB")
    try:
        found = ZstdDict(octets)
    except ValueError as error:
        raise Misused(f"--dictionary: {error}") from None
    # A server finds it by its number, and what is not made by training has none.
    if not found.dict_id:
        raise Misused("--dictionary: the file is no dictionary of zstd")
    return found
