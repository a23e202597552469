"""Numbers that nobody can guess, without a system call for each."""

import os
from struct import unpack

_AT_ONCE = 256


class RandomNumbers:
    """Ids of queries, and which port they leave from (RFC 5452 4.3, 4.5)."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left: list[int] = []

    def take(self) -> int:
        """One of 16 bits."""
        if not self._left:
            self._left.extend(unpack(f"={_AT_ONCE}H", os.urandom(2 * _AT_ONCE)))
        return self._left.pop()
