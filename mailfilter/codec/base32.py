"""Base32 as Rspamd writes it: an alphabet of its own, least significant bits first
(http-controller.md 2.3).
"""

ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769"

_DIGITS = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")
"""Those that `int` knows."""


def decode_base32(text: str, size: int) -> bytes:
    """The octets of a text, which must be exactly `size`. Raises ValueError, which says why."""
    wanted = -(-size * 8 // 5)
    if len(text) != wanted:
        raise ValueError(f"has {len(text)} characters, not {wanted}")
    bits = _bits(text)
    if bits >> (8 * size):
        raise ValueError("ends in more bits than it has")
    return bits.to_bytes(size, "little")


def decode_loosely(text: str) -> bytes:
    """The octets of a text that has at least one character, as Rspamd reads it: bits beyond the
    last octet that begins do not count (httpcrypt.md 1). Raises ValueError, which says why.
    """
    if not text:
        raise ValueError("is empty")
    size = 5 * (len(text) - 1) // 8 + 1
    bits = _bits(text) & ((1 << (8 * size)) - 1)
    return bits.to_bytes(size, "little")


def _bits(text: str) -> int:
    if text.strip(ALPHABET):
        raise ValueError("has a character that is not of its alphabet")
    return int(text[::-1].translate(_DIGITS) or "0", 32)


def encode_base32(octets: bytes) -> str:
    """The text of octets."""
    bits = int.from_bytes(octets, "little")
    return "".join(ALPHABET[bits >> (5 * at) & 31] for at in range(-(-len(octets) * 8 // 5)))
