"""What `twistd mailfilter` runs: configuration in, services out."""

import gc
import os
import resource

from twisted.application.service import IService, MultiService, Service
from twisted.internet import reactor
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from .. import __version__
from ..config import Loaded
from ..report.logline import log_scan
from ..scan.plan import Plan, PlanError, build_plan
from ..scan.run import Scanner
from .checks import CheckLoadError, load_checks
from .listeners import Listeners
from .options import Options
from .watchdog import Watchdog

__all__ = ["Options", "makeService"]

GC_THRESHOLD = 20_000
"""Allocations between two collections of young objects; 700 costs a tenth of a scan."""

log = Logger()


def makeService(options: Options) -> IService:
    """All services of one process, by the configuration that the options have loaded.

    Raises SystemExit with the reason when the checks and the configuration do not fit together.
    """
    clock = IReactorTime(reactor)
    loaded = options.loaded
    plan = load_plan(loaded)
    scanner = Scanner(plan, loaded.config.scan, clock, [log_scan])
    services = MultiService()
    services.addService(Process(options))
    if loaded.config.server.watchdog:
        services.addService(Watchdog(loaded.config.server.watchdog, clock))
    services.addService(Listeners(clock, loaded, scanner))
    return services


def load_plan(loaded: Loaded) -> Plan:
    """Load the checks and make the plan. Raises SystemExit with every problem."""
    check_dir = loaded.config.scan.check_dir
    try:
        checks = load_checks(os.path.join(loaded.directory, check_dir) if check_dir else None)
        return build_plan(loaded.config, checks)
    except (CheckLoadError, PlanError) as error:
        raise SystemExit(f"mailfilter: {loaded.path or 'defaults'}:\n{error}") from None


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
