"""A connection: calls are pipelined on it, each is answered or given up in time."""

from collections import deque
from dataclasses import dataclass
from typing import Any, ClassVar

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHandshakeListener, IReactorTime
from twisted.python.failure import Failure
from txredisapi import InvalidData, RedisProtocol, ReplyQueue  # type: ignore[import-untyped]
from zope.interface import implementer

from ...tls.errors import TlsError
from ..errors import StoreError, TimedOut, Unavailable
from .frames import Frames
from .trouble import again

MAX_CALLS = 5000
"""Calls under way on a connection; those that were given up count until their answer came."""
MAX_OCTETS = 2**26
"""Octets of these: what a server that stands still makes us hold."""


class Replies(ReplyQueue):  # type: ignore[misc]
    """Who waits for replies, in order."""

    def give_up(self, waiter: "Deferred[Any]", error: StoreError) -> None:
        """Answer one who has waited for too long; the reply will go to nobody."""
        self._cancelGet(waiter)
        waiter.errback(error)


@dataclass(frozen=True, slots=True)
class Sent:
    """A call under way."""

    at: float
    octets: int
    waiter: "Deferred[Any]"


@implementer(IHandshakeListener)
class Connection(RedisProtocol):  # type: ignore[misc]
    """Sends commands and matches replies; ends itself when the server misbehaves or stands still.

    A reply is what hiredis makes of it; a `ResponseError` where the server refused, and a
    `StoreError` where there will be no reply.
    """

    needs_scripts: ClassVar[bool] = True
    """Whether our scripts are run on it."""

    def __init__(self, clock: IReactorTime, timeout: float, place: str, is_tls: bool) -> None:
        super().__init__(charset=None, convertNumbers=False)
        self.replyQueue = Replies()
        self.place = place
        self.usable: Deferred[None] = Deferred()
        """Fires when commands may be sent; fails with StoreError if that never comes."""
        self.lost: Deferred[StoreError] = Deferred()
        """Fires when it has ended."""
        self._clock, self._timeout, self._is_tls = clock, timeout, is_tls
        self._frames = Frames()
        self._sent: deque[Sent] = deque()
        self._given_up = 0
        self._octets = 0
        self._heard = 0.0
        self._timer: Any = None
        self._ended: StoreError | None = None

    def connectionMade(self) -> None:
        """Connected; with TLS the other side is not known yet."""
        for option in ("setTcpNoDelay", "setTcpKeepAlive"):
            getattr(self.transport, option, lambda _: None)(True)
        if not self._is_tls:
            self._begin()

    def handshakeCompleted(self) -> None:
        """TLS: the certificate is the right one."""
        self._begin()

    def _begin(self) -> None:
        if not self.usable.called:
            self.usable.callback(None)

    @property
    def is_usable(self) -> bool:
        """Whether it has not ended."""
        return self._ended is None

    @property
    def under_way(self) -> int:
        """How many replies are to come."""
        return len(self._sent)

    def send(self, command: bytes) -> "Deferred[Any]":
        """Send a command; what is returned may be cancelled. Raises StoreError."""
        if self._ended is not None:
            raise again(self._ended)
        if len(self._sent) >= MAX_CALLS or self._octets > MAX_OCTETS:
            raise Unavailable(f"{self.place}: {len(self._sent)} calls are under way already")
        self.transport.write(command)
        waiter: Deferred[Any] = self.replyQueue.get()
        self._sent.append(Sent(self._clock.seconds(), len(command), waiter))
        self._octets += len(command)
        if self._timer is None:
            self._timer = self._clock.callLater(self._timeout, self._tick)
        return waiter

    def dataReceived(self, data: bytes, unpause: bool = False) -> None:
        """Octets from the server."""
        if self._ended is not None:
            return
        self._heard = self._clock.seconds()
        trouble: StoreError | None = None
        try:
            self._frames.feed(data)
        except StoreError as error:
            trouble = type(error)(f"{self.place}: {error}")
            data = data[: self._frames.complete]
        self._parse(data)
        if trouble is not None and self._ended is None:
            self._misbehaved(trouble)

    def _parse(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                self.replyReceived(reply)
                if self._ended is not None:
                    return
        except (InvalidData, MemoryError) as error:
            text = f"{self.place}: this is not the protocol of Redis: {error}"
            self._misbehaved(StoreError(text))

    def replyReceived(self, reply: Any) -> None:
        """A whole reply: to whoever waits for it."""
        if not self._sent:
            self._misbehaved(self.unasked(reply))
            return
        self._octets -= self._sent.popleft().octets
        self._given_up = max(0, self._given_up - 1)
        self.replyQueue.put(reply)

    def unasked(self, reply: Any) -> StoreError:
        """What it means that a reply comes while nobody waits: a server that has no place left."""
        if isinstance(reply, Exception):
            return Unavailable(f"{self.place}: {str(reply)[:200]}")
        return StoreError(f"{self.place}: a reply that nobody asked for")

    def _misbehaved(self, error: StoreError) -> None:
        """What came is no reply: that is told to who waits for it; to others the loss is."""
        if self._sent:
            sent = self._sent.popleft()
            self._given_up = max(0, self._given_up - 1)
            self._octets -= sent.octets
            culprit = self.replyQueue.waiting.pop(0)
        else:
            culprit = None
        self.end(Unavailable(f"{error}; the connection was dropped"))
        if culprit is not None:
            culprit.callback(error)

    def end(self, error: StoreError) -> None:
        """Let go of the connection; all who wait get the error."""
        if self._ended is not None:
            return
        self._ended = error
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.transport is not None:
            self.transport.abortConnection()
        self._sent.clear()
        # First, so that whoever waits for a reply and asks again does not ask here.
        self.lost.callback(error)
        while self.replyQueue.waiting:
            self.replyQueue.put(error)
        if not self.usable.called:
            self.usable.errback(Failure(again(error)))

    def connectionLost(self, why: Failure) -> None:
        """The connection is gone."""
        self.end(Unavailable(f"{self.place}: {_lost(why)}"))
        super().connectionLost(why)

    def _tick(self) -> None:
        # When the reactor was held up, replies may lie there unread: they are read before that.
        self._timer = self._clock.callLater(0, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = self._clock.seconds()
        while self._given_up < len(self._sent):
            sent = self._sent[self._given_up]
            if sent.at + self._timeout > now:
                break
            self._given_up += 1
            # Its own sender may have cancelled it.
            if not sent.waiter.called:
                error = TimedOut(f"{self.place}: no answer in {self._timeout:g} s")
                self.replyQueue.give_up(sent.waiter, error)
        if not self._sent or self._ended is not None:
            return
        silent = max(self._heard, self._sent[0].at) + self._timeout
        if silent <= now:
            self.end(Unavailable(f"{self.place}: nothing came for {self._timeout:g} s"))
            return
        due = silent
        if self._given_up < len(self._sent):
            due = min(due, self._sent[self._given_up].at + self._timeout)
        # Whoever was given up may have sent something again.
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.callLater(max(0.001, due - now), self._tick)


def _lost(why: Failure) -> str:
    value = why.value
    if isinstance(value, TlsError):
        return f"TLS: {value}"
    # What OpenSSL says is a list of lists.
    text = repr(value) if isinstance(value, SSL.Error) else why.getErrorMessage()
    return f"connection lost: {text[:200]}"
