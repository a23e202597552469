"""A resolver over loopback, with servers of the tests' own."""

from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from mailfilter.codec.dns_answer import Answer, Kind, Question
from mailfilter.config.model import Dns
from mailfilter.net.resolver import Resolver
from mailfilter.net.servers import Server

from .dns_server import DnsServer

LONG = 60.0
"""Longer than any test takes: a time-out that must not happen."""

SHORT = 0.1
"""A time-out that must."""


class ResolverCase(TestCase):
    """Makes them, and closes them."""

    timeout = 120

    def setUp(self) -> None:
        """One server."""
        self.server = self.make_server()

    def make_server(self) -> DnsServer:
        """One that listens."""
        server = DnsServer()
        server.listen()
        self.addCleanup(lambda: Deferred.fromCoroutine(server.close()))
        return server

    def make_resolver(self, *servers: Server, timeout: float = LONG, **settings: Any) -> Resolver:
        """A resolver of these servers, without any of `self.server`."""
        made = Resolver(reactor, Dns(timeout=timeout, **settings), servers or (self.server.server,))
        self.addCleanup(made.close)
        return made


def asks(resolver: Resolver, name: str, kind: Kind = Kind.A) -> Deferred[Answer]:
    """Begin to look it up."""
    return Deferred.fromCoroutine(resolver.lookup(Question(name, kind)))
