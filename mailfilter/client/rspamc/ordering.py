"""The order in which symbols are printed: `--sort`.

Rspamc 3.4 prints an unknown order, or one with `:desc`, as it came, and `name:asc` from Z to A
[run]; here `:asc` and `:desc` are what they say.
"""

from collections.abc import Sequence

from .values import Named, members, number

_FIELDS = frozenset({"weight", "frequency", "time", "hits", "score"})


def ordered(entries: Sequence[Named], sort: str) -> list[Named]:
    """By name, or as `sort` says: a field, perhaps with `:asc` or `:desc`.

    Names go up and numbers down if that is left open.
    """
    field, _, direction = (sort or "name").partition(":")
    if direction not in ("", "asc", "desc"):
        return list(entries)
    if field == "name":
        return sorted(entries, key=_name, reverse=direction == "desc")
    if field not in _FIELDS:
        return list(entries)

    def size(entry: Named) -> float:
        value = number(members(entry[1]).get(field))
        # What counts much is first, for good or ill.
        return abs(value) if field == "score" else value

    return sorted(entries, key=size, reverse=direction != "asc")


def _name(entry: Named) -> bytes:
    return entry[0].encode("utf-8", "surrogatepass")
