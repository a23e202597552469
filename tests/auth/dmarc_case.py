"""Evaluations of DMARC over a zone."""

from collections.abc import Sequence
from textwrap import dedent
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.dmarc import DmarcResult, Identity, evaluate
from mailfilter.auth.dmarc_policy import BySuffixes
from mailfilter.auth.dmarc_tree import ByTree
from mailfilter.auth.drive import Evaluation, run
from mailfilter.scan.lookups import Lookups
from mailfilter.scan.task import no_pause
from mailfilter.testing.fake_dns import FakeDns

T = TypeVar("T")


class DmarcCase(SynchronousTestCase):
    """Base of tests that ask the zone `ZONE`; `discovery` is the way to find policies."""

    ZONE = ""
    discovery: type[BySuffixes] | type[ByTree] = BySuffixes

    def setUp(self) -> None:
        self.dns = FakeDns(dedent(self.ZONE))

    def run_evaluation(self, evaluation: Evaluation[T]) -> T:
        """What it returns."""
        ask_all = Lookups(self.dns).for_check("dmarc").ask_all
        return self.successResultOf(Deferred.fromCoroutine(run(evaluation, ask_all, no_pause)))

    def evaluate(
        self,
        author: str,
        spf: Sequence[Identity] = (),
        dkim: Sequence[Identity] = (),
        drawn: int = 100,
        has_percent: bool = True,
    ) -> DmarcResult:
        """What DMARC comes to; `drawn` is the number at random."""
        discovery = self.discovery(author)
        return self.run_evaluation(
            evaluate(discovery, spf, dkim, lambda: drawn, has_percent=has_percent)
        )


def passed(*domains: str) -> tuple[Identity, ...]:
    """Domains for which a method passes."""
    return tuple(Identity(domain, "pass") for domain in domains)
