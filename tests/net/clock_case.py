"""A resolver whose time is the test's, and whose packets are written and read one by one."""

import select
import socket
from typing import Any

import dns.message
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.dns_answer import Answer
from mailfilter.config.model import Dns
from mailfilter.net.resolver import Resolver
from mailfilter.net.servers import Server

from .case import asks
from .dns_server import reply_to

PATIENCE = 60.0
"""Seconds for a packet to pass through the machine."""

STEP = 0.1
"""Seconds of the test's own, at a time."""


class Peer:
    """The socket of a server, and whoever asks it."""

    def __init__(self) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.settimeout(PATIENCE)
        self.server = Server(*self.sock.getsockname())

    def take(self) -> tuple[dns.message.Message, Any]:
        """The next query, and from where."""
        packet, address = self.sock.recvfrom(4096)
        return dns.message.from_wire(packet), address

    def has_query(self) -> bool:
        """Whether one waits: over loopback it is there when it was sent."""
        return bool(select.select([self.sock], [], [], 0)[0])


class ClockCase(SynchronousTestCase):
    """Makes them."""

    def setUp(self) -> None:
        """One server."""
        self.reactor: Any = MemoryReactorClock()
        self.peer = self.make_peer()

    def make_peer(self) -> Peer:
        """One that listens."""
        made = Peer()
        self.addCleanup(made.sock.close)
        return made

    def make_resolver(self, *peers: Peer, **settings: Any) -> Resolver:
        """A resolver of these, else of `self.peer` by one port each; answers have a second."""
        config = Dns(**{"timeout": 1.0, "ports": 1, **settings})
        servers = [peer.server for peer in peers or (self.peer,)]
        made = Resolver(self.reactor, config, servers)
        self.addCleanup(made.close)
        return made

    def last(self, seconds: float) -> None:
        """Let so much time pass."""
        for _ in range(round(seconds / STEP)):
            self.reactor.advance(STEP)

    def give_up(self, resolver: Resolver, name: str) -> None:
        """Ask, and wait until it is given up."""
        asking = asks(resolver, name)
        while not asking.called:
            self.reactor.advance(STEP)
        self.failureResultOf(asking)

    def answer(self, *records: str, rcode: str = "NOERROR", peer: Peer | None = None) -> None:
        """Take the next query, and answer it."""
        peer = peer or self.peer
        query, address = peer.take()
        self.say(reply_to(query, *records, rcode=rcode).to_wire(), address, peer)

    def say(self, packet: bytes, address: Any, peer: Peer | None = None) -> None:
        """Send it, and have it read."""
        (peer or self.peer).sock.sendto(packet, address)
        self.hear()

    def hear(self) -> None:
        """Read what has come."""
        ready = select.select(self.reactor.getReaders(), [], [], PATIENCE)[0]
        self.assertTrue(ready)
        for reader in ready:
            reader.doRead()

    def is_down(self, resolver: Resolver, peer: Peer | None = None) -> bool:
        """What the resolver thinks of it."""
        return bool(resolver.gauges()[f"dns_down/{(peer or self.peer).server}"])

    def found(self, asking: Deferred[Answer]) -> list[str]:
        """The records of an answer that is there."""
        return [str(record) for record in self.successResultOf(asking).records]
