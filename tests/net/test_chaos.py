"""A network that loses, repeats, delays, mixes up and spoils what goes over it."""

from random import Random
from typing import Any

import dns.message
from twisted.internet import reactor as installed
from twisted.internet.defer import gatherResults

from mailfilter.codec.dns_answer import Answer, DnsError

from .case import ResolverCase, asks
from .dns_server import Asked, DnsServer, truncated

reactor: Any = installed

NAMES = 200
SEEDS = range(2)


class Network:
    """Between a server and those who ask it."""

    def __init__(self, server: DnsServer, random: Random) -> None:
        self._server = server
        self._random = random
        self._replies: list[bytes] = []

    def act(self, query: dns.message.Message, asked: Asked) -> list[bytes]:
        """What comes back, beside what belongs to others or to nobody."""
        random, wire = self._random, self._server.usual(query, asked)
        self._replies.append(wire)
        way = random.randrange(10)
        if asked.is_tcp or way > 6:
            return [wire]
        earlier = random.choice(self._replies)
        if way == 0:
            return []
        if way == 1:
            return [wire, wire]
        if way == 2:
            # Of another question, as if it were of this one.
            return [wire[:2] + earlier[2:], earlier, wire]
        if way == 3:
            return [truncated(query)]
        if way == 4:
            return [random.randbytes(random.randrange(100)), wire]
        if way == 5:
            return [bytes([wire[0] ^ 1]) + wire[1:], wire]
        return [wire[: random.randrange(12)], wire]


class ChaosTests(ResolverCase):
    """All answers are right, whatever happened on the way."""

    async def test_answers(self) -> None:
        """Each name has its own address; names that got none were told that."""
        names = [f"h{number}.example" for number in range(NAMES)]
        for number, name in enumerate(names):
            self.server.add(f"{name}. 60 A 10.0.{number // 250}.{number % 250}")
        for seed in SEEDS:
            random = Random(seed)
            self.server.act = Network(self.server, random).act
            resolver = self.make_resolver(
                timeout=0.3, attempts=10, ports=2, mixed_case=seed % 2 == 1
            )
            answers: list[Answer | None] = []
            for at in range(0, NAMES, 50):
                asking = [asks(resolver, name) for name in names[at : at + 50]]
                answers += await gatherResults([each.addErrback(_none) for each in asking])
            found = 0
            for number, (name, answer) in enumerate(zip(names, answers, strict=True)):
                if answer is not None:
                    found += 1
                    self.assertEqual(answer.question.name, name)
                    address = f"10.0.{number // 250}.{number % 250}"
                    self.assertEqual(list(map(str, answer.records)), [address], seed)
            self.assertGreater(found, NAMES * 0.9)
            self.assertEqual(resolver.gauges()["dns_waiting"], 0)


def _none(failure: Any) -> None:
    failure.trap(DnsError)
