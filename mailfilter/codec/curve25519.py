"""The curve of HTTPCrypt's keys, as far as it is asked without opening anything (RFC 7748, 4.1)."""

KEY_SIZE = 32
"""Octets of a key, public or secret."""

_PRIME = 2**255 - 19
_A = 486662
_COFACTOR_DOUBLINGS = 3


def is_canonical(public: bytes) -> bool:
    """Whether 32 octets are a public key as it is computed. Others are taken for the one they are
    congruent to, but no client has them for its own."""
    return int.from_bytes(public, "little") < _PRIME


def is_low_order(public: bytes) -> bool:
    """Whether a public key of 32 octets is of low order: what is shared with it everybody knows.

    Eight times such a point is none of finite coordinates.
    """
    x, z = int.from_bytes(public, "little") % 2**255 % _PRIME, 1
    for _ in range(_COFACTOR_DOUBLINGS):
        # A point doubled, by its projective coordinate alone.
        plus, minus = pow(x + z, 2, _PRIME), pow(x - z, 2, _PRIME)
        four = plus - minus
        x, z = plus * minus % _PRIME, four * (minus + (_A + 2) // 4 * four) % _PRIME
    return z == 0
