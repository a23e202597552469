"""A server of DNS in the test's process, for tests of the resolver."""

from collections.abc import Callable
from typing import Any, NamedTuple

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.protocol import DatagramProtocol, Factory, Protocol

from mailfilter.net.servers import Server

from .both_ports import listen_both

reactor: Any = installed


class Asked(NamedTuple):
    """One query as it came."""

    name: str
    kind: str
    port: int
    number: int
    is_tcp: bool
    has_edns: bool


Act = Callable[[dns.message.Message, Asked], "bytes | list[bytes] | None"]
"""What a server replies to a query: packets, or nothing."""


def reply_to(
    query: dns.message.Message, *records: str, rcode: str = "NOERROR", authority: str = ""
) -> dns.message.Message:
    """A reply with records as in a zone file: `name ttl IN kind data`."""
    reply = dns.message.make_response(query, recursion_available=True)
    reply.set_rcode(dns.rcode.from_text(rcode))
    reply.answer = [_rrset(text) for text in records]
    reply.authority = [_rrset(authority)] if authority else []
    return reply


def _rrset(text: str) -> dns.rrset.RRset:
    name, ttl, kind, data = text.split(None, 3)
    return dns.rrset.from_text(name, int(ttl), "IN", kind, data)


class DnsServer:
    """Replies what `act` says, by UDP and TCP; without one, what `records` hold."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        """Name, without the final dot, and kind -> records."""
        self.act: Act = self.usual
        self.asked: list[Asked] = []
        self.connections: list[Protocol] = []
        self._ports: list[Any] = []
        self._waiting: list[tuple[int, Deferred[None]]] = []

    def listen(self) -> None:
        """At the same port for both."""
        self._ports = listen_both(lambda: _Udp(self), _tcp_factory(self))

    @property
    def server(self) -> Server:
        """Where it listens."""
        return Server("127.0.0.1", self._ports[0].getHost().port)

    async def close(self) -> None:
        """Listen no more."""
        self.drop_connections()
        ports, self._ports = self._ports, []
        await gatherResults([maybeDeferred(port.stopListening) for port in ports])

    async def close_tcp(self) -> None:
        """Listen by UDP alone."""
        await maybeDeferred(self._ports.pop().stopListening)

    def drop_connections(self) -> None:
        """End those there are."""
        for connection in self.connections:
            if connection.transport is not None:
                connection.transport.loseConnection()

    def add(self, *records: str) -> None:
        """Know these records."""
        for text in records:
            name, _, kind, _ = text.split(None, 3)
            self.records.setdefault((name.rstrip("."), kind), []).append(text)

    def usual(self, query: dns.message.Message, asked: Asked) -> bytes:
        """From `records`, with negative answers as servers give them."""
        found = self.records.get((asked.name.lower(), asked.kind), [])
        if found:
            return reply_to(query, *found).to_wire(max_size=65535)
        is_known = any(name == asked.name.lower() for name, _ in self.records)
        rcode = "NOERROR" if is_known else "NXDOMAIN"
        return reply_to(query, rcode=rcode, authority=SOA).to_wire()

    def after(self, count: int) -> Deferred[None]:
        """Fires when it has been asked so often."""
        waiting: Deferred[None] = Deferred()
        self._waiting.append((count, waiting))
        self._tell()
        return waiting

    def take(self, packet: bytes, port: int, *, is_tcp: bool) -> list[bytes]:
        """A query; what to reply."""
        query = dns.message.from_wire(packet)
        asked = query.question[0]
        name = asked.name.to_text(omit_final_dot=True) if asked.name.labels != (b"",) else ""
        kind = dns.rdatatype.to_text(asked.rdtype)
        taken = Asked(name, kind, port, query.id, is_tcp, query.edns >= 0)
        self.asked.append(taken)
        reply = self.act(query, taken)
        self._tell()
        return [reply] if isinstance(reply, bytes) else reply or []

    def _tell(self) -> None:
        ready = [waiting for count, waiting in self._waiting if len(self.asked) >= count]
        self._waiting = [each for each in self._waiting if each[1] not in ready]
        for waiting in ready:
            # Not inside of what asks.
            reactor.callLater(0, waiting.callback, None)


SOA = "example. 300 SOA ns.example. mail.example. 1 2 3 4 60"


def truncated(query: dns.message.Message) -> bytes:
    """A reply that says: ask by TCP."""
    reply = reply_to(query)
    reply.flags |= dns.flags.TC
    return reply.to_wire()


class _Udp(DatagramProtocol):
    noisy = False

    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        assert self.transport is not None
        for packet in self._server.take(datagram, addr[1], is_tcp=False):
            self.transport.write(packet, addr)


class _Tcp(Protocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._data = b""
        server.connections.append(self)

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self._data += data
        while len(self._data) > 2 and len(self._data) >= 2 + int.from_bytes(self._data[:2], "big"):
            end = 2 + int.from_bytes(self._data[:2], "big")
            query, self._data = self._data[2:end], self._data[end:]
            for packet in self._server.take(query, 0, is_tcp=True):
                self.transport.write(len(packet).to_bytes(2, "big") + packet)


def _tcp_factory(server: DnsServer) -> Any:
    factory = Factory.forProtocol(lambda: _Tcp(server))
    factory.noisy = False
    return factory
