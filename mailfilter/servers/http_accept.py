"""What a client is ready to read: `Accept` and `Accept-Encoding` (RFC 9110 12.5)."""

import re
from collections.abc import Mapping, Sequence

MAX_RANGES = 64
"""Entries of a header that are looked at: browsers send ten."""

# Java sends `q=.2`, without the digit that RFC 9110 12.4.2 asks for.
_QUALITY = re.compile(r"(?:[01]|[01]?\.[0-9]{1,3}|[01]\.)")


def qualities(header: bytes) -> Mapping[str, float]:
    """What is listed, in lower case without its parameters, and its quality from 0 to 1.

    Entries with a quality that cannot be read are left out.
    """
    found: dict[str, float] = {}
    for entry in header.decode("latin_1").lower().split(",", MAX_RANGES)[:MAX_RANGES]:
        name, *parameters = (part.strip() for part in entry.split(";"))
        quality = _quality(parameters)
        if name and quality is not None:
            found.setdefault(name, quality)
    return found


def _quality(parameters: Sequence[str]) -> float | None:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            value = value.strip()
            return min(float(value), 1.0) if _QUALITY.fullmatch(value) else None
    return 1.0


def is_listed(header: bytes, name: str) -> bool:
    """Whether a client names that very thing as one that it reads: wildcards do not count."""
    return qualities(header).get(name, 0.0) > 0.0


def best_type(header: bytes, offers: Sequence[str]) -> str | None:
    """The media type that a client likes best, `None` if it reads none of them.

    Of equal ones it is the one that the header names most exactly, then the first offer.
    """
    ranges = qualities(header)
    best, best_rank = None, (0.0, 0)
    for offer in offers:
        rank = _rank(offer, ranges)
        if rank > best_rank and rank[0] > 0.0:
            best, best_rank = offer, rank
    return best


def _rank(offer: str, ranges: Mapping[str, float]) -> tuple[float, int]:
    """Quality of a media type by the most exact range, and how exact that is."""
    group = offer.partition("/")[0] + "/*"
    for exactness, names in ((3, (offer,)), (2, (group,)), (1, ("*/*", "*"))):
        for name in names:
            if name in ranges:
                return ranges[name], exactness
    return 0.0, 0
