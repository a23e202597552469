"""Hosts of URLs: one name for all ways to write it, as browsers have it."""

from ipaddress import ip_address

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.url_host import MAX_HOST, parse_host

NAMES: tuple[tuple[str, str | None], ...] = (
    # As it is, and letters of two cases.
    ("example.com", "example.com"),
    ("WWW.Example.COM", "www.example.com"),
    ("example.com.", "example.com"),
    ("localhost", "localhost"),
    ("under_score.example.com", "under_score.example.com"),
    ("-a-.example.com", "-a-.example.com"),
    ("09.example.com", "09.example.com"),
    # Percent codes.
    ("ex%61mple%2Ecom", "example.com"),
    ("b%C3%BCcher.example", "xn--bcher-kva.example"),
    ("%65%78%61%6d%70%6c%65.com", "example.com"),
    ("ex%2561mple.com", None),
    ("a%00.com", None),
    ("a%2f.com", None),
    ("a%ff.com", None),
    ("a%.com", None),
    # Other scripts, and other full stops.
    ("bücher.example", "xn--bcher-kva.example"),
    ("BÜCHER.example", "xn--bcher-kva.example"),
    ("bu\u0308cher.example", "xn--bcher-kva.example"),
    ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("XN--Bcher-KVA.example", "xn--bcher-kva.example"),
    ("straße.example", "xn--strae-oqa.example"),
    ("example\u3002com", "example.com"),
    ("www\uff0eexample\uff61com", "www.example.com"),
    ("\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45.com", "example.com"),
    ("\u24d4xample.com", "example.com"),
    ("☃.example", "xn--n3h.example"),
    ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
    ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
    # Characters that count for nothing.
    ("exa\u00admple.com", "example.com"),
    ("exa\u200bmple\u2060.com", "example.com"),
    ("\ufeffexample.com", "example.com"),
    ("\u00ad" * 5000 + "example.com", "example.com"),
    ("%C2%AD" * 5000 + "example.com", "example.com"),
    # What no browser takes.
    ("", None),
    (".", None),
    ("example.com..", None),
    ("%2e\ud800", None),
    ("\u00ad", None),
    ("exam ple.com", None),
    ("a<b.com", None),
    ("a^b.com", None),
    ("xn--a.bücher.example", None),
    ("xn--a", "xn--a"),
    ("xn--ü.example", None),
    ("a{b}`.com", "a{b}`.com"),
    ("a|b.com", None),
    ("\u2100.com", None),
    ("\u202eexample.com", None),
    ("exam\ufffdple.com", None),
    ("\u0301example.com", None),
    ("a\u200db.com", None),
    ("אa.com", None),
    ("\ud800.com", None),
    # Too much of it.
    ("a" * (MAX_HOST + 1), None),
    ("я" * 64 + ".com", None),
    ("я." * 5000 + "com", None),
)

ADDRESSES: tuple[tuple[str, str | None], ...] = (
    ("192.0.2.1", "192.0.2.1"),
    ("192.0.2.1.", "192.0.2.1"),
    ("3221225985", "192.0.2.1"),
    ("0xC0000201", "192.0.2.1"),
    ("030000001001", "192.0.2.1"),
    ("192.0x2.1", "192.2.0.1"),
    ("192.513", "192.0.2.1"),
    ("0300.0.02.0x1", "192.0.2.1"),
    ("0x.0x.0", "0.0.0.0"),
    ("\uff11\uff19\uff12.0.2.1", "192.0.2.1"),
    ("%31%39%32.0.2.1", "192.0.2.1"),
    ("192。0。2。1", "192.0.2.1"),
    ("[2001:DB8::1]", "2001:db8::1"),
    ("[2001:db8:0:0:0:0:0:1]", "2001:db8::1"),
    ("[::ffff:192.0.2.1]", "::ffff:192.0.2.1"),
    ("192.0.2.256", None),
    ("256.0.2.1", None),
    ("1.2.3.4.5", None),
    ("4294967296", None),
    ("192.0.2.09", None),
    ("example.0x", None),
    ("example.1", None),
    ("1..2", None),
    ("9" * 1000, None),
    ("[2001:db8::1", None),
    ("[fe80::1%eth0]", None),
    ("[192.0.2.1]", None),
    ("[]", None),
)

DOMAINS = (
    ("a.b.example.co.uk", "example.co.uk"),
    ("a.b.bücher.example", "xn--bcher-kva.example"),
    ("co.uk", ""),
    ("localhost", ""),
    ("a..com", ""),
    ("a." * 140 + "example.com", ""),
)

TRAITS: tuple[tuple[str, set[str]], ...] = (
    ("example.com", set()),
    ("192.0.2.1", set()),
    ("0xC0000201", {"numeric"}),
    ("192.513", {"numeric"}),
    ("ex%61mple.com", {"encoded"}),
    ("example\u3002com", {"unicode_dot"}),
    ("exa\u00admple.com", {"ignored"}),
    ("\u00ad" * 5000 + "example.com", {"ignored"}),
    ("bücher.example", {"idn"}),
    ("xn--bcher-kva.example", {"idn"}),
    ("xn--a.example", {"bad_idn"}),
    ("xn--.example", {"bad_idn"}),
    ("xn--abc.example", {"bad_idn"}),
    ("xn--" + "a" * 80 + ".example", {"bad_idn"}),
    ("ex\u0430mple.com", {"idn", "mixed", "homograph"}),
    ("xn--exmple-4nf.com", {"idn", "mixed", "homograph"}),
)


class HostTests(SynchronousTestCase):
    def test_names(self) -> None:
        """All ways to write a name are one name, and what browsers refuse is none."""
        for text, expected in NAMES:
            host = parse_host(text)
            self.assertEqual(host and host.name, expected, text[:40])

    def test_addresses(self) -> None:
        """Numbers of all forms are addresses; what looks like one and is none is no name."""
        for text, expected in ADDRESSES:
            host = parse_host(text)
            if expected is None:
                self.assertIsNone(host, text[:40])
                continue
            assert host is not None, text
            self.assertEqual(host.address, ip_address(expected), text)
            self.assertEqual(host.domain, host.name, text)

    def test_domains(self) -> None:
        for text, expected in DOMAINS:
            host = parse_host(text)
            assert host is not None, text
            self.assertEqual(host.domain, expected, text)

    def test_traits(self) -> None:
        """How it is written is told."""
        for text, expected in TRAITS:
            host = parse_host(text)
            assert host is not None, text
            self.assertEqual(set(host.traits), expected, text[:40])
