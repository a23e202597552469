"""What is in a map, ready to be looked up; never changed once it is made."""

from collections.abc import Callable, Mapping
from typing import Protocol

from ..config.model import MapKind
from .found import Found, Sought
from .names import Names
from .networks import Networks
from .patterns import Patterns


class Table(Protocol):
    """All entries of a map."""

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def find(self, value: Sought) -> Found | None:
        """The entry that fits best. Raises LookupTimeoutError if that takes too long."""
        ...


_READERS: Mapping[MapKind, Callable[[bytes], Table]] = {
    "networks": Networks,
    "names": Names,
    "patterns": Patterns,
}


def read_table(kind: MapKind, data: bytes) -> Table:
    """Make a table of what is in a file.

    May take seconds, though other threads have many turns meanwhile: not for the thread of the
    reactor. Raises MapError for the first line that
    cannot be used.
    """
    return _READERS[kind](data)
