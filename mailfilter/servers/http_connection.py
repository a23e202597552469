"""One HTTP/1.x connection: codec, time limits and closing, around a function that answers.

Requests are answered one at a time and in order. A client may half-close after its request and is
still answered (http-scan.md T12), so only a reset counts as gone; then the answer under way is
cancelled.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import time
from typing import Any, cast
from typing import Protocol as Interface

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IPushProducer,
    IReactorTime,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from .. import __version__
from ..codec.http1 import Event, ProtocolError, RequestCodec, RequestComplete, RequestHead
from ..codec.http_body import Body
from ..codec.http_reply import CONTINUE, DateLine, render_reply
from ..report.reply_json import render_error
from .closing import Closing
from .peer import Peer, Peers
from .stream import Stream

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
    extra: tuple[tuple[str, str], ...] = ()
    """More headers."""


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

    peers: Peers

    def open_body(self, head: RequestHead) -> Body:
        """What takes the body of a request. Raises `Refused`."""
        ...

    def respond(self, request: RequestComplete, peer: Peer) -> Reply | Coroutine[Any, Any, Reply]:
        """Answer a request: now, or by a coroutine, which is cancelled if the client is gone."""
        ...

    def failed(self, request: RequestComplete, peer: Peer) -> Reply:
        """What is said in place of an answer that has raised what is being handled."""
        ...

    def overdue(self, request: RequestComplete, peer: Peer) -> Reply:
        """What is said in place of an answer that takes longer than `answer_timeout`."""
        ...

    def forget(self, connection: "HttpConnection") -> None:
        """The connection has ended."""
        ...


@implementer(IHalfCloseableProtocol, IPushProducer)
class HttpConnection(Closing):
    """See the module."""

    def __init__(self, site: Site, dates: DateLine, wall_clock: Callable[[], float] = time) -> None:
        super().__init__(site.clock)
        self._site = site
        self._dates = dates
        self._wall_clock = wall_clock
        self._codec = RequestCodec(site.max_body, site.open_body)
        self._answer: Deferred[None] | None = None
        """The answer under way."""
        self._asked: RequestComplete | None = None
        """The request that it is for."""
        self._advancing = False
        self._turn: IDelayedCall | None = None
        """When the next request is taken up, if other connections are to have their turn first."""
        self._stalled = False
        """Replies wait in the transport: the client does not read them."""
        self._in_request = False
        """The limit that is set is for a request that has begun."""

    # What the transport calls.

    def connectionMade(self) -> None:
        self._stream = cast(Stream, self.transport)
        self._peer = self._site.peers.peer(self._stream.getPeer())
        self._stream.registerProducer(self, True)
        self._limit(self._site.idle_timeout)

    def dataReceived(self, data: bytes) -> None:
        if self._closing:
            self._drop(len(data))
            return
        self._advance(self._codec.receive(data))
        if self._codec.held > PAUSE_OCTETS and not self._closing:
            self._pause_reading()

    def readConnectionLost(self) -> None:
        self._eof = True
        if self._closing:
            self._stream.loseConnection()
        else:
            self._advance([])

    def writeConnectionLost(self) -> None:
        """Our own half-close is done."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._ended()
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
            if self._codec.held <= PAUSE_OCTETS:
                self._read_on()
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
            answer = self._site.respond(request, self._peer)
        except Exception:
            answer = self._broken()
        if isinstance(answer, Reply):
            self._send(request.head, answer)
            return
        self._asked = request
        under_way = Deferred.fromCoroutine(self._wait(request, answer))
        if not under_way.called:
            self._answer = under_way
            self._limit(self._site.answer_timeout)

    async def _wait(self, request: RequestComplete, answer: Coroutine[Any, Any, Reply]) -> None:
        try:
            reply = await answer
        except Exception:
            if self._asked is not request:
                return
            reply = self._in_place(self._site.failed, request)
        if self._asked is request:
            self._answer = self._asked = None
            self._send(request.head, reply)
            self._advance([])

    def _give_up(self, answer: Deferred[None]) -> None:
        """Reply in place of an answer that takes too long."""
        request, self._asked, self._answer = self._asked, None, None
        answer.cancel()
        assert request is not None
        self._send(request.head, self._in_place(self._site.overdue, request))
        self._advance([])

    def _in_place(
        self, answer: Callable[[RequestComplete, Peer], Reply], request: RequestComplete
    ) -> Reply:
        try:
            return answer(request, self._peer)
        except Exception:
            return self._broken()

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
                extra=reply.extra,
                with_body=head is None or head.method != b"HEAD",
            )
        )
        if close:
            self._close()

    def _log_refused(self, reply: Reply) -> None:
        log.info(
            "{listener}: {peer!r}: refused: {status} {error!r}",
            listener=self._site.name,
            peer=self._peer.name,
            status=reply.status,
            error=reply.error,
        )

    # Reading and closing.

    def _close(self) -> None:
        """End the connection when what was written is sent, and the client cannot lose it."""
        if self._closing:
            return
        self._stream.unregisterProducer()
        self._end(may_send=self._codec.surplus or self._codec.broken)

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

    def _time_is_up(self) -> None:
        if self._answer is not None:
            self._give_up(self._answer)
        elif self._codec.in_request:
            self._send(None, error_reply(408, "IO timeout"))
        else:
            self._close()
