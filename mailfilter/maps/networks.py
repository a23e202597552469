"""Maps of networks: one dictionary for each length of a prefix."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import AF_INET, AF_INET6, inet_pton

from .found import Found, Sought
from .parse import MapError, key_and_value, quoted, read_lines

_MAPPED = 0xFFFF << 32
"""Upper 96 bits of IPv4 in IPv6, in place (RFC 4291, 2.5.5.2)."""

_Level = tuple[int, dict[int, str]]
"""How far an address is shifted to leave its prefix; prefix -> value."""


class Networks:
    """Addresses and networks, of which the longest one that holds an address is found.

    Bits of an entry beyond its prefix do not count. IPv4 in IPv6 is IPv4.
    """

    def __init__(self, data: bytes) -> None:
        """Raises MapError."""
        levels: dict[tuple[int, int], dict[int, str]] = {}
        for line in read_lines(data):
            key, value = key_and_value(line)
            try:
                bits, number, length = _read_network(key)
            except (ValueError, OSError):
                raise MapError(
                    line.number,
                    f"expected an address or a network as 192.0.2.0/24, got {quoted(key)}",
                ) from None
            levels.setdefault((bits, length), {})[number >> (bits - length)] = value
        self.size = sum(map(len, levels.values()))
        self._levels = {bits: _sorted(bits, levels.items()) for bits in (32, 128)}

    def find(self, value: Sought) -> Found | None:
        """See `Table.find`; a text that is no address is not found."""
        address = _as_address(value)
        if address is None:
            return None
        bits, number = address
        for shift, networks in self._levels[bits]:
            prefix = number >> shift
            if prefix in networks:
                return Found(_text(bits, prefix, shift), networks[prefix])
        return None


def _sorted(
    bits: int, levels: Iterable[tuple[tuple[int, int], dict[int, str]]]
) -> tuple[_Level, ...]:
    """The longest prefix first."""
    mine = [(bits - length, networks) for (family, length), networks in levels if family == bits]
    return tuple(sorted(mine, key=lambda level: level[0]))


def _read_network(text: str) -> tuple[int, int, int]:
    """Bits of its family, its number, and length of its prefix. Raises ValueError or OSError."""
    address, slash, rest = text.partition("/")
    bits, number = _read(address)
    length = _read_length(rest) if slash else bits
    if length > bits:
        raise ValueError
    if bits == 128 and number >> 32 == _MAPPED >> 32 and length >= 96:
        return 32, number & 0xFFFFFFFF, length - 96
    return bits, number, length


def _read_length(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3):
        raise ValueError
    return int(text)


def _read(text: str) -> tuple[int, int]:
    """As `ipaddress` does, in a tenth of its time."""
    if ":" in text:
        return 128, int.from_bytes(inet_pton(AF_INET6, text), "big")
    return 32, int.from_bytes(inet_pton(AF_INET, text), "big")


def _as_address(value: Sought) -> tuple[int, int] | None:
    """Bits of its family, and its number."""
    if isinstance(value, IPv4Address):
        return 32, int(value)
    if isinstance(value, IPv6Address):
        return _unmapped(int(value))
    if value is None:
        return None
    try:
        bits, number = _read(value)
    except (ValueError, OSError):
        return None
    return (bits, number) if bits == 32 else _unmapped(number)


def _unmapped(number: int) -> tuple[int, int]:
    if number >> 32 == _MAPPED >> 32:
        return 32, number & 0xFFFFFFFF
    return 128, number


def _text(bits: int, prefix: int, shift: int) -> str:
    packed = (prefix << shift).to_bytes(bits // 8, "big")
    return str(ip_network((packed, bits - shift)) if shift else ip_address(packed))
