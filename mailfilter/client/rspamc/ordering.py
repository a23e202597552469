"""The order in which symbols are printed: `--sort`.

Sources: runs of rspamc 3.4, whose `:asc` turns each order around, that of names, too.
"""

from collections.abc import Sequence

from .values import Named, members, number

_FIELDS = frozenset({"weight", "frequency", "time", "hits", "score"})


def ordered(entries: Sequence[Named], sort: str) -> list[Named]:
    """By name, or as `sort` says: a field, perhaps with `:asc`. Others leave it as it came.

    Names go up, and what counts much is first.
    """
    field, mark, direction = (sort or "name").partition(":")
    if mark and direction != "asc":
        return list(entries)
    if field == "name":
        return sorted(entries, key=_name, reverse=bool(mark))
    if field not in _FIELDS:
        return list(entries)

    def size(entry: Named) -> float:
        value = number(members(entry[1]).get(field))
        # For good or ill.
        return abs(value) if field == "score" else value

    return sorted(entries, key=size, reverse=not mark)


def _name(entry: Named) -> bytes:
    return entry[0].encode("utf-8", "surrogatepass")
