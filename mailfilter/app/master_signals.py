"""SIGHUP and SIGUSR1 of a master; twistd and twist see to the others."""

import os
import signal
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger

log = Logger()


class MasterSignals:
    """Handlers that do their work in the reactor's turn."""

    def __init__(
        self,
        reactor: Any,
        *,
        reload: Callable[[], object],
        reopen: Callable[[], None],
        stop: Callable[[], None],
    ) -> None:
        self._reactor = IReactorFromThreads(reactor)
        self._reload = reload
        self._reopen = reopen
        self._stop = stop
        self._before: dict[int, Any] = {}
        self._has_terminal = False
        self.is_told = False
        """A reload that a signal has asked for has not begun yet."""

    def install(self) -> None:
        """Take over the signals."""
        self._has_terminal = _is_terminal()
        for number, call in ((signal.SIGHUP, self._hangup), (signal.SIGUSR1, self._reopen)):
            self._before[number] = signal.signal(number, self._handler(call))

    def ignore(self) -> None:
        """Ignore what was taken over: who has begun to stop does not reload any more."""
        for number in self._before:
            signal.signal(number, signal.SIG_IGN)
        self._before.clear()

    def _handler(self, call: Callable[[], None]) -> Callable[[int, object], None]:
        return lambda _number, _frame: self._reactor.callFromThread(call)

    def _hangup(self) -> None:
        if self._has_terminal and not _is_terminal():
            # The terminal that we were started on is gone: nobody asks for a reload.
            self._stop()
        elif not self.is_told:
            self.is_told = True
            log.info("told to reload")
            self._reload()


def _is_terminal() -> bool:
    try:
        return os.isatty(0)
    except OSError:
        return False
