"""One HTTP/1.x connection: codec, time limits and closing, around a function that answers.

Requests are answered one at a time and in order. A client may half-close after its request and is
still answered (http-scan.md T12), so only a reset counts as gone; then the answer under way is
cancelled.
"""

from collections.abc import Callable

from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from .. import __version__
from ..codec.http1 import Event, ProtocolError, RequestCodec, RequestComplete, RequestHead
from ..codec.http_body import Body
from ..codec.http_reply import CONTINUE, DateLine, render_reply
from ..codec.httpcrypt_outside import Reading
from ..codec.httpcrypt_requests import SealedRequests, Unopened, render_sealed
from ..codec.httpcrypt_way import NO_WAY
from .answering import MAX_LOGGED
from .gate import Door
from .http_answer import Answers, Asked
from .http_body import FORM_OVERHEAD
from .http_reply import Reply, error_reply
from .replying import Replying
from .requests import RequestFactory

PAUSE_OCTETS = 64 * 1024
"""Octets of pipelined requests at which reading stops until there is a reply."""

NOT_OPENED = Reply(400, b"", "text/plain", reason="Bad Request")
"""Whatever the reason: who does not have the keys learns nothing."""

SERVER = f"mailfilter/{__version__}"

log = Logger()


@implementer(IHalfCloseableProtocol, IPushProducer)
class HttpConnection(Replying[Asked, Reply]):
    """See the module."""

    _site: RequestFactory["HttpConnection", Answers]
    way = NO_WAY
    """Headers of which in a sealed request those outside count."""

    def __init__(
        self,
        site: RequestFactory["HttpConnection", Answers],
        dates: DateLine,
        wall_clock: Callable[[], float],
        open_body: Callable[[RequestHead], Body],
        waits: Callable[[RequestHead], bool] | None = None,
        door: Door | None = None,
    ) -> None:
        """`open_body` gives what takes the body of a request, or raises `codec.Refused`.

        `waits` says whether something is to be decided before that is asked for. With a door
        requests may be sealed.
        """
        super().__init__(site)
        self._dates = dates
        self._wall_clock = wall_clock
        max_sealed = site.max_message + FORM_OVERHEAD
        reading = Reading(open_body, waits, max_sealed, self.way)
        self._door = door
        self._sealed = None if door is None else SealedRequests(reading, door)
        self._codec: RequestCodec | SealedRequests = self._sealed or reading.codec()
        self._is_new = True
        self._advancing = False
        self._held_up = False
        """It is not decided yet whether the body of a request is read."""
        self._stalled = False
        """Replies wait in the transport: the client does not read them."""
        self._in_request = False
        """The limit that is set is for a request that has begun."""

    # What the transport calls.

    def connectionMade(self) -> None:
        super().connectionMade()
        if self._door is not None:
            self._door.begin(self._stream.getPeer(), self._peer, self.known, self.claim)
        self._stream.registerProducer(self, True)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        if self._sealed is not None:
            self._sealed.discard()

    def dataReceived(self, data: bytes) -> None:
        if self._closing:
            self._drop(len(data))
            return
        if self._is_new:
            self._is_new = False
            if self._site.is_misplaced(data, self._stream.getPeer(), self.claim):
                self._close()
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
        if self._closing:
            return self._lingers
        return self._answer is None and not self._codec.in_request and not self._codec.held

    # Requests and replies.

    def _advance(self, events: list[Event]) -> None:
        """Handle events and go on with what is held back, until there is something to wait for."""
        if self._advancing or self._closing or self._turn is not None:
            return
        self._advancing = True
        while True:
            for event in events:
                self._handle(event, events)
            if self._closing or self._answer is not None or self._stalled or self._held_up:
                break
            if events and self._codec.answering and self._codec.held:
                # What one write brings may hold thousands of requests.
                self._let_others()
                break
            if self._sealed is not None and self._sealed.unread:
                self._let_others()
                break
            if self._codec.answering:
                events = self._codec.next_request()
            elif self._codec.waiting:
                events = self._codec.read_body()
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

    def _let_others(self) -> None:
        """Go on when other connections have had their turn."""
        self._turn = self._clock.callLater(0, self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        if not self._closing:
            self._advance([] if self._sealed is None else self._sealed.read_on())

    def _handle(self, event: Event, events: list[Event]) -> None:
        self._meet()
        if isinstance(event, RequestComplete):
            self._respond(event)
        elif isinstance(event, Unopened):
            self._refuse_sealed(event)
        elif isinstance(event, ProtocolError):
            self._send(None, self._site.answers.refused(event, self._peer))
        elif event.expects_continue and event is events[-1]:
            self._stream.write(CONTINUE)

    def _meet(self) -> None:
        """The key of a sealed request says who is there, and no other comes behind it."""
        if self._door is not None:
            self._peer, self.known = self._door.peer, self._door.known

    def _refuse_sealed(self, event: Unopened) -> None:
        assert self._door is not None
        self._door.note(event)
        self._send(None, NOT_OPENED)

    def _respond(self, request: RequestComplete) -> None:
        self._in_request = False
        reply = self._site.answers.at_once(request)
        if reply is None:
            self._begin_answer(Asked(request, self._peer, known=self.known))
        else:
            self._send(request.head, reply)

    def _reply(self, asked: Asked, reply: Reply) -> None:
        self._send(asked.request.head, reply)
        self._advance([])

    def _send(self, head: RequestHead | None, reply: Reply) -> None:
        """Write a reply; without a head it is to something that is no request, or not all of it."""
        key = None if self._sealed is None else self._sealed.key
        is_last = self._site.is_draining or (self._eof and not self._codec.held)
        close = head is None or not head.keep_alive or is_last
        reply = self._site.answers.dressed(reply)
        if reply.error is not None:
            self._log_refused(reply)
        date = self._dates.at(self._wall_clock())
        rendered = render_reply(
            reply.status,
            reply.error or reply.reason,
            reply.body,
            reply.content_type,
            server=SERVER,
            date=date,
            close=close,
            extra=reply.extra,
            with_body=reply.status != 304 and (head is None or head.method != b"HEAD"),
        )
        if key is not None:
            rendered = render_sealed(key, rendered, server=SERVER, date=date)
        self._stream.write(rendered)
        if close:
            self._close()

    def _log_refused(self, reply: Reply) -> None:
        log.info(
            "{listener}: {peer!r}: message {queue_id!r}: refused: {status} {error!r}"
            if reply.queue_id
            else "{listener}: {peer!r}: refused: {status} {error!r}",
            listener=self._site.name,
            peer=str(self._peer),
            queue_id=reply.queue_id[:MAX_LOGGED],
            status=reply.status,
            error=reply.error,
        )

    # Reading and closing.

    def _close(self) -> None:
        """End the connection when what was written is sent, and the client cannot lose it."""
        if self._closing:
            return
        self._stream.unregisterProducer()
        codec = self._codec
        self._end(may_send=codec.surplus or codec.broken or codec.held > 0)
        if self._sealed is not None:
            self._sealed.discard()

    # Time limits.

    def _watch(self) -> None:
        """Set the limit for what comes next: a request's first octet, or its end."""
        if self._answer is not None:
            return
        if not self._codec.in_request:
            self._limit(self._site.idle_timeout)
        elif not self._in_request:
            self._in_request = True
            self._limit_request()

    def time_is_up(self) -> None:
        if self._answer is not None:
            self._give_up()
        elif self._codec.in_request:
            self._send(None, error_reply(408, "IO timeout"))
        else:
            self._close()
