"""How evaluations of SPF get their answers."""

from ipaddress import ip_address

from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from mailfilter.auth.spf import evaluate
from mailfilter.auth.spf_drive import run_evaluation
from mailfilter.auth.spf_values import Asked, SpfResult
from mailfilter.codec.dns_answer import Answer, DnsError, DnsTimeout, Question

from .spf_zone import lines_zone


class DriveTests(TestCase):
    """The runner."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.zone = lines_zone({"example.com": ["TXT v=spf1 mx a -all", "A 192.0.2.1"]})
        self.waited: list[Question] = []

    async def run_it(self, takes: float = 1.0, known: frozenset[int] = frozenset()) -> SpfResult:
        """Evaluate; each question takes so long, those of some kinds are known already."""

        def peek(question: Question) -> Answer | None:
            found = self.zone.answer(question)
            return found if isinstance(found, Answer) and question.kind in known else None

        async def ask(question: Question, seconds: float) -> Answer:
            self.clock.advance(min(takes, seconds))
            self.waited.append(question)
            if takes > seconds:
                raise DnsTimeout(question)
            found = self.zone.answer(question)
            if isinstance(found, DnsError):
                raise found
            return found

        asked = Asked(ip_address("192.0.2.1"), "joe@example.com")
        return await run_evaluation(evaluate(asked), ask, peek, self.clock.seconds)

    async def test_asks(self) -> None:
        """In order, what is not known."""
        found = await self.run_it()
        self.assertEqual((found.result, found.mechanism), ("pass", "+a"))
        self.assertEqual([q.kind.name for q in self.waited], ["TXT", "MX", "A"])

    async def test_known(self) -> None:
        """What is known is not asked."""
        found = await self.run_it(known=frozenset({1, 15, 16}))
        self.assertEqual((found.result, self.waited), ("pass", []))

    async def test_errors(self) -> None:
        """Are told to the evaluation."""
        self.zone.slow.add("example.com")
        found = await self.run_it()
        self.assertEqual(found.result, "temperror")
        self.assertEqual(found.problem, "example.com MX: no answer in time")

    async def test_time(self) -> None:
        """When it is up nothing more is asked; what is known still counts."""
        found = await self.run_it(takes=10.0)
        self.assertEqual((found.result, len(self.waited)), ("temperror", 2))
        self.assertEqual(found.problem, "example.com A: time for SPF is up")
        found = await self.run_it(takes=10.0, known=frozenset({1}))
        self.assertEqual(found.result, "pass")

    async def test_time_of_names(self) -> None:
        """The client's names, slow or silent, match nothing, and leave time for other terms."""
        records = {
            "example.com": ["TXT v=spf1 ptr -all"],
            "1.2.0.192.in-addr.arpa": [f"PTR n{number}.example.com" for number in range(10)],
        }
        for takes, count in ((1000.0, 1), (3.0, 3)):
            self.zone, self.waited = lines_zone(records), []
            began = self.clock.seconds()
            found = await self.run_it(takes, known=frozenset({16}))
            self.assertEqual(found.mechanism, "-all", takes)
            self.assertEqual(len(self.waited), count, takes)
            self.assertLess(self.clock.seconds() - began, 10.0)
