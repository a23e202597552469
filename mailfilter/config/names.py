"""The nearest valid name to one that is not."""

from collections.abc import Iterable
from difflib import get_close_matches

MAX_COMPARED = 64
"""Characters; the comparison takes time by the square of the length."""

MAX_LISTED = 16
"""Names listed in a message when none is near."""


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that looks most like this one, or `None` if none does."""
    plain = {_plain(candidate): candidate for candidate in valid}
    found = get_close_matches(_plain(name[:MAX_COMPARED]), plain, n=1, cutoff=0.6)
    return plain[found[0]] if found else None


def listed(names: Iterable[str], last: str = "and") -> str:
    """`a, b and c`."""
    names = list(names)
    if len(names) > MAX_LISTED:
        names = [*names[:MAX_LISTED], f"{len(names) - MAX_LISTED} more"]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
