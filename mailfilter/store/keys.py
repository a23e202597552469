"""Keys: a prefix that says what for, and a hash of whatever comes from mail."""

from hashlib import blake2b
from re import compile as compiled
from typing import NewType

Key = NewType("Key", bytes)
"""Made by `key`: short, printable, and the same in every store."""

DIGEST_OCTETS = 16

_SPACE = compiled(r"[a-z][a-z0-9_]{0,31}")


def key(space: str, *parts: str | bytes) -> Key:
    """The key of `parts` within `space`, such as `greylist:5c8f...`; just the space without parts.

    Parts may be anything of any length: they are hashed, each with its length, so that no two
    lists of parts have the same key. Raises ValueError if `space` is not a short name of
    lower-case letters, digits and underscores.
    """
    if not _SPACE.fullmatch(space):
        raise ValueError(f"{space!r} is no name of a key space: expected lower-case letters")
    if not parts:
        return Key(space.encode())
    return Key(b"%b:%b" % (space.encode(), _digest(parts).hexdigest().encode()))


def _digest(parts: tuple[str | bytes, ...]) -> "blake2b":
    digest = blake2b(digest_size=DIGEST_OCTETS)
    for part in parts:
        octets = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(octets).to_bytes(8, "big"))
        digest.update(octets)
    return digest
