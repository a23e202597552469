"""What stands in a connection's place until its TLS handshake is complete.

It counts as a connection, and knows no protocol: when it is complete, it is known who is there,
and the connection itself goes on, without anything in between.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol, cast

from twisted.internet.interfaces import IAddress, IDelayedCall, IHandshakeListener, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ..config.model import Tls
from ..tls.accepting import Accepting
from ..tls.words import LEFT, TOO_LATE, TOO_MANY, Refusal, plain
from .limited import LimitedFactory, Served
from .sources import source_of

LINGER_SECONDS = 5.0
"""What a refused client has to read why, and to close."""

STILL_SECONDS = 1.0
"""A handshake that is under way for longer may be given up for another one, and one that has heard
nothing for longer is nothing that others wait for."""

SHOWN = 16
"""Octets by which it is told what somebody speaks who speaks no TLS."""


class Through(Protocol):
    """The transport: see `TlsStream`."""

    @property
    def tls(self) -> Accepting: ...
    def begin(self, connection: Served) -> None: ...
    def refuse(self) -> None: ...
    def close_below(self) -> None: ...
    def abortConnection(self) -> None: ...


@implementer(IHandshakeListener)
class Handshake(Served):
    """One connection that is not there yet."""

    def __init__(self, every: "Handshakes", address: IAddress | None) -> None:
        self._every = every
        self._address = address
        self.origin = source_of(address)
        """The address, or network, that shares the room for handshakes with others."""
        self.began = self._heard = every.clock.seconds()
        self._start = b""
        self._is_over = False
        """Complete, refused, or not wanted any more."""
        self._timer: IDelayedCall | None = None

    # What the transport calls.

    def connectionMade(self) -> None:
        self._stream = cast(Through, self.transport)
        self._timer = self._every.clock.callLater(self._every.timeout, self._time_is_up)

    def heard(self, data: bytes) -> bool:
        """Octets have come; whether they may be TLS."""
        if self._is_over:
            return False
        self._heard = self._every.clock.seconds()
        if data and not self._start:
            self._start = data[:SHOWN]
            if self._every.site.is_misplaced(self._start, self._address, self.claim):
                self.close_idle()
                return False
            refusal = plain(self._start)
            if refusal is not None:
                self._refuse(refusal)
                self._stream.close_below()
        return not self._is_over

    def handshakeCompleted(self) -> None:
        if self._is_over:
            return
        tls, site = self._stream.tls, self._every.site
        refusal = tls.settle(self._every.wall_clock())
        if refusal is not None:
            self.failed(refusal)
            self._stream.refuse()
            return
        self._end()
        site.refusals.count("handshakes")
        if tls.is_resumed:
            site.refusals.count("resumed")
        self._stream.begin(site.take_over(self, tls.known))

    def failed(self, refusal: Refusal) -> None:
        """The other side is refused, and may read why."""
        if self._is_over:
            return
        self._refuse(refusal)
        self._every.linger(self)
        self._timer = self._every.clock.callLater(LINGER_SECONDS, self._lingered)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._start and not self._is_over:
            self._refuse(LEFT)
        self._end()
        self._every.site.forget(self)

    # What the factory asks.

    @property
    def is_idle(self) -> bool:
        """See `Served.is_idle`: one that stands still is nothing that somebody waits for."""
        is_still = self._every.clock.seconds() - self._heard > STILL_SECONDS
        return self._is_over or not self._start or is_still

    def close_idle(self) -> None:
        """See `Served.close_idle`."""
        self._end()
        self._stream.close_below()

    def abort(self) -> None:
        """See `Served.abort`."""
        self._end()
        self._stream.abortConnection()

    def give_up(self, refusal: Refusal) -> None:
        """End it at once."""
        self._refuse(refusal)
        self._stream.abortConnection()

    def _time_is_up(self) -> None:
        self._timer = None
        self.give_up(Refusal("timeout", TOO_LATE))

    def _lingered(self) -> None:
        self._timer = None
        self._stream.abortConnection()

    def _refuse(self, refusal: Refusal) -> None:
        self._end()
        self._every.site.refusals.note(refusal, self._address)

    def _end(self) -> None:
        self._is_over = True
        self._every.forget(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Handshakes:
    """Those of one listener that are under way."""

    def __init__(
        self,
        site: LimitedFactory[Any],
        settings: Tls,
        clock: IReactorTime,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.site = site
        self.clock = clock
        self.wall_clock = wall_clock
        """Unix time, for certificates."""
        self.timeout = settings.handshake_timeout
        self._most = settings.max_handshakes
        self.pending: dict[Handshake, None] = {}
        """The oldest first."""
        self._of_origin: Counter[str | None] = Counter()
        """How many of these each has."""
        self._lingering: dict[Handshake, None] = {}
        """Those that were refused and may read why, the oldest first."""

    def begin(self, address: IAddress | None) -> Handshake | None:
        """One more, if there is room, or another one is given up for it; else `None`, which is said
        and counted."""
        handshake = Handshake(self, address)
        if len(self.pending) >= self._most:
            other = self._dispensable(handshake.origin)
            if other is None:
                self.site.refusals.note(Refusal("limit", TOO_MANY), address)
                return None
            other.give_up(Refusal("limit", TOO_MANY))
        self.pending[handshake] = None
        self._of_origin[handshake.origin] += 1
        return handshake

    def _dispensable(self, origin: str | None) -> Handshake | None:
        """The oldest of whoever has more than this one would have, so that no single client keeps
        others out by being quick; else the oldest of all, if that has had its time."""
        ((greedy, count),) = self._of_origin.most_common(1)
        if count > self._of_origin[origin] + 1:
            return next(each for each in self.pending if each.origin == greedy)
        oldest = next(iter(self.pending))
        is_new = self.clock.seconds() - oldest.began <= STILL_SECONDS
        return None if is_new else oldest

    def linger(self, handshake: Handshake) -> None:
        """One more is refused; of those who were before, only as many may linger on."""
        if len(self._lingering) >= self._most:
            next(iter(self._lingering)).abort()
        self._lingering[handshake] = None

    def forget(self, handshake: Handshake) -> None:
        """It is over, or lingers no more."""
        if handshake in self.pending:
            del self.pending[handshake]
            self._of_origin[handshake.origin] -= 1
            if not self._of_origin[handshake.origin]:
                del self._of_origin[handshake.origin]
        self._lingering.pop(handshake, None)
