"""Where aggregate reports go: URIs with size limits, and other domains, which must agree."""

from unittest import TestCase

from mailfilter.auth.dmarc_addresses import (
    MAX_ADDRESSES,
    Address,
    Destination,
    find_destinations,
    is_external,
    read_addresses,
)
from mailfilter.codec.dns_answer import Answer, DnsError, DnsTimeout, Kind, Question, Status

NAME = "example.com._report._dmarc.example.net"


class AddressTests(TestCase):
    def test_read(self) -> None:
        for rua, expected in (
            ("mailto:a@example.com", Address("a", "example.com")),
            ("MAILTO:A.b@Example.COM", Address("A.b", "example.com")),
            ("mailto:a@example.com!10m", Address("a", "example.com", 10 * 2**20)),
            ("mailto:a@example.com!2048", Address("a", "example.com", 2048)),
            ("mailto:a@example.com!1K", Address("a", "example.com", 1024)),
            ("mailto:a@example.com!2g", Address("a", "example.com", 2**31)),
            ("mailto:a@example.com!1t", Address("a", "example.com", 2**40)),
            ("mailto:a%21b%2Cc@example.com", None),
            ("mailto:a%2Bb@example.com", Address("a+b", "example.com")),
            ("mailto:a@example.com?subject=x", Address("a", "example.com")),
        ):
            self.assertEqual(read_addresses(rua)[0], (expected,) if expected else (), rua)

    def test_list(self) -> None:
        """Each once, in order."""
        found, problems = read_addresses(
            "mailto:b@x.example, mailto:a@x.example ,mailto:b@X.example!1k"
        )
        self.assertEqual([str(item) for item in found], ["b@x.example", "a@x.example"])
        self.assertEqual(problems, ())

    def test_bad(self) -> None:
        """What cannot be sent to safely is passed over, and said."""
        for uri in (
            "",
            "a@example.com",
            "https://example.com/",
            "mailto:",
            "mailto:a",
            "mailto:@example.com",
            "mailto:a@",
            "mailto:a@com",
            "mailto:a@b@example.com",
            "mailto:a@[192.0.2.1]",
            "mailto:a@example..com",
            "mailto:a@example.com!",
            "mailto:a@example.com!10x",
            "mailto:a@example.com!-1",
            "mailto:a@example.com!1m!1m",
            "mailto:a@example.com!" + "9" * 40,
            "mailto:a%0D%0ARCPT%20TO:<x@example.com",
            "mailto:a%20b@example.com",
            "mailto:a%3Eb@example.com",
            'mailto:"a"@example.com',
            "mailto:ä@example.com",
            "mailto:a%00@example.com",
            "mailto:" + "a" * 65 + "@example.com",
            "mailto:a@" + "a." * 200 + "com",
        ):
            found, problems = read_addresses(uri)
            self.assertEqual((found, len(problems)), ((), 1), uri)
            self.assertTrue(problems[0].isascii() and problems[0].isprintable())

    def test_many(self) -> None:
        found, problems = read_addresses(",".join(f"mailto:{n}@example.com" for n in range(1000)))
        self.assertEqual((len(found), len(problems)), (MAX_ADDRESSES, 1))


def ask(
    rua: str, *texts: bytes, domain: str = "example.com", error: DnsError | None = None
) -> tuple[tuple[Destination, ...], list[str]]:
    """Destinations, and what was asked; all names have these records."""
    asked: list[str] = []
    evaluation = find_destinations(domain, read_addresses(rua)[0])
    try:
        questions = next(evaluation)
        while True:
            asked += [str(question) for question in questions]
            status: Status = "found" if texts else "nxdomain"
            questions = evaluation.send(
                tuple(error or Answer(item, status, texts) for item in questions)
            )
    except StopIteration as stop:
        return stop.value, asked


class DestinationTests(TestCase):
    def test_external(self) -> None:
        for domain, other, expected in (
            ("example.com", "example.com", False),
            ("example.com", "mail.example.com", False),
            ("a.example.com", "b.example.com", False),
            ("example.com", "example.net", True),
            ("example.com", "notexample.com", True),
            ("a.co.uk", "b.co.uk", True),
            ("co.uk", "a.co.uk", True),
            ("co.uk", "co.uk", False),
            # Neither is of an organization: that is none in common.
            ("co.uk", "com", True),
            ("co.uk", "org.uk", True),
        ):
            self.assertEqual(is_external(domain, other), expected, (domain, other))

    def test_own(self) -> None:
        """Nothing is asked."""
        found, asked = ask("mailto:a@mail.example.com,mailto:b@example.com")
        self.assertEqual([item.wish for item in found], ["yes", "yes"])
        self.assertEqual(asked, [])

    def test_agreed(self) -> None:
        for texts in (
            (b"v=DMARC1",),
            (b"v=DMARC1;",),
            (b"other", b"v=DMARC1; p=none"),
            (b"v=DMARC1; rua=mailto:x@elsewhere.example",),
        ):
            found, asked = ask("mailto:a@example.net!1k", *texts)
            self.assertEqual(found, (Destination(Address("a", "example.net", 1024), "yes"),))
            self.assertEqual(asked, [f"{NAME} TXT"])

    def test_refused(self) -> None:
        for texts in ((), (b"",), (b"v=DMARC2",), (b"v=spf1 -all",), (b"v=DMARC1; a=1; a=2",)):
            found, _asked = ask("mailto:a@example.net", *texts)
            self.assertEqual([item.wish for item in found], ["no"], texts)
            self.assertIn(NAME, found[0].reason)

    def test_unknown(self) -> None:
        error = DnsTimeout(Question(NAME, Kind.TXT))
        found, _asked = ask("mailto:a@example.net,mailto:b@example.com", error=error)
        self.assertEqual([item.wish for item in found], ["unknown", "yes"])
        self.assertEqual(found[0].reason.count(NAME), 1, found[0].reason)

    def test_instead(self) -> None:
        """A host may name another address of its own, each gets one report."""
        texts = b"v=DMARC1; rua=mailto:c@example.net!5k,mailto:d@example.com"
        found, asked = ask("mailto:a@example.net,mailto:b@example.net", texts)
        self.assertEqual(found, (Destination(Address("c", "example.net", 5120), "yes"),))
        self.assertEqual(len(asked), 1)

    def test_long_name(self) -> None:
        """One that DNS cannot have is no agreement."""
        domain = ".".join(["a" * 60] * 4)
        found, asked = ask("mailto:a@example.net", b"v=DMARC1", domain=domain)
        self.assertEqual(([item.wish for item in found], asked), (["no"], []))
