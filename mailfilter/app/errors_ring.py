"""The last warnings and errors of all processes, for those who look at a controller.

They are in the log already: here some may be left out, and none is worth much memory.
"""

import os
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent
from twisted.python.failure import Failure
from zope.interface import implementer

from ..codec.control import Logged
from ..report.escape import escape

MAX_KEPT = 500
"""Warnings and errors that are kept."""

MAX_TEXT = 1024
"""Characters of one."""

MAX_TAKEN = 20
"""Of one worker in a second; how many more there were is one more of them."""


@implementer(ILogObserver)
class ErrorsRing:
    """Those of all processes, in the master; also an observer of its own log."""

    def __init__(self) -> None:
        self._kept: deque[tuple[str, Logged]] = deque(maxlen=MAX_KEPT)

    def __call__(self, event: LogEvent) -> None:
        """See `ILogObserver`; in any thread."""
        if is_trouble(event):
            self._kept.append(("main", logged(event)))

    def keep(self, found: Logged) -> None:
        """Take one of a worker."""
        self._kept.append(("worker", found))

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.errors`: the newest first, as they came."""
        return [
            {
                "ts": found.at,
                "pid": found.pid,
                "type": kind,
                "id": found.message_id,
                "module": found.module,
                "message": found.text,
                "level": found.level,
            }
            for kind, found in reversed(self._kept.copy())
        ]


@implementer(ILogObserver)
class Troubles:
    """Those of a worker since it last told the master."""

    def __init__(self) -> None:
        self._held: deque[Logged] = deque()
        self._lost = 0

    def __call__(self, event: LogEvent) -> None:
        """See `ILogObserver`; in any thread."""
        if not is_trouble(event):
            return
        if len(self._held) < MAX_TAKEN:
            self._held.append(logged(event))
        else:
            self._lost += 1

    def take(self) -> Sequence[Logged]:
        """Those to tell now."""
        taken = [self._held.popleft() for _ in range(len(self._held))]
        lost, self._lost = self._lost, 0
        if lost:
            text = f"{lost} more warnings and errors are in the log"
            last = taken[-1]
            taken.append(
                Logged(
                    at=last.at,
                    pid=last.pid,
                    level="warn",
                    module=__name__,
                    message_id="",
                    text=text,
                )
            )
        return taken


def is_trouble(event: LogEvent) -> bool:
    """Whether it is a warning or worse."""
    level = event.get("log_level")
    return level is not None and level >= LogLevel.warn


def logged(event: LogEvent) -> Logged:
    """What there is to say of an event: one line, without the traceback."""
    text = formatEvent(event)
    failure = event.get("log_failure")
    if isinstance(failure, Failure):
        text += f": {failure.type.__name__ if failure.type else ''}: {_words(failure)}"
    return Logged(
        at=event.get("log_time", 0.0),
        pid=os.getpid(),
        level=event["log_level"].name,
        module=escape(str(event.get("log_namespace", ""))),
        message_id=escape(str(event.get("trace_id", ""))),
        text=escape(text, MAX_TEXT),
    )


def _words(failure: Failure) -> str:
    try:
        return failure.getErrorMessage()
    except Exception:
        # Its own words may be what is broken.
        return "?"
