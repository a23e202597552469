"""Hand our log observer to whatever starts us: `twistd` or `twist`.

Both begin logging before they start a service, and take an observer only from their own options;
so the options are where it is set. An observer that the operator chose for twistd is left alone;
twist fills in its own before it reads its options, so there ours always takes its place.
"""

import signal
import sys
from functools import partial
from pathlib import Path
from typing import cast

from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import ILogObserver
from twisted.python.logfile import LogFile
from twisted.python.usage import Options

from ..config.model import Log
from ..report.logs import Stream, line_observer


class _Chosen:
    """What `twistd_observer`, which takes no arguments, makes its observer from."""

    settings = Log()
    path: Path | None = None


def choose_observer(parent: Options | None, settings: Log) -> None:
    """Set the observer in the options of `twistd` or `twist`, which are `parent`."""
    if parent is None:
        return
    if "nodaemon" in parent:
        if parent["logger"] is None and not parent["syslog"]:
            _Chosen.settings = settings
            _Chosen.path = _log_path(parent)
            parent["logger"] = f"{__name__}.twistd_observer"
    elif "fileLogObserverFactory" in parent:
        parent["fileLogObserverFactory"] = partial(_twist_observer, settings)


def twistd_observer() -> ILogObserver:
    """The observer for `twistd`: the log file, or standard output in the foreground."""
    if _Chosen.path is None:
        return line_observer(sys.stdout, _Chosen.settings)
    # Never rotated by us: logrotate and its like do that, and SIGUSR1 opens the file anew.
    log_file = LogFile.fromFullPath(str(_Chosen.path), rotateLength=None)
    if not signal.getsignal(signal.SIGUSR1):
        signal.signal(signal.SIGUSR1, lambda _number, _frame: _reopen(log_file))
    return line_observer(cast(Stream, log_file), _Chosen.settings)


def _reopen(log_file: LogFile) -> None:
    """Open the log file anew, in the reactor's turn and not in the middle of a line."""
    from twisted.internet import reactor

    IReactorFromThreads(reactor).callFromThread(log_file.reopen)


def _log_path(parent: Options) -> Path | None:
    name = parent["logfile"]
    if name == "-" or (not name and parent["nodaemon"]):
        return None
    return Path(name or "twistd.log").absolute()


def _twist_observer(settings: Log, stream: Stream) -> ILogObserver:
    return line_observer(stream, settings)
