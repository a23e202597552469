"""A worker: adopts the master's sockets, scans and answers, until the master ends or says so.

Started by `worker_process.py` as `python -m mailfilter.app.worker`. Descriptor 0 brings messages
of the master, 3 takes ours; 1 is the log, if that is standard output; on 2 the master reads what
Python says when all else fails; the sockets follow.
"""

import faulthandler
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NoReturn

from twisted.internet.defer import Deferred
from twisted.internet.process import reapAllProcesses
from twisted.internet.task import LoopingCall
from twisted.logger import ILogObserver, Logger, globalLogBeginner, globalLogPublisher

from ..codec.control import (
    Alarm,
    Boot,
    ControlError,
    Cover,
    Credentials,
    Drain,
    Failed,
    Maps,
    Notice,
    Ready,
    ReopenLog,
    Saved,
    Serve,
    Told,
    ToWorker,
    TurnedAway,
    encode,
    to_worker_reader,
)
from ..codec.httpcrypt_text import KeypairError
from ..config import ConfigError
from ..config.files import Source
from ..config.load import Sources
from ..net.servers import dns_servers
from ..report.alarms import Alarms
from ..tls.errors import TlsError
from . import logs
from .channel import Channel
from .checks import CheckFile
from .desk import RemoteDesk
from .engine import Engine, raise_limits, settle
from .errors_ring import Troubles
from .key_swap import give_keys
from .map_swap import give_all
from .plan import load_files
from .rules import RuleFiles
from .self_test import Outcome, self_test
from .steady import steady
from .ticks import every, stop

FROM_MASTER, TO_MASTER = 0, 3

REPORT_SECONDS = 1.0
"""Between two reports, which are our signs of life, too."""

LAST_WORDS_SECONDS = 1.0
"""For our last message to be read by a master that may be busy."""

LOAD_MARGIN = 5
"""Seconds over what the master gives us to get ready, until the kernel ends us: it would have done
so sooner, if it were there."""

ORPHAN_SECONDS = 2.0
"""Over its time to stop, until a worker whose master is gone ends whatever it is doing."""

ALARM_FACTOR = 2
"""The kernel ends us if our reactor does not turn for so many times the watchdog's patience: the
master would have done so sooner, if it were there."""

WRONG_PASSWORD = "wrong-password"
RIGHT_PASSWORD = "right-password"
"""Topics of notices: the source of an attempt at a controller."""

STACK_SIGNAL = signal.SIGUSR2
"""Writes the stack of the main thread to descriptor 2, whatever that thread is doing."""

log = Logger()


class Worker:
    """One worker in its process."""

    def __init__(self, reactor: Any, boot: Boot, engine: Engine) -> None:
        self._reactor = reactor
        self._boot = boot
        self._engine = engine
        self._covered: set[int] = set()
        self._sockets = [
            (handed, socket.socket(handed.family, socket.SOCK_STREAM, fileno=handed.fd))
            for handed in boot.sockets
        ]
        self._beat: LoopingCall | None = None
        self._patience = engine.loaded.config.server.watchdog
        self._is_serving = False
        self._is_done = False
        self.troubles = Troubles()
        """An observer of our log."""
        self.subscribers: dict[str, list[Callable[[bytes], None]]] = {}
        """Topic of notices -> who wants to know."""
        self.channel = Channel(to_worker_reader(), self._hear, self._master_is_gone)

        self.desk = engine.desk = RemoteDesk(
            engine.clock, lambda message: self.channel.send(message)
        )
        engine.tell_refusals(self._tell_refusal)
        access = engine.access
        access.tell = self._tell_attempt
        self.subscribers[WRONG_PASSWORD] = [lambda source: access.hear(source, is_right=False)]
        self.subscribers[RIGHT_PASSWORD] = [lambda source: access.hear(source, is_right=True)]

    def start(self) -> Deferred[None]:
        """Begin, once the reactor runs."""
        self.channel.open(self._reactor, FROM_MASTER, TO_MASTER)
        return Deferred.fromCoroutine(self._start())

    def publish(self, topic: str, value: bytes) -> None:
        """Tell all other workers."""
        self.channel.send(Notice(topic=topic, value=value))

    def _tell_attempt(self, source: bytes, is_right: bool) -> None:
        self.publish(RIGHT_PASSWORD if is_right else WRONG_PASSWORD, source)

    def stop(self) -> None:
        """End soon, as when all of the filter stops."""
        self._drain(is_stop=True, seconds=self._engine.loaded.config.server.stop_timeout)

    async def _start(self) -> None:
        engine = self._engine
        try:
            outcome = await self_test(engine.loaded, engine.plan, engine.clock)
        except Exception as error:
            outcome = Outcome(errors=(f"{type(error).__name__}: {error}",), warnings=())
        if self._boot.is_strict and outcome.errors:
            self.channel.send(Failed(reason=f"self-test: {'; '.join(outcome.errors)}"))
            self._end()
            return
        for text in (*outcome.errors, *outcome.warnings):
            log.error("self-test: {text}", text=text)
        engine.open()
        warnings = (*outcome.errors, *outcome.warnings)
        self.channel.send(Ready(warnings=warnings, scores=engine.scores))
        self._beat = every(self._reactor, REPORT_SECONDS, self._report, now=True)

    def _adopt(self) -> None:
        """Accept on the sockets of our own place and of those that we cover; leave the others."""
        if not self._is_serving:
            return
        places = self._covered | {self._boot.place}
        for handed, sock in self._sockets:
            if places.isdisjoint(handed.workers):
                self._engine.serving.leave(sock)
            else:
                is_shared = len(handed.workers) > 1
                self._engine.serving.accept(handed.listener, sock, is_shared=is_shared)

    def _hear(self, message: ToWorker) -> None:
        if isinstance(message, Drain):
            self._drain(is_stop=message.is_stop, seconds=message.seconds)
        elif isinstance(message, Serve):
            self._is_serving = True
            self._adopt()
        elif isinstance(message, Cover):
            self._covered = set(message.places)
            self._adopt()
        elif isinstance(message, Credentials):
            self._engine.renew(message)
        elif isinstance(message, Maps):
            self._engine.map_swap.take(message.files)
        elif isinstance(message, Saved):
            self._engine.revise(message)
        elif isinstance(message, Told):
            self.desk.hear(message)
        elif isinstance(message, ReopenLog):
            logs.reopen_now()
        elif isinstance(message, Notice):
            for subscriber in self.subscribers.get(message.topic, ()):
                subscriber(message.value)

    def _master_is_gone(self, reason: str) -> None:
        self.desk.lose()
        if self._is_done:
            self._leave()
            return
        log.error("worker {pid}: {reason}; ending", pid=os.getpid(), reason=reason)
        self.stop()

    def _drain(self, *, is_stop: bool, seconds: float) -> None:
        # Whoever closes a socket last has accepted before what waits in its queue.
        self._covered = {place for handed, _ in self._sockets for place in handed.workers}
        try:
            self._adopt()
        except OSError as error:
            log.error("cannot accept what waits: {error}", error=str(error))
        done = Deferred.fromCoroutine(self._finish(is_stop, seconds))
        for _, sock in self._sockets:
            # Those that nobody listens on any more must not stay open for our sake.
            sock.close()
        self._sockets.clear()
        done.addErrback(lambda failure: log.failure("draining failed", failure))
        done.addCallback(lambda _: self._end())

    async def _finish(self, is_stop: bool, seconds: float) -> None:
        """Let what is under way end, then what it has left to be written."""
        await self._engine.serving.drain(is_stop=is_stop, seconds=seconds)
        await self._engine.close()

    def _end(self) -> None:
        """Send our last figures, then leave."""
        if self._is_done:
            return
        self._is_done = True
        stop(self._beat)
        self._tell()
        self.channel.close()
        self._reactor.callLater(LAST_WORDS_SECONDS, self._leave)

    def _tell_refusal(self, trouble: TurnedAway) -> None:
        # It is counted in any case.
        if not self.channel.is_stalled:
            self.channel.send(trouble)

    def _leave(self) -> None:
        if self._reactor.running:
            self._reactor.stop()

    def _tell(self) -> None:
        for found in self.troubles.take():
            self.channel.send(found)
        self.channel.send(self._engine.report())

    def _report(self) -> None:
        # Its default is to end the process. Without a watchdog the alarm of the start is put off.
        signal.alarm(max(2, int(self._patience * ALARM_FACTOR)) if self._patience else 0)
        if not self.channel.is_stalled:
            self._tell()


def read_boot(descriptor: int) -> Boot:
    """The first message of the master. Raises ControlError if it is no such thing."""
    reader = to_worker_reader()
    head = _read_exactly(descriptor, 4)
    reader.receive(head)
    # No more than the message: what follows it is for others to read.
    messages = reader.receive(_read_exactly(descriptor, int.from_bytes(head, "big")))
    if messages and isinstance(messages[0], Boot):
        return messages[0]
    raise ControlError("the master did not say what to become")


def _read_exactly(descriptor: int, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = os.read(descriptor, min(count - len(data), 2**20))
        if not part:
            raise ControlError("the master has ended")
        data += part
    return bytes(data)


def build_engine(reactor: Any, boot: Boot, alarms: Alarms) -> Engine:
    """Load what the master has read. Raises ConfigError, KeypairError or TlsError."""
    files = tuple(Source(item.path, item.data, item.mode, item.gid) for item in boot.files)
    checks = tuple(CheckFile(item.path, item.data) for item in boot.checks)
    rules = RuleFiles(
        tuple(CheckFile(item.path, item.data) for item in boot.rules), boot.rule_troubles
    )
    sources = Sources(boot.config, boot.directory, files)
    loaded, plan = load_files(sources, checks, rules, boot.state_dir)
    refused = give_all(plan.maps, boot.maps)
    refused += give_keys(plan.keys, boot.credentials.signing)
    for text in refused:
        alarms(text)
    engine = Engine(
        reactor,
        loaded,
        plan,
        alarms,
        boot.state_dir,
        boot.credentials,
        dns_servers=dns_servers(loaded.config.dns),
    )
    engine.revise(boot.saved)
    return engine


def _end_with_master(seconds: float) -> None:
    """End, whatever the reactor is doing, so long after the pipe from the master has closed."""
    watched = select.poll()
    watched.register(os.dup(FROM_MASTER), 0)

    def watch() -> None:
        watched.poll()
        time.sleep(seconds)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="master").start()


def _open_log(boot: Boot, engine: Engine) -> tuple[ILogObserver, str]:
    """Where to log, and what is wrong with where we should: no reason not to scan mail.

    What others write to standard output goes to the master then, who escapes it.
    """
    settings, trouble = engine.loaded.config.log, ""
    try:
        observer = logs.open_target(boot.log, settings)
    except OSError as error:
        observer = logs.through_master(settings)
        trouble = f"cannot log to {boot.log}: {error.strerror}; logging through the master"
    os.dup2(2, 1)
    return observer, trouble


def _prepare_signals() -> None:
    """Ours are the master's business; what a terminal sends goes to all of its processes."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    faulthandler.enable(2, all_threads=False)
    faulthandler.register(STACK_SIGNAL, 2, all_threads=False)


def _keep_to_ourselves(boot: Boot) -> None:
    """Let no program that a check starts have our sockets, or outlive us with our pipes."""
    for descriptor in (FROM_MASTER, TO_MASTER, *(handed.fd for handed in boot.sockets)):
        os.set_inheritable(descriptor, False)


def _fail(reason: str) -> NoReturn:
    os.write(TO_MASTER, encode(Failed(reason=reason)))
    sys.exit(1)


def main() -> None:
    """Run a worker until it has nothing left to do."""
    _prepare_signals()
    from twisted.internet import reactor

    turn: Any = reactor
    steady(turn)
    boot = read_boot(FROM_MASTER)
    signal.alarm(int(boot.seconds) + LOAD_MARGIN)
    _keep_to_ourselves(boot)
    workers: list[Worker] = []
    alarms = Alarms(lambda text: workers[0].channel.send(Alarm(text=text)) if workers else None)
    try:
        engine = build_engine(reactor, boot, alarms)
    except (ConfigError, KeypairError, TlsError) as error:
        _fail(str(error))
    _end_with_master(engine.loaded.config.server.stop_timeout + ORPHAN_SECONDS)
    observer, trouble = _open_log(boot, engine)
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=True)
    logs.on_loss(alarms.tell)
    worker = Worker(reactor, boot, engine)
    workers.append(worker)
    globalLogPublisher.addObserver(worker.troubles)
    signal.signal(signal.SIGTERM, lambda *_: turn.callFromThread(worker.stop))
    # Without a handler the reactor would learn by luck alone that a process it started has ended.
    signal.signal(signal.SIGCHLD, lambda *_: turn.callFromThread(reapAllProcesses))
    raise_limits()
    settle()
    turn.callWhenRunning(worker.start)
    if trouble:
        turn.callWhenRunning(alarms, trouble)
    turn.run(installSignalHandlers=False)


if __name__ == "__main__":
    main()
