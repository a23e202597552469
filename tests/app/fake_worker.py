"""A worker process for tests of generations: nothing runs, and it does as it is told."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from mailfilter.app.hub import Hub
from mailfilter.codec.control import Boot, Message, Ready, Report


class FakeWorker:
    """See `mailfilter.app.worker_process.WorkerProcess`."""

    made: list["FakeWorker"]
    """All since the test began."""
    error: OSError | None
    """Raised when the next one is started."""

    def __init__(self, reactor: Any, boot: Boot, hub: Hub) -> None:
        self.boot = boot
        self.place = boot.place
        self.pid = 1000 + len(self.made)
        self.ready: Deferred[Ready] = Deferred()
        self.gone: Deferred[str] = Deferred()
        self.report: Report | None = None
        self.rate = 0.0
        self.is_leaving = False
        self.began = self.last_heard = reactor.seconds()
        self.sent: list[Message] = []
        self.killed = 0
        self.stuck = 0
        self.made.append(self)

    def spawn(self, sockets: Sequence[int]) -> None:
        if self.error is not None:
            raise self.error

    def send(self, message: Message) -> None:
        self.sent.append(message)

    def kill(self) -> None:
        self.is_leaving = True
        self.killed += 1

    def kill_stuck(self) -> None:
        self.stuck += 1

    def end(self, how: str = "killed by SIGKILL") -> None:
        """It is no more."""
        self.gone.callback(how)

    def get_ready(self, *warnings: str) -> None:
        """It can serve."""
        self.ready.callback(Ready(warnings=warnings))


def report(memory: int = 0, scans: int = 0) -> Report:
    """Figures of a worker."""
    return Report(
        memory=memory, cpu=0.0, scans=0, connections={}, counters={"scans": scans}, histograms={}
    )
