"""The line protocols RSPAMC and SPAMC on sockets: one request for each connection.

Clients half-close after their request, or do not, and read up to the end: it always comes as a FIN
after the last octet of the answer, never as a reset (spamd-line.md 3.6).
"""

from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from zope.interface import implementer

from ..codec import spamd_reply as replies
from ..codec.spamd import Event, LineCodec, ProtocolError, Request
from .gate import ENCRYPTION_REQUIRED, must_seal
from .replying import Replying
from .requests import RequestFactory
from .spamd_answer import Answers, Asked
from .spamd_tell import Tells
from .teaching import Teacher

SLICE = 8 * 1024
"""Octets of a packed message that are unpacked in one turn of the reactor: of the worst 8 MiB."""


class SpamdFactory(RequestFactory["SpamdConnection", Answers]):
    """Serves one listener."""

    answers_type = Answers

    def __init__(self, *given: Any, teacher: Teacher | None = None, **named: Any) -> None:
        """`teacher` learns what is told, where the listener lets clients tell it."""
        super().__init__(*given, **named)
        if teacher is not None and self.listener.learns:
            self.answers.tells = Tells(self.name, teacher)

    def make_connection(self) -> "SpamdConnection":
        return SpamdConnection(self)


@implementer(IHalfCloseableProtocol)
class SpamdConnection(Replying[Asked, bytes]):
    """One connection."""

    _site: SpamdFactory

    def __init__(self, site: SpamdFactory) -> None:
        super().__init__(site)
        self._codec = LineCodec(site.max_message)

    # What the transport calls.

    def dataReceived(self, data: bytes) -> None:
        if self._closing or self._codec.has_ended:
            self._drop(len(data))
            return
        is_first = not self._codec.has_begun
        if is_first and self._site.is_misplaced(data, self._stream.getPeer(), self.claim):
            self._close()
            return
        self._take(data)
        if is_first and not self._codec.has_ended:
            self._limit_request()

    def _take(self, data: bytes) -> None:
        """Read octets; if they have to be unpacked, others get their turn in between."""
        rest = b""
        if len(data) > SLICE and (self._codec.is_packed or self._codec.is_in_head):
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

    # What the factory asks.

    @property
    def is_idle(self) -> bool:
        """See `Served.is_idle`."""
        return self._lingers if self._closing else not self._codec.has_begun

    def _close(self) -> None:
        self._end(may_send=True)

    # The request and its reply.

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, ProtocolError):
                self._send(self._site.answers.refused(event, self._peer))
            else:
                self._respond(event)

    def _respond(self, request: Request) -> None:
        if must_seal(self._site.listener, self._peer):
            self._site.refusals.count_sealed("refused/plain")
            error = ProtocolError(ENCRYPTION_REQUIRED, self._codec.is_rspamc)
            self._send(self._site.answers.refused(error, self._peer))
            return
        reply = self._site.answers.at_once(request, self._peer)
        if reply is None:
            self._begin_answer(Asked(request, self._peer))
        else:
            self._send(reply)

    def _reply(self, asked: Asked, reply: bytes) -> None:
        self._send(reply)

    def time_is_up(self) -> None:
        if self._answer is not None:
            self._give_up()
        elif self._codec.has_begun:
            self._site.answers.log_refused(self._peer, "no request in time")
            text = f"no request within {self._site.listener.request_timeout:g} s"
            is_rspamc = self._codec.is_rspamc
            self._send(replies.rspamc_error(text, 79) if is_rspamc else replies.timeout(text))
        else:
            self._close()

    def _send(self, reply: bytes) -> None:
        """Write the reply and close: the client may send on, or wait for our end."""
        self._stream.write(reply)
        self._end(may_send=True)
