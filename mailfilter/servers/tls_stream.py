"""TLS between a transport and a connection, which take it for a transport like any other.

Records are Twisted's and OpenSSL's work. What is added: either side may end what it sends and
still read, as with TCP; a connection that asks for no more octets gets none, also none that are
here already; and a handshake that fails still gets its alert to the other side.
"""

# mypy: allow-untyped-calls
# Twisted says of few of these what they take.

from typing import Any, cast

from OpenSSL import SSL
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IOpenSSLServerConnectionCreator,
    IReactorTime,
)
from twisted.internet.protocol import connectionDone
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from ..config.model import Tls
from ..tls.accepting import Accepting
from ..tls.contexts import ServerSide
from ..tls.words import FLOOD, Refusal
from .claim import Claim
from .handshake import Handshake, Handshakes
from .limited import LimitedFactory, Served
from .stream import Stream, unsent

PIECE = 2**14
"""Octets handed to OpenSSL at once, about those of a record: each connection keeps a buffer as
large as the most that it was ever given."""

MAX_OWN = 64 * 2**10
"""Octets that OpenSSL may say by itself in a connection: it answers each wish for new keys, or for
a new handshake, and a flood of them whose answers nobody reads would fill memory."""


@implementer(IHalfCloseableProtocol)
class TlsStream(TLSMemoryBIOProtocol):
    """See the module."""

    factory: "TlsFactory"
    _tls: Accepting | None = None
    """`None` before the connection and after it."""
    _drops = False
    """What comes is not read any more."""
    _own = 0
    """Octets that OpenSSL has said by itself since the handshake."""

    def __init__(self, factory: "TlsFactory", handshake: Handshake) -> None:
        super().__init__(factory, handshake)
        self.handshake: Handshake | None = handshake
        """Until it is complete."""

    # What the transport below calls.

    def dataReceived(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE):
            self._piece_received(data[start : start + PIECE])

    def _piece_received(self, data: bytes) -> None:
        if self._drops or (self.handshake is not None and not self.handshake.heard(data)):
            return
        super().dataReceived(data)
        if self._own > MAX_OWN and self.handshake is None and not self._drops:
            self._drops = True
            self.factory.site.refusals.note_broken(FLOOD, self.getPeer())
            self.abortConnection()

    def readConnectionLost(self) -> None:
        """The FIN: behind the end of TLS it is nothing new, without it the other side is gone."""
        self._read_held()
        if self._tls is None or not self._tls.has_ended:
            self._leave()
        elif self.handshake is not None:
            self._below.loseConnection()

    def writeConnectionLost(self) -> None:
        """Ours is sent."""
        if IHalfCloseableProtocol.providedBy(self.wrappedProtocol):
            self.wrappedProtocol.writeConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._tls is not None:
            # There is nothing more to read, and what OpenSSL would say to that is of no use.
            self._tls.is_paused = True
        if self.connected:
            super().connectionLost(reason)
        else:
            # It has not even begun.
            self.wrappedProtocol.connectionLost(reason)
        # All that leads back here: memory is free again at once.
        self.handshake = self._producer = None
        if self._tls is not None:
            self._tls.owner = None
            self._tls = None

    # What OpenSSL's connection calls.

    def attach(self, tls: Accepting) -> None:
        """Begin."""
        self._tls = tls
        tls.owner = self

    def handshake_failed(self, refusal: Refusal) -> None:
        """Send the alert, and then read nothing: closing with unread input may destroy it."""
        self._drops = True
        if self._tls is not None:
            _send_rest(self._tls, self._below)
        self._below.loseWriteConnection()
        if self.handshake is not None:
            self.handshake.failed(refusal)

    def peer_ended(self) -> None:
        """The other side sends no more, by the rules of TLS."""
        self._drops = True
        if IHalfCloseableProtocol.providedBy(self.wrappedProtocol):
            self.wrappedProtocol.readConnectionLost()
        else:
            self._leave()

    def peer_broke(self, reason: str) -> None:
        """The other side has sent what is no TLS: send the alert, and close."""
        self._drops = True
        if self.handshake is None:
            self.factory.site.refusals.note_broken(reason, self.getPeer())
        if self._tls is not None:
            _send_rest(self._tls, self._below)
        self._below.loseConnection()

    def _leave(self) -> None:
        """Nobody is there who could read: what is still to be sent is lost."""
        if any(unsent(cast(Stream, self))):
            self.abortConnection()
            return
        # Twisted says that it is the end only when nothing can follow.
        self.unregisterProducer()
        self.loseConnection()

    # What the connection calls.

    @property
    def _below(self) -> Any:
        return self.transport

    def getHandle(self) -> Any:
        """The socket, for `unsent`."""
        return self._below.getHandle()

    @property
    def tls(self) -> Accepting:
        """See `Handshake`, which asks only while there is one."""
        assert self._tls is not None
        return self._tls

    def begin(self, connection: Served) -> None:
        """The handshake is complete: this is who is served from now on."""
        self.handshake = None
        self._own = 0
        self.wrappedProtocol = connection
        connection.makeConnection(self)

    def refuse(self) -> None:
        """End what is complete, but not wanted; nothing is read any more."""
        self._drops = True
        self.loseWriteConnection()

    def close_below(self) -> None:
        """Close without a word of TLS."""
        self._drops = True
        self._below.loseConnection()

    def loseConnection(self) -> None:
        """Send what was written, say that it is the end, and wait for no answer to that."""
        super().loseConnection()
        if self.connected:
            self._below.loseConnection()

    def loseWriteConnection(self) -> None:
        """Send what was written, and the end of ours, with the FIN behind it."""
        if self._tls is None:
            return
        try:
            self._tls.shutdown()
        except SSL.Error:
            self._below.loseConnection()
            return
        _send_rest(self._tls, self._below)
        self._below.loseWriteConnection()

    def abortConnection(self) -> None:
        if self.connected:
            super().abortConnection()

    def pauseProducing(self) -> None:
        """Read no more, neither from below nor what is here."""
        if self._tls is not None:
            self._tls.is_paused = True
        self._below.pauseProducing()

    def resumeProducing(self) -> None:
        """Read on; not now, since this may come from what is being read."""
        if self._tls is None:
            return
        self._tls.is_paused = False
        self._below.resumeProducing()
        if self._tls.is_held:
            self.factory.clock.callLater(0, self._read_held)

    def _read_held(self) -> None:
        if self._tls is not None and self._tls.is_held and not self._tls.is_paused:
            self._tls.is_held = False
            self._flushReceiveBIO()

    def _flushSendBIO(self) -> None:
        # With our FIN sent, the transport below closes while Twisted reads: nothing is left then.
        if self._tls is not None:
            self._own += _send_rest(self._tls, self._below)

    def _write(self, bytes: bytes) -> None:
        own = self._own
        super()._write(bytes)
        self._own = own


def _send_rest(tls: Accepting, below: Any) -> int:
    """Write what OpenSSL has to say: how many octets."""
    try:
        octets = tls.bio_read(2**15)
    except SSL.Error:
        return 0
    below.write(octets)
    return len(octets)


@implementer(IOpenSSLServerConnectionCreator)
class TlsFactory(TLSMemoryBIOFactory):
    """Makes the connections of one listener, with TLS."""

    def __init__(
        self, side: ServerSide, site: LimitedFactory[Any], clock: IReactorTime, settings: Tls
    ) -> None:
        super().__init__(self, False, site, clock)
        self.site = site
        self.clock = clock
        self.side = side
        """What new connections are made with."""
        site.entry = self.handshakes = Handshakes(site, settings, clock)

    def buildProtocol(self, addr: Any) -> TlsStream | None:  # type: ignore[override]
        """Make a connection of somebody who has come without a proxy."""
        return self.connect(addr, None)

    def connect(self, address: Any, claim: Claim | None) -> TlsStream | None:
        """Make a connection, or `None` if there are too many."""
        handshake = self.site.connect(address, claim)
        return TlsStream(self, handshake) if isinstance(handshake, Handshake) else None

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> Accepting:
        """See IOpenSSLServerConnectionCreator."""
        tls = self.side.connection(self.handshakes.wall_clock())
        cast(TlsStream, tlsProtocol).attach(tls)
        return tls

    def registerProtocol(self, p: object) -> None:
        """Not kept: the site knows its connections."""

    def unregisterProtocol(self, p: object) -> None:
        """See `registerProtocol`."""
