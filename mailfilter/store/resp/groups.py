"""Sets and hashes in Redis."""

from collections.abc import Sequence

from ..base import (
    HashAdd,
    HashAll,
    HashGet,
    HashPut,
    HashRemove,
    SetAdd,
    SetHas,
    SetMembers,
    SetRemove,
)
from ..calls.bounds import MAX_CALL, MAX_FIELDS, MAX_VALUE
from .scripts import Trip, milliseconds, nothing, same, script

FEW = MAX_CALL // MAX_VALUE
"""Values that are never too large for an answer."""


class Sets:
    """Sorted sets; scores are numbers in the order of adding."""

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix + b"s:"

    def add(self, call: SetAdd) -> Trip[list[bool]]:
        key = self._prefix + call.key
        words = (1, key, call.cap, milliseconds(call.seconds), *call.members)
        return Trip(words, _truths, script("set_add"))

    def has(self, call: SetHas) -> Trip[list[bool]]:
        return Trip((b"ZMSCORE", self._prefix + call.key, *call.members), _presences)

    def members(self, call: SetMembers) -> Trip[list[bytes]]:
        return Trip((b"ZREVRANGE", self._prefix + call.key, 0, call.limit - 1), same)

    def remove(self, call: SetRemove) -> Trip[int]:
        return Trip((b"ZREM", self._prefix + call.key, *call.members), same)


class Hashes:
    """Hashes."""

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix + b"f:"

    def get(self, call: HashGet) -> Trip[list[bytes | None]]:
        key = self._prefix + call.key
        if len(call.fields) <= FEW:
            return Trip((b"HMGET", key, *call.fields), same)
        return Trip((1, key, *call.fields), same, script("hash_get"))

    def all(self, call: HashAll) -> Trip[dict[bytes, bytes]]:
        return Trip((1, self._prefix + call.key), pairs, script("hash_all"))

    def put(self, call: HashPut) -> Trip[None]:
        items = [octets for item in call.values.items() for octets in item]
        words = (1, self._prefix + call.key, MAX_FIELDS, milliseconds(call.seconds), *items)
        return Trip(words, nothing, script("hash_put"))

    def add(self, call: HashAdd) -> Trip[list[int]]:
        items = [word for item in call.amounts.items() for word in item]
        words = (1, self._prefix + call.key, MAX_FIELDS, milliseconds(call.seconds), *items)
        return Trip(words, same, script("hash_add"))

    def remove(self, call: HashRemove) -> Trip[int]:
        return Trip((b"HDEL", self._prefix + call.key, *call.fields), same)


def pairs(reply: Sequence[bytes]) -> dict[bytes, bytes]:
    """What Redis answers for a hash: names and values by turns."""
    return dict(zip(reply[::2], reply[1::2], strict=True))


def _truths(reply: list[int]) -> list[bool]:
    return [number == 1 for number in reply]


def _presences(reply: list[bytes | None]) -> list[bool]:
    return [score is not None for score in reply]
