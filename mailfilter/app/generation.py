"""A generation: the workers of one configuration, replaced when they die."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ..codec.control import (
    ControlError,
    Cover,
    Credentials,
    Drain,
    Handed,
    Maps,
    Report,
    Serve,
)
from .boot import make_boot
from .deferreds import copy_of, stop_timer
from .hub import LOOK_SECONDS, GenerationError, Hub, ToAll
from .map_swap import renewed
from .plan import Draft
from .sockets import Bound, share
from .status import WorkerStatus, worker_status
from .ticks import every, stop
from .worker_process import FIRST_SOCKET, WorkerError, WorkerProcess

GOOD_LIFE = 60.0
"""Seconds after which a worker that dies was not a failure of its start."""

MAX_DELAY = 30.0
"""Seconds until a worker that always dies is started once more, at the most."""

KILL_MARGIN = 5.0
"""Seconds that workers may take longer to end than they were told."""


@dataclass(slots=True)
class Place:
    """One of the workers that should be there, and who it is at the moment."""

    number: int
    worker: WorkerProcess | None = None
    """Who serves."""
    coming: WorkerProcess | None = None
    """Who is starting to take over."""
    failures: int = 0
    """Short lives in a row."""
    timer: IDelayedCall | None = None


log = Logger()


class Generation:
    """Workers that are processes; see `hub.Serves` for what the master asks of it."""

    def __init__(
        self,
        reactor: Any,
        hub: Hub,
        number: int,
        draft: Draft,
        bound: Mapping[str, Bound],
        count: int,
    ) -> None:
        self._reactor = reactor
        self._hub = hub
        self.number = number
        self.scores: Mapping[str, float] = {}
        self.draft = draft
        self._server = draft.loaded.config.server
        self._credentials = draft.held.credentials()
        self._maps = {file.name: file for file in draft.maps}
        self._places = [Place(at) for at in range(count)]
        self._handed: list[Handed] = []
        self._sockets: list[socket.socket] = []
        for name, found in bound.items():
            for at, workers in share(len(found.sockets), count):
                sock = found.sockets[at]
                fd = FIRST_SOCKET + len(self._sockets)
                self._handed.append(Handed(name, fd, int(sock.family), workers))
                self._sockets.append(sock)
        self._leaving: set[WorkerProcess] = set()
        self._is_over = False
        self._look: LoopingCall | None = None
        self._looked = reactor.seconds()

    async def start(self, *, is_strict: bool) -> Sequence[str]:
        """See `hub.Serves.start`."""
        workers = []
        try:
            for place in self._places:
                place.coming = self._spawn(place, is_strict=is_strict)
                workers.append(place.coming)
        except (OSError, ControlError) as error:
            self.kill()
            raise GenerationError(f"cannot start a worker: {error}") from None
        waiting = DeferredList(
            [worker.ready for worker in workers], fireOnOneErrback=True, consumeErrors=True
        )
        waiting.addTimeout(self._server.reload_timeout, self._reactor)
        try:
            results = await waiting
        except Exception as error:
            self.kill()
            raise GenerationError(self._why(error)) from None
        if self._is_over:
            raise GenerationError("stopped")
        self.scores = results[0][1].scores
        return sorted({text for _, ready in results for text in ready.warnings})

    def serve(self) -> None:
        """See `hub.Serves.serve`."""
        for place in self._places:
            place.worker, place.coming = place.coming, None
            if place.worker is None:
                # It died after it was ready, and before the others were.
                self._replace(place)
            else:
                place.worker.send(Serve())
        if any(place.worker is None for place in self._places):
            self._cover()
        self._look = every(self._reactor, LOOK_SECONDS, self._look_after, now=False)

    def drain(self, *, is_stop: bool, seconds: float) -> Deferred[None]:
        """See `hub.Serves.drain`."""
        self._end()
        before = set(self._leaving) if is_stop else set()
        for place in self._places:
            if place.coming is not None:
                place.coming.kill()
            if place.worker is not None:
                self._dismiss(place.worker, is_stop=is_stop, seconds=seconds)
        for worker in before:
            worker.send(Drain(is_stop=True, seconds=seconds))
        return Deferred.fromCoroutine(self._wait(seconds + KILL_MARGIN))

    def kill(self) -> None:
        """See `hub.Serves.kill`."""
        self._end()
        for worker in self._living():
            worker.kill()

    def status(self) -> list[WorkerStatus]:
        """See `hub.Serves.status`."""
        return [
            worker_status(
                worker.report,
                pid=worker.pid or 0,
                generation=self.number,
                place=worker.place,
                state=self._state(worker),
                uptime=self._reactor.seconds() - worker.began,
                rate=worker.rate,
            )
            for worker in self._living()
        ]

    def reports(self) -> list[Report]:
        """See `hub.Serves.reports`."""
        return [worker.report for worker in self._living() if worker.report is not None]

    def tell(self, message: ToAll, but: object = None) -> None:
        """See `hub.Serves.tell`."""
        for worker in self._living():
            if worker is not but:
                worker.send(message)
        if isinstance(message, Credentials):
            self._credentials = message
        elif isinstance(message, Maps):
            self._maps |= renewed(self._maps, message)

    # Starting and replacing.

    def _spawn(self, place: Place, *, is_strict: bool) -> WorkerProcess:
        boot = make_boot(
            self.draft,
            generation=self.number,
            place=place.number,
            sockets=self._handed,
            hub=self._hub,
            is_strict=is_strict,
            credentials=self._credentials,
            maps=tuple(self._maps.values()),
        )
        worker = WorkerProcess(self._reactor, boot, self._hub)
        worker.spawn([sock.fileno() for sock in self._sockets])
        worker.gone.addCallback(self._ended, place, worker)
        return worker

    def _ended(self, how: str, place: Place, worker: WorkerProcess) -> str:
        """A worker is no more."""
        who = f"worker {place.number} of generation {self.number} (pid {worker.pid})"
        self._leaving.discard(worker)
        self._hub.bury(worker.report)
        if place.coming is worker:
            place.coming = None
        if place.worker is worker:
            place.worker = None
            if not self._is_over:
                self._lost(place, worker, f"{who} ended: {how}")
                return how
        log.info("{who} has ended: {how}", who=who, how=how)
        return how

    def _lost(self, place: Place, worker: WorkerProcess, what: str) -> None:
        """A worker that served is no more, and nobody told it so."""
        if place.coming is None:
            self._judge(place, worker)
            delay = self._replace_later(place)
            what += f"; another one starts {_when(delay)}"
        self._hub.alarms(what)
        self._hub.count("worker_deaths")
        self._cover()

    def _judge(self, place: Place, worker: WorkerProcess) -> None:
        """Count a short life: what follows soon upon a start may follow upon the next one, too."""
        lived = self._reactor.seconds() - worker.began
        place.failures = 0 if lived >= GOOD_LIFE else place.failures + 1

    def _replace_later(self, place: Place) -> float:
        delay = 0.0 if place.failures <= 1 else min(MAX_DELAY, 0.5 * 2 ** (place.failures - 2))
        if place.timer is not None:
            place.timer.cancel()
        place.timer = self._reactor.callLater(delay, self._replace, place)
        return delay

    def _replace(self, place: Place) -> None:
        place.timer = None
        if self._is_over or place.coming is not None:
            return
        try:
            place.coming = self._spawn(place, is_strict=False)
        except (OSError, ControlError) as error:
            place.failures += 1
            delay = self._replace_later(place)
            self._hub.alarms(f"cannot start a worker: {error}; trying again in {delay:g} s")
            return
        ready = place.coming.ready
        ready.addTimeout(self._server.reload_timeout, self._reactor)
        ready.addCallbacks(
            lambda _: self._take_over(place),
            lambda failure: self._not_ready(place, failure.value),
        )

    def _take_over(self, place: Place) -> None:
        """The one that was coming serves; the one before, if it is still there, may go."""
        if self._is_over:
            return
        before, place.worker, place.coming = place.worker, place.coming, None
        if place.worker is not None:
            place.worker.send(Serve())
        log.info(
            "worker {place} of generation {number} replaced, pid {pid}",
            place=place.number,
            number=self.number,
            pid=place.worker.pid if place.worker else None,
        )
        self._hub.count("workers_replaced")
        if before is not None:
            self._dismiss(before, is_stop=False, seconds=self._server.drain_timeout)
        self._cover()

    def _not_ready(self, place: Place, error: Exception) -> None:
        if place.coming is not None:
            place.coming.kill()
            place.coming = None
        if self._is_over:
            return
        place.failures += 1
        self._hub.alarms(
            f"a new worker {place.number} does not get ready: {self._why(error)};"
            f" trying again in {self._replace_later(place):g} s"
        )

    def _cover(self) -> None:
        """Have the living accept for those who are not there."""
        living = [place.worker for place in self._places if place.worker is not None]
        absent = [place.number for place in self._places if place.worker is None]
        for at, worker in enumerate(living):
            worker.send(Cover(places=tuple(absent[at :: len(living)])))

    def _why(self, error: Exception) -> str:
        first = getattr(error, "subFailure", None)
        cause = error if first is None else first.value
        if isinstance(cause, WorkerError):
            return str(cause)
        return f"not ready within {self._server.reload_timeout:g} s"

    # Looking after.

    def _look_after(self) -> None:
        """Replace workers that are stuck or too large."""
        now = self._reactor.seconds()
        # What we were too late to read ourselves is not held against them.
        late = now - self._looked - LOOK_SECONDS
        self._looked = now
        for place in self._places:
            worker = place.worker
            if worker is None:
                continue
            if late > LOOK_SECONDS:
                worker.last_heard = max(worker.last_heard, now - LOOK_SECONDS)
            self._check_stuck(worker, now)
            self._check_memory(place, worker)

    def _check_stuck(self, worker: WorkerProcess, now: float) -> None:
        silent = now - worker.last_heard
        if self._server.watchdog and silent > self._server.watchdog and not worker.is_leaving:
            worker.is_leaving = True
            self._hub.alarms(
                f"worker {worker.place} (pid {worker.pid}) is stuck for {silent:.1f} s;"
                " ending it; it is here:"
            )
            self._hub.count("workers_stuck")
            worker.kill_stuck()

    def _check_memory(self, place: Place, worker: WorkerProcess) -> None:
        limit = self._server.worker_memory
        if not limit or worker.report is None or place.coming is not None or place.timer:
            return
        if worker.report.memory > limit and not worker.is_leaving:
            self._judge(place, worker)
            delay = self._replace_later(place)
            self._hub.alarms(
                f"worker {worker.place} (pid {worker.pid}) uses {worker.report.memory >> 20} MiB,"
                f" more than server.worker_memory, {limit >> 20} MiB; replacing it {_when(delay)}"
            )

    # Ending.

    def _dismiss(self, worker: WorkerProcess, *, is_stop: bool, seconds: float) -> None:
        if worker in self._leaving:
            return
        worker.is_leaving = True
        self._leaving.add(worker)
        worker.send(Drain(is_stop=is_stop, seconds=seconds))
        if not is_stop:
            timer = self._reactor.callLater(seconds + KILL_MARGIN, worker.kill)
            worker.gone.addCallback(stop_timer, timer)

    def _end(self) -> None:
        self._is_over = True
        stop(self._look)
        for place in self._places:
            if place.timer is not None:
                place.timer.cancel()
                place.timer = None

    async def _wait(self, seconds: float) -> None:
        """Until all have ended, by themselves or not."""
        everyone = DeferredList(
            [copy_of(worker.gone) for worker in self._living()], consumeErrors=True
        )
        everyone.addTimeout(seconds + KILL_MARGIN, self._reactor)
        timer = self._reactor.callLater(seconds, self.kill)
        await everyone
        if timer.active():
            timer.cancel()
        if self._living():
            log.error("workers of generation {number} do not end", number=self.number)

    def _state(self, worker: WorkerProcess) -> str:
        if worker in self._leaving:
            return "draining"
        if any(place.coming is worker for place in self._places):
            return "starting"
        return "stuck" if worker.is_leaving else "serving"

    def _living(self) -> list[WorkerProcess]:
        found = [item for place in self._places for item in (place.worker, place.coming)]
        return [worker for worker in (*found, *self._leaving - {*found}) if worker is not None]


def _when(delay: float) -> str:
    return f"in {delay:g} s" if delay else "at once"
