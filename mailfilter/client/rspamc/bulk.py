"""The same command for message after message, several at a time.

The thread that called shows the results as they come, whole and one after the other: the order
of rspamc, too, is that of the answers [run].
"""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from threading import Thread
from types import FrameType

from .commands import Command
from .exchange import Failure, Item, Misused, Outcome, Reply
from .inputs import reason
from .journal import Journal, journal_path
from .options import Options
from .progress import INTERVAL, Screen, Tally, Unwritable
from .workers import Event, Mark, Threads, Unread

MAX_PARALLEL = 256
"""Threads, whatever `-n` says."""
GRACE = 1.0
"""Seconds that answers to what is being learned have to come in after an interruption."""
CLOSED_OUTPUT = 141
"""The exit code of a program that was ended by its write to a closed pipe."""
_SIGNALS = 128
"""What is added to the number of a signal for the exit code."""


class _Stopped(KeyboardInterrupt):
    """A signal wants us to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run(
    command: Command,
    options: Options,
    sources: Iterator[Item | Failure],
    ask: Callable[[Item], Reply],
    show: Callable[[Outcome], bytes],
    *,
    arguments: Sequence[str] = (),
    count: Callable[[Callable[[], bool]], int | None] = lambda is_over: None,
) -> int:
    """Ask for every message, write what `show` makes of each outcome, and return the exit code.

    `ask` is called in threads; what it raises is a failure of that message, but for Misused,
    which this raises, too. `show` gets outcomes without the octets of their messages.
    `arguments` are those of the command, such as the class that is learned. `count` tells how
    many messages there will be, for the bar; it is called in a thread of its own, with a
    function that says when to give up.

    0 if all were answered, 1 if anything failed, 128 and its number after a signal, 141 if
    nobody reads what is written. Raises Misused if it cannot resume.
    """
    with _signals():
        work = _Work(command, options, ask, show, count)
        try:
            work.begin(sources, arguments)
            work.go_on()
        except KeyboardInterrupt as stopped:
            return work.end(_SIGNALS + getattr(stopped, "number", signal.SIGINT))
        except Unwritable as error:
            return work.end(_code_of(error), _text_of(error))
        except Exception:
            work.end(1)
            raise
        return work.end(0)


class _Work:
    """One run, by the thread that called."""

    def __init__(
        self,
        command: Command,
        options: Options,
        ask: Callable[[Item], Reply],
        show: Callable[[Outcome], bytes],
        count: Callable[[Callable[[], bool]], int | None],
    ) -> None:
        self._command, self._options = command, options
        self._ask, self._show = ask, show
        self._tally = Tally()
        self._counting = _Counting(count)
        self._screen = Screen(self._tally, lambda: self._counting.total)
        self._journal: Journal | None = None
        self._threads: Threads | None = None

    def begin(self, sources: Iterator[Item | Failure], arguments: Sequence[str]) -> None:
        """Start what is needed for that many messages; raises Misused if it cannot resume."""
        first = list(islice(sources, 2))
        threads = 1
        if self._command.keeps_journal and (len(first) > 1 or self._options.resumes):
            self._open_journal(arguments)
        if len(first) > 1:
            threads = max(1, min(self._options.parallel, MAX_PARALLEL))
            if self._screen.wants_bar():
                self._counting.start()
        self._threads = Threads(chain(first, sources), self._ask, self._journal)
        self._threads.start(threads)

    def _open_journal(self, arguments: Sequence[str]) -> None:
        path = journal_path(self._command, arguments, self._options)
        try:
            self._journal = Journal(path, self._options.resumes)
        except OSError as error:
            if self._options.resumes:
                raise Misused(f"cannot resume: {path}: {reason(error)}") from error
            self._screen.complain(f"this cannot be resumed: {path}: {reason(error)}")

    def go_on(self, until: float | None = None) -> None:
        """Show what comes in until all is done, or a time of the monotonic clock.

        Raises Unwritable, and what is no failure of one message.
        """
        while self._threads is not None and self._threads.running:
            seconds = INTERVAL if self._screen.has_bar else None
            if until is not None:
                seconds = max(0.0, min(INTERVAL, until - time.monotonic()))
            event = self._threads.next_event(seconds)
            if event is not None:
                self._take(event)
            self._screen.tick()
            if until is not None and time.monotonic() >= until:
                return

    def _take(self, event: Event) -> None:
        match event:
            case Reply() if event.is_refusal and self._command.changes:
                self._tally.failed += 1
                self._screen.result(self._show(event))
            case Reply():
                self._tally.answered += 1
                self._screen.result(self._show(event))
            case Failure():
                self._tally.failed += 1
                self._screen.result(self._show(event))
            case Unread(failure):
                self._tally.failed += 1
                self._screen.complain(f"{failure.item.name}: {failure.text}")
            case Mark.SKIPPED:
                self._tally.skipped += 1
            case BaseException():
                raise event

    def end(self, code: int, text: str = "") -> int:
        """Put things in order, say what came of it, and return the exit code."""
        self._counting.is_over = True
        if self._threads is not None:
            self._threads.stop()
        try:
            if code > _SIGNALS and code != CLOSED_OUTPUT and self._journal is not None:
                self.go_on(time.monotonic() + GRACE)
            self._screen.close()
        except Unwritable as error:
            code, text = code or _code_of(error), text or _text_of(error)
        if text:
            self._screen.complain(text)
        code = code or int(self._tally.failed > 0)
        if self._journal is not None:
            self._journal.close(is_complete=code == 0)
        self._sum_up(code)
        return code

    def _sum_up(self, code: int) -> None:
        tally, journal = self._tally, self._journal
        if tally.skipped:
            self._screen.complain(f"{tally.skipped} done before")
        if tally.failed and tally.done > 1:
            self._screen.complain(f"{tally.failed} of {tally.done} messages failed")
        if journal is None or code == 0:
            return
        if journal.trouble is not None:
            self._screen.complain(f"the journal lacks messages: {reason(journal.trouble)}")
        done = tally.answered + tally.skipped
        self._screen.complain(f"{done} done, the rest with --resume")


class _Counting:
    """Counts messages while they are worked on."""

    def __init__(self, count: Callable[[Callable[[], bool]], int | None]) -> None:
        self._count = count
        self.is_over = False
        self.total: int | None = None
        """None as long as it is not known."""

    def start(self) -> None:
        """Begin."""
        Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        self.total = self._count(lambda: self.is_over)


def _code_of(error: Unwritable) -> int:
    return CLOSED_OUTPUT if error.is_closed else 1


def _text_of(error: Unwritable) -> str:
    return "" if error.is_closed else f"cannot write the results: {error}"


@contextmanager
def _signals() -> Iterator[None]:
    """Let signals end the work in order, those excepted that are ignored, as by nohup."""
    before = {
        number: signal.signal(number, _stop)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is signal.SIG_DFL
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stopped(number)
