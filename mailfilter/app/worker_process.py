"""A worker as its master sees it: a process with pipes."""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..codec.control import (
    Alarm,
    Ask,
    Boot,
    ControlError,
    Failed,
    Logged,
    Message,
    Notice,
    Ready,
    Report,
    Told,
    TurnedAway,
    encode,
    to_master_reader,
)
from .desk import answer
from .hub import Hub
from .status import Rate
from .worker import FROM_MASTER, STACK_SIGNAL, TO_MASTER

FIRST_SOCKET = 4
"""Descriptor of the first socket that a worker inherits."""

STACK_SECONDS = 1.0
"""From the request for the stack of a stuck worker to its end."""

LAST_WORDS_SECONDS = 1.0
"""From the end of a worker until nothing more is expected of its pipes."""

MAX_WORDS = 2**16
"""Octets that a worker says on its standard error without a line break."""

log = Logger()


class WorkerError(Exception):
    """A worker did not get ready; the text says why."""


class WorkerProcess(ProcessProtocol):
    """One worker. `ready` fires with its `Ready`, or fails; `gone` fires when it has ended."""

    def __init__(self, reactor: Any, boot: Boot, hub: Hub) -> None:
        self._reactor = reactor
        self.place = boot.place
        self.boot = boot
        self.ready: Deferred[Ready] = Deferred()
        self.gone: Deferred[str] = Deferred()
        self.report: Report | None = None
        self._is_gone = False
        self._rate = Rate()
        self.pid: int | None = None
        """Its process id, also when it has ended."""
        self.is_leaving = False
        """It has been told to end."""
        self.began = self.last_heard = reactor.seconds()
        self._hub = hub
        self._reader = to_master_reader()
        self._words = b""

    @property
    def rate(self) -> float:
        """Scans a second between the last two reports."""
        return self._rate.value

    def spawn(self, sockets: Sequence[int]) -> None:
        """Start the process; `sockets` are the descriptors of `boot.sockets`, in order."""
        boot = self.boot
        first = encode(boot)
        arguments = [sys.executable, "-P", "-m", "mailfilter.app.worker"]
        arguments += [f"generation={boot.generation}", f"place={boot.place}"]
        descriptors: dict[int, int | str] = {FROM_MASTER: "w", 1: 1, 2: "r", TO_MASTER: "r"}
        descriptors |= {FIRST_SOCKET + at: number for at, number in enumerate(sockets)}
        self._reactor.spawnProcess(
            self, sys.executable, arguments, env=os.environ, childFDs=descriptors
        )
        self.pid = self.transport.pid if self.transport else None
        if self.transport is not None:
            self.transport.writeToChild(FROM_MASTER, first)

    def send(self, message: Message) -> None:
        """Send it a message, if it lives."""
        if self.transport is not None and self.transport.pid is not None:
            self.transport.writeToChild(FROM_MASTER, encode(message))

    def kill(self) -> None:
        """End it at once."""
        self.is_leaving = True
        self._signal("KILL")

    def kill_stuck(self) -> None:
        """Have it write where it is stuck, then end it."""
        self._signal(STACK_SIGNAL)
        self._reactor.callLater(STACK_SECONDS, self._signal, "KILL")

    def _signal(self, name: str | int) -> None:
        try:
            if self.transport is not None:
                self.transport.signalProcess(name)
        except ProcessExitedAlready:
            return

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        if childFD == TO_MASTER:
            self._receive(data)
        else:
            self._overhear(data)

    def _receive(self, data: bytes) -> None:
        try:
            messages = self._reader.receive(data)
        except ControlError as error:
            self._hub.alarms(f"worker {self.pid}: {error}; ending it")
            self._signal("KILL")
            return
        self.last_heard = self._reactor.seconds()
        for message in messages:
            self._hear(message)

    def _hear(self, message: Message) -> None:
        if isinstance(message, Report):
            self._take_report(message)
        elif isinstance(message, Ready):
            if not self.ready.called:
                self.ready.callback(message)
        elif isinstance(message, Failed):
            self._fail(message.reason)
        elif isinstance(message, Alarm):
            # It is in the log already.
            self._hub.alarms.keep(f"worker {self.pid}: {message.text}")
        elif isinstance(message, TurnedAway):
            self._hub.refusals.tell(message)
        elif isinstance(message, Notice):
            self._hub.relay(self, message)
        elif isinstance(message, Logged):
            self._hub.errors.keep(message)
        elif isinstance(message, Ask):
            Deferred.fromCoroutine(self._answer(message))

    async def _answer(self, ask: Ask) -> None:
        told = await answer(self._hub.desk, ask)
        try:
            self.send(told)
        except ControlError as error:
            self.send(Told(number=told.number, error=str(error)))

    def _take_report(self, report: Report) -> None:
        self._rate.observe(self._reactor.seconds(), report.counters.get("scans", 0))
        self.report = report

    def _overhear(self, data: bytes) -> None:
        """Log what Python writes to standard error when all else fails."""
        *lines, self._words = (self._words + data).split(b"\n")
        if len(self._words) > MAX_WORDS:
            lines, self._words = [*lines, self._words], b""
        for line in lines:
            text = line.decode("utf-8", "replace")
            log.error("worker {pid}: {line}", pid=self.pid, line=text)

    def _fail(self, reason: str) -> None:
        if not self.ready.called:
            self.ready.errback(WorkerError(reason))

    def processExited(self, reason: Failure) -> None:
        """It is no more; but a program that it has started may hold its pipes open."""
        self._reactor.callLater(LAST_WORDS_SECONDS, self._finish, reason)

    def processEnded(self, reason: Failure) -> None:
        self._finish(reason)

    def _finish(self, reason: Failure) -> None:
        if self._is_gone:
            return
        self._is_gone = True
        if self.transport is not None:
            self.transport.loseConnection()
            self.transport = None
        how = _how_ended(reason)
        self._fail(f"worker {self.place} ended before it was ready: {how}")
        self.gone.callback(how)


def _how_ended(reason: Failure) -> str:
    number = getattr(reason.value, "signal", None)
    if number is not None:
        return f"killed by {signal.Signals(number).name}"
    return f"exit status {getattr(reason.value, 'exitCode', None)}"
