"""Durations and sizes as text with units: the only form the configuration takes them in."""

import re
from decimal import Decimal

_DURATION_UNITS = {
    "w": Decimal(604800),
    "d": Decimal(86400),
    "h": Decimal(3600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("0.001"),
}
_SIZE_UNITS = {
    "TiB": 2**40,
    "GiB": 2**30,
    "MiB": 2**20,
    "KiB": 2**10,
    "TB": 10**12,
    "GB": 10**9,
    "MB": 10**6,
    "KB": 10**3,
    "B": 1,
}

DURATION_FORM = 'a duration such as "250ms", "8s" or "1h30m" (units ms, s, m, h, d, w)'
SIZE_FORM = 'a size such as "64KiB" or "50MiB" (units B, KB, MB, GB, TB, KiB, MiB, GiB, TiB)'

MAX_TEXT = 40
"""Characters: no sensible value is longer, and arithmetic on the digits stays small."""

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[wdhms])")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([KMGT]i?B|B)")


def parse_duration(text: str) -> float:
    """Seconds of "250ms", "8s", "1h30m". Units go from large to small, each at most once.

    Raises ValueError.
    """
    if not text or len(text) > MAX_TEXT:
        raise ValueError(f"expected {DURATION_FORM}")
    order = list(_DURATION_UNITS)
    total, at, next_unit = Decimal(0), 0, 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None or part[2] not in order[next_unit:]:
            raise ValueError(f"expected {DURATION_FORM}")
        total += Decimal(part[1]) * _DURATION_UNITS[part[2]]
        next_unit = order.index(part[2]) + 1
        at = part.end()
    return float(total)


def parse_size(text: str) -> int:
    """Octets of "50MiB" (2**20 each) or "10MB" (10**6 each).

    Raises ValueError, also when it does not come to whole octets.
    """
    match = _SIZE.fullmatch(text) if len(text) <= MAX_TEXT else None
    if match is None:
        raise ValueError(f"expected {SIZE_FORM}")
    octets = Decimal(match[1]) * _SIZE_UNITS[match[2]]
    if octets != int(octets):
        raise ValueError("expected a whole number of octets")
    return int(octets)


def format_duration(seconds: float) -> str:
    """The text that `parse_duration` reads as this many seconds (to the microsecond)."""
    rest = Decimal(str(seconds)).quantize(Decimal("0.000001"))
    text = ""
    for unit in ("d", "h", "m"):
        count, rest = divmod(rest, _DURATION_UNITS[unit])
        text += f"{int(count)}{unit}" if count else ""
    if not text and 0 < rest < 1:
        return f"{_plain(rest * 1000)}ms"
    return text + f"{_plain(rest)}s" if rest or not text else text


def format_size(octets: int) -> str:
    """The text that `parse_size` reads as this many octets, in the largest unit that fits."""
    for unit, factor in _SIZE_UNITS.items():
        if octets and octets % factor == 0 and (unit.endswith("iB") or factor == 1):
            return f"{octets // factor}{unit}"
    return f"{octets}B"


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
