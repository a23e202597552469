"""A generation for tests of the master: it gets ready and ends when it is told to."""

from collections.abc import Mapping, Sequence

from twisted.internet.defer import Deferred

from mailfilter.app.hub import GenerationError, ToAll
from mailfilter.app.status import WorkerStatus, worker_status
from mailfilter.codec.control import Report


class FakeGeneration:
    """See `mailfilter.app.hub.Serves`."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.scores: Mapping[str, float] = {"WHO": 1.0}
        self.started: Deferred[list[str]] = Deferred()
        self.gone: list[Deferred[None]] = []
        self.is_strict: bool | None = None
        self.drained: list[tuple[bool, float]] = []
        self.is_killed = False
        self.is_serving = False
        self.told: list[ToAll] = []

    async def start(self, *, is_strict: bool) -> Sequence[str]:
        self.is_strict = is_strict
        return await self.started

    def serve(self) -> None:
        self.is_serving = True

    def ready(self, *warnings: str) -> None:
        self.started.callback(list(warnings))

    def fail(self, reason: str) -> None:
        self.started.errback(GenerationError(reason))

    def drain(self, *, is_stop: bool, seconds: float) -> Deferred[None]:
        self.drained.append((is_stop, seconds))
        self.gone.append(Deferred())
        return self.gone[-1]

    def end(self) -> None:
        gone, self.gone = self.gone, []
        for done in gone:
            done.callback(None)

    def kill(self) -> None:
        self.is_killed = True
        if not self.started.called:
            self.fail("killed")

    def status(self) -> Sequence[WorkerStatus]:
        return [
            worker_status(
                None,
                pid=1,
                generation=self.number,
                place=0,
                state="serving",
                uptime=1.0,
                rate=0.0,
            )
        ]

    def reports(self) -> Sequence[Report]:
        return []

    def tell(self, message: ToAll, but: object = None) -> None:
        if but is not self:
            self.told.append(message)
