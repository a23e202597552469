"""Catena-Butterfly, a key derivation that takes memory (httpcrypt.md 11).

As Rspamd has it: BLAKE2b-512, lambda 4, garlic 10, associated data `rspamd`.
"""

from collections.abc import Sequence
from hashlib import blake2b

KEY_SIZE = 32
"""Octets."""

_GARLIC = 10
_LAMBDA = 4
_HASH_SIZE = 64
_NAME = b"Butterfly-Full"
_DATA = b"rspamd"
_TWEAK = bytes((0, _LAMBDA, KEY_SIZE))
"""For passwords; behind it comes the size of the salt."""
_MULTIPLIER = 1181783497276652981
_MASK = 2**64 - 1


def derive(password: bytes, salt: bytes) -> bytes:
    """The key of a password, `KEY_SIZE` octets. Takes 0.1 to 0.3 s of CPU."""
    tweak = _hash(_NAME) + _TWEAK + bytes((len(salt),))
    state = _hash(tweak + _hash(_DATA) + password + salt)
    state = _flap(state, (_GARLIC + 1) // 2, salt)
    state = _flap(state, _GARLIC, salt)
    return _hash(bytes((_GARLIC,)) + state)[:KEY_SIZE]


def _hash(data: bytes) -> bytes:
    return blake2b(data).digest()


def _flap(state: bytes, garlic: int, salt: bytes) -> bytes:
    """One turn over 2**garlic cells: fill them, stir them by the salt, then mix them."""
    row = _filled(state, 2**garlic)
    _stir(row, garlic, salt)
    for _ in range(_LAMBDA):
        for number in range(1, 2 * garlic):
            distance = 2 ** (garlic - number if number <= garlic else number - garlic)
            row = _next_row(row, distance)
    return row[-1]


def _filled(state: bytes, count: int) -> list[bytes]:
    older, newer = _hash(b"\x01" + state), _hash(b"\x00" + state)
    row: list[bytes] = []
    # The first cell is made of the two seeds the other way round than those that follow.
    cell = _hash(newer + older)
    row.append(cell)
    previous = newer
    while len(row) < count:
        following = _hash(cell + previous)
        row.append(following)
        previous, cell = cell, following
    return row


def _stir(row: list[bytes], garlic: int, salt: bytes) -> None:
    """Change cells at places that depend on the salt alone."""
    places = _Places(salt, garlic)
    for _ in range(2 ** ((3 * garlic + 3) // 4)):
        first, second = places.draw(), places.draw()
        row[first] = _hash(row[first] + row[second])


def _next_row(row: Sequence[bytes], distance: int) -> list[bytes]:
    """Each cell is made of the one before, of the one above, and of one at a distance."""
    cell = _hash(b"\x00" + _hash(_xor(row[-1], row[0]) + row[distance]))
    cells = [cell]
    for at in range(1, len(row)):
        cell = _hash(_xor(cell, row[at]) + row[at ^ distance])
        cells.append(cell)
    return cells


def _xor(one: bytes, other: bytes) -> bytes:
    both = int.from_bytes(one, "little") ^ int.from_bytes(other, "little")
    return both.to_bytes(_HASH_SIZE, "little")


class _Places:
    """The generator xorshift1024*, whose highest bits are places of cells."""

    def __init__(self, salt: bytes, garlic: int) -> None:
        first = _hash(salt)
        seed = first + _hash(first)
        self._state = [int.from_bytes(seed[at : at + 8], "little") for at in range(0, 128, 8)]
        self._at = 0
        self._shift = 64 - garlic

    def draw(self) -> int:
        """The next place."""
        low = self._state[self._at]
        self._at = (self._at + 1) % 16
        high = self._state[self._at]
        high ^= (high << 31) & _MASK
        mixed = high ^ low ^ (high >> 11) ^ (low >> 30)
        self._state[self._at] = mixed
        return (mixed * _MULTIPLIER & _MASK) >> self._shift
