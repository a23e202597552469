"""DMARC: alignment, which policy holds, and for how much of the mail."""

from mailfilter.auth.dmarc import Identity
from mailfilter.codec.dns_answer import Kind

from .dmarc_case import DmarcCase, passed

FAILED = (Identity("example.com", "fail"),)
TEMPORARY = (Identity("example.com", "temperror"),)


class AlignmentTests(DmarcCase):
    ZONE = """
        _dmarc.example.com TXT "v=DMARC1; p=reject"
        _dmarc.strict.test TXT "v=DMARC1; p=reject; adkim=s; aspf=s"
        _dmarc.mixed.test TXT "v=DMARC1; p=reject; adkim=s"
        _dmarc.co.uk TXT "v=DMARC1; p=reject"
    """

    def test_relaxed(self) -> None:
        """Any domain of the organization."""
        for domain in ("example.com", "mail.example.com", "a.b.example.com"):
            found = self.evaluate("example.com", spf=passed(domain))
            self.assertEqual((found.result, found.spf, found.dkim), ("pass", True, False))
            found = self.evaluate("news.example.com", dkim=passed(domain))
            self.assertEqual((found.result, found.spf, found.dkim), ("pass", False, True))

    def test_others(self) -> None:
        """Neither a suffix, nor who only has the end of the name."""
        for domain in ("com", "evilexample.com", "example.com.evil.test", r"a\\.example.com"):
            found = self.evaluate("example.com", passed(domain), passed(domain))
            self.assertEqual(found.result, "fail")
            self.assertEqual(found.problem, "SPF not aligned (relaxed), DKIM not aligned (relaxed)")

    def test_strict(self) -> None:
        found = self.evaluate("strict.test", passed("a.strict.test"), passed("a.strict.test"))
        self.assertEqual(found.problem, "SPF not aligned (strict), DKIM not aligned (strict)")
        self.assertEqual(self.evaluate("strict.test", passed("strict.test")).result, "pass")
        self.assertEqual(self.evaluate("strict.test", (), passed("strict.test")).result, "pass")
        found = self.evaluate("mixed.test", passed("a.mixed.test"), passed("a.mixed.test"))
        self.assertEqual((found.spf, found.dkim), (True, False))

    def test_suffix(self) -> None:
        """A suffix is aligned with itself alone."""
        self.assertEqual(self.evaluate("co.uk", passed("co.uk")).result, "pass")
        self.assertEqual(self.evaluate("co.uk", passed("example.co.uk")).result, "fail")

    def test_one_of_several(self) -> None:
        found = self.evaluate("example.com", dkim=passed("list.test", "example.com"))
        self.assertTrue(found.dkim)

    def test_nothing(self) -> None:
        """Only `pass` counts, whatever else a method says."""
        results = ("fail", "softfail", "neutral", "none", "permerror", "policy", "PASS")
        others = tuple(Identity("example.com", result) for result in results)
        found = self.evaluate("example.com", others, others)
        self.assertEqual((found.result, found.asked), ("fail", "reject"))
        self.assertEqual(found.problem, "No valid SPF, No valid DKIM")

    def test_temporary(self) -> None:
        """What could have passed leaves all open, unless something else passes."""
        for spf, dkim in ((TEMPORARY, FAILED), (FAILED, TEMPORARY), ((), TEMPORARY)):
            found = self.evaluate("example.com", spf, dkim)
            self.assertEqual((found.result, found.asked), ("temperror", "none"))
        both = (*TEMPORARY, Identity("evil.test", "temperror"))
        for several in (both, both[::-1]):
            self.assertEqual(self.evaluate("example.com", several).result, "temperror")
        found = self.evaluate("example.com", TEMPORARY, passed("example.com"))
        self.assertEqual((found.result, found.spf, found.dkim), ("pass", False, True))
        found = self.evaluate("example.com", (Identity("evil.test", "temperror"),))
        self.assertEqual(found.result, "fail")


class PolicyTests(DmarcCase):
    ZONE = """
        _dmarc.example.com TXT "v=DMARC1; p=quarantine; sp=reject; np=none"
        there.example.com A 192.0.2.1
        mail.example.com MX 10 mx.test
        six.example.com AAAA 2001:db8::1
        text.example.com TXT "x"
        _dmarc.own.example.com TXT "v=DMARC1; p=none"
        _dmarc.np.test TXT "v=DMARC1; p=none; np=reject"
        _dmarc.two.test TXT "v=DMARC1; p=none"
        _dmarc.two.test TXT "v=DMARC1; p=reject"
        _dmarc.bad.test TXT "v=DMARC1; p=bad"
        _dmarc.bad.below.test TXT "v=DMARC1; p=bad"
        _dmarc.below.test TXT "v=DMARC1; p=reject"
        _dmarc.other.test TXT "v=spf1 -all"
        _dmarc.other.test TXT "v=DMARC1; p=reject"
    """

    def test_which(self) -> None:
        """Of the domain itself, else `sp` or `np` of the organization's."""
        for author, policy, domain in (
            ("example.com", "quarantine", "example.com"),
            ("there.example.com", "reject", "example.com"),
            ("mail.example.com", "reject", "example.com"),
            ("six.example.com", "reject", "example.com"),
            ("text.example.com", "none", "example.com"),
            ("missing.example.com", "none", "example.com"),
            ("own.example.com", "none", "own.example.com"),
            ("below.own.example.com", "none", "example.com"),
            ("x.np.test", "reject", "np.test"),
            ("other.test", "reject", "other.test"),
        ):
            found = self.evaluate(author)
            assert found.published is not None
            self.assertEqual((found.result, found.policy), ("fail", policy), author)
            self.assertEqual(found.asked, policy)
            self.assertEqual(found.published.domain, domain)

    def test_existence_unknown(self) -> None:
        """A name that nobody can tell about is there, unless there is no such name at all."""
        self.dns.add('y.x.np.test TXT "x"')
        self.assertEqual(self.evaluate("x.np.test").policy, "reject")
        for author, policy in (("x.np.test", "none"), ("missing.np.test", "reject")):
            self.dns.fail(author, kind=Kind.MX)
            self.dns.forget()
            self.assertEqual(self.evaluate(author).policy, policy)
        self.dns.fail("missing.np.test")
        self.dns.forget()
        self.assertEqual(self.evaluate("missing.np.test").policy, "none")

    def test_existence_not_needed(self) -> None:
        """Nobody is asked if the policy is the same either way."""
        self.evaluate("x.below.test")
        self.assertEqual(
            [str(question) for question in self.dns.asked],
            ["_dmarc.x.below.test TXT", "_dmarc.below.test TXT"],
        )

    def test_none(self) -> None:
        found = self.evaluate("nothing.test", passed("nothing.test"))
        self.assertEqual((found.result, found.published), ("none", None))

    def test_bad(self) -> None:
        """Several records, or a broken one, pass nothing; and that of the organization is not asked
        in their place."""
        for author, problem in (
            ("two.test", "two.test : Multiple policies defined in DNS"),
            ("x.two.test", "two.test : Multiple policies defined in DNS"),
            ("bad.test", "bad.test : p: expected none, quarantine, reject, got 'bad'"),
            ("bad.below.test", "bad.below.test : p: expected none, quarantine, reject, got 'bad'"),
        ):
            found = self.evaluate(author, passed(author), passed(author))
            self.assertEqual((found.result, found.problem), ("permerror", problem))

    def test_errors(self) -> None:
        """Without an answer nobody knows; of the organization's if that counts."""
        self.dns.fail("_dmarc.example.com")
        for author in ("example.com", "x.example.com"):
            found = self.evaluate(author, passed(author))
            self.assertEqual(found.result, "temperror")
            self.assertIn("_dmarc.example.com TXT", found.problem)
        self.assertEqual(self.evaluate("own.example.com").result, "fail")

    def test_long(self) -> None:
        """A name so long that there can be no record below it."""
        author = ".".join(["a" * 61] * 4)[:-4] + ".np.test"
        author = author[-253:].lstrip(".")
        found = self.evaluate(author)
        self.assertEqual((found.result, found.policy), ("fail", "reject"))


class PercentTests(DmarcCase):
    ZONE = """
        _dmarc.half.test TXT "v=DMARC1; p=reject; pct=50"
        _dmarc.never.test TXT "v=DMARC1; p=quarantine; pct=0"
        _dmarc.none.test TXT "v=DMARC1; p=none; pct=0"
        _dmarc.try.test TXT "v=DMARC1; p=reject; t=y"
        _dmarc.tryq.test TXT "v=DMARC1; p=quarantine; t=y"
    """

    def test_percent(self) -> None:
        """Beyond it the next milder policy (RFC 7489 6.6.4)."""
        for author, drawn, asked, override in (
            ("half.test", 1, "reject", ""),
            ("half.test", 50, "reject", ""),
            ("half.test", 51, "quarantine", "sampled_out"),
            ("never.test", 1, "none", "sampled_out"),
            ("none.test", 100, "none", ""),
        ):
            found = self.evaluate(author, drawn=drawn)
            self.assertEqual((found.asked, found.override), (asked, override), author)

    def test_no_percent(self) -> None:
        """RFC 9989 has none."""
        self.assertEqual(self.evaluate("half.test", has_percent=False).asked, "reject")

    def test_testing(self) -> None:
        for author, asked in (("try.test", "quarantine"), ("tryq.test", "none")):
            found = self.evaluate(author, drawn=1)
            self.assertEqual((found.asked, found.override), (asked, "other"))

    def test_passes(self) -> None:
        """Nothing is asked for what passes."""
        found = self.evaluate("never.test", passed("never.test"))
        self.assertEqual((found.asked, found.override), ("none", ""))
