"""A generation in the master's own process, for `workers = 1`."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, TimeoutError, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ..codec.control import Credentials, MapFile, Maps, Report, Saved
from ..codec.httpcrypt_text import KeypairError
from ..config import ConfigError, Loaded
from ..net.servers import Server, dns_servers
from ..scan.plan import Plan
from ..servers.background import in_background
from ..tls.errors import TlsError
from .engine import Engine, resident, settle
from .generation import Generation
from .hub import LOOK_SECONDS, GenerationError, Hub, ToAll
from .key_swap import give_keys
from .map_swap import give_all, renewed
from .plan import Draft, load_files
from .self_test import self_test
from .sockets import Bound
from .status import Rate, WorkerStatus, worker_status
from .ticks import every, stop
from .watchdog import Watchdog

log = Logger()


class LocalGeneration:
    """See `hub.Serves`."""

    def __init__(
        self, reactor: Any, hub: Hub, number: int, draft: Draft, bound: Mapping[str, Bound]
    ) -> None:
        self._reactor = reactor
        self._hub = hub
        self.number = number
        self.scores: Mapping[str, float] = {}
        self._draft = draft
        self._bound = bound
        self._server = draft.loaded.config.server
        self._maps = {file.name: file for file in draft.maps}
        self._given: tuple[MapFile, ...] = ()
        """What maps had when they were loaded."""
        self._engine: Engine | None = None
        self._is_over = False
        self._began = reactor.seconds()
        self._rate = Rate()
        self._rate.observe(self._began, 0)
        self._look: LoopingCall | None = None
        self._watchdog: Watchdog | None = None
        self._trial: Generation | None = None

    async def start(self, *, is_strict: bool) -> Sequence[str]:
        """See `Serves.start`."""
        if is_strict:
            # In a process of its own: what computes without end must not hold up this one.
            await self._try_out()
        try:
            return await self._start(is_strict)
        except GenerationError:
            self._end()
            raise
        except Exception as error:
            self._end()
            raise GenerationError(f"{type(error).__name__}: {error}") from error

    def serve(self) -> None:
        """See `Serves.serve`."""
        engine = self._engine
        if engine is None:
            return
        for name, bound in self._bound.items():
            for sock in bound.sockets:
                engine.serving.accept(name, sock, is_shared=False)
        settle()
        self._look = every(self._reactor, LOOK_SECONDS, self._look_after, now=False)

    def drain(self, *, is_stop: bool, seconds: float) -> Deferred[None]:
        """See `Serves.drain`."""
        self._is_over = True
        if self._engine is None:
            self._end()
            return succeed(None)
        return Deferred.fromCoroutine(self._drain(self._engine, is_stop, seconds))

    def kill(self) -> None:
        """See `Serves.kill`."""
        self._is_over = True
        if self._trial is not None:
            self._trial.kill()
        if self._engine is not None:
            ended = Deferred.fromCoroutine(self._drain(self._engine, is_stop=True, seconds=0))
            ended.addErrback(lambda failure: log.failure("ending failed", failure))

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
                rate=self._rate.value,
            )
        ]

    def reports(self) -> Sequence[Report]:
        """See `Serves.reports`."""
        return [self._engine.report()] if self._engine else []

    def tell(self, message: ToAll, but: object = None) -> None:
        """See `Serves.tell`: there is nobody else, and our log is the master's."""
        if isinstance(message, Maps):
            self._maps |= renewed(self._maps, message)
        if self._engine is None:
            return
        if isinstance(message, Credentials):
            self._engine.renew(message)
        elif isinstance(message, Maps):
            self._engine.map_swap.take(message.files)
        elif isinstance(message, Saved):
            self._engine.revise(message)

    async def _load(self) -> "_Ready":
        seconds, maps = self._server.reload_timeout, tuple(self._maps.values())
        loading = in_background(
            self._reactor, lambda: _load(self._draft, maps, self._hub.state_dir)
        )
        loading.addTimeout(seconds, self._reactor)
        try:
            ready = await loading
        except ConfigError as error:
            raise GenerationError(str(error)) from None
        except TimeoutError:
            raise GenerationError(f"checks are not loaded within {seconds:g} s") from None
        for text in ready.refused:
            self._hub.alarms(text)
        self._given = maps
        return ready

    async def _try_out(self) -> None:
        """Have a worker load and test it all, and end it. Raises GenerationError."""
        self._trial = Generation(self._reactor, self._hub, self.number, self._draft, {}, 1)
        try:
            await self._trial.start(is_strict=True)
        finally:
            self._trial.kill()
            self._trial = None

    async def _start(self, is_strict: bool) -> Sequence[str]:
        if self._server.watchdog:
            self._watchdog = Watchdog(self._server.watchdog, IReactorTime(self._reactor))
            self._watchdog.startService()
        ready = await self._load()
        engine = self._make_engine(ready)
        outcome = await self_test(ready.loaded, ready.plan, engine.clock)
        if is_strict and outcome.errors:
            raise GenerationError(f"self-test: {'; '.join(outcome.errors)}")
        if self._is_over:
            raise GenerationError("stopped")
        engine.open()
        self._engine = engine
        self.scores = engine.scores
        # As it is by now; nobody could tell us before.
        engine.revise(self._hub.saved)
        engine.map_swap.take(file for file in self._maps.values() if file not in self._given)
        return (*outcome.errors, *outcome.warnings)

    def _make_engine(self, ready: "_Ready") -> Engine:
        hub, credentials = self._hub, self._draft.held.credentials()
        try:
            engine = Engine(
                self._reactor,
                ready.loaded,
                ready.plan,
                hub.alarms,
                hub.state_dir,
                credentials,
                hub.desk,
                ready.dns_servers,
            )
        except (KeypairError, TlsError) as error:
            raise GenerationError(str(error)) from None
        engine.tell_refusals(hub.refusals.tell)
        return engine

    def _end(self) -> None:
        """Stop what looks after us."""
        stop(self._look)
        if self._watchdog is not None:
            self._watchdog.stopService()
            self._watchdog = None

    async def _drain(self, engine: Engine, is_stop: bool, seconds: float) -> None:
        await engine.serving.drain(is_stop=is_stop, seconds=seconds)
        await engine.close()
        # Others may have waited for the same.
        if self._engine is None:
            return
        self._hub.bury(engine.report())
        self._engine = None
        self._end()

    def _look_after(self) -> None:
        if self._engine is not None:
            self._rate.observe(self._reactor.seconds(), self._engine.counters.values["scans"])
        limit, memory = self._server.worker_memory, resident()
        if limit and memory > limit and not self._is_over:
            self._hub.give_up(
                f"{memory >> 20} MiB are used, more than server.worker_memory, {limit >> 20} MiB"
            )


class _Ready(NamedTuple):
    """What an engine is made of."""

    loaded: Loaded
    plan: Plan
    refused: Sequence[str]
    """Why maps and keys cannot be used."""
    dns_servers: Sequence[Server]


def _load(draft: Draft, maps: Sequence[MapFile], state_dir: str) -> _Ready:
    """All that scans. Blocks; raises ConfigError."""
    loaded, plan = load_files(draft.loaded.sources, draft.check_files, draft.rule_files, state_dir)
    servers = dns_servers(loaded.config.dns)
    refused = give_all(plan.maps, maps)
    refused += give_keys(plan.keys, draft.held.credentials().signing)
    return _Ready(loaded, plan, refused, servers)
