"""The check of DMARC where several domains are named, and DNS is silent or asked too much."""

from collections.abc import Sequence

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import CheckSettings, Config
from mailfilter.scan.verdict import Action, Verdict
from mailfilter.testing.checks import scan_message
from mailfilter.testing.fake_dns import FakeDns

from .dmarc_case import ENVELOPE, NO_SPF, ZONE, CheckCase, Drawn, spf
from .test_dmarc import Arc, Dkim, Spf

SILENT = tuple(f"silent{index}.test" for index in range(4))
DEEP = tuple(".".join(f"l{label}" for label in range(12)) + f".d{index}.test" for index in range(4))
BOTH = ["DMARC_POLICY_REJECT", "DMARC_DNSFAIL"]


def authors(domains: Sequence[str]) -> str:
    """Addresses of them."""
    return ", ".join(f"a@{domain}" for domain in domains)


class SilentTests(SynchronousTestCase):
    """Some name servers never answer."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.dns = FakeDns(ZONE, self.clock)
        for name in SILENT:
            self.dns.slow(f"_dmarc.{name}", 1000.0)

    def scan(self, author: str) -> Verdict:
        """What is found within the time of the check."""
        actions = {"reject": "reject", "dnsfail": "greylist"}
        config = Config(checks={"dmarc": CheckSettings(options={"actions": actions})})
        waiting = scan_message(
            f"From: {author}\r\n\r\nbody\r\n".encode(),
            [Spf, Dkim, Arc, Drawn],
            ENVELOPE,
            config=config,
            clock=self.clock,
            resolver=self.dns,
        )
        self.clock.pump([0.1] * 38)
        return self.successResultOf(waiting)

    def test_in_front(self) -> None:
        """Whoever is named before the one with the policy takes no time away from it."""
        for author in (
            authors([SILENT[0], "reject.test"]),
            authors(["reject.test", SILENT[0]]),
            authors([*SILENT, "reject.test"]),
            "a@silent0.test\r\nFrom: a@reject.test",
            '"CEO ceo@reject.test" <a@silent0.test>, b@silent1.test',
        ):
            self.dns.forget()
            verdict = self.scan(author)
            self.assertEqual([symbol.name for symbol in verdict.symbols], BOTH, author)
            self.assertEqual(verdict.action, Action.REJECT)

    def test_later_step(self) -> None:
        """Nor from its further questions, which come after the first answers."""
        self.dns.delay = 0.5
        verdict = self.scan(authors([*SILENT, "x.quarantine.test"]))
        self.assertEqual(verdict.action, Action.REJECT)
        self.assertEqual(verdict.symbols[0].options[1:], ("reject",))

    def test_nobody_told(self) -> None:
        """What is not told is no missing policy."""
        (symbol,) = self.scan(authors(SILENT)).symbols
        self.assertEqual(symbol.name, "DMARC_DNSFAIL")
        self.assertEqual([text.split(" : ")[0] for text in symbol.options[:4]], list(SILENT))
        self.assertEqual(symbol.options[4:], ("Duplicate From header", "4 domains"))


class QuestionTests(CheckCase):
    """Some names take more questions than others."""

    def test_tree(self) -> None:
        """Whoever takes many takes none away from others."""
        for count in range(1, len(DEEP) + 1):
            self.dns.forget()
            self.dns.asked.clear()
            author = authors([*DEEP[:count], "x.reject.test"])
            symbols = list(self.symbols(author, discovery="tree"))
            self.assertEqual(symbols[0], "DMARC_POLICY_REJECT", count)
            self.assertLessEqual(self.dns.asked.total(), 20)
        self.assertEqual(symbols, BOTH)

    def test_share(self) -> None:
        """Each has one question at least, and no more than its part."""
        domains = ["a.x.test", "b.y.test", "reject.test"]
        self.assertEqual(list(self.symbols(authors(domains), max_queries=1)), BOTH)
        self.assertEqual(self.dns.asked.total(), 3)
        self.dns.asked.clear()
        self.assertEqual(list(self.symbols(authors(domains), max_queries=6)), BOTH[:1])
        self.assertEqual(self.dns.asked.total(), 2)

    def test_result(self) -> None:
        """It is an error that may pass, if nothing fails."""
        self.dns.fail("_dmarc.broken.test")
        author = authors(["reject.test", "broken.test"])
        found = self.result(author, [spf("pass", "a@reject.test")])
        self.assertEqual((found.result, found.properties), ("temperror", ()))
        self.assertEqual(self.result(author, [NO_SPF]).result, "fail")
