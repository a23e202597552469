"""Public suffixes: the tests of the list itself, and domains as DNS has them."""

import os
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mailfilter.codec.dns_name import BadName, normal_name
from mailfilter.mail.public_suffix import has_known_suffix, organizational_domain


class DomainTests(SynchronousTestCase):
    def test_domains(self) -> None:
        """ICANN's suffixes, private ones, wildcards and their exceptions, unknown ones."""
        for domain, expected in (
            ("example.com", "example.com"),
            ("a.b.example.com", "example.com"),
            ("example.co.uk", "example.co.uk"),
            ("mail.example.co.uk", "example.co.uk"),
            ("co.uk", None),
            ("com", None),
            ("", None),
            ("a.blogspot.com", "a.blogspot.com"),
            ("b.a.blogspot.com", "a.blogspot.com"),
            ("b.c.kobe.jp", "b.c.kobe.jp"),
            ("a.city.kobe.jp", "city.kobe.jp"),
            ("a.b.unknown", "b.unknown"),
            ("unknown", None),
            ("a.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
            ("xn--55qx5d.cn", None),
        ):
            self.assertEqual(organizational_domain(domain), expected, domain)

    def test_odd(self) -> None:
        """What nobody could register is nobody's: a label with a dot in it least of all."""
        for domain in ("a..com", ".com", r"a.b\.example.com", r"a\032.example.com"):
            self.assertIsNone(organizational_domain(domain), domain)

    def test_known(self) -> None:
        """Whether the list has the suffix, private or not."""
        for domain, expected in (
            ("www.example.COM", True),
            ("co.uk", True),
            ("a.blogspot.com", True),
            ("example.nosuchsuffix", False),
            ("localhost", False),
        ):
            self.assertIs(has_known_suffix(domain), expected, domain)


class ListTests(SynchronousTestCase):
    """The tests that are published with the list."""

    def test_list(self) -> None:
        if not (corpus := os.environ.get("MAILFILTER_CORPUS")):
            raise SkipTest("MAILFILTER_CORPUS is not set")
        path = Path(corpus, "suites/psl/tests/tests.txt")
        if not path.exists():
            raise SkipTest("MAILFILTER_CORPUS has no suite of public suffixes")
        count = 0
        for line in path.read_text("utf-8").splitlines():
            if not line or line.startswith("//") or line == "null null":
                continue
            domain, expected = line.split()
            count += 1
            self.assertEqual(owner(domain), None if expected == "null" else owner(expected), line)
        self.assertGreater(count, 70)


def owner(domain: str) -> str | None:
    """The organizational domain of one as people write it."""
    try:
        return organizational_domain(normal_name(domain))
    except BadName:
        return None
