"""A generation in the master's own process, for `workers = 1`."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool

from ..codec.control import Notice, Report
from ..config import ConfigError, Loaded
from ..scan.plan import Plan
from .engine import Engine, resident, settle
from .hub import GenerationError, Hub
from .plan import Draft, load_files
from .self_test import self_test
from .sockets import Bound
from .status import WorkerStatus, worker_status
from .watchdog import Watchdog

LOOK_SECONDS = 1.0
"""Between two looks at memory and rate."""


class LocalGeneration:
    """See `hub.Serves`."""

    def __init__(
        self, reactor: Any, hub: Hub, number: int, draft: Draft, bound: Mapping[str, Bound]
    ) -> None:
        self._reactor = reactor
        self._hub = hub
        self.number = number
        self._draft = draft
        self._bound = bound
        self._server = draft.loaded.config.server
        self._engine: Engine | None = None
        self._is_over = False
        self._began = reactor.seconds()
        self._rate = 0.0
        self._last_total = 0
        self._look = LoopingCall(self._look_after)
        self._look.clock = reactor
        self._watchdog: Watchdog | None = None

    async def start(self, *, is_strict: bool) -> Sequence[str]:
        """See `Serves.start`."""
        loaded, plan = await self._load()
        engine = Engine(self._reactor, loaded, plan, self._hub.alarms)
        outcome = await self_test(loaded, plan, engine.clock)
        if is_strict and outcome.errors:
            raise GenerationError(f"self-test: {'; '.join(outcome.errors)}")
        if self._is_over:
            raise GenerationError("stopped")
        self._serve(engine)
        return (*outcome.errors, *outcome.warnings)

    def drain(self, *, is_stop: bool, seconds: float) -> Deferred[None]:
        """See `Serves.drain`."""
        self._is_over = True
        if self._engine is None:
            return Deferred.fromCoroutine(_nothing())
        return Deferred.fromCoroutine(self._drain(self._engine, is_stop, seconds))

    def kill(self) -> None:
        """See `Serves.kill`."""
        self._is_over = True
        if self._engine is not None:
            self._engine.serving.drain(is_stop=True, seconds=0)

    def status(self) -> Sequence[WorkerStatus]:
        """See `Serves.status`."""
        report = self._engine.report() if self._engine else None
        state = "draining" if self._is_over else "serving" if report else "starting"
        return [
            worker_status(
                report,
                pid=os.getpid(),
                generation=self.number,
                place=0,
                state=state,
                uptime=self._reactor.seconds() - self._began,
                rate=self._rate,
            )
        ]

    def reports(self) -> Sequence[Report]:
        """See `Serves.reports`."""
        return [self._engine.report()] if self._engine else []

    def tell(self, notice: Notice, but: object = None) -> None:
        """See `Serves.tell`: there is nobody else."""

    def reopen_logs(self) -> None:
        """See `Serves.reopen_logs`: ours is the master's."""

    async def _load(self) -> tuple[Loaded, Plan]:
        draft = self._draft
        if draft.plan is not None:
            return draft.loaded, draft.plan
        pool = self._reactor.getThreadPool()
        try:
            return await deferToThreadPool(
                self._reactor, pool, load_files, draft.loaded.sources, draft.check_files
            )
        except ConfigError as error:
            raise GenerationError(str(error)) from None

    def _serve(self, engine: Engine) -> None:
        self._engine = engine
        for name, bound in self._bound.items():
            for sock in bound.sockets:
                engine.serving.accept(name, sock, is_shared=False)
        settle()
        if self._server.watchdog:
            self._watchdog = Watchdog(self._server.watchdog, engine.clock)
            self._watchdog.startService()
        self._look.start(LOOK_SECONDS, now=False)

    async def _drain(self, engine: Engine, is_stop: bool, seconds: float) -> None:
        await engine.serving.drain(is_stop=is_stop, seconds=seconds)
        if self._engine is None:
            return
        self._hub.bury(engine.report())
        self._engine = None
        self._look.stop()
        if self._watchdog is not None:
            self._watchdog.stopService()

    def _look_after(self) -> None:
        if self._engine is not None:
            total = self._engine.counters.values["scans"]
            self._rate, self._last_total = float(total - self._last_total), total
        limit, memory = self._server.worker_memory, resident()
        if limit and memory > limit and not self._is_over:
            self._hub.give_up(
                f"{memory >> 20} MiB are used, more than server.worker_memory, {limit >> 20} MiB"
            )


async def _nothing() -> None:
    """What is over at once."""
