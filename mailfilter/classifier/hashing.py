"""Hashed features: text as byte 4-grams, everything else as tokens, all in one table of slots."""

from collections.abc import Collection
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

SLOT_BITS = 20
"""Of a slot number: fewer let features collide, more gain nothing (classifier.md section 7)."""

Slots = NDArray[np.uint32]
"""Slot numbers, in ascending order, each once."""

_SPREAD = np.uint32(0x9E3779B1)
"""An odd number, whose products have all bits of a factor in their upper ones."""
_SHIFT = np.uint32(32 - SLOT_BITS)
_FOLD = np.uint32(15)
_GRAM = 4


def gram_slots(octets: bytes, seed: int) -> Slots:
    """The slots of all sequences of four octets: none of them for fewer than four octets."""
    return _distinct(gram_row(octets, seed))


def gram_row(octets: bytes, seed: int) -> NDArray[np.uint32]:
    """The slot of each sequence of four octets, in their order."""
    length = len(octets) - _GRAM + 1
    if length <= 0:
        return np.zeros(0, np.uint32)
    # Four octets are a number; at each offset of four there begins a row of them.
    grams = np.empty(length, np.uint32)
    for start in range(_GRAM):
        count = (length - start + _GRAM - 1) // _GRAM
        grams[start::_GRAM] = np.frombuffer(octets, "<u4", max(count, 0), start)
    return _spread(grams, seed)


def token_slots(tokens: Collection[str], seed: int) -> Slots:
    """The slots of tokens."""
    return _distinct(token_row(tokens, seed))


def token_row(tokens: Collection[str], seed: int) -> NDArray[np.uint32]:
    """The slot of each token, in their order."""
    hashes = [crc32(token.encode("utf-8", "surrogatepass")) for token in tokens]
    return _spread(np.array(hashes, np.uint32), seed)


def merged(*groups: Slots) -> Slots:
    """The slots of several groups together."""
    return _distinct(np.concatenate(groups))


def _spread(hashes: NDArray[np.uint32], seed: int) -> NDArray[np.uint32]:
    mixed = hashes ^ np.uint32(seed)
    mixed ^= mixed >> _FOLD
    mixed *= _SPREAD
    mixed ^= mixed >> _FOLD
    mixed *= _SPREAD
    mixed >>= _SHIFT
    return mixed


def _distinct(slots: NDArray[np.uint32]) -> Slots:
    slots.sort()
    if len(slots) < 2:
        return slots
    keep = np.empty(len(slots), np.bool_)
    keep[0] = True
    np.not_equal(slots[1:], slots[:-1], out=keep[1:])
    return slots[keep]
