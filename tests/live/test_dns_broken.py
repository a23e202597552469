"""Servers that do not answer, or not as they should: others are asked, and it ends in time.

Source: specs: bad-input.md 27.
"""

import errno
from dataclasses import replace

from twisted.internet.error import CannotListenError
from twisted.trial.unittest import SkipTest

from mailfilter.codec.dns_answer import Answer, DnsBusy, DnsFailure, DnsTimeout, Kind

from . import dns_faults as faults
from . import dns_wire as wire
from .dns_case import HASTY, PATIENT, STUBBORN, DnsCase, name_of, reactor
from .dns_servers import Behaviour, Out
from .dns_wire import Query
from .unbound import free_udp_port

NO_IPV6 = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
CODES = {
    "FORMERR": wire.FORMERR,
    "SERVFAIL": wire.SERVFAIL,
    "NOTIMP": wire.NOTIMP,
    "REFUSED": wire.REFUSED,
}
OVER_TCP: dict[str, Behaviour] = {
    "truncated": faults.always_truncated,
    "silent": faults.silent_over_tcp,
    "empty": faults.empty_over_tcp,
    "half": faults.half_over_tcp,
    "lying": faults.lying_over_tcp,
}


class AloneTests(DnsCase):
    """The only server there is."""

    async def test_silent(self) -> None:
        """It is asked so often, and no more."""
        server = self.serve(faults.silence)
        resolver = self.resolver(replace(HASTY, attempts=3), server)
        self.assertIsInstance(await self.told(resolver, "n1.test"), DnsTimeout)
        asked = [query for query in server.queries if query.kind == Kind.A]
        self.assertEqual(len(asked), 3)
        self.assertEqual(len({query.number for query in asked}), 3)

    async def test_nobody_there(self) -> None:
        """The system says so, and nobody waits for an answer, but for another attempt."""
        resolver = self.resolver(replace(PATIENT, attempts=1), free_udp_port())
        started = reactor.seconds()
        self.assertIsInstance(await self.told(resolver, "n1.test"), DnsFailure)
        self.assertLess(reactor.seconds() - started, PATIENT.timeout)

    async def test_codes(self) -> None:
        """The code is the reason."""
        for name, number in CODES.items():
            resolver = self.asking(faults.code(number))
            self.assertEqual(await self.reason(resolver), name)

    async def test_no_edns(self) -> None:
        """It is asked without."""
        for number in (wire.FORMERR, wire.NOTIMP):
            server = self.serve(faults.code(number, needs_edns_off=True))
            resolver = self.resolver(PATIENT, server)
            for name in range(5):
                self.assert_right(name, await self.told(resolver, name_of(name)))
            self.assertEqual(sum(query.has_edns for query in server.queries), 1)

    async def test_slow(self) -> None:
        """What comes after the question was asked again counts, too."""
        settings = replace(HASTY, timeout=0.5, attempts=10)
        resolver = self.asking(faults.slow(0.8), settings)
        self.assert_right(1, await self.told(resolver, "n1.test"))

    async def test_too_many_wait(self) -> None:
        """Others are told at once, and those that wait are not harmed."""
        resolver = self.asking(faults.slow(0.3), replace(PATIENT, max_waiting=10))
        told = await self.all_told(resolver, range(30))
        for number in range(10):
            self.assert_right(number, told[number])
        for number in range(10, 30):
            self.assertIsInstance(told[number], DnsBusy)

    async def test_ttl(self) -> None:
        """What shall not be remembered is asked again: 0, or what is no number of seconds."""
        for ttl, asked in ((0, 3), (1 << 31, 3), ((1 << 32) - 1, 3), (300, 1)):

            def behaviour(query: Query, ttl: int = ttl) -> list[Out]:
                return [Out(wire.right(query, ttl=ttl))]

            server = self.serve(behaviour)
            resolver = self.resolver(PATIENT, server)
            for _ in range(3):
                self.assert_right(1, await self.told(resolver, "n1.test"))
            self.assertEqual(len(server.queries), asked, ttl)


class TcpTests(DnsCase):
    """What has no room in a datagram."""

    async def test_truncated(self) -> None:
        """Over TCP it is whole."""
        server = self.serve(faults.truncating)
        resolver = self.resolver(PATIENT, server)
        for number, told in (await self.all_told(resolver, range(50))).items():
            self.assert_right(number, told)
        self.assertEqual(resolver.statistics.tcp, 50)

    async def test_big(self) -> None:
        """As much as a message can have."""
        told = await self.told(self.asking(faults.big_text), "n1.test", Kind.TXT)
        assert isinstance(told, Answer)
        self.assertEqual(told.records, (faults.BIG,))

    async def test_broken(self) -> None:
        """There is no answer, in time."""
        for name, behaviour in OVER_TCP.items():
            told = await self.told(self.asking(behaviour, HASTY), "n1.test")
            self.assertIsInstance(told, DnsTimeout | DnsFailure, name)

    async def test_broken_beside_another(self) -> None:
        """The other one is asked."""
        good = self.serve(faults.truth)
        for name, behaviour in OVER_TCP.items():
            resolver = self.resolver(STUBBORN, self.serve(behaviour), good)
            for number, told in (await self.all_told(resolver, range(4))).items():
                self.assert_right(number, told, name)


class Ipv6Tests(DnsCase):
    """A server with an address of the other kind."""

    async def test_asked(self) -> None:
        """By UDP and TCP."""
        for behaviour in (faults.truth, faults.truncating):
            try:
                server = self.serve(behaviour, "::1")
            except CannotListenError as error:
                if error.socketError.errno not in NO_IPV6:
                    raise
                raise SkipTest("no IPv6 here") from error
            resolver = self.resolver(PATIENT, server)
            for number, told in (await self.all_told(resolver, range(20))).items():
                self.assert_right(number, told)


class BesideAnotherTests(DnsCase):
    """One of two that is well is enough."""

    async def test_each(self) -> None:
        """Whatever the other one does."""
        behaviours: dict[str, Behaviour] = {"silent": faults.silence}
        behaviours |= {name: faults.code(number) for name, number in CODES.items()}
        for name, behaviour in behaviours.items():
            bad, good = self.serve(behaviour), self.serve(faults.truth)
            resolver = self.resolver(STUBBORN, bad, good)
            for number, told in (await self.all_told(resolver, range(20))).items():
                self.assert_right(number, told, name)

    async def test_nobody_there(self) -> None:
        """It costs no time."""
        resolver = self.resolver(PATIENT, free_udp_port(), self.serve(faults.truth))
        for number, told in (await self.all_told(resolver, range(20))).items():
            self.assert_right(number, told)

    async def test_silent_is_left_alone(self) -> None:
        """After some failures others are asked first."""
        bad, good = self.serve(faults.silence), self.serve(faults.truth)
        resolver = self.resolver(STUBBORN, bad, good)
        await self.all_told(resolver, range(50))
        before = len([query for query in bad.queries if query.kind == Kind.A])
        await self.all_told(resolver, range(50, 100))
        after = len([query for query in bad.queries if query.kind == Kind.A])
        self.assertLess(after - before, 25)


class MixTests(DnsCase):
    """Many questions at once."""

    async def test_out_of_order(self) -> None:
        """Answers come in another order than questions, and twice."""
        servers = [self.serve(faults.shuffled) for _ in range(2)]
        resolver = self.resolver(PATIENT, *servers)
        for number, told in (await self.all_told(resolver, range(400))).items():
            self.assert_right(number, told)

    async def test_everything(self) -> None:
        """All kinds of servers at the same time: who has an answer has the right one."""
        behaviours = [
            faults.truth,
            faults.shuffled,
            faults.silence,
            faults.truncating,
            faults.poisoned,
            faults.half_over_tcp,
            faults.code(wire.SERVFAIL),
            *map(faults.lying, faults.LIES),
            *map(faults.senseless, faults.NONSENSE),
        ]
        servers = [self.serve(behaviour) for behaviour in behaviours]
        resolver = self.resolver(replace(STUBBORN, ports=1), *servers)
        answered = 0
        for start in range(0, 600, 100):
            told = await self.all_told(resolver, range(start, start + 100))
            for number, outcome in told.items():
                if isinstance(outcome, Answer):
                    self.assert_right(number, outcome)
                    answered += 1
        self.assertGreater(answered, 100)

    async def test_shared(self) -> None:
        """The same question is asked once."""
        server = self.serve(faults.slow(0.1))
        resolver = self.resolver(PATIENT, server)
        for told in (await self.all_told(resolver, [3] * 50)).values():
            self.assert_right(3, told)
        self.assertEqual(len(server.queries), 1)
