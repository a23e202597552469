"""All servers: which of them is asked next, and what is known of their health."""

from collections.abc import Iterator, Sequence

from .flight import Flight
from .line import Line
from .outage import Outage


class Lines:
    """Is told what each server does."""

    def __init__(self, lines: Sequence[Line]) -> None:
        """At least one."""
        self._lines = list(lines)
        self._outage = Outage(self._lines)

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def next_for(self, flight: Flight) -> Line | None:
        """The next in turn that has not failed this question; those that are down come last."""
        count = len(self._lines)
        if count == 1:
            return None if flight.spurned else self._lines[0]
        in_turn = [self._lines[(flight.turn + step) % count] for step in range(count)]
        left = [line for line in in_turn if line not in flight.spurned]
        if not left:
            return None
        line = next((line for line in left if not line.health.is_down), left[0])
        flight.turn = (self._lines.index(line) + 1) % count
        return line

    def has_down(self) -> bool:
        """Whether any is down."""
        return any(line.health.is_down for line in self._lines)

    def answered(self, line: Line) -> None:
        """It has said something that makes sense."""
        line.health.answered()
        self._outage.answered(line.server)

    def failed(self, line: Line, now: float) -> None:
        """It has refused us, or made no sense, or cannot be reached."""
        line.health.failed(now)
        self._outage.failed(now)

    def kept_silent(self, line: Line, since: float, now: float) -> None:
        """It has not answered a question of then."""
        line.health.kept_silent(since, now)
        self._outage.failed(now)

    def close(self) -> None:
        """Have no servers any more."""
        lines, self._lines = self._lines, []
        for line in lines:
            line.close()
