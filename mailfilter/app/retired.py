"""Generations that serve no more and still have open connections."""

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..config.model import Server
from .hub import Serves

MAX_DRAINING = 2
"""Generations that may take their time; of more, the oldest must end soon."""

log = Logger()


class Retired:
    """Those of a master, oldest first."""

    def __init__(self) -> None:
        self.generations: list[Serves] = []
        self._hurried: set[int] = set()
        """Numbers of those that have been told to end soon."""

    def add(self, old: Serves, server: Server) -> None:
        """Let a generation go."""
        self.generations.append(old)
        old.drain(is_stop=False, seconds=server.drain_timeout).addBoth(self._forget, old)
        for oldest in self.generations[:-MAX_DRAINING]:
            if oldest.number not in self._hurried:
                self._hurried.add(oldest.number)
                hurried = oldest.drain(is_stop=True, seconds=server.stop_timeout)
                hurried.addErrback(_log_failure)

    def _forget(self, result: object, old: Serves) -> None:
        self.generations.remove(old)
        self._hurried.discard(old.number)
        _log_failure(result)


def drained(generation: Serves, seconds: float) -> Deferred[None]:
    """Have a generation end since all of the filter does; it never fails."""
    return generation.drain(is_stop=True, seconds=seconds).addErrback(_log_failure)


def _log_failure(result: object) -> None:
    if isinstance(result, Failure):
        log.failure("draining failed", result)
