"""Where log lines go, in every process of the filter.

`twistd` and `twist` begin logging before they start a service, and take an observer only from
their own options; so the options are where ours is set. An observer that the operator chose for
twistd is left alone; twist fills in its own before it reads its options, so there ours always
takes its place. Workers write to the same place by themselves: a `target` tells them.
"""

import os
import stat
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from twisted.logger import ILogObserver, LegacyLogObserverWrapper, LogEvent
from twisted.python import syslog
from twisted.python.reflect import namedAny
from twisted.python.usage import Options
from zope.interface import implementer

from ..config.model import Log
from ..report.logs import Stream, line_observer
from ..report.logstream import LogStream

STDOUT = "-"
_SYSLOG = "syslog:"
_CALL = "call:"


@implementer(ILogObserver)
class Output:
    """Our observer: its settings can change, its file can be opened anew."""

    def __init__(self, stream: Stream, settings: Log) -> None:
        self.stream = stream
        self.apply(settings)

    def __call__(self, event: LogEvent) -> None:
        self._observer(event)

    def apply(self, settings: Log) -> None:
        """Take over other settings."""
        self._observer = line_observer(self.stream, settings)

    def reopen(self) -> None:
        """Open the file anew."""
        if isinstance(self.stream, LogStream):
            self.stream.reopen()


class _Chosen:
    """What `twistd_observer`, which takes no arguments, makes its observer from."""

    settings = Log()
    path: Path | None = None
    target = STDOUT
    output: Output | None = None


def choose_observer(parent: Options | None, settings: Log) -> None:
    """Set the observer in the options of `twistd` or `twist`, which are `parent`."""
    _Chosen.settings, _Chosen.target, _Chosen.path = settings, STDOUT, None
    if parent is None:
        return
    if "nodaemon" in parent:
        if parent["syslog"]:
            _Chosen.target = f"{_SYSLOG}{parent['prefix']}"
        elif parent["logger"] is not None:
            _Chosen.target = f"{_CALL}{parent['logger']}"
        else:
            _Chosen.path = _log_path(parent)
            _Chosen.target = STDOUT if _Chosen.path is None else str(_Chosen.path)
            parent["logger"] = f"{__name__}.twistd_observer"
    elif "fileLogObserverFactory" in parent:
        parent["fileLogObserverFactory"] = partial(_twist_observer, settings)


def target() -> str:
    """Where this process logs, for `open_target` in another one."""
    return _Chosen.target


def output() -> Output | None:
    """Our observer in this process, if it is one of ours."""
    return _Chosen.output


def open_target(text: str, settings: Log) -> ILogObserver:
    """An observer that writes where another process does. Raises OSError."""
    if text.startswith(_SYSLOG):
        legacy = syslog.SyslogObserver(text.removeprefix(_SYSLOG))
        return LegacyLogObserverWrapper(legacy.emit)  # type: ignore[arg-type]  # is a callable
    if text.startswith(_CALL):
        observer: ILogObserver = namedAny(text.removeprefix(_CALL))()
        return observer
    _Chosen.target = text
    stream = LogStream(os.dup(1)) if text == STDOUT else LogStream.open(text)
    _Chosen.output = Output(stream, settings)
    return _Chosen.output


def through_master(settings: Log) -> ILogObserver:
    """An observer for a worker that cannot log itself: the master reads its standard error."""
    _Chosen.output = Output(LogStream(os.dup(2)), settings)
    return _Chosen.output


def twistd_observer() -> ILogObserver:
    """The observer for `twistd`: the log file, or standard output in the foreground."""
    # Never rotated by us: logrotate and its like do that, and SIGUSR1 opens the file anew.
    path = _Chosen.path
    stream = _unblocked(sys.stdout) if path is None else LogStream.open(str(path))
    _Chosen.output = Output(stream, _Chosen.settings)
    return _Chosen.output


def reopen_now() -> None:
    """Open the log file anew, if there is one of ours."""
    if _Chosen.output is not None:
        _Chosen.output.reopen()


def give(uid: int, gid: int) -> None:
    """Make a user the owner of our log file: its workers open it by themselves."""
    output = _Chosen.output
    if output and isinstance(output.stream, LogStream) and output.stream.path is not None:
        found = output.stream.descriptor
        if stat.S_ISREG(os.fstat(found).st_mode):
            os.fchown(found, uid, gid)


def descriptor() -> int:
    """Where words go that no Python can be asked for any more."""
    output = _Chosen.output
    return output.stream.descriptor if output and isinstance(output.stream, LogStream) else 2


def on_loss(tell: Callable[[str], None]) -> None:
    """Have it told when log lines begin to be lost."""
    if _Chosen.output is not None and isinstance(_Chosen.output.stream, LogStream):
        _Chosen.output.stream.on_loss = tell


def _log_path(parent: Options) -> Path | None:
    name = parent["logfile"]
    if name == "-" or (not name and parent["nodaemon"]):
        return None
    return Path(name or "twistd.log").absolute()


def _twist_observer(settings: Log, stream: Stream) -> ILogObserver:
    name = getattr(stream, "name", None)
    if isinstance(name, str) and not name.startswith("<"):
        _Chosen.target = str(Path(name).absolute())
        stream = LogStream.open(_Chosen.target)
    _Chosen.output = Output(_unblocked(stream), settings)
    return _Chosen.output


def _unblocked(stream: Stream) -> Stream:
    """The same file or pipe without waiting; what has no descriptor is used as it is."""
    if isinstance(stream, LogStream):
        return stream
    try:
        stream.flush()
        return LogStream(stream.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return stream
