"""The line protocols RSPAMC and SPAMC on sockets: one request for each connection.

Clients half-close after their request, or do not, and read up to the end: it always comes as a FIN
after the last octet of the answer, never as a reset (spamd-line.md 3.6).
"""

from collections.abc import Callable, Coroutine
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ..codec import spamd_reply as replies
from ..codec.spamd import Event, LineCodec, ProtocolError, Request
from ..config.model import Listener
from ..scan.run import ScanService
from .closing import Closing
from .limited import LimitedFactory
from .peer import Peer
from .spamd_answer import Answers
from .stream import Stream

SLICE = 8 * 1024
"""Octets of a packed message that are unpacked in one turn of the reactor: of the worst 8 MiB."""

log = Logger()


class SpamdFactory(LimitedFactory["SpamdConnection"]):
    """Serves one listener."""

    tells_to_close = True

    def __init__(
        self, scanner: ScanService, name: str, listener: Listener, clock: IReactorTime
    ) -> None:
        super().__init__(name, listener)
        self.clock = clock
        self.max_message = scanner.max_message
        self.answers = Answers(scanner, name, listener, clock)

    def make_connection(self) -> "SpamdConnection":
        return SpamdConnection(self)


@implementer(IHalfCloseableProtocol)
class SpamdConnection(Closing):
    """One connection."""

    def __init__(self, site: SpamdFactory) -> None:
        super().__init__(site.clock)
        self._site = site
        self._codec = LineCodec(site.max_message)
        self._answer: Deferred[None] | None = None
        """The answer under way."""
        self._asked: Request | None = None
        """The request that it is for."""
        self._turn: IDelayedCall | None = None
        """When more of a packed message is read."""

    # What the transport calls.

    def connectionMade(self) -> None:
        self._stream = cast(Stream, self.transport)
        self._peer = self._site.answers.peers.peer(self._stream.getPeer())
        self._limit(self._site.idle_timeout)

    def dataReceived(self, data: bytes) -> None:
        if self._closing or self._codec.has_ended:
            self._drop(len(data))
            return
        is_first = not self._codec.has_begun
        self._take(data)
        if is_first and not self._codec.has_ended:
            self._limit(self._site.listener.request_timeout)

    def _take(self, data: bytes) -> None:
        """Read octets; if they have to be unpacked, others get their turn in between."""
        rest = b""
        if len(data) > SLICE and (self._codec.is_packed or not self._codec.has_begun):
            data, rest = data[:SLICE], data[SLICE:]
        self._handle(self._codec.receive(data))
        if not rest:
            return
        if self._codec.has_ended:
            self._drop(len(rest))
        elif self._codec.is_packed:
            self._pause_reading()
            self._turn = self._clock.callLater(0, self._take_turn, rest)
        else:
            self._take(rest)

    def _take_turn(self, data: bytes) -> None:
        self._turn = None
        if self._closing:
            return
        self._take(data)
        if self._turn is None:
            self._read_on()

    def readConnectionLost(self) -> None:
        self._eof = True
        if self._closing:
            self._stream.loseConnection()
        elif not self._codec.has_begun:
            self._end(may_send=False)
        else:
            self._handle(self._codec.end_of_input())

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

    # What the factory asks.

    @property
    def is_idle(self) -> bool:
        """See `Served.is_idle`."""
        return self._answer is None and (self._codec.has_ended or not self._codec.has_begun)

    def close_idle(self) -> None:
        """See `Served.close_idle`."""
        if not self._closing:
            self._end(may_send=True)

    def abort(self) -> None:
        """See `Served.abort`."""
        self._stream.abortConnection()

    # The request and its reply.

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, ProtocolError):
                self._send(self._site.answers.refused(event, self._peer))
            else:
                self._respond(event)

    def _respond(self, request: Request) -> None:
        answers = self._site.answers
        if (reply := answers.at_once(request, self._peer)) is not None:
            self._send(reply)
            return
        self._asked = request
        under_way = Deferred.fromCoroutine(self._wait(request, answers.answer(request, self._peer)))
        if not under_way.called:
            self._answer = under_way
            self._limit(self._site.listener.deadline)

    async def _wait(self, request: Request, answer: Coroutine[Any, Any, bytes]) -> None:
        try:
            reply = await answer
        except Exception:
            if self._asked is not request:
                return
            reply = self._in_place(self._site.answers.failed, request)
        if self._asked is request:
            self._answer = self._asked = None
            self._send(reply)

    def _time_is_up(self) -> None:
        if self._answer is not None and self._asked is not None:
            answer, request = self._answer, self._asked
            self._answer = self._asked = None
            answer.cancel()
            self._send(self._in_place(self._site.answers.overdue, request))
        elif self._codec.has_begun:
            self._site.answers.log_refused(self._peer, "no request in time")
            text = f"no request within {self._site.listener.request_timeout:g} s"
            is_rspamc = self._codec.is_rspamc
            self._send(replies.rspamc_error(text, 79) if is_rspamc else replies.timeout(text))
        else:
            self._end(may_send=True)

    def _in_place(self, answer: Callable[[Request, Peer], bytes], request: Request) -> bytes:
        try:
            return answer(request, self._peer)
        except Exception:
            log.failure("{listener}: no answer to a request", listener=self._site.name)
            return b""

    def _send(self, reply: bytes) -> None:
        """Write the reply and close: the client may send on, or wait for our end."""
        self._stream.write(reply)
        self._end(may_send=True)
