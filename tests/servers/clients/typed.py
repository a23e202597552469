"""JSON read as strictly as the libraries of the clients do.

Each function raises `Broken` where the library would give up the whole reply.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .wire import Broken

Value = TypeVar("Value")

MAX_FLOAT32 = 3.4028235e38
"""Largest number of 32 bits: Go refuses larger ones, Java makes infinity of them."""


def parse(data: bytes) -> dict[str, Any]:
    """An object in ASCII: one client decodes UTF-8 by TCP segment, so that other text breaks."""
    try:
        text = data.decode("ascii")
        value = json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Broken(f"no JSON in ASCII: {error}") from None
    if not isinstance(value, dict):
        raise Broken("no object")
    return value


def _refuse(name: str) -> None:
    raise Broken(f"{name} is no JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two values of one key: one of the clients gives up, others take either."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Broken(f"a key came twice: {[name for name, _ in pairs]}")
    return found


def string(value: object) -> str:
    """Text; half a surrogate pair is an error to serde."""
    if not isinstance(value, str):
        raise Broken(f"no string: {value!r}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise Broken("half of a surrogate pair") from None
    return value


def boolean(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Broken(f"no bool: {value!r}")
    return value


def number(value: object) -> float:
    """A number of 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Broken(f"no number: {value!r}")
    return float(value)


def number32(value: object) -> float:
    """A number that fits 32 bits."""
    found = number(value)
    if abs(found) > MAX_FLOAT32:
        raise Broken(f"too large for 32 bits: {found}")
    return found


def integer(bits: int) -> Callable[[object], int]:
    """A signed integer of so many bits, spelt as one: 1.0 is none."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Broken(f"no integer: {value!r}")
        if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
            raise Broken(f"not within {bits} bits: {value}")
        return value

    return read


def mapping(read: Callable[[object], Value]) -> Callable[[object], dict[str, Value]]:
    """An object of values of one type."""

    def read_all(value: object) -> dict[str, Value]:
        if not isinstance(value, dict):
            raise Broken(f"no object: {value!r}")
        return {string(key): read(one) for key, one in value.items()}

    return read_all


def sequence(read: Callable[[object], Value]) -> Callable[[object], list[Value]]:
    """An array of values of one type."""

    def read_all(value: object) -> list[Value]:
        if not isinstance(value, list):
            raise Broken(f"no array: {value!r}")
        return [read(one) for one in value]

    return read_all


def anything(value: object) -> object:
    """A value of any type."""
    return value


def fold_keys(value: object, names: Iterable[str]) -> dict[str, Any]:
    """The fields of an object that Go would find: letters match in either case."""
    if not isinstance(value, dict):
        raise Broken(f"no object: {value!r}")
    known = {name.lower(): name for name in names}
    return {known[key.lower()]: one for key, one in value.items() if key.lower() in known}
