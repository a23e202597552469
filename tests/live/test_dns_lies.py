"""Servers and forgers that lie: nothing is believed but the answer to the question that was asked.

Source: specs: bad-input.md 27.
"""

from dataclasses import replace

from mailfilter.codec.dns_answer import Answer, DnsError, DnsFailure, Kind

from . import dns_faults as faults
from . import dns_wire as wire
from .dns_case import HASTY, PATIENT, STUBBORN, DnsCase

MANY = 30
"""Questions at once, from few ports: ids are near each other."""


class LiesTests(DnsCase):
    """Packets that answer no question of ours."""

    async def test_each(self) -> None:
        """The truth, which comes later, is what counts."""
        for name in faults.LIES:
            resolver = self.asking(faults.lying(name))
            for number, told in (await self.all_told(resolver, range(MANY))).items():
                self.assert_right(number, told, name)
            ignored = sum(resolver.statistics.ignored.values())
            # Those of another port the kernel takes.
            self.assertEqual(ignored > 0, name != "wrong port", name)

    async def test_letters(self) -> None:
        """With letters of random case these must be right, too."""
        name = "abcdefghijklmnopqrstuvwxyz.n5.test"
        for is_mixed in (True, False):
            settings = replace(PATIENT, mixed_case=is_mixed)
            told = await self.told(self.asking(faults.lower_case, settings), name)
            assert isinstance(told, Answer)
            self.assertEqual(told.records, (wire.host(5) if is_mixed else faults.FORGED,))

    async def test_over_tcp(self) -> None:
        """On a connection, too; another server may know."""
        resolver = self.asking(faults.lying_over_tcp)
        self.assertIsInstance(await self.told(resolver, "n1.test"), DnsFailure)
        servers = self.serve(faults.lying_over_tcp), self.serve(faults.truth)
        for number, told in (
            await self.all_told(self.resolver(PATIENT, *servers), range(8))
        ).items():
            self.assert_right(number, told)


class NonsenseTests(DnsCase):
    """Replies that cannot be read."""

    async def test_alone(self) -> None:
        """There is no answer."""
        for name in faults.NONSENSE:
            told = await self.told(self.asking(faults.senseless(name), HASTY), "n1.test")
            self.assertIsInstance(told, DnsError, name)

    async def test_beside_another(self) -> None:
        """The other one is asked."""
        good = self.serve(faults.truth)
        for name in faults.NONSENSE:
            resolver = self.resolver(STUBBORN, self.serve(faults.senseless(name)), good)
            for number, told in (await self.all_told(resolver, range(4))).items():
                self.assert_right(number, told)

    async def test_changed_at_random(self) -> None:
        """Whatever comes, the resolver goes on."""
        servers = [self.serve(faults.mutating(seed)) for seed in range(2)]
        resolver = self.resolver(replace(STUBBORN, timeout=0.1, attempts=3), *servers)
        for start in range(0, 600, 100):
            await self.all_told(resolver, range(start, start + 100))
        self.assertGreater(sum(resolver.statistics.ignored.values()), 0)


class PoisonTests(DnsCase):
    """Records of names for which nobody has asked."""

    async def test_other_names(self) -> None:
        """They are not remembered, and not told."""
        for behaviour in (faults.poisoned, faults.poisoned_alias):
            resolver = self.asking(behaviour)
            told = await self.told(resolver, "n1.test")
            assert isinstance(told, Answer)
            victim = await self.told(resolver, faults.VICTIM)
            assert isinstance(victim, Answer)
            self.assertEqual(victim.records, (wire.host(7),))

    async def test_only_what_was_asked(self) -> None:
        """The right one is found among them."""
        self.assert_right(1, await self.told(self.asking(faults.poisoned), "n1.test"))

    async def test_nobody_with_address(self) -> None:
        """Who does not exist has no address."""
        told = await self.told(self.asking(faults.nobody_with_address), "n1.test")
        assert isinstance(told, Answer)
        self.assertEqual((told.status, told.records), ("nxdomain", ()))


class ChainTests(DnsCase):
    """Aliases."""

    async def test_too_many(self) -> None:
        """In one reply, or of each other."""
        for behaviour in (faults.long_chain, faults.ring):
            resolver = self.asking(behaviour)
            self.assertIn("CNAME", await self.reason(resolver))

    async def test_endless(self) -> None:
        """They are not followed for long."""
        server = self.serve(faults.endless)
        self.assertIn("CNAME", await self.reason(self.resolver(PATIENT, server)))
        self.assertLess(len(server.queries), 10)

    async def test_alias_is_answer(self) -> None:
        """Who asks for the alias gets it."""
        told = await self.told(self.asking(faults.endless), "n1.test", Kind.CNAME)
        assert isinstance(told, Answer)
        self.assertEqual(told.records, ("n2.endless.test",))
