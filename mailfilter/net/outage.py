"""What the log says when no server answers, and when one does again."""

from collections.abc import Sequence

from twisted.logger import Logger

from .line import Line
from .servers import Server

log = Logger()

QUIET_SECONDS = 60.0
"""From one outage that is told to the next: servers may come and go all the time."""


class Outage:
    """Of all servers together; it is told what each of them does, after its health."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._is_told = False
        self._quiet_until = 0.0

    def failed(self, now: float) -> None:
        """One has failed: if none is left, say so."""
        if self._is_told or now < self._quiet_until:
            return
        if all(line.health.is_lost for line in self._lines):
            self._is_told = True
            self._quiet_until = now + QUIET_SECONDS
            names = ", ".join(str(line.server) for line in self._lines)
            log.error("no DNS server answers: {names}", names=names)

    def answered(self, server: Server) -> None:
        """This one has answered: say so if we have said that none does."""
        if self._is_told:
            self._is_told = False
            log.info("a DNS server answers again: {server}", server=str(server))
