"""The milter protocol on a listener: events of an MTA in, scans, replies out.

Messages of a connection are scanned one at a time. What the MTA sends while one is scanned waits
its turn, but an abort cancels the scan: then nothing is answered for it.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ..codec.milter import Abort, Event, Macros, MilterReader
from ..codec.milter_replies import PROGRESS
from ..codec.milter_session import Close, Outcome, Session, Transaction
from ..config.model import Listener
from ..scan.run import ScanService
from .failures import Failures
from .limited import LimitedFactory, Served
from .milter_answer import Answers, Asked
from .milter_foreign import is_foreign, judge
from .peer import Peers
from .refusals import Count, uncounted
from .stream import Stream

PROGRESS_SECONDS = 5.0
"""How often an MTA that waits is told that we are at it: Sendmail may wait 10 s for a reply."""

FIRST_SECONDS = 60.0
"""An MTA offers what it can do at once; who says nothing does not keep its place for long."""

MAX_HELD = 256 * 1024
"""Octets taken while a message is scanned; then reading stops until they are handled."""

MAX_EVENTS = 4096
"""Events handled in one turn of the reactor: some 10 ms."""

log = Logger()


@implementer(IPushProducer)
class MilterProtocol(Served):
    """One connection of an MTA. It is a producer to learn when the MTA does not read replies."""

    def __init__(self, site: "MilterFactory") -> None:
        self._site = site
        self._reader = MilterReader()
        self._session = Session(site.max_message)
        self._events: deque[Event] = deque()
        """What has come in and is not handled yet."""
        self._asked: Asked | None = None
        """The message that is being scanned."""
        self._scan: Deferred[None] | None = None
        """Its scan, once it has to wait."""
        self._is_followed = False
        """The MTA has gone on after that message, with more than macros."""
        self._held = 0
        """Octets that came in while events waited."""
        self._turn: IDelayedCall | None = None
        """When events that wait are handled, if other connections are to have their turn first."""
        self._foreign: bytes | None = None
        """What came from a peer that does not speak milter."""
        self._is_new = True
        self._is_stalled = False
        self._is_reading = True
        self._is_closing = False
        self._last_heard = site.clock.seconds()
        self._idle: IDelayedCall | None = None
        self._progress: IDelayedCall | None = None
        self._began = 0.0
        """When the scan began."""

    # What the transport calls.

    def connectionMade(self) -> None:
        self._stream = cast(Stream, self.transport)
        self._peer = self._site.peers.peer(self._stream.getPeer(), self.known, self.claim)
        self._stream.registerProducer(self, True)
        self._idle = self._site.clock.callLater(self._patience(), self._look)

    def dataReceived(self, data: bytes) -> None:
        if self._is_closing:
            return
        self._last_heard = self._site.clock.seconds()
        if self._is_new:
            self._is_new = False
            if self._site.is_misplaced(data, self._stream.getPeer(), self.claim):
                self._close()
                return
            if is_foreign(data):
                self._foreign = b""
        if self._foreign is not None:
            self._answer_foreign(self._foreign + data)
            return
        events = self._reader.receive(data)
        if self._events or self._asked is not None:
            self._held += len(data)
        self._events.extend(events)
        self._heed_abort(events)
        self._advance()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._is_closing = True
        self._drop_events()
        if self._asked is not None:
            waited = self._site.clock.seconds() - self._began
            self._site.answers.note_left(self._asked, waited)
        self._cancel()
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        self._site.forget(self)

    def pauseProducing(self) -> None:
        """The MTA does not read our replies: take no more events."""
        self._is_stalled = True
        self._control_reading()

    def resumeProducing(self) -> None:
        self._is_stalled = False
        if self._events and self._asked is None:
            # Not now: what is being written may have led here.
            self._advance_later()
        self._control_reading()

    def stopProducing(self) -> None:
        """The transport is gone; `connectionLost` follows."""

    # What the factory asks.

    @property
    def is_idle(self) -> bool:
        """See `Served.is_idle`."""
        is_waiting = self._asked is not None or bool(self._events)
        return not is_waiting and not self._session.in_message

    def close_idle(self) -> None:
        """See `Served.close_idle`."""
        if not self._is_closing:
            self._close()

    def abort(self) -> None:
        """See `Served.abort`."""
        self._is_closing = True
        self._drop_events()
        self._cancel()
        self._stream.abortConnection()

    # Events and messages.

    def _advance(self) -> None:
        """Handle events until there is something to wait for, then see to reading."""
        if self._turn is None and self._asked is None and not self._is_stalled:
            self._handle_events()
        if not self._events:
            self._held = 0
        self._control_reading()

    def _handle_events(self) -> None:
        """Handle the events of one turn: up to a message, and not too many.

        What one write brings may hold thousands of messages; and while the MTA does not read,
        no reply may be added to those that wait.
        """
        events, handle = self._events, self._session.handle
        replies: list[bytes] = []
        outcome: Outcome = b""
        for _ in range(min(len(events), MAX_EVENTS)):
            outcome = handle(events.popleft())
            if type(outcome) is not bytes:
                break
            if outcome:
                replies.append(outcome)
        if replies:
            self._stream.write(b"".join(replies))
        if isinstance(outcome, Transaction):
            self._start(outcome)
        elif isinstance(outcome, Close):
            self._end(outcome)
        if events and self._asked is None:
            self._advance_later()

    def _heed_abort(self, events: Iterable[Event]) -> None:
        """Give up the scan if the next thing that the MTA says, macros apart, is an abort."""
        if self._asked is None or self._is_followed:
            return
        following = next((event for event in events if type(event) is not Macros), None)
        self._is_followed = following is not None
        if type(following) is Abort:
            self._cancel()

    def _advance_later(self) -> None:
        """Go on in the reactor's next turn."""
        if self._turn is None and not self._is_closing:
            self._turn = self._site.clock.callLater(0, self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        self._advance()

    def _drop_events(self) -> None:
        self._events.clear()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    def _start(self, transaction: Transaction) -> None:
        self._asked = asked = Asked(transaction, self._session.agreement, self._peer)
        self._began = self._site.clock.seconds()
        scan = Deferred.fromCoroutine(self._answer(asked))
        if self._asked is asked:
            self._scan = scan
            self._wait()
            self._is_followed = False
            self._heed_abort(self._events)

    async def _answer(self, asked: Asked) -> None:
        """Send the answer to a message, unless it has been cancelled meanwhile."""
        try:
            frames = await self._site.answers.answer(asked)
        except GeneratorExit:
            raise
        except BaseException:
            # Of any kind: what is raised from here is seen by nobody.
            if self._asked is asked:
                self._give(asked, self._site.answers.failed)
            return
        if self._asked is asked:
            self._give(asked, lambda _: frames)

    def _give(self, asked: Asked, answer: Callable[[Asked], bytes]) -> None:
        """Send the answer to the message that is being scanned, and go on if it had to wait."""
        had_to_wait = self._scan is not None
        self._scan = self._asked = None
        self._stop_progress()
        self._last_heard = self._site.clock.seconds()
        try:
            self._stream.write(answer(asked))
        except BaseException:
            # An MTA that gets no reply does as it is told to; it may wait for one for long.
            log.failure("no answer to a message")
            self.abort()
            return
        if had_to_wait:
            self._advance()

    def _cancel(self) -> None:
        """Give up the message that is being scanned; its verdict will not be sent."""
        scan, self._scan, self._asked = self._scan, None, None
        self._stop_progress()
        if scan is not None:
            scan.cancel()

    def _wait(self) -> None:
        left = max(self._left(), 0.0)
        self._progress = self._site.clock.callLater(
            min(left, PROGRESS_SECONDS), self._tell_progress
        )

    def _left(self) -> float:
        """Seconds until the scan is given up."""
        return self._began + self._site.answers.deadline - self._site.clock.seconds()

    def _tell_progress(self) -> None:
        self._progress = None
        if self._left() <= 0:
            self._give_up()
            return
        self._stream.write(PROGRESS)
        self._wait()

    def _give_up(self) -> None:
        """Answer in place of a scan that does not."""
        asked, scan = self._asked, self._scan
        if asked is None or scan is None:
            return
        self._asked = None
        scan.cancel()
        self._give(asked, self._site.answers.overdue)

    def _stop_progress(self) -> None:
        if self._progress is not None:
            self._progress.cancel()
            self._progress = None

    def _answer_foreign(self, request: bytes) -> None:
        self._foreign = request
        judgement = judge(request)
        if judgement is None:
            return
        if isinstance(judgement, bytes):
            self._stream.write(judgement)
        else:
            self._log(f"closed: {judgement} on a milter port")
        self._close()

    # Reading, closing, time.

    def _control_reading(self) -> None:
        wanted = self._turn is None and not self._is_stalled and self._held <= MAX_HELD
        if wanted == self._is_reading or self._is_closing:
            return
        self._is_reading = wanted
        if wanted:
            self._stream.resumeProducing()
        else:
            self._stream.pauseProducing()

    def _end(self, close: Close) -> None:
        if close.reason is not None:
            self._log(f"closed: {close.reason}")
        self._close()

    def _close(self) -> None:
        """Close when what was written is sent; `_look` sees to it if the MTA does not read."""
        self._is_closing = True
        self._drop_events()
        if self._idle is not None:
            self._last_heard = self._site.clock.seconds()
            self._idle.reset(self._patience())
        self._stream.unregisterProducer()
        self._stream.loseConnection()

    def _patience(self) -> float:
        """Seconds that a connection may be silent."""
        timeout = self._site.idle_timeout
        is_short = self._session.is_new or self._is_closing
        return min(timeout, FIRST_SECONDS) if is_short else timeout

    def _look(self) -> None:
        """Close a connection on which nothing has come for long, unless we are at work on it."""
        clock, timeout = self._site.clock, self._patience()
        self._idle = None
        left = timeout
        if self._asked is None:
            left = self._last_heard + timeout - clock.seconds()
        if left > 0:
            self._idle = clock.callLater(left, self._look)
        elif self._is_closing:
            self._stream.abortConnection()
        else:
            self._log("closed: idle")
            self._idle = clock.callLater(timeout, self._look)
            self._close()

    def _log(self, text: str) -> None:
        """Log one line; `text` must not hold anything of strangers."""
        log.info(
            "{listener}: {peer!r}: {text}",
            listener=self._site.name,
            peer=str(self._peer),
            text=text,
        )


class MilterFactory(LimitedFactory[MilterProtocol]):
    """Serves one listener."""

    default_idle_timeout = 7200.0

    def __init__(
        self,
        scanner: ScanService,
        name: str,
        listener: Listener,
        clock: IReactorTime,
        *,
        count: Count = uncounted,
    ) -> None:
        super().__init__(name, listener, clock, count)
        self.max_message = scanner.max_message
        self.peers = Peers(name, listener)
        self.answers = Answers(scanner, name, listener, Failures(name, clock), self.peers)

    def make_connection(self) -> MilterProtocol:
        return MilterProtocol(self)
