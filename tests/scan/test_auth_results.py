"""Results of authentication that checks return."""

from typing import Any

from mailfilter.scan.check import Hit
from mailfilter.scan.findings import MAX_OPTION_CHARS, MAX_PROPERTIES
from mailfilter.scan.tally import MAX_AUTH_RESULTS
from mailfilter.scan.verdict import AuthResult

from .case import ScanCase, finding

GOOD = AuthResult("spf", "pass", "because", "so", (("smtp.mailfrom", "a@example.org"),))


def result(**fields: Any) -> AuthResult:
    """A result with fields of any type."""
    return AuthResult(**{"method": "spf", "result": "pass", **fields})


class AuthResultTests(ScanCase):
    """They reach the verdict, checked and bounded."""

    def test_collected(self) -> None:
        """In their order, beside hits."""
        other = AuthResult("dkim-atps", "none")
        verdict = self.scan(finding("one", GOOD, Hit("ONE"), other, ONE=1.0), finding("two", GOOD))
        self.assertEqual(verdict.auth_results, (GOOD, other, GOOD))
        self.assertEqual([symbol.name for symbol in verdict.symbols], ["ONE"])

    def test_wrong(self) -> None:
        """What is none fails its check, and counts not at all."""
        for wrong in (
            result(method="spf; dkim"),
            result(result="pass\r\nX-Evil: 1"),
            result(method=""),
            result(method=b"spf"),
            result(reason=None),
            result(properties=[("smtp.mailfrom", "a")]),
            result(properties=(("smtp.mailfrom", b"a"),)),
            result(properties=(("smtp", "a"),)),
            result(properties=(("smtp.mail from", "a"),)),
            result(properties=("ab",)),
            result(properties=(("smtp.mailfrom", "a", "b"),)),
            result(facts=[("helo", "a")]),
            result(facts=(("helo", b"a"),)),
            result(facts=(("client ip", "a"),)),
            result(facts=(("helo=x; receiver", "a"),)),
        ):
            verdict = self.scan(finding("one", GOOD, wrong))
            self.assertEqual(verdict.auth_results, (), wrong)
            self.assertEqual([symbol.name for symbol in verdict.symbols], ["ONE_FAIL"], wrong)
        self.flushLoggedErrors()

    def test_bounds(self) -> None:
        """Texts are cut; a property that is too long is left out, since half of it may lie."""
        long = "x" * (MAX_OPTION_CHARS + 1)
        many = (("a.b", "c"),) * (MAX_PROPERTIES + 5)
        facts = (("helo", long), ("client-ip", "192.0.2.1"))
        verdict = self.scan(
            finding("one", result(reason=long, comment=long, properties=(("a.b", long),))),
            finding("two", result(properties=many, facts=facts)),
            finding("three", *[GOOD] * (MAX_AUTH_RESULTS + 5)),
        )
        first, second, *_ = verdict.auth_results
        self.assertEqual(first, result(reason=long[:-1], comment=long[:-1]))
        self.assertEqual(len(second.properties), MAX_PROPERTIES)
        self.assertEqual(second.facts, facts[1:])
        self.assertEqual(len(verdict.auth_results), MAX_AUTH_RESULTS)
