"""Listeners behind proxies, in memory."""

from collections.abc import Mapping
from typing import Any, cast

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.serving import FACTORIES
from mailfilter.config.model import Config, Identity, Listener
from mailfilter.servers.limited import LimitedFactory
from mailfilter.servers.proxied import ProxiedFactory
from mailfilter.testing.fake_scanner import FakeScanner
from mailfilter.tls.book import Book

from ..codec.proxy_headers import INET, checked, tls
from .controller_case import make_services
from .spamd_case import VERDICT, Transport

PROXY = "10.0.0.5"
CLIENT = "192.0.2.7"
LINE = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 11332\r\n"
MX1 = checked(0x11, INET, tls(0x07, 0, (0x21, b"TLSv1.3"), (0x22, b"mx1")))
"""The same client, with a certificate that the proxy has verified."""
TIMEOUT = 10.0


def place(host: str) -> IAddress:
    """An address, or `unix`."""
    if host == "unix":
        return UNIXAddress(None)
    return (IPv6Address if ":" in host else IPv4Address)("TCP", host, 4711)


class Passing(Transport):
    """A connection, as seen by whoever speaks on it."""

    def __init__(self, factory: Any, address: IAddress) -> None:
        super().__init__(peerAddress=address)
        self.spoken: Any = factory.buildProtocol(address)
        """The protocol that has it now."""
        self.is_accepted = self.spoken is not None
        if self.is_accepted:
            self.spoken.makeConnection(self)

    def pass_on(self, protocol: Any, address: IAddress) -> None:
        """See `servers.proxied.Passing`."""
        self.peerAddr = address
        self.spoken = protocol
        protocol.makeConnection(self)

    def send(self, data: bytes, size: int = 2**20) -> None:
        """Octets to the server, in pieces of a size."""
        for start in range(0, len(data), size):
            self.spoken.dataReceived(data[start : start + size])

    def gone(self) -> None:
        """The connection is no more."""
        self.spoken.connectionLost(Failure(ConnectionDone()))

    @property
    def is_closed(self) -> bool:
        """The server has closed it."""
        return bool(self.disconnecting or self.half_closed or self.aborted)


class ProxiedCase(SynchronousTestCase):
    """A listener that takes what comes from `PROXY`; `serve` says what else."""

    site: LimitedFactory[Any]
    factory: ProxiedFactory

    def setUp(self) -> None:
        self.clock = Clock()
        self.counted: list[str] = []
        self.events: list[LogEvent] = []
        observer = cast(ILogObserver, self.events.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)

    def serve(
        self,
        protocol: str,
        *,
        proxies: tuple[str, ...] = (PROXY,),
        identities: Mapping[str, Identity] | None = None,
        admitted: tuple[str, ...] = (),
        config: Config | None = None,
        **settings: Any,
    ) -> None:
        """Listen with these settings of the listener."""
        listener = Listener(
            protocol=cast(Any, protocol), endpoint="tcp:0", proxy_protocol=proxies, **settings
        )
        self.scanner = FakeScanner(VERDICT)
        more = {"services": make_services(self.clock, config)} if protocol == "controller" else {}
        self.site = FACTORIES[protocol](
            self.scanner, "here", listener, self.clock, count=self.counted.append, **more
        )
        book = Book(identities or {}, admitted)
        self.factory = ProxiedFactory(self.site, self.site, book, self.clock, TIMEOUT)

    def connect(self, host: str = PROXY) -> Passing:
        """Somebody comes from there."""
        return Passing(self.factory, place(host))

    def lines(self) -> list[str]:
        """The log lines about proxies."""
        lines = [formatEvent(event) for event in self.events]
        return [line for line in lines if "PROXY" in line]

    def assert_over(self) -> None:
        """No connection is left, and no timer."""
        self.assertFalse(self.site.connections)
        self.assertFalse(self.clock.getDelayedCalls())
