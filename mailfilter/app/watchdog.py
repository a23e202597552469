"""Find a reactor that no longer turns.

A check that works without end cannot be interrupted from inside the process. A thread notices,
logs the stack of the main thread, and ends the process with a status that makes its supervisor
start it again: mail is deferred for seconds, not for ever.
"""

import faulthandler
import os
import sys
import threading
import traceback
from time import monotonic

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from . import logs
from .exit_status import GIVEN_UP

LOG_TIMEOUT = 2.0
"""Seconds that writing the stack may take."""

HARD_FACTOR = 1.5
"""Of the patience, until the process is ended (status 1) even if our thread cannot run."""

BEATS = 4
"""Signs of life the reactor gives in the time after which it counts as stuck."""

log = Logger()


class Watchdog(Service):
    """Runs beside the reactor; `patience` is in seconds."""

    def __init__(self, patience: float, clock: IReactorTime) -> None:
        self._patience = patience
        self._call = LoopingCall(self._beat)
        self._call.clock = clock
        self._last = 0.0
        self._stop = threading.Event()

    def startService(self) -> None:
        """Begin to watch."""
        Service.startService(self)
        self._main_thread = threading.get_ident()
        self._stop.clear()
        self._beat()
        self._call.start(self._patience / BEATS, now=False)
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stopService(self) -> None:
        """Stop watching."""
        self._stop.set()
        faulthandler.cancel_dump_traceback_later()
        if self._call.running:
            self._call.stop()
        Service.stopService(self)

    def _beat(self) -> None:
        self._last = monotonic()
        # For what lets no other thread run, such as one long match of a regular expression:
        # this writes the stack and exits without any Python.
        seconds = self._patience * HARD_FACTOR
        faulthandler.dump_traceback_later(seconds, exit=True, file=logs.descriptor())

    def _watch(self) -> None:
        while not self._stop.wait(self._patience / BEATS):
            if monotonic() - self._last > self._patience:
                self._give_up()

    def _give_up(self) -> None:
        # Documented in the library reference in spite of its name.
        frame = sys._current_frames().get(self._main_thread)  # noqa: SLF001
        stack = traceback.format_stack(frame) if frame else ["(no stack)\n"]
        seconds = monotonic() - self._last
        # By a thread of its own: the stuck thread may hold the lock of the log's stream.
        writer = threading.Thread(target=_log_stack, args=(seconds, stack), daemon=True)
        writer.start()
        writer.join(LOG_TIMEOUT)
        if writer.is_alive():
            os.write(2, "".join(stack).encode("utf-8", "replace"))
        os._exit(GIVEN_UP)


def _log_stack(seconds: float, stack: list[str]) -> None:
    log.critical("the reactor is stuck for {seconds:.1f} s; exiting; it is here:", seconds=seconds)
    for entry in stack:
        for row in entry.splitlines():
            log.critical("  | {row}", row=row)
