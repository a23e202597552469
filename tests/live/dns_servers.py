"""Servers of DNS that are broken, each in a way of its own: on loopback, in this process."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.protocol import DatagramProtocol, Factory, Protocol
from twisted.internet.task import deferLater

from tests.net.both_ports import listen_both

from .dns_wire import Query
from .unbound import HOST

reactor: Any = _reactor
TCP_HEAD = 2
CLOSE = b""
"""Sent over TCP: the connection ends."""


@dataclass(frozen=True, slots=True)
class Out:
    """One packet that a server sends."""

    packet: bytes
    delay: float = 0.0
    is_foreign: bool = False
    """From another port than the one that was asked."""
    is_raw: bool = False
    """Over TCP without the two octets of its length."""


Behaviour = Callable[[Query], Iterable[Out]]
"""What a server does with a query."""


@dataclass
class Server:
    """A server with UDP and TCP at one port; `stop` ends it."""

    behaviour: Behaviour
    host: str = HOST
    port: int = field(default=0, init=False)
    queries: list[Query] = field(default_factory=list)
    connections: int = 0

    def start(self) -> "Server":
        """Listen."""
        self._calls: list[Any] = []
        self._open: set[Protocol] = set()
        self._foreign = DatagramProtocol()
        factory = Factory.forProtocol(lambda: _Stream(self))
        factory.noisy = False
        self._ports = listen_both(self._make_datagrams, factory, self.host)
        self.port = self._ports[0].getHost().port
        self._ports.append(reactor.listenUDP(0, self._foreign, interface=self.host))
        return self

    def _make_datagrams(self) -> "_Datagrams":
        self._datagrams = _Datagrams(self)
        return self._datagrams

    async def stop(self) -> None:
        """Send nothing more."""
        for call in self._calls:
            if call.active():
                call.cancel()
        for protocol in list(self._open):
            transport: Any = protocol.transport
            transport.abortConnection()
        for port in self._ports:
            await _stopped(port)
        while self._open:
            await deferLater(reactor, 0.01)

    def asked(self, query: Query, send: Callable[[Out], None]) -> None:
        """Do with a query what the behaviour says."""
        self.queries.append(query)
        for out in self.behaviour(query):
            if out.delay:
                self._calls.append(reactor.callLater(out.delay, send, out))
            else:
                send(out)

    def send(self, out: Out, address: tuple[str, int]) -> None:
        """Send a datagram."""
        protocol = self._foreign if out.is_foreign else self._datagrams
        transport: Any = protocol.transport
        transport.write(out.packet, address)


async def _stopped(port: Any) -> None:
    stopped = port.stopListening()
    if stopped is not None:
        await stopped


class _Datagrams(DatagramProtocol):
    noisy = False

    def __init__(self, server: Server) -> None:
        self._server = server

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        self._server.asked(Query(datagram), lambda out: self._server.send(out, addr))


class _Stream(Protocol):
    def __init__(self, server: Server) -> None:
        self._server = server
        self._received = b""

    def connectionMade(self) -> None:
        self._server.connections += 1
        self._server._open.add(self)

    def connectionLost(self, reason: Any = None) -> None:
        self._server._open.discard(self)

    def dataReceived(self, data: bytes) -> None:
        self._received += data
        for packet in self._whole():
            self._server.asked(Query(packet, is_tcp=True), self._send)

    def _whole(self) -> Iterator[bytes]:
        while len(self._received) >= TCP_HEAD:
            end = TCP_HEAD + int.from_bytes(self._received[:TCP_HEAD])
            if len(self._received) < end:
                return
            packet, self._received = self._received[TCP_HEAD:end], self._received[end:]
            yield packet

    def _send(self, out: Out) -> None:
        transport: Any = self.transport
        if out.packet == CLOSE:
            transport.loseConnection()
            return
        head = b"" if out.is_raw else len(out.packet).to_bytes(TCP_HEAD)
        transport.write(head + out.packet)
