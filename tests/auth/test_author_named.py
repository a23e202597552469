"""The domains that stand in From, whatever is done to hide them from one program or the other."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.author import MAX_FIELD, NoAuthor, author_domain
from mailfilter.auth.author_named import (
    MAX_FIELDS,
    MAX_NAMED,
    MAX_OCTETS,
    Named,
    _as_seen,
    named_domains,
)
from mailfilter.mail import parse
from mailfilter.mail.headers import Headers
from mailfilter.mail.limits import Limits

HIDDEN = (
    "ceo@bank.test.",
    "ceo@bank.test..",
    "ceo@bank\u3002test",
    "ceo@bank\uff0etest",
    "ceo@bank\uff61test",
    "ceo@bank\u2024test",
    "ceo@\uff42ank.test",
    "ceo\uff20bank.test",
    "ceo@ba\u00adnk.test",
    "ceo@ba\u200bnk.te\u200dst",
    "ceo@\u202ebank.test",
    "ceo@bank.test\ufeff",
    "ceo@bank.\U000e0061test",
    "ceo@\r\n bank.test",
    "ceo@bank\r\n .test",
    "<ceo@ba\r\n nk.test>",
    "ceo@ba\r\n\tnk.test",
    "ceo@ bank.test",
    "ceo@bank .test",
    "<ceo@bank . test>",
    "<ceo@ba nk.test>",
    "ceo@(x)bank.test",
    "ceo@(x(y))bank.test",
    "ceo@bank(\\)x).test",
    ") ceo@bank(x).test",
    '"(" <ceo@bank .test>',
    "<ceo@bank(x) .test eve>",
    "ceo@bank \u3002 test",
    "ceo@bank(x).test",
    "ceo@bank.(x)test",
    "ceo@bank.test(.evil.test)",
    "ceo@bank.test(",
    "ceo(x@bank.test",
    'ceo@"bank.test"',
    'ceo@"bank".test',
    'ceo@"bank.test',
    "ceo@bank\\.test",
    "ceo@ba\\nk.test",
    "ceo@[bank.test]",
    "'ceo@bank.test'",
    "ceo@'bank.test'",
    "\u2018ceo@bank.test\u2019",
    "{ceo@bank.test}",
    "<ceo@bank.test/x>",
    "<ceo@bank.test?x=y>",
    "=?utf-8?q?ceo=40bank.test?=",
    "=?utf-8?b?Y2VvQGJhbmsudGVzdA==?=",
    "ceo=?utf-8?q?=40?=bank.test",
    "ceo@=?utf-8?q?bank.test?=",
    "=?utf-8?q?ceo=40ba?=\r\n =?utf-8?q?nk.test?=",
    "=?utf-16be?b?AGMAZQBvAEAAYgBhAG4AawAuAHQAZQBzAHQ=?=",
    "ceo@a+bank.test",
    "ceo@a.b%-.bank.test",
    "ceo@-a.bank.test",
    "ceo@a..bank.test",
    "ceo@-bank.test",
    "ceo@" + "a" * 64 + ".bank.test",
    "ceo@\U0001f600.bank.test",
    "@-- " * 200 + "ceo@bank.test",
    "ceo@bank.test: x;",
    "ceo@bank.test%evil",
    "ceo@\0bank.test",
    "ceo@bank\0.test",
    "ceo@bank.test\0.evil.test",
    "ceo@bank\r.test",
    "ceo@bank.test\r.evil.test",
    "\x1bceo@bank.test",
)
"""Forms in which one program or the other shows an address at bank.test."""


def headers_of(*values: str) -> Headers:
    """The header of a message with some From fields."""
    header = "".join(f"From: {value}\r\n" for value in values)
    return parse(header.encode() + b"\r\n").headers


class NamedTests(SynchronousTestCase):
    def named(self, *values: str) -> tuple[str, ...]:
        """The domains in some From fields."""
        return named_domains(headers_of(*values)).domains

    def test_hidden(self) -> None:
        """In no form does a domain get around its policy, nor pass."""
        for text in HIDDEN:
            headers = headers_of(text)
            self.assertIn("bank.test", named_domains(headers).domains, text)
            self.assertRaises(NoAuthor, author_domain, headers)

    def octets(self, value: bytes) -> tuple[str, ...]:
        """The domains in a field."""
        return named_domains(parse(b"From: " + value + b"\r\n\r\n").headers).domains

    def test_octets(self) -> None:
        """Those that are no characters are left out by some, and taken for characters by others."""
        for value in (b"ceo@bank.test\xff", b"ceo@ba\xadnk.test", b"ceo@ba\xffnk.test"):
            self.assertIn("bank.test", self.octets(value), value)

        self.assertIn("xn--bcher-kva.test", self.octets(b"ceo@b\xfccher.test"))

    def test_forms(self) -> None:
        """Wherever an address may be seen, as often as it stands there once."""
        for text, expected in (
            ("Bob", ()),
            ("a@b.test, c@D.test, e@b.test", ("b.test", "d.test")),
            ("<@r.test:a@b.test>", ("r.test", "b.test")),
            ('"a@b.test"@c.test', ("b.test", "c.test")),
            ("a@b.test@c.test", ("b.test", "c.test")),
            ("a@[192.0.2.1], b@-, c@.., d@test, e@a/b", ()),
            ("a@b\u00fccher.test", ("xn--bcher-kva.test",)),
            ("a@+x.-.163.test", ("163.test",)),
            ("a@B\u00dcCHER.test", ("xn--bcher-kva.test",)),
        ):
            self.assertEqual(self.named(text), expected, text)
        self.assertEqual(self.named("a@b.test", "a@c.test"), ("b.test", "c.test"))

    def test_long_names(self) -> None:
        """Of what is too long for a name, the end that leads to an organization."""
        (name,) = self.named("ceo@" + "a." * 200 + "bank.test")
        self.assertTrue(name.endswith(".a.bank.test"))

    def test_other_fields(self) -> None:
        """What is a From to some, if the header is not whole."""
        below = b"From: a@b.test\r\n\r\n\r\nFrom: a@body.test\r\n"
        for above, limits in (
            (b"X: y\rFrom: ceo@bank.test\r\n", Limits()),
            (b"X: y\0from : ceo@bank.test\r\n", Limits()),
            (b" From: ceo@bank.test\r\n", Limits()),
            (b"\xef\xbb\xbfFrom: ceo@bank.test\r\n", Limits()),
            (b"odd\r\nFROM: ceo@\r\n bank.test\r\n", Limits()),
            (b"X: y\r\n" * 5 + b"From: ceo@bank.test\r\n", Limits(block_headers=3)),
        ):
            headers = parse(above + below, limits).headers
            found = named_domains(headers)
            self.assertEqual(sorted(found.domains), ["b.test", "bank.test"], above)
            self.assertEqual(found.is_all, not headers.is_cut)
        whole = parse(b"X: y\r\n From: ceo@bank.test\r\n" + below).headers
        self.assertEqual(named_domains(whole), Named(("b.test",), True))


class BoundTests(SynchronousTestCase):
    """It is told if not all was looked at."""

    def test_domains(self) -> None:
        domains = [f"a@d{index}.test" for index in range(100)]
        for values in ([", ".join(domains)], domains[:MAX_FIELDS]):
            found = named_domains(headers_of(*values))
            self.assertEqual((len(found.domains), found.is_all), (MAX_NAMED, False))
        found = named_domains(headers_of(", ".join(domains[:MAX_NAMED])))
        self.assertEqual((len(found.domains), found.is_all), (MAX_NAMED, True))

    def test_fields_that_may_be_some(self) -> None:
        """Those in the middle of many are not looked at, however alike the others are."""
        decoys = b"\rFrom: x@b.test" * MAX_FIELDS
        raw = b"X: a" + decoys + b"\rFrom: ceo@bank.test" + decoys + b"\r\nFrom: x@b.test\r\n"
        self.assertEqual(named_domains(parse(raw).headers), Named(("b.test",), False))

    def test_fields(self) -> None:
        """The first and the last ones."""
        fields = ["Bob"] * MAX_FIELDS
        for values in (["a@b.test", *fields], [*fields, "a@b.test"]):
            self.assertEqual(named_domains(headers_of(*values)), Named(("b.test",), False))
        found = named_domains(headers_of(*fields[1:], "a@b.test"))
        self.assertEqual(found, Named(("b.test",), True))

    def test_octets(self) -> None:
        """Both ends of a field."""
        for value, is_all in (
            ("x" * MAX_FIELD + " a@b.test", True),
            ("x" * MAX_OCTETS + " a@b.test", False),
            ("a@b.test " + "x" * MAX_OCTETS, False),
        ):
            self.assertEqual(named_domains(headers_of(value)), Named(("b.test",), is_all))
        many = ["a@b.test " + "x" * MAX_FIELD] * MAX_FIELDS
        self.assertEqual(named_domains(headers_of(*many)), Named(("b.test",), False))

    def test_work(self) -> None:
        """Behind some number of signs there is no end of it."""
        words = "".join(f"@-{index} " for index in range(1000))
        self.assertEqual(named_domains(headers_of(words + "a@b.test")), Named((), False))

    def test_long_character(self) -> None:
        self.assertEqual(_as_seen("a\ufdfab"), "a b")
