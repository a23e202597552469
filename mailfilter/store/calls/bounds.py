"""How large calls may be; what is beyond is `TooLarge` when the call is made."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from ..errors import TooLarge

if TYPE_CHECKING:
    from .history import Row

T = TypeVar("T")

MAX_VALUE = 2**20
"""Octets of a value, a field of a hash, an entry of a log, a body or a detail of a history."""
MAX_NAME = 1024
"""Octets of a member of a set, and of a name: of a field, a reader, a row, a topic."""
MAX_ITEMS = 1000
"""Keys, members, fields, rows or entries in one call."""
MAX_CALL = 2**23
"""Octets of all of a call, and of the values in an answer."""
MAX_CAP = 100_000
"""Members of a set."""
MAX_FIELDS = 1000
"""Fields of a hash."""
MAX_TERMS = 2000
"""Terms of a row of a history."""
MAX_TERM = 64
"""Octets of a term."""
MAX_NOTICE = 4096
"""Octets of a notice."""
MAX_SNAPSHOT = 2**26
"""Octets of a snapshot."""
MAX_NUMBER = 2**53 - 1
"""Counters stop there, and at its negative: every store counts exactly as far as that."""
MAX_SECONDS = 10 * 366 * 86400.0
"""Until expiry; None is never."""


def check_count(items: Collection[object]) -> None:
    """At least one, at most `MAX_ITEMS`."""
    if not 1 <= len(items) <= MAX_ITEMS:
        raise TooLarge(f"{len(items)} items in a call, expected 1 to {MAX_ITEMS}")


def check_limit(limit: int) -> None:
    """How many are asked for."""
    if not 1 <= limit <= MAX_ITEMS:
        raise TooLarge(f"a limit of {limit}, expected 1 to {MAX_ITEMS}")


def check_seconds(seconds: float | None) -> None:
    """A time until expiry."""
    if seconds is not None and not 0.001 <= seconds <= MAX_SECONDS:
        raise TooLarge(f"expiry after {seconds} seconds, expected 0.001 to {MAX_SECONDS:.0f}")


def check_total(octets: int) -> None:
    """All of a call."""
    if octets > MAX_CALL:
        raise TooLarge(f"{octets} octets in a call, expected at most {MAX_CALL}")


def check_answer(octets: int) -> None:
    """The values of an answer; what stores hold may be more than one call may bring."""
    if octets > MAX_CALL:
        raise TooLarge(f"an answer of {octets} octets or more, expected at most {MAX_CALL}")


def check_sizes(items: Iterable[bytes], limit: int) -> None:
    """Each, and all together."""
    total = 0
    for item in items:
        total += len(item)
        if len(item) > limit:
            raise TooLarge(f"{len(item)} octets, expected at most {limit}")
    check_total(total)


def check_names(names: Collection[bytes]) -> None:
    """Names of members, fields, readers."""
    check_count(names)
    check_sizes(names, MAX_NAME)


def check_values(values: Collection[bytes]) -> None:
    """What is stored under keys or in fields."""
    check_count(values)
    check_sizes(values, MAX_VALUE)


def check_fields(count: int) -> None:
    """Raises TooLarge if a hash would have too many fields."""
    if count > MAX_FIELDS:
        raise TooLarge(f"a hash of {count} fields, expected at most {MAX_FIELDS}")


def check_amounts(amounts: Collection[int]) -> None:
    """What is added to numbers."""
    check_count(amounts)
    for amount in amounts:
        if not -MAX_NUMBER <= amount <= MAX_NUMBER:
            raise TooLarge(f"an amount of {amount}, expected at most {MAX_NUMBER}")


def clamp(number: int) -> int:
    """Within what counters can count."""
    return max(-MAX_NUMBER, min(number, MAX_NUMBER))


def check_terms(terms: Collection[bytes]) -> None:
    """What rows are found by. Raises ValueError for a term with NUL, which stands between them."""
    if len(terms) > MAX_TERMS:
        raise TooLarge(f"{len(terms)} terms, expected at most {MAX_TERMS}")
    check_sizes(terms, MAX_TERM)
    if any(b"\0" in term for term in terms):
        raise ValueError("a term with NUL")


def check_row(row: "Row") -> None:
    """A row of a history."""
    check_names((row.row_id,))
    check_terms(row.terms)
    check_sizes((row.body, row.detail), MAX_VALUE)


def parts(items: Iterable[T], octets: Callable[[T], int]) -> Iterator[list[T]]:
    """The items in lists that each fit into a call."""
    part: list[T] = []
    total = 0
    for item in items:
        size = octets(item)
        if part and (len(part) == MAX_ITEMS or total + size > MAX_CALL):
            yield part
            part, total = [], 0
        part.append(item)
        total += size
    if part:
        yield part
