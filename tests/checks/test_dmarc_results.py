"""The check of DMARC: trusted forwarders, and what is told for headers and reports."""

from msgspec.structs import replace

from mailfilter.scan.check import Force
from mailfilter.scan.verdict import AuthResult
from mailfilter.testing.checks import symbols_of

from .dmarc_case import NO_SPF, CheckCase, dkim, spf


def arc(author: str, result: str = "pass") -> AuthResult:
    """A chain in which a trusted sealer says that DMARC has passed for an author."""
    facts = (("sealer", "list.test"), ("instance", "2"), ("dmarc-pass", author))
    return AuthResult("arc", result, comment="i=2", facts=facts)


class ArcTests(CheckCase):
    REJECTED = ("DMARC_POLICY_REJECT",)

    def test_rescue(self) -> None:
        """Who vouched for this very author takes the policy away, and all actions."""
        found = self.findings(
            "a@reject.test",
            [NO_SPF, arc("reject.test")],
            actions={"reject": "reject", "softfail": "reject"},
        )
        words = "reject.test : No valid SPF, No valid DKIM"
        self.assertEqual(
            symbols_of(found), {"DMARC_POLICY_SOFTFAIL": (words, "reject", "arc:list.test")}
        )
        self.assertFalse(any(isinstance(item, Force) for item in found))
        facts = dict(found[-1].facts)
        self.assertEqual(found[-1].result, "fail")
        self.assertEqual((facts["asked"], facts["override"]), ("none", "local_policy"))
        self.assertEqual(facts["override-comment"], "arc=pass as[2].d=list.test")

    def test_no_rescue(self) -> None:
        """Another author's pass, a chain that fails, one of nobody whom we trust."""
        for result in (
            arc("mail.reject.test"),
            arc("test"),
            arc(""),
            arc("reject.test", "fail"),
            replace(arc("reject.test"), facts=(("dmarc-pass", "reject.test"),)),
            replace(arc("reject.test"), facts=(("sealer", "list.test"),)),
            replace(arc("reject.test"), method="x-arc"),
        ):
            found = self.symbols("a@reject.test", [NO_SPF, result])
            self.assertEqual(tuple(found), self.REJECTED, result)

    def test_not_needed(self) -> None:
        """Nor told to the domain."""
        passed = [spf("pass", "a@reject.test"), arc("reject.test")]
        found = self.findings("a@reject.test", passed)
        self.assertEqual(list(symbols_of(found)), ["DMARC_POLICY_ALLOW"])
        self.assertNotIn("override", dict(found[-1].facts))


class ResultTests(CheckCase):
    def test_facts(self) -> None:
        """All that a report to the domain needs; what is not there is left out."""
        found = self.result("a@reject.test", [NO_SPF, dkim("pass", "mail.reject.test")])
        self.assertEqual((found.method, found.result, found.reason), ("dmarc", "pass", ""))
        self.assertEqual(
            found.properties, (("header.from", "reject.test"), ("policy.dmarc", "reject"))
        )
        expected = {
            "domain": "reject.test",
            "rua": "mailto:a@reject.test",
            "p": "reject",
            "adkim": "r",
            "aspf": "s",
            "pct": "100",
            "fo": "d",
            "testing": "n",
            "asked": "none",
            "dkim-aligned": "pass",
            "spf-aligned": "fail",
            "discovery": "psl",
        }
        self.assertEqual(dict(found.facts), expected)

    def test_facts_of_a_name_below(self) -> None:
        found = self.result("a@x.quarantine.test")
        facts = dict(found.facts)
        self.assertEqual(dict(found.properties)["policy.dmarc"], "reject")
        names = ("domain", "p", "sp", "np", "adkim", "asked")
        self.assertEqual(
            [facts[name] for name in names],
            ["quarantine.test", "quarantine", "none", "reject", "s", "reject"],
        )

    def test_override(self) -> None:
        facts = dict(self.result("a@half.test").facts)
        self.assertEqual((facts["asked"], facts["override"]), ("quarantine", "sampled_out"))
        facts = dict(self.result("a@try.test").facts)
        self.assertEqual((facts["override"], facts["testing"]), ("other", "y"))
        self.assertIn("testing", facts["override-comment"])

    def test_without_policy(self) -> None:
        self.dns.fail("_dmarc.broken.test")
        for author, result in (("missing", "none"), ("two", "permerror"), ("broken", "temperror")):
            found = self.result(f"a@{author}.test")
            self.assertEqual((found.result, found.facts), (result, ()))
            self.assertEqual(found.properties, (("header.from", f"{author}.test"),))
