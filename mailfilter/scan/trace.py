"""The trace of a scan: what each check found, what it took, and what decided."""

from collections.abc import Callable
from secrets import token_hex

from .verdict import CheckRun, TraceEntry

MAX_ENTRIES = 1000
"""Entries kept; a plan has some hundred checks, this only bounds what a check can cause."""


class Trace:
    """Collects entries; `seconds` is the scanner's clock."""

    __slots__ = ("_entries", "_seconds", "runs", "start", "trace_id")

    def __init__(self, seconds: Callable[[], float]) -> None:
        self.trace_id = token_hex(6)
        self.start = seconds()
        self._seconds = seconds
        self._entries: list[TraceEntry] = []
        self.runs: list[CheckRun] = []
        """How the checks fared: at most one for each check of the plan."""

    def add(self, source: str, text: str, *, quotes: bool = False) -> None:
        """Add an entry at the present time; `quotes`: it may hold something of the mail."""
        if len(self._entries) < MAX_ENTRIES:
            self._entries.append(TraceEntry(self.elapsed(), source, text, quotes))

    def elapsed(self) -> float:
        """Seconds since the scan began."""
        return self._seconds() - self.start

    def entries(self) -> tuple[TraceEntry, ...]:
        """What has been added so far."""
        return tuple(self._entries)
