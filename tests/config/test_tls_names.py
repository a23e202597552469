"""Names that no certificate has."""

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.problem import Unfit
from mailfilter.config.tls_names import check_dns, check_email, check_ip, check_server, check_uri

DNS = "expected a DNS name such as mx.example.org"
LONG = "expected a DNS name of at most 253 characters"
STAR = "fits no name: * can only be the whole first label, as in *.example.org"
ASCII = "certificates have names in ASCII"
EMPTY = "has an empty label"
ADDRESS = "expected an address or @domain"
URI = "expected a URI such as spiffe://example.net/mx1, in ASCII"


class NameTests(SynchronousTestCase):
    def said(self, check: Callable[[str], None], text: str) -> str:
        try:
            check(text)
        except Unfit as unfit:
            return str(unfit)
        return ""

    def test_server(self) -> None:
        """A name or an address that we connect to."""
        single = "expected a single name, without *"
        for text, said in {
            "redis.example.org": "",
            "redis_1": "",
            "192.0.2.1": "",
            "2001:db8::1": "",
            "fe80::1%eth0": 'expected an IP address without a zone; did you mean "fe80::1"?',
            "*.example.org": single,
            "redis..example": EMPTY,
            "redis.example.": f'{EMPTY}; did you mean "redis.example"?',
            "r\u00e9d.example": f'{ASCII}; did you mean "xn--rd-bja.example"?',
            "\u00fc..x": ASCII,
            "a b": DNS,
            "a\0b": DNS,
            "x" * 300: LONG,
            "x" * 64: DNS,
        }.items():
            self.assertEqual(self.said(check_server, text), said, text)

    def test_dns(self) -> None:
        label = "x" * 63
        longest = ".".join((label, label, label, "x" * 61))
        for text, said in {
            "mx.example.org": "",
            "MX-1.Example.ORG": "",
            "_x.example.org": "",
            "localhost": "",
            "*.example.org": "",
            "xn--bcher-kva.example": "",
            longest: "",
            f"{longest}x": LONG,
            f"{label}x.org": DNS,
            "": LONG,
            "*": STAR,
            "a.*.org": STAR,
            "*.*.org": STAR,
            "mx*.example.org": STAR,
            "*x.example.org": STAR,
            "mx..example.org": EMPTY,
            "mx.example.org.": f'{EMPTY}; did you mean "mx.example.org"?',
            ".example.org": f'{EMPTY}; did you mean "*.example.org"?',
            "*.": EMPTY,
            ".": EMPTY,
            "192.0.2.1": "expected a DNS name, not an address",
            "2001:db8::1": "expected a DNS name, not an address",
            "b\u00fccher.example": f'{ASCII}; did you mean "xn--bcher-kva.example"?',
            "*.B\u00dcCHER.example": f'{ASCII}; did you mean "*.xn--bcher-kva.example"?',
            "stra\u00dfe.example": f'{ASCII}; did you mean "xn--strae-oqa.example"?',
            "b\u00fc cher.example": ASCII,
            "mx.example.org:25": DNS,
            "https://example.org": DNS,
            "mx.example.org\n": DNS,
            "mx .example.org": DNS,
        }.items():
            self.assertEqual(self.said(check_dns, text), said, text)

    def test_ip(self) -> None:
        zone = 'expected an IP address without a zone; did you mean "fe80::1"?'
        for text, said in {"192.0.2.1": "", "2001:db8::1": "", "fe80::1%eth0": zone}.items():
            self.assertEqual(self.said(check_ip, text), said, text)

    def test_uri(self) -> None:
        for text, said in {
            "spiffe://example.net/mx1": "",
            "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6": "",
            "": URI,
            "example.net/mx1": URI,
            "spiffe:": URI,
            "spiffe://b\u00fccher.example": URI,
            "spiffe://example.net/mx 1": URI,
            "spiffe://example.net/mx1\n": URI,
        }.items():
            self.assertEqual(self.said(check_uri, text), said, text)

    def test_email(self) -> None:
        for text, said in {
            "postmaster@example.net": "",
            "@example.net": "",
            '"a@b"@example.net': "",
            "*@example.net": f'{ADDRESS}; did you mean "@example.net"?',
            "a@*.example.net": ADDRESS,
            "@*.example.net": ADDRESS,
            "": ADDRESS,
            "a@": ADDRESS,
            "a@b\u00fccher.example": f'{ASCII}; did you mean "a@xn--bcher-kva.example"?',
            "@b\u00fccher.example": f'{ASCII}; did you mean "@xn--bcher-kva.example"?',
            "b\u00fccher@example.net": "certificates have addresses in ASCII",
            "a@example.net.": EMPTY,
        }.items():
            self.assertEqual(self.said(check_email, text), said, text)
