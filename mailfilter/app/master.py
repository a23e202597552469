"""The master: owns the sockets and swaps generations of workers. One state machine for all.

    STARTING ──▶ SERVING ◀──▶ RELOADING        any ──▶ STOPPING

A reload that is asked for while another one (or the start) is under way follows that one, once,
for all who asked. Whatever happens in a reload, those that serve go on until others do.
"""

from collections.abc import Mapping
from dataclasses import replace
from time import time
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import LoopingCall
from twisted.logger import Logger, globalLogPublisher

from .. import __version__
from ..codec.control import Credentials, ReopenLog, Saved
from ..config import ConfigError
from ..report.alarms import Alarms
from . import logs
from .commands import make_commands
from .control_server import ControlServer
from .desk import MasterDesk
from .engine import raise_limits
from .exit_status import GIVEN_UP, NOT_STARTED, exit_with
from .generation import Generation
from .generations import Generations
from .hub import GenerationError, Hub, Serves
from .keeper import Keeper
from .local import LocalGeneration
from .map_keeper import MapKeeper
from .master_signals import MasterSignals
from .master_state import STOPPING, ReloadError, StartError, State
from .plan import Draft, worker_count
from .privileges import Identity, PrivilegeError, become, check_readable, find_identity, set_umask
from .reading import read_again
from .ready import tell_ready
from .retired import drained
from .saved import SavedState
from .saved_rules import Rules
from .sockets import BindError, Bound, Sockets
from .state import StateDirectory, StateError
from .status_page import status_page
from .systemd import Notifier
from .ticks import every, stop

log = Logger()


class Master(Service):
    """All of the filter, as a service of twistd or twist."""

    def __init__(
        self,
        reactor: Any,
        first: Draft,
        state_dir: str,
        *,
        daemon: bool = False,
        notifier: Notifier | None = None,
        heir: Identity | None = None,
    ) -> None:
        """`heir` is whom twistd becomes between the two parts of the start, by its own options."""
        self._reactor = reactor
        self._first = first
        self._daemon = daemon
        self._notifier = notifier or Notifier({})
        self.state = State.STARTING
        self.alarms = Alarms()
        self.hub = Hub(self.alarms, state_dir)
        self.generations = Generations()
        self.hub.relay = lambda sender, notice: self.generations.tell(notice, but=sender)
        self.saved = SavedState(reactor, state_dir, self.alarms)
        self.saved.on_change = self._revise
        self.maps = MapKeeper(reactor, self.hub, self.saved.maps, self.generations.tell)
        self.maps.is_serving = lambda: self.state is State.SERVING
        self.saved.check_map, self.saved.on_maps = self.maps.check, self.maps.refresh
        self.hub.desk = MasterDesk(reactor, self._page, self.saved, self.maps, self.hub.errors)
        self.hub.give_up = self._give_up
        self.sockets = Sockets()
        self.began = time()
        self._directory = StateDirectory(state_dir)
        self._identity: Identity | None = None
        self._heir = heir
        self._bound: Mapping[str, Bound] = {}
        self._count = 0
        self._loaded = first.loaded
        self._keeper = Keeper(
            reactor,
            self.hub,
            first,
            is_settled=lambda: self.state is State.SERVING,
            push=self._renew,
        )
        self._waiting: list[Deferred[list[str]]] = []
        self._is_bound = False
        self._is_ending = False
        self._signals = MasterSignals(
            reactor,
            reload=lambda: self.reload().addErrback(lambda _: None),
            reopen=self._reopen_logs,
            stop=self._stop_reactor,
        )
        self._alive: LoopingCall | None = None
        commands = make_commands(self.reload, self._page, self.saved)
        self._control = ControlServer(reactor, state_dir, commands)

    @property
    def is_stopping(self) -> bool:
        """Nothing new is begun any more."""
        return self.state is State.STOPPING

    # Start.

    def privilegedStartService(self) -> None:
        """Lock the state directory and bind every socket, while we may still be root.

        Raises SystemExit with everything that stands in the way; as a daemon StartError, which
        twistd tells the command that started it.
        """
        self._is_bound = True
        loaded = self._first.loaded
        try:
            self._identity = find_identity(loaded)
            set_umask(loaded.config.server.umask)
            self._directory.take()
            self._bound = self.sockets.take(loaded, worker_count(loaded))
            self.sockets.commit(self._bound)
            self._give(self._heir)
        except (PrivilegeError, StateError, BindError, OSError) as error:
            self._close()
            raise self._not_started(str(error)) from None
        self._signals.install()

    def startService(self) -> None:
        """Give up root, and start the first generation once the reactor runs."""
        if not self._is_bound:
            self.privilegedStartService()
        Service.startService(self)
        globalLogPublisher.addObserver(self.hub.errors)
        try:
            self._settle_in()
        except (OSError, StateError, PrivilegeError) as error:
            self._close()
            raise self._not_started(f"cannot run as configured: {error}") from None
        loaded = self._first.loaded
        log.info(
            "mailfilter {version}: configuration {config}, state {state}",
            version=__version__,
            config=loaded.path or "(defaults)",
            state=str(self._directory.path),
        )
        logs.on_loss(self.alarms.keep)
        raise_limits()
        if self._notifier.watchdog:
            seconds = self._notifier.watchdog / 2
            self._alive = every(self._reactor, seconds, self._notifier.alive, now=True)
        self._reactor.callWhenRunning(self._begin)

    def _settle_in(self) -> None:
        self._give(self._identity)
        if self._identity is not None:
            become(self._identity)
        check_readable(self._loaded)
        self.saved.load()
        self.hub.saved = self.saved.message
        self._control.start()

    def _give(self, owner: Identity | None) -> None:
        """Make another one the owner of our files."""
        if owner is not None:
            self._directory.give(owner.uid, owner.gid)
            self.sockets.give(owner.uid, owner.gid)
            logs.give(owner.uid, owner.gid)

    def _not_started(self, text: str) -> BaseException:
        if not self._daemon:
            return SystemExit(text)
        log.critical("{text}", text=text)
        return StartError(text)

    def _begin(self) -> None:
        Deferred.fromCoroutine(self._start()).addErrback(self._broken)

    async def _start(self) -> None:
        try:
            await self._swap(self._first, self._bound, is_strict=False)
        except GenerationError as error:
            if not self.is_stopping:
                log.critical("cannot start: {error}", error=str(error))
                self._exit(NOT_STARTED)
            return
        for name, bound in self._bound.items():
            self._tell_ready(name, bound)
        await self._settle_down()

    # Reload.

    def reload(self) -> Deferred[list[str]]:
        """Serve by the files as they are now; fires with warnings, fails with ReloadError."""
        done: Deferred[list[str]] = Deferred()
        if self.is_stopping:
            done.errback(ReloadError(STOPPING))
            return done
        self._waiting.append(done)
        if self.state is State.SERVING:
            Deferred.fromCoroutine(self._settle_down()).addErrback(self._broken)
        return done

    async def _settle_down(self) -> None:
        """Reload for those who wait, until nobody does; then serve."""
        while self._waiting and not self.is_stopping:
            self.state = State.RELOADING
            waiting, self._waiting = self._waiting, []
            self._signals.is_told = False
            self._notifier.reloading()
            try:
                warnings = await self._try_reload()
            except ReloadError as error:
                if not self.is_stopping:
                    self.hub.count("reloads_failed")
                    self.alarms(f"reload failed, the old configuration goes on: {error}")
                for done in waiting:
                    done.errback(error)
            else:
                self.hub.count("reloads")
                for done in waiting:
                    done.callback(warnings)
        if not self.is_stopping:
            self.state = State.SERVING
            self._notifier.ready(self._summary())

    async def _try_reload(self) -> list[str]:
        """Reload; a mistake of ours in there must not cost those that serve."""
        try:
            return await self._reload()
        except ReloadError:
            raise
        except Exception as error:
            log.failure("a reload broke")
            raise ReloadError(f"{type(error).__name__}: {error}") from None

    async def _reload(self) -> list[str]:
        try:
            fresh = await read_again(self._reactor, self._loaded, self._keeper.held)
            if self.is_stopping:
                raise ReloadError(STOPPING)
            old = self._bound
            bound = self.sockets.take(fresh.loaded, worker_count(fresh.loaded))
        except (ConfigError, BindError) as error:
            raise ReloadError(str(error)) from None
        try:
            warnings = await self._swap(fresh, bound, is_strict=True)
        except (GenerationError, BindError) as error:
            raise ReloadError(STOPPING if self.is_stopping else str(error)) from None
        finally:
            # If it has come to serve nothing is left to abandon.
            self.sockets.abandon(bound)
        if (output := logs.output()) is not None:
            output.apply(fresh.loaded.config.log)
        for name in bound.keys() - old.keys():
            self._tell_ready(name, bound[name])
        return [*map(str, fresh.loaded.warnings), *warnings]

    async def _swap(
        self, fresh: Draft, bound: Mapping[str, Bound], *, is_strict: bool
    ) -> list[str]:
        """Bring up a generation, then let the one before go. Raises GenerationError."""
        maps = await self.maps.prepare(fresh.loaded.config.maps)
        if self.is_stopping:
            raise GenerationError(STOPPING)
        generation = self._make(replace(fresh, maps=maps.files()), bound)
        self.generations.candidate = generation
        try:
            warnings = list(await generation.start(is_strict=is_strict))
        finally:
            self.generations.candidate = None
        if self.is_stopping:
            generation.kill()
            raise GenerationError(STOPPING)
        try:
            self.sockets.commit(bound)
            generation.serve()
        except Exception:
            generation.kill()
            raise
        old, self.generations.current = self.generations.current, generation
        self._bound, self._loaded = bound, fresh.loaded
        self._keeper.adopt(fresh)
        warnings += self.saved.adopt(Rules(fresh.loaded, generation.scores))
        warnings += self.maps.adopt(maps)
        log.info("serving: {summary}", summary=self._summary())
        if old is not None:
            self.generations.retired.add(old, fresh.loaded.config.server)
        return warnings

    def _make(self, fresh: Draft, bound: Mapping[str, Bound]) -> Serves:
        self._count += 1
        count = worker_count(fresh.loaded)
        if count == 1:
            return LocalGeneration(self._reactor, self.hub, self._count, fresh, bound)
        return Generation(self._reactor, self.hub, self._count, fresh, bound, count)

    # Stop.

    def stopService(self) -> Deferred[None]:
        """Fires when messages under way are answered, or the time for that is up."""
        Service.stopService(self)
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self.state = State.STOPPING
        self._notifier.stopping()
        self._signals.ignore()
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            done.errback(ReloadError(STOPPING))
        if self.generations.candidate is not None:
            self.generations.candidate.kill()
        seconds = self._loaded.config.server.stop_timeout
        ends = [drained(generation, seconds) for generation in self.generations.all()]
        # Workers have been told to accept what waits; nothing more shall come.
        self.sockets.close()
        await DeferredList(ends)
        stop(self._alive)
        self._keeper.stop()
        self.maps.stop()
        self._close()

    def _close(self) -> None:
        globalLogPublisher.removeObserver(self.hub.errors)
        self._control.stop()
        self.sockets.close()
        self._directory.release()

    def _give_up(self, reason: str) -> None:
        self.alarms(f"giving up, for the supervisor to start us anew: {reason}")
        self._exit(GIVEN_UP)

    def _exit(self, status: int) -> None:
        """Stop, and have the process end with this status."""
        if not self._is_ending:
            exit_with(status)
        self._stop_reactor()

    def _stop_reactor(self) -> None:
        if not self.is_stopping and not self._is_ending and self._reactor.running:
            self._is_ending = True
            self._reactor.stop()

    # What others ask.

    def _reopen_logs(self) -> None:
        logs.reopen_now()
        self.generations.tell(ReopenLog())

    def _renew(self, credentials: Credentials) -> None:
        # Those that leave accept nothing any more; they may have other certificates.
        if self.generations.current is not None:
            self.generations.current.tell(credentials)

    def _revise(self, saved: Saved) -> None:
        self.hub.saved = saved
        self.generations.tell(saved)

    def _page(self) -> dict[str, Any]:
        return status_page(
            state=self.state.value,
            generation=self.generations.number,
            config=self._loaded.path,
            uptime=time() - self.began,
            workers=self.generations.status(),
            reports=self.generations.reports(),
            bound=self._bound,
            hub=self.hub,
            keeper=self._keeper,
            maps=self.maps.rows(),
        )

    def _summary(self) -> str:
        count = worker_count(self._loaded)
        return f"generation {self.generations.number}, {count} worker{'s' if count > 1 else ''}"

    def _tell_ready(self, name: str, bound: Bound) -> None:
        tell_ready(name, self._loaded.config.listeners[name], bound.address())

    def _broken(self, failure: Any) -> None:
        log.failure("the master failed", failure)
        self._exit(GIVEN_UP)
