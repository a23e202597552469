"""The walk up the tree (RFC 9989 4.10): whose policy, and who belongs together."""

from mailfilter.auth.dmarc_tree import ByTree, walked

from .dmarc_case import DmarcCase, passed


class TreeTests(DmarcCase):
    discovery = ByTree
    ZONE = """
        _dmarc.example.com TXT "v=DMARC1; p=reject; sp=quarantine"
        _dmarc.mail.example.com TXT "v=DMARC1; p=none"
        _dmarc.team.example.com TXT "v=DMARC1; p=none; psd=n"
        _dmarc.bank TXT "v=DMARC1; p=reject; np=quarantine; psd=y"
        there.bank A 192.0.2.1
        _dmarc.own.bank TXT "v=DMARC1; p=none"
        _dmarc.host.test TXT "v=DMARC1; p=quarantine; psd=y"
        _dmarc.test TXT "v=DMARC1; p=none"
        _dmarc.two.invalid TXT "v=DMARC1; p=none"
        _dmarc.two.invalid TXT "v=DMARC1; p=reject"
        _dmarc.bad.invalid TXT "v=DMARC1; p=bad"
        a.example.com A 192.0.2.1
        a.mail.example.com A 192.0.2.1
    """

    def test_walked(self) -> None:
        """Eight names at most."""
        self.assertEqual(list(walked("com")), ["com"])
        self.assertEqual(list(walked("a.example.com")), ["a.example.com", "example.com", "com"])
        self.assertEqual(len(list(walked("h.g.f.e.d.c.b.a"))), 8)
        found = list(walked("x.y.h.g.f.e.d.c.b.a"))
        self.assertEqual(found[:2], ["x.y.h.g.f.e.d.c.b.a", "g.f.e.d.c.b.a"])
        self.assertEqual(len(found), 8)

    def test_policy(self) -> None:
        """Of the author's domain, its organization's, the suffix's; not of those between."""
        for author, policy, domain in (
            ("example.com", "reject", "example.com"),
            ("a.example.com", "quarantine", "example.com"),
            ("mail.example.com", "none", "mail.example.com"),
            ("a.mail.example.com", "quarantine", "example.com"),
            ("a.team.example.com", "none", "team.example.com"),
            ("there.bank", "reject", "bank"),
            ("missing.bank", "quarantine", "bank"),
            ("own.bank", "none", "own.bank"),
            ("x.own.bank", "none", "own.bank"),
            ("bank", "reject", "bank"),
            ("x.host.test", "quarantine", "host.test"),
        ):
            found = self.evaluate(author)
            assert found.published is not None
            self.assertEqual((found.published.domain, found.policy), (domain, policy), author)

    def test_none(self) -> None:
        self.assertEqual(self.evaluate("nothing.invalid").result, "none")

    def test_alignment(self) -> None:
        """By what the records say, whatever a list has."""
        for author, domain, is_aligned in (
            ("example.com", "example.com", True),
            ("example.com", "a.example.com", True),
            ("a.mail.example.com", "example.com", True),
            ("mail.example.com", "b.example.com", True),
            ("example.com", "team.example.com", False),
            ("team.example.com", "example.com", False),
            ("a.team.example.com", "b.team.example.com", True),
            ("example.com", "com", False),
            ("example.com", "badexample.com", False),
            ("example.com", r"a\\.example.com", False),
            ("there.bank", "bank", False),
            ("there.bank", "a.there.bank", True),
            ("there.bank", "own.bank", False),
            ("a.own.bank", "b.own.bank", True),
            ("a.host.test", "b.host.test", False),
            ("a.a.host.test", "b.a.host.test", True),
            ("a.test", "b.test", True),
        ):
            found = self.evaluate(author, dkim=passed(domain))
            self.assertEqual(found.dkim, is_aligned, (author, domain))

    def test_no_records(self) -> None:
        """Several are none; a broken one is an error only where it would be used."""
        self.assertEqual(self.evaluate("two.invalid").result, "none")
        self.assertEqual(self.evaluate("bad.invalid", passed("bad.invalid")).result, "permerror")
        self.assertEqual(self.evaluate("a.bad.invalid").result, "permerror")

    def test_errors(self) -> None:
        """An unknown step of the way leaves all open, up to where it ends."""
        self.dns.fail("_dmarc.com")
        self.assertEqual(self.evaluate("example.com").result, "temperror")
        found = self.evaluate("a.team.example.com", passed("team.example.com"))
        self.assertEqual(found.result, "pass")
        self.dns.fail("_dmarc.b.team.example.com")
        found = self.evaluate("team.example.com", passed("b.team.example.com"))
        self.assertEqual(found.result, "temperror")

    def test_asked(self) -> None:
        """Nobody is asked twice, nor about who cannot belong there."""
        dkim = passed("b.a.example.com", "evil.test", "com")
        self.evaluate("mail.example.com", passed("a.example.com", "evil.test"), dkim)
        self.assertEqual(
            sorted(str(question) for question in self.dns.asked),
            [
                "_dmarc.a.example.com TXT",
                "_dmarc.b.a.example.com TXT",
                "_dmarc.com TXT",
                "_dmarc.example.com TXT",
                "_dmarc.mail.example.com TXT",
            ],
        )
