"""Log lines: text for people, or one JSON object a line."""

import json
from datetime import UTC, datetime
from time import time
from typing import Protocol

import msgspec
from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from ..config.model import Log
from .escape import escape
from .logline import ScanLine
from .logstream import LogStream

MAX_LINE_CHARS = 16_384
"""Characters of one event; beyond it a line is no use to anybody and a cost to all."""


MAX_ROWS = 60
"""Rows of a traceback, from its end: a recursion without end has thousands."""


class Stream(Protocol):
    """Where lines go: a file, or standard output."""

    def write(self, text: str, /) -> object:
        """Append text."""

    def flush(self) -> object:
        """Hand what is written to the operating system."""


@implementer(ILogObserver)
class LineObserver:
    """Writes each event as a line."""

    def __init__(self, stream: Stream, *, as_json: bool) -> None:
        self._stream = stream
        self._line = json_line if as_json else text_line

    def __call__(self, event: LogEvent) -> None:
        self._stream.write(self._line(event))
        self._stream.flush()
        lost = self._stream.take_lost() if isinstance(self._stream, LogStream) else 0
        if lost:
            self._stream.write(self._line(_loss(lost)))


def line_observer(stream: Stream, settings: Log) -> ILogObserver:
    """An observer that writes events of the configured level and form to a stream."""
    level = LogLevel.lookupByName(settings.level)
    return FilteringLogObserver(
        LineObserver(stream, as_json=settings.format == "json"),
        [LogLevelFilterPredicate(defaultLogLevel=level)],
    )


def _loss(lines: int) -> LogEvent:
    return {
        "log_time": time(),
        "log_level": LogLevel.error,
        "log_namespace": __name__,
        "log_format": "{lines} log lines were lost",
        "lines": lines,
    }


def text_line(event: LogEvent) -> str:
    """`TIME LEVEL TEXT`; a traceback follows on lines that begin with a bar."""
    text = escape(formatEvent(event), MAX_LINE_CHARS)
    line = f"{_time(event)} {_level(event)} {text}\n"
    return line + "".join(f"  | {escape(row)}\n" for row in _traceback(event))


def json_line(event: LogEvent) -> str:
    """One object in ASCII: time, level, system, message or the fields of a scan."""
    record: dict[str, object] = {
        "ts": _time(event),
        "level": _level(event),
        "system": event.get("log_namespace", ""),
    }
    scan = event.get("scan")
    if isinstance(scan, ScanLine):
        record["event"] = "scan"
        record |= scan.fields()
    else:
        record["message"] = formatEvent(event)[:MAX_LINE_CHARS]
    rows = _traceback(event)
    if rows:
        record["traceback"] = "\n".join(rows)
    return _ascii_json(record) + "\n"


def _ascii_json(record: dict[str, object]) -> str:
    try:
        encoded = msgspec.json.encode(record)
    except UnicodeEncodeError:
        encoded = b"\xff"
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded.decode("ascii")
    return json.dumps(record, separators=(",", ":")).replace("\x7f", "\\u007f")


def _time(event: LogEvent) -> str:
    moment = datetime.fromtimestamp(event.get("log_time", 0.0), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _level(event: LogEvent) -> str:
    level = event.get("log_level")
    return str(level.name) if level is not None else "info"


def _traceback(event: LogEvent) -> list[str]:
    failure = event.get("log_failure")
    if not isinstance(failure, Failure):
        return []
    return failure.getTraceback()[-MAX_LINE_CHARS:].splitlines()[-MAX_ROWS:]
