"""Work on rules that takes long, in a thread beside that of the reactor."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Thread
from time import thread_time
from typing import NamedTuple

import hyperscan

from .compile import single
from .model import Pattern

Apply = Callable[[], None]
"""What is left to do in the thread that matches."""


class Beside:
    """One piece of work at a time; hyperscan lets other threads run meanwhile."""

    def __init__(self) -> None:
        self._done: deque[Apply] = deque()
        self._thread: Thread | None = None

    def start(self, work: Callable[[], Apply]) -> bool:
        """Do it, unless there is some already. What it raises ends it."""
        if self._thread is not None and self._thread.is_alive():
            return False
        self._thread = Thread(target=self._run, args=(work,), name="rules", daemon=True)
        self._thread.start()
        return True

    def take(self) -> None:
        """Do what is left of work that is done."""
        while self._done:
            self._done.popleft()()

    def wait(self) -> None:
        """Wait for the end of the work."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, work: Callable[[], Apply]) -> None:
        try:
            self._done.append(work())
        except hyperscan.error:
            # A library that cannot do alone what it did with others: nobody can be blamed.
            return


class Suspect(NamedTuple):
    """A pattern that may take long."""

    id_: int
    pattern: Pattern
    is_wide: bool
    """Only narrowed down."""


def slow_ones(suspects: Sequence[Suspect], octets: bytes, most: float) -> list[int]:
    """Ids of those that take more than `most` seconds of processor time with octets.

    Raises hyperscan.error.
    """
    return [one.id_ for one in suspects if seconds_of(one.pattern, one.is_wide, octets) > most]


def seconds_of(pattern: Pattern, is_wide: bool, octets: bytes) -> float:
    """What it takes to search octets for one pattern alone. Raises hyperscan.error."""
    database = single(pattern, is_wide)
    scratch = hyperscan.Scratch(database)
    began = thread_time()
    database.scan(octets, _nothing, scratch=scratch)
    return thread_time() - began


def _nothing(*_: object) -> None:
    """A match is of no interest."""
