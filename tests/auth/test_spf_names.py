"""Which names of a client count, of those that its reverse zone gives (RFC 7208 5.5, 7.3)."""

from collections.abc import Mapping

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.spf_client import is_within

from .spf_zone import check

REVERSE = "1.2.0.192.in-addr.arpa"
DOMAIN = "example.com"

WITHIN = ("example.com", "a.example.com", "a.b.example.com", r"a\\.example.com", r"\\.example.com")
OUTSIDE = (
    "evilexample.com",
    "com",
    "example.com.test",
    r"a\.example.com",
    r"\.example.com",
    r"a\\\.example.com",
    r"\012.example\.com",
)


def zone_of(record: str, name: str) -> Mapping[str, str]:
    """A client with one name, which has its address."""
    return {DOMAIN: f"TXT {record}", REVERSE: f"PTR {name}", name: "A 192.0.2.1"}


class NameTests(SynchronousTestCase):
    def test_labels(self) -> None:
        """A dot in a label is none between labels."""
        for name in WITHIN:
            self.assertTrue(is_within(name, DOMAIN), name)
        for name in OUTSIDE:
            self.assertFalse(is_within(name, DOMAIN), name)

    def test_ptr(self) -> None:
        for name in (*WITHIN[1:], *OUTSIDE):
            expected = "pass" if name in WITHIN else "fail"
            found = check(zone_of("v=spf1 ptr -all", name))
            self.assertEqual(found.result, expected, name)

    def test_own_names_first(self) -> None:
        """The value of a macro is a name of the domain, if the client has one."""
        zone = {
            DOMAIN: "TXT v=spf1 exists:%{p}.x.test -all",
            REVERSE: ["PTR " + name for name in (r"a\.example.com", "b.example.com")],
            r"a\.example.com": "A 192.0.2.1",
            "b.example.com": "A 192.0.2.1",
            "b.example.com.x.test": "A 127.0.0.2",
        }
        self.assertEqual(check(zone).result, "pass")

    def test_the_domain_first(self) -> None:
        """The domain itself is better than a name below it."""
        zone = {
            DOMAIN: ["TXT v=spf1 exists:%{p}.x.test -all", "A 192.0.2.1"],
            REVERSE: ["PTR a.example.com", "PTR example.com", "PTR b.example.com"],
            "a.example.com": "A 192.0.2.1",
            "example.com.x.test": "A 127.0.0.2",
        }
        self.assertEqual(check(zone).result, "pass")
