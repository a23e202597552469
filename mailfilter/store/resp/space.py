"""All keys of ours in a database: what they are called, and going through them."""

from collections.abc import AsyncIterator
from re import compile as compiled

from .scripts import Ask, Trip, same

SCANNED = 500
"""Keys of the database, of whomever, that the server looks at in one command."""

_SPECIAL = compiled(rb"([*?\[\]\\])")


class Space:
    """The keys with our prefix."""

    def __init__(self, prefix: bytes, ask: Ask) -> None:
        self._prefix, self._ask = prefix, ask
        self._pattern = _SPECIAL.sub(rb"\\\1", prefix) + b"?:*"

    def full(self, letter: bytes, key: bytes) -> bytes:
        """What a key is called in the server; the letter stands for the kind of thing."""
        return b"%b%b:%b" % (self._prefix, letter, key)

    async def scan(self) -> AsyncIterator[list[bytes]]:
        """Letters and keys (`v:greylist:5c8f...`), some of them perhaps twice."""
        cursor, length = b"0", len(self._prefix)
        while True:
            words = (b"SCAN", cursor, b"MATCH", self._pattern, b"COUNT", SCANNED)
            cursor, names = await self._ask(Trip(words, same))
            if names:
                yield [name[length:] for name in names]
            if cursor == b"0":
                return
