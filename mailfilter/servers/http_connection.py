"""One HTTP/1.x connection: codec, time limits and closing, around a function that answers.

Requests are answered one at a time and in order. A client may half-close after its request and is
still answered (http-scan.md T12), so only a reset counts as gone; then the answer under way is
cancelled. A connection always ends so that the client can read the last reply: while it may still
be sending, its octets are read and dropped for a while, since closing with unread input resets
the connection and takes the reply with it.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import time
from typing import Any, cast
from typing import Protocol as Interface

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableDescriptor,
    IHalfCloseableProtocol,
    INegotiated,
    IPushProducer,
    IReactorTime,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from .. import __version__
from ..codec.http1 import Event, ProtocolError, RequestCodec, RequestComplete, RequestHead
from ..codec.http_reply import CONTINUE, DateLine, render_reply
from ..report.reply_json import render_error
from .limited import Served
from .stream import Stream

LINGER_SECONDS = 30.0
"""How long a client may take to read the last reply and to close."""

LINGER_OCTETS = 256 * 2**20
"""What is read and dropped of a client that goes on sending after the last reply."""

PAUSE_OCTETS = 64 * 1024
"""Octets of pipelined requests at which reading stops until there is a reply."""

SERVER = f"mailfilter/{__version__}"

JSON = "application/json"

log = Logger()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `error` is set if it refuses the request, and is its reason phrase then."""

    status: int
    body: bytes
    content_type: str = JSON
    error: str | None = None


def error_reply(status: int, text: str) -> Reply:
    """Refuse a request with a text (http-scan.md 1.3)."""
    return Reply(status, render_error(text), error=text)


class Site(Interface):
    """What a connection asks of the server that it belongs to."""

    name: str
    """Of the listener, for the log."""
    idle_timeout: float
    request_timeout: float
    answer_timeout: float
    max_body: int
    clock: IReactorTime
    is_draining: bool
    """Every reply is the last one of its connection."""

    def respond(self, request: RequestComplete) -> Reply | Coroutine[Any, Any, Reply]:
        """Answer a request: now, or by a coroutine, which is cancelled if the client is gone."""
        ...

    def overdue(self) -> Reply:
        """What is said in place of an answer that takes longer than `answer_timeout`."""
        ...

    def forget(self, connection: "HttpConnection") -> None:
        """The connection has ended."""
        ...


@implementer(IHalfCloseableProtocol, IPushProducer)
class HttpConnection(Served):
    """See the module."""

    def __init__(self, site: Site, dates: DateLine, wall_clock: Callable[[], float] = time) -> None:
        self._site = site
        self._clock = site.clock
        self._dates = dates
        self._wall_clock = wall_clock
        self._codec = RequestCodec(site.max_body)
        self._answer: Deferred[None] | None = None
        """The answer under way."""
        self._asked: RequestHead | None = None
        """The request that it is for."""
        self._advancing = False
        self._turn: IDelayedCall | None = None
        """When the next request is taken up, if other connections are to have their turn first."""
        self._eof = False
        """The client sends no more."""
        self._stalled = False
        """Replies wait in the transport: the client does not read them."""
        self._reading = True
        self._closing = False
        self._dropped = 0
        self._timer: IDelayedCall | None = None
        self._deadline: float | None = None
        self._in_request = False
        """The limit that is set is for a request that has begun."""

    # What the transport calls.

    def connectionMade(self) -> None:
        self._stream = cast(Stream, self.transport)
        self._stream.registerProducer(self, True)
        self._limit(self._site.idle_timeout)

    def dataReceived(self, data: bytes) -> None:
        if self._closing:
            self._drop(len(data))
            return
        self._advance(self._codec.receive(data))
        if self._codec.held > PAUSE_OCTETS and self._reading and not self._closing:
            self._reading = False
            self._stream.pauseProducing()

    def readConnectionLost(self) -> None:
        self._eof = True
        if self._closing:
            self._stream.loseConnection()
        else:
            self._advance([])

    def writeConnectionLost(self) -> None:
        """Our own half-close is done."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._closing = True
        self._deadline = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        self._asked = None
        if self._answer is not None:
            self._answer.cancel()
        self._site.forget(self)

    def pauseProducing(self) -> None:
        self._stalled = True

    def resumeProducing(self) -> None:
        self._stalled = False
        self._advance([])

    def stopProducing(self) -> None:
        """The transport is gone; `connectionLost` follows."""

    # What the factory asks.

    @property
    def is_idle(self) -> bool:
        """See `Served.is_idle`."""
        return self._answer is None and not self._codec.in_request and not self._codec.held

    def close_idle(self) -> None:
        """See `Served.close_idle`."""
        self._close()

    def abort(self) -> None:
        """See `Served.abort`."""
        self._stream.abortConnection()

    # Requests and replies.

    def _advance(self, events: list[Event]) -> None:
        """Handle events and go on with what is held back, until there is something to wait for."""
        if self._advancing or self._closing or self._turn is not None:
            return
        self._advancing = True
        while True:
            for event in events:
                self._handle(event, events)
            if self._closing or self._answer is not None or self._stalled:
                break
            if events and self._codec.answering and self._codec.held:
                # What one write brings may hold thousands of requests.
                self._turn = self._clock.callLater(0, self._take_turn)
                break
            if self._codec.answering:
                events = self._codec.next_request()
            elif self._eof:
                events = self._codec.end_of_input()
                if not events:
                    self._close()
            else:
                break
        self._advancing = False
        if not self._closing:
            self._resume_reading()
            self._watch()

    def _take_turn(self) -> None:
        self._turn = None
        self._advance([])

    def _handle(self, event: Event, events: list[Event]) -> None:
        if isinstance(event, RequestComplete):
            self._respond(event)
        elif isinstance(event, ProtocolError):
            self._send(None, error_reply(event.status, event.text))
        elif event.expects_continue and event is events[-1]:
            self._stream.write(CONTINUE)

    def _respond(self, request: RequestComplete) -> None:
        self._in_request = False
        try:
            answer = self._site.respond(request)
        except Exception:
            answer = self._broken()
        if isinstance(answer, Reply):
            self._send(request.head, answer)
            return
        self._asked = request.head
        under_way = Deferred.fromCoroutine(self._wait(request.head, answer))
        if not under_way.called:
            self._answer = under_way
            self._limit(self._site.answer_timeout)

    async def _wait(self, head: RequestHead, answer: Coroutine[Any, Any, Reply]) -> None:
        try:
            reply = await answer
        except Exception:
            if self._asked is not head:
                return
            reply = self._broken()
        if self._asked is head:
            self._answer = self._asked = None
            self._send(head, reply)
            self._advance([])

    def _give_up(self, answer: Deferred[None]) -> None:
        """Reply in place of an answer that takes too long."""
        head, self._asked, self._answer = self._asked, None, None
        answer.cancel()
        self._send(head, self._site.overdue())
        self._advance([])

    def _broken(self) -> Reply:
        log.failure("{listener}: no answer to a request", listener=self._site.name)
        return error_reply(500, "Internal error")

    def _send(self, head: RequestHead | None, reply: Reply) -> None:
        """Write a reply; without a head it is to something that is no request."""
        is_last = self._site.is_draining or (self._eof and not self._codec.held)
        close = head is None or not head.keep_alive or is_last
        if reply.error is not None:
            self._log_refused(reply)
        self._stream.write(
            render_reply(
                reply.status,
                reply.error or "OK",
                reply.body,
                reply.content_type,
                server=SERVER,
                date=self._dates.at(self._wall_clock()),
                close=close,
                with_body=head is None or head.method != b"HEAD",
            )
        )
        if close:
            self._close()

    def _log_refused(self, reply: Reply) -> None:
        log.info(
            "{listener}: {peer!r}: refused: {status} {error!r}",
            listener=self._site.name,
            peer=getattr(self._stream.getPeer(), "host", "unix"),
            status=reply.status,
            error=reply.error,
        )

    # Reading and closing.

    def _resume_reading(self) -> None:
        if not self._reading and self._codec.held <= PAUSE_OCTETS:
            self._reading = True
            self._stream.resumeProducing()

    def _close(self) -> None:
        """End the connection when what was written is sent, and the client cannot lose it."""
        if self._closing:
            return
        self._closing = True
        self._stream.unregisterProducer()
        self._limit(LINGER_SECONDS)
        if self._eof or not (self._codec.surplus or self._codec.broken):
            self._stream.loseConnection()
            return
        if not self._reading:
            self._stream.resumeProducing()
        if _can_half_close(self._stream):
            self._stream.loseWriteConnection()

    def _drop(self, octets: int) -> None:
        self._dropped += octets
        if self._dropped > LINGER_OCTETS:
            self._stream.abortConnection()

    # Time limits.

    def _watch(self) -> None:
        """Set the limit for what comes next: a request's first octet, or its end."""
        if self._answer is not None:
            return
        if not self._codec.in_request:
            self._limit(self._site.idle_timeout)
        elif not self._in_request:
            self._in_request = True
            self._limit(self._site.request_timeout)

    def _limit(self, seconds: float) -> None:
        """Set when time is up. The timer is left alone if it goes off sooner: it looks again."""
        self._deadline = deadline = self._clock.seconds() + seconds
        if self._timer is None:
            self._timer = self._clock.callLater(seconds, self._look)
        elif self._timer.getTime() > deadline:
            # Not reset: to an earlier time it searches the timers of all connections in a row.
            self._timer.cancel()
            self._timer = self._clock.callLater(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        left = self._deadline - self._clock.seconds()
        if left > 0:
            self._timer = self._clock.callLater(left, self._look)
        elif self._closing:
            self._stream.abortConnection()
        elif self._answer is not None:
            self._give_up(self._answer)
        elif self._codec.in_request:
            self._send(None, error_reply(408, "IO timeout"))
        else:
            self._close()


def _can_half_close(stream: Stream) -> bool:
    """TLS cannot, though its transport claims the interfaces of the one below."""
    return IHalfCloseableDescriptor.providedBy(stream) and not INegotiated.providedBy(stream)
