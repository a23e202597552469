"""What to append to a log so that it says what it would without some of its events."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from .event import Digest, Event, Label
from .ledger import Known, Ledger, load


class Amends(NamedTuple):
    """What a message is to be once more."""

    digest: Digest
    was: Known | None
    """What it is learned as now; None is nothing."""
    position: int | None
    """Of the event that is to hold again; None if none does, or it is no longer in the log."""


class Undo:
    """Looks at a whole log."""

    def __init__(self, base: bytes | None, is_undone: Callable[[int, Event], bool]) -> None:
        """`base` is a ledger from before the log, as `ledger.dump` made it.

        Raises msgspec.MsgspecError if it is no good.
        """
        self._now, self._then = (Ledger() if base is None else load(base) for _ in range(2))
        self._start = self._now.position
        self._is_undone = is_undone
        self._touched: dict[Digest, None] = {}
        self.count = 0
        """Events that are to be undone."""

    @property
    def start(self) -> int:
        """The position behind which the log is read."""
        return self._start

    def look(self, position: int, event: Event) -> None:
        """The next event of the log."""
        self._now.take(position, event)
        if self._is_undone(position, event):
            self.count += 1
            self._touched[event.digest] = None
        else:
            self._then.take(position, event)

    def amends(self) -> Iterator[Amends]:
        """For each message that another event would have made something else of."""
        for digest in self._touched:
            now, then = self._now.known.get(digest), self._then.known.get(digest)
            if _label(now) == _label(then):
                continue
            is_there = then is not None and then.position > self._start
            yield Amends(digest, now, then.position if then and is_there else None)


def _label(known: Known | None) -> Label | None:
    return None if known is None else known.label
