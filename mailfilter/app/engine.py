"""What a process has that scans: the scanner, its counters, the protocols on its sockets."""

import gc
import os
import resource
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from ctypes import CDLL
from functools import cache
from socket import gethostname
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from ..codec.control import Credentials, Histogram, Report, Saved
from ..config import Loaded
from ..config.model import Config
from ..net.resolver import Resolver
from ..net.servers import Server
from ..report.counters import Counters
from ..report.dmarc_rows import DmarcRows
from ..report.history import Recorder
from ..report.logline import log_scan
from ..report.milter_headers import HeaderProducer
from ..report.series import SeriesRecorder
from ..scan.networks import Networks, local_networks
from ..scan.plan import Plan
from ..scan.revision import revised
from ..scan.run import Observer, Scanner
from ..servers.access import Access
from ..servers.derivation import Derivations
from ..servers.refusals import Tell
from ..servers.services import Desk, NoDesk
from ..servers.teaching import Learned
from ..store import make_store
from .key_swap import KeySwap
from .learner import Learner
from .map_swap import MapSwap
from .rules import tell_of_rules
from .serving import NO_CREDENTIALS, Serving
from .teacher import Teacher

GC_THRESHOLD = 20_000
"""Allocations between two collections of young objects; 700 costs a tenth of a scan."""

CLOSE_SECONDS = 4.0
"""Until a store that does not answer is left alone at the end, before others end us."""

SERIES_SECONDS = 1.0
"""Of these, for what is to be written of the series."""

DMARC_SECONDS = 0.5
"""Of these, for rows of DMARC reports."""

log = Logger()

_PAGE = os.sysconf("SC_PAGE_SIZE")


class Engine:
    """Made anew for each configuration. It is the `Services` of its controllers."""

    def __init__(
        self,
        reactor: Any,
        loaded: Loaded,
        plan: Plan,
        alarm: Callable[[str], None],
        state_dir: str,
        credentials: Credentials = NO_CREDENTIALS,
        desk: Desk | None = None,
        dns_servers: Sequence[Server] = (),
    ) -> None:
        """Without `dns_servers` nothing is looked up.

        Raises KeypairError or TlsError if the credentials are no good.
        """
        self.loaded = loaded
        self._plan = plan
        self.desk: Desk = desk or NoDesk()
        self.clock = IReactorTime(reactor)
        self.counters = Counters()
        config = loaded.config
        self.map_swap = MapSwap(reactor, plan.maps, alarm)
        tell_of_rules(plan, alarm)
        self.key_swap = KeySwap(reactor, plan.keys, alarm, credentials.signing)
        self.store = make_store(reactor, config.store, state_dir, alarm, self._count)
        self.access = Access(config.controller, self.clock, Derivations(reactor).check)
        self._series = SeriesRecorder(self.store, self.counters, self.clock, self._count)

        def aside(make: Callable[[], Any]) -> Deferred[Any]:
            return deferToThreadPool(reactor, reactor.getThreadPool(), make)

        self.learner: Learner | None = None
        self.teacher: Teacher | None = None
        if config.learning.enabled:
            name = config.learning.machine or gethostname()
            shared = plan.classifier
            self.learner = Learner(self.clock, self.store, state_dir, name, shared, alarm, aside)
            self.teacher = Teacher(
                self.clock,
                self.store,
                shared,
                self.learner.nudge,
                config.learning.max_per_hour,
                aside,
            )
        self._recorder: Recorder | None = None
        self._closing: Deferred[None] | None = None
        observers: list[Observer] = [log_scan, self.counters.count_scan]
        if config.history.enabled:
            self._recorder = Recorder(self.store, config.history, self.clock, self._count)
            observers.append(self._recorder)
        self._dmarc_rows: DmarcRows | None = None
        if config.dmarc_reports.enabled:
            relays = Networks(config.scan.trusted_relays)
            self._dmarc_rows = DmarcRows(
                self.store, config.dmarc_reports, relays, self.clock, self._count
            )
            observers.append(self._dmarc_rows)
        self.resolver = Resolver(reactor, config.dns, dns_servers) if dns_servers else None
        headers = HeaderProducer(config.headers, local_networks(config.scan.local_networks))
        self.scanner = Scanner(
            plan,
            config.scan,
            self.clock,
            observers,
            headers,
            resolver=self.resolver,
            max_queries=config.dns.max_queries,
            aside=aside,
        )
        self.serving = Serving(
            reactor, loaded, self.scanner, alarm, credentials, self._count, services=self
        )
        resident()

    @property
    def config(self) -> Config:
        """See `Services.config`."""
        return self.loaded.config

    @property
    def plan(self) -> Plan:
        """See `Services.plan`."""
        return self.scanner.plan

    @property
    def learned(self) -> Learned:
        """See `Services.learned`."""
        state = self._plan.classifier.state()
        return Learned(state.spam, state.ham)

    @property
    def scores(self) -> dict[str, float]:
        """Symbol -> score by the configuration."""
        return {name: info.score for name, info in self._plan.symbols.items()}

    def open(self) -> None:
        """Begin to use the store; scans need not wait for it."""
        self.store.open()
        self._series.start()
        if self.learner is not None:
            self.learner.open()

    def renew(self, credentials: Credentials) -> Deferred[None]:
        """Make new connections with these, and sign mail by them soon; fires when the former is so,
        or an alarm says why not."""
        self.key_swap.take(credentials.signing)
        return self.serving.renew(credentials)

    def revise(self, saved: Saved) -> None:
        """Scan by what is saved from now on; scans under way go on by what they began with."""
        self.scanner.plan = revised(self._plan, self.config, saved.actions, saved.symbols)

    def tell_refusals(self, tell: Tell) -> None:
        """Whom to tell of connections that are refused for their TLS."""
        for factory in self.serving.factories.values():
            factory.refusals.tell = tell

    async def close(self) -> None:
        """When the last scan is over: ask DNS no more, write what is left, soon, or leave it.

        Whoever asks again waits for the same end.
        """
        if self._closing is None:
            if self.resolver is not None:
                self.resolver.close()
            self._closing = Deferred.fromCoroutine(self._close_soon())
        await self._closing

    async def _close_soon(self) -> None:
        closing = Deferred.fromCoroutine(self._close())
        closing.addTimeout(CLOSE_SECONDS, self.clock)
        try:
            await closing
        except (TimeoutError, CancelledError):
            log.warn("the store is not closed after {seconds} s; leaving it", seconds=CLOSE_SECONDS)
        except Exception:
            log.failure("the store cannot be closed")

    async def _close(self) -> None:
        """All of it in turn, whatever becomes of the others: the store is the last."""
        async with AsyncExitStack() as ending:
            ending.push_async_callback(self.store.close)
            ending.push_async_callback(self._series.stop, SERIES_SECONDS)
            if self.learner is not None:
                ending.push_async_callback(self.learner.close)
            if self._dmarc_rows is not None:
                ending.push_async_callback(self._dmarc_rows.stop, DMARC_SECONDS)
            if self._recorder is not None:
                seconds = min(self.loaded.config.store.timeout, CLOSE_SECONDS / 2)
                ending.push_async_callback(self._recorder.stop, seconds)

    def report(self) -> Report:
        """The figures of this moment."""
        counters = {**self.counters.snapshot(), **self.plan.maps.counters()}
        histograms = {
            name: Histogram(sizes.bounds, sizes.counts, sizes.total)
            for name, sizes in self.counters.histograms().items()
        }
        if self.resolver is not None:
            counters |= self.resolver.counters()
            histograms |= self.resolver.histograms()
        return Report(
            memory=resident(),
            cpu=sum(os.times()[:2]),
            scans=self.scanner.running,
            connections=self.serving.connections(),
            counters=counters,
            histograms=histograms,
            gauges=self._gauges(),
            last_seconds=tuple(self.counters.last_seconds),
        )

    def _gauges(self) -> dict[str, float]:
        return {
            "store_failing": float(not self.store.is_well),
            "history_waiting": float(self._recorder.waiting if self._recorder else 0),
            "series_waiting": float(self._series.waiting),
            "dmarc_waiting": float(self._dmarc_rows.waiting if self._dmarc_rows else 0),
            **(self.resolver.gauges() if self.resolver else {}),
        }

    def _count(self, name: str) -> None:
        self.counters.values[name] += 1


@cache
def _statm() -> int:
    """Opened once: it must be readable when there are no descriptors left."""
    return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)


def resident() -> int:
    """Octets of memory that this process has in use."""
    return int(os.pread(_statm(), 128, 0).split()[1]) * _PAGE


def raise_limits() -> None:
    """Allow ourselves as many open files as we may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def settle() -> None:
    """Take what was loaded out of garbage collection, and give back what it needed on the way."""
    # What an earlier configuration has left is in there, too.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 20)
    _trim()


def _trim() -> None:
    """Give free memory back to the system: rules that were compiled leave half of it free."""
    # The C library of Alpine has no such function.
    trim = getattr(CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
