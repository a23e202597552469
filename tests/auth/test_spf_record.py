"""Records and macros of SPF, term by term."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.spf_macro import (
    BadMacro,
    Macro,
    expand,
    expand_name,
    name_of,
    parse_domain,
    parse_text,
)
from mailfilter.auth.spf_record import (
    MAX_CACHED,
    MAX_RECORD,
    BadRecord,
    is_spf,
    parse_explanation,
    parse_record,
)

GOOD = (
    *("", "all", "+ALL", "-all", "a", "A/24", "a//64", "a/24//64", "a:b.com", "a:b.com./0//0"),
    *("a:%{d}/32", "mx", "MX:%{d2}//128", "ptr", "ptr:b.com", "include:b.com", "exists:%{i}.b-c"),
    *("ip4:192.0.2.1", "ip4:0.0.0.0/0", "ip4:255.255.255.255/32", "ip6:::", "ip6:2001:db8::1/128"),
    *("ip6:::ffff:192.0.2.1/0", "x=", "x.y-z_1=%{c}%{r}%{t}", "exp=%{d}", "redirect=a.%%", "a:%_"),
    *("a:b.c%-", "exists:%{l1r+-/,._=}.x.y", "a:x_y.com", "a:a.1b", "a:a.b1", "a:a.1-2"),
)
BAD = (
    *("b", "all:", "all/0", "all.", "-", "--all", "a:", "a/", "a/33", "a//129", "a/01", "a/-1"),
    *("a:b.com/", "a:com", "a:b.1", "a:b.-c", "a:b.c-", "a:b..", "a:b.com/24/64", "a24", "a:/24"),
    *("mx:", "ptr:", "ptr/24", "ptr:b.com/24", "include", "include:", "include:b.com/24"),
    *("exists", "exists:%{z}.b.com", "exists:%{d0}.com", "exists:%d.com", "exists:b.com%", "a:%{d"),
    *("exists:%{c}.b.com", "exists:%{r}", "exists:%{t}", "ip4", "ip4:", "ip4/24", "ip4:1.2.3"),
    *("ip4:1.2.3.4/33", "ip4:1.2.3.4/", "ip4:1.2.3.4/024", "ip4:01.2.3.4", "ip4:1.2.3.4//24"),
    *("ip4:::1", "ip4:b.com", "ip6:1.2.3.4", "ip6:::1/129", "ip6:::1%eth0", "ip6:fe80::1%1/64"),
    *("ip4:\u0661.2.3.4", "a=%", "=x", "1x=y", "+x=y", "-redirect=b.com", "redirect=", "exp=com"),
    *("redirect=b.com redirect=c.com", "exp=b.com exp=b.com", "redirect:b.com", "\tall", "all\x7f"),
    *("include=%{", "a:b.com}", "\xa0all", "ip4:1.2.3.4/" + "1" * 5000),
)


class RecordTests(SynchronousTestCase):
    """Which records there are."""

    def test_good(self) -> None:
        """What the grammar allows."""
        for terms in GOOD:
            parse_record(f"v=spf1 {terms} ".encode("ascii"))

    def test_bad(self) -> None:
        """What it does not, wherever it stands; errors are told in printable ASCII."""
        for terms in BAD:
            for text in (f"v=spf1 {terms}", f"v=spf1 +all {terms} mx"):
                error = self.assertRaises(BadRecord, parse_record, text.encode("utf-8"))
                self.assertTrue(str(error).isascii() and str(error).isprintable(), terms)
                self.assertTrue(len(str(error)) < 150, terms)

    def test_version(self) -> None:
        """Which TXT records count."""
        for text in (b"v=spf1", b"V=SPF1 ", b"v=spf1  all"):
            self.assertTrue(is_spf(text), text)
        for text in (b"", b"v=spf", b"v=spf10", b"v=spf1\tall", b" v=spf1", b"spf2.0/pra all"):
            self.assertFalse(is_spf(text), text)

    def test_mechanism(self) -> None:
        """What is kept of terms."""
        first, second, third = parse_record(b"v=spf1 a/24 ~MX//64 ip4:192.0.2.77/24").mechanisms
        self.assertEqual((first.kind, first.result, first.lengths), ("a", "pass", (24, 128)))
        self.assertEqual((second.kind, second.result, second.lengths), ("mx", "softfail", (32, 64)))
        self.assertEqual((second.text, third.network, third.shift), ("~MX//64", 0xC00002, 8))

    def test_redirect(self) -> None:
        """Has no effect beside `all`."""
        self.assertIsNone(parse_record(b"v=spf1 redirect=b.com -all").redirect)
        found = parse_record(b"v=spf1 mx redirect=B.com exp=%{d}")
        assert found.redirect and found.explanation
        self.assertEqual((found.redirect.fixed, found.explanation.fixed), ("b.com", None))

    def test_size(self) -> None:
        """Small records are remembered, large ones read, larger ones refused."""
        small = b"v=spf1 -all"
        self.assertIs(parse_record(small), parse_record(bytes(bytearray(small))))
        large = small.ljust(MAX_CACHED + 1)
        self.assertIsNot(parse_record(large), parse_record(large))
        parse_record(small.ljust(MAX_RECORD))
        self.assertRaises(BadRecord, parse_record, small.ljust(MAX_RECORD + 1))

    def test_explanation(self) -> None:
        """One text, in ASCII, with macros that exist."""
        self.assertEqual(parse_explanation([b"no %{c}"]), ("no ", Macro("c")))
        for texts in ([], [b"a", b"b"], [b"\xff"], [b"\r"], [b"%"], [b"%{x}"], [b"a" * 2049]):
            self.assertIsNone(parse_explanation(texts), texts)


class MacroTests(SynchronousTestCase):
    """What macros do to values (RFC 7208 7.4 has some of these)."""

    def test_values(self) -> None:
        """Split, turned, cut, quoted."""
        for text, value, expected in (
            ("%{d}", "email.example.com", "email.example.com"),
            ("%{d4}", "email.example.com", "email.example.com"),
            ("%{d2}", "email.example.com", "example.com"),
            ("%{d1r}", "email.example.com", "email"),
            ("%{DR}", "email.example.com", "com.example.email"),
            ("%{l-}", "strong-bad", "strong.bad"),
            ("%{l1r-}", "strong-bad", "strong"),
            ("%{l+-}", "a+b-c.d", "a.b.c.d"),
            ("%{l=}", "a.b", "a.b"),
            ("%{s1=}", "a=b=c", "c"),
            ("%{L}", "a b/c~d", "a%20b%2Fc~d"),
            ("%{L}", "\xe9", "%C3%A9"),
            ("%%%_%-", "", "% %20"),
            ("%{l128}%{l9999}", "a.b", "a.ba.b"),
        ):
            found = [t if isinstance(t, str) else t.of(value) for t in parse_text(text)]
            self.assertEqual("".join(found), expected, text)

    def test_expand(self) -> None:
        """Each letter has its value."""
        self.assertEqual(
            expand(parse_text("%{D}-%{i}."), {"d": "x", "i": "y"}.__getitem__, 9), "x-y."
        )

    def test_bounds(self) -> None:
        """No more is worked out than counts, each macro once; names are the same as by all."""
        worked_out = []

        def value_of(letter: str) -> str:
            worked_out.append(letter)
            return "a.b" * 20

        tokens = parse_text("%{D}%{d1}%{d2}." * 1000)
        self.assertTrue(len(expand(tokens, value_of, 513)) < 600)
        self.assertEqual(len(worked_out), 3)
        self.assertTrue(expand_name(tokens, value_of))
        self.assertEqual(len(worked_out), 6)
        for text in ("%{i}", "%{i}.", "%{i}.x", "%{i}" * 2 + ".%{d}", "%{i1}%{d}.", "%{d}%{i}."):
            for size in range(240, 260):
                values = {"i": ("ab." * 99)[-size:] + "c", "d": "x" * (size - 200)}
                every = parse_text(text)
                whole = expand(every, values.__getitem__, 10_000)
                self.assertEqual(expand_name(every, values.__getitem__), name_of(whole))

    def test_domain(self) -> None:
        """Text that only looks as if it ended with a macro."""
        for text in ("a.b}", "}", "%{d}.1", "%{d}x", "%{d}.-"):
            self.assertRaises(BadMacro, parse_domain, text)

    def test_name(self) -> None:
        """Long names lose labels on the left; what cannot be a name is none."""
        self.assertEqual(name_of("A.Example.com."), "a.example.com")
        text = ".".join(["abcdefgh"] * 40)
        found = name_of(text) or ""
        self.assertTrue(text.endswith("." + found))
        self.assertEqual(len(found), 251)
        for text in ("", ".", "a..b", "a" * 64, "b" * 300, "x." + "b" * 253, "\udcff.com"):
            self.assertIsNone(name_of(text), text)
