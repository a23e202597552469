"""What `twistd mailfilter` runs: configuration in, services out."""

import gc
import resource

from twisted.application.service import IService, MultiService, Service
from twisted.internet import reactor
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from .. import __version__
from ..report.logline import log_scan
from ..scan.run import Scanner
from .listeners import Listeners
from .options import Options
from .watchdog import Watchdog

__all__ = ["Options", "makeService"]

GC_THRESHOLD = 20_000
"""Allocations between two collections of young objects; 700 costs a tenth of a scan."""

log = Logger()


def makeService(options: Options) -> IService:
    """All services of one process, by the configuration that the options have loaded."""
    clock = IReactorTime(reactor)
    loaded = options.loaded
    scanner = Scanner(options.plan, loaded.config.scan, clock, [log_scan])
    services = MultiService()
    services.addService(Process(options))
    if loaded.config.server.watchdog:
        services.addService(Watchdog(loaded.config.server.watchdog, clock))
    daemon = options.parent is not None and not options.parent.get("nodaemon", True)
    services.addService(Listeners(clock, loaded, scanner, daemon=daemon))
    return services


class Process(Service):
    """What concerns the process as a whole."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def startService(self) -> None:
        """Raise the limit of open files, and take what was loaded out of garbage collection."""
        Service.startService(self)
        log.info(
            "mailfilter {version}: configuration {config}, state {state}",
            version=__version__,
            config=self._options.loaded.path or "(defaults)",
            state=self._options.state_dir,
        )
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD, 20, 20)
