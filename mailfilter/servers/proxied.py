"""What stands in a connection's place until a proxy has said whose connection it is.

It counts as a connection. When the header is whole, the connection itself goes on, with TLS or
without, on the same transport, as if the client had come itself.
"""

from typing import Any, Protocol, cast

from twisted.internet.interfaces import IAddress, IDelayedCall, IProtocol, IReactorTime
from twisted.internet.protocol import Factory, connectionDone
from twisted.python.failure import Failure

from ..codec.proxy_protocol import NoHeaderError, Proxied, ProxyReader
from ..codec.proxy_tlv import ProxyProtocolError
from ..tls.book import Book
from .claim import Claim, Senders, claimed_address, client_in
from .limited import LimitedFactory, Served
from .refusals import ProxyReason
from .sources import host_of

TOO_LATE = "no whole header in time (tls.handshake_timeout)"
MISSING = "a connection without a header, which whoever is in proxy_protocol must send"
LEFT = "it left before its header was whole"


class Passing(Protocol):
    """A transport whose other side may turn out to be a proxy."""

    def pass_on(self, protocol: IProtocol, address: IAddress) -> None:
        """Let a protocol go on with it, to which it is of somebody at another address."""

    def loseConnection(self) -> None: ...
    def abortConnection(self) -> None: ...


class Connects(Protocol):
    """What makes the connections of a listener, with TLS or without."""

    def connect(self, address: IAddress | None, claim: Claim | None) -> Any: ...


class Announced(Served):
    """One connection of a proxy, whose header is not whole yet."""

    def __init__(self, every: "ProxiedFactory", address: IAddress) -> None:
        self._every = every
        self._address = address
        self._reader = ProxyReader()
        self._is_over = False
        self._timer: IDelayedCall | None = None

    def connectionMade(self) -> None:
        self._stream = cast(Passing, self.transport)
        self._timer = self._every.clock.callLater(self._every.timeout, self._time_is_up)

    def dataReceived(self, data: bytes) -> None:
        if self._is_over:
            return
        try:
            read = self._reader.receive(data)
        except NoHeaderError:
            self._refuse("missing", MISSING)
        except ProxyProtocolError as error:
            self._refuse("malformed", str(error))
        else:
            if read is not None:
                self._pass_on(*read)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        # Nothing at all is how it is looked whether somebody listens.
        if self._reader.is_begun and not self._is_over:
            self._every.site.refusals.note_proxy("gone", LEFT, self._address)
        self._end()
        self._every.site.forget(self)

    def _pass_on(self, proxied: Proxied, rest: bytes) -> None:
        self._end()
        self._every.site.forget(self)
        address, claim = self._every.judge(proxied, self._address)
        protocol = self._every.entrance.connect(address, claim)
        if protocol is None:
            self._stream.loseConnection()
            return
        self._stream.pass_on(protocol, address)
        if rest:
            protocol.dataReceived(rest)

    def _refuse(self, reason: ProxyReason, text: str) -> None:
        self._end()
        self._every.site.refusals.note_proxy(reason, text, self._address)
        self._stream.loseConnection()

    def _time_is_up(self) -> None:
        self._timer = None
        self._refuse("timeout", TOO_LATE)

    def _end(self) -> None:
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # What the factory asks.

    @property
    def is_idle(self) -> bool:
        """See `Served.is_idle`."""
        return not self._reader.is_begun

    def close_idle(self) -> None:
        """See `Served.close_idle`."""
        self._end()
        self._stream.loseConnection()

    def abort(self) -> None:
        """See `Served.abort`."""
        self._end()
        self._stream.abortConnection()


class ProxiedFactory(Factory):
    """Makes the connections of a listener that proxies may pass on to."""

    noisy = False

    def __init__(
        self,
        site: LimitedFactory[Any],
        entrance: Connects,
        book: Book,
        clock: IReactorTime,
        timeout: float,
    ) -> None:
        """`entrance` is the site, or what stands before it with TLS; `timeout` is in seconds."""
        self.site = site
        self.entrance = entrance
        self.clock = clock
        self.timeout = timeout
        self._book = book
        self._senders = Senders(site.listener.proxy_protocol)

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Make a connection, or `None` if there are too many."""
        if addr is None or addr not in self._senders:
            return self.entrance.connect(addr, None)
        return self.site.hold(Announced(self, addr), addr)

    def judge(self, proxied: Proxied, proxy: IAddress) -> tuple[IAddress, Claim]:
        """Where a connection comes from, and what else to believe of it."""
        self.site.refusals.count_proxied()
        tls = proxied.tls
        name = "" if tls is None else tls.verified_name
        known = self._book.by_proxy_name(name) if name else None
        address = claimed_address(proxied, proxy)
        return address, Claim(
            host_of(proxy), client_in(address), tls, proxied.told.tells_tls, known
        )
