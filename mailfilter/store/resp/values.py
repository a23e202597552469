"""Values, counters and buckets in Redis."""

from ..base import Bucket, Count, Delete, Get, Put, PutIfAbsent, Take
from .scripts import Trip, milliseconds, nothing, same, script


class Values:
    """Strings."""

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix + b"v:"

    def get(self, call: Get) -> Trip[list[bytes | None]]:
        keys = [self._prefix + key for key in call.keys]
        if len(keys) == 1:
            return Trip((b"GET", keys[0]), _alone)
        # Unlike MGET it tells of a key of another kind, and of what is too large for a reply.
        return Trip((len(keys), *keys), same, script("get"))

    def put(self, call: Put) -> Trip[None]:
        keys = [self._prefix + key for key in call.values]
        expiry = milliseconds(call.seconds)
        if len(keys) == 1:
            (value,) = call.values.values()
            words = (b"SET", keys[0], value)
            return Trip((*words, b"PX", expiry) if expiry else words, nothing)
        values = call.values.values()
        return Trip((len(keys), *keys, expiry, *values), nothing, script("put"))

    def put_if_absent(self, call: PutIfAbsent) -> Trip[bytes | None]:
        words = (1, self._prefix + call.key, milliseconds(call.seconds), call.value)
        return Trip(words, same, script("put_if_absent"))

    def delete(self, call: Delete) -> Trip[int]:
        return Trip((b"DEL", *[self._prefix + key for key in call.keys]), same)


class Counters:
    """Strings with whole numbers."""

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix + b"c:"

    def count(self, call: Count) -> Trip[list[int]]:
        keys = [self._prefix + key for key in call.amounts]
        words = (len(keys), *keys, milliseconds(call.seconds), *call.amounts.values())
        return Trip(words, same, script("count"))


class Buckets:
    """Strings with the tokens at a time of the server."""

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix + b"b:"

    def take(self, call: Take) -> Trip[list[float]]:
        keys = [self._prefix + bucket.key for bucket in call.buckets]
        numbers = [number for bucket in call.buckets for number in _numbers(bucket)]
        return Trip((len(keys), *keys, *numbers), _waits, script("take"))


def _numbers(bucket: Bucket) -> tuple[str, str, str]:
    # The shortest text that is the same number again.
    return repr(float(bucket.rate)), repr(float(bucket.burst)), repr(float(bucket.amount))


def _alone(reply: bytes | None) -> list[bytes | None]:
    return [reply]


def _waits(reply: list[bytes]) -> list[float]:
    return [float(wait) for wait in reply]
