"""What tests of the resolver have in common: servers, resolvers, and answers that are right."""

from collections.abc import Iterable
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase

from mailfilter.codec.dns_answer import Answer, DnsError, Kind, Question
from mailfilter.config.model import Dns
from mailfilter.net.resolver import Resolver
from mailfilter.net.servers import Server as Address

from .dns_servers import Behaviour, Server
from .dns_wire import host
from .unbound import HOST

reactor: Any = _reactor
PATIENT = Dns(timeout=20.0, attempts=2, ports=2)
"""For answers that come: a busy machine must not make them late."""
HASTY = Dns(timeout=0.1, attempts=2, ports=2)
"""For those that do not."""
STUBBORN = Dns(timeout=0.3, attempts=10, ports=2)
"""For those that come from one server and not from another."""


def name_of(number: int) -> str:
    """A name whose address has this number."""
    return f"n{number}.test"


class DnsCase(TestCase):
    """All servers and resolvers end with the test."""

    timeout = 120

    def serve(self, behaviour: Behaviour, host: str = HOST) -> Server:
        """A server of ours."""
        server = Server(behaviour, host=host).start()
        self.addCleanup(lambda: Deferred.fromCoroutine(server.stop()))
        return server

    def resolver(self, settings: Dns, *servers: Server | int) -> Resolver:
        """One that asks servers of ours, or at these ports."""
        addresses = [
            Address(HOST, each) if isinstance(each, int) else Address(each.host, each.port)
            for each in servers
        ]
        resolver = Resolver(reactor, settings, addresses)
        self.addCleanup(resolver.close)
        return resolver

    def asking(self, behaviour: Behaviour, settings: Dns = PATIENT) -> Resolver:
        """A resolver with one server."""
        return self.resolver(settings, self.serve(behaviour))

    async def told(self, resolver: Resolver, name: str, kind: Kind = Kind.A) -> Answer | DnsError:
        """The answer, or why there is none."""
        try:
            return await resolver.lookup(Question(name, kind))
        except DnsError as error:
            return error

    async def all_told(
        self, resolver: Resolver, numbers: Iterable[int]
    ) -> dict[int, Answer | DnsError]:
        """The same of many names at once."""
        names = list(numbers)
        asked = [Deferred.fromCoroutine(self.told(resolver, name_of(n))) for n in names]
        outcomes: list[Answer | DnsError] = await gatherResults(asked)
        return dict(zip(names, outcomes, strict=True))

    async def reason(self, resolver: Resolver, name: str = "n1.test", kind: Kind = Kind.A) -> str:
        """Why there is no answer."""
        told = await self.told(resolver, name, kind)
        assert isinstance(told, DnsError), told
        return told.reason

    def assert_right(self, number: int, told: Answer | DnsError, what: str = "") -> None:
        """It is the answer to the question for this name."""
        assert isinstance(told, Answer), f"{what} {number}: {told!r}"
        self.assertEqual((told.question.name, told.name), (name_of(number),) * 2)
        self.assertEqual((told.status, told.records), ("found", (host(number),)))
