"""Values of authentication results that others wrote: what may be believed of them."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth import results_text
from mailfilter.auth.results_text import (
    _FOLD,
    MAX_OCTETS,
    MAX_RESULTS,
    ResultsError,
    passed_domain,
    read_results,
    said_by,
)

SPF = "spf=pass smtp.mfrom=b@c.test"


class ReadTests(SynchronousTestCase):
    def test_parts(self) -> None:
        found = read_results(
            b' Mx.Example.net 1;\r\n\tdkim=Pass (1024-bit; (key)) header.i="@a\\.test"; none;'
            b'\r\n\tspf/1=fail (no) reason="it; is" smtp.mailfrom=a@b.test;'
        )
        self.assertEqual(found.server, "mx.example.net")
        dkim, none, spf = found.results
        self.assertEqual((dkim.method, dkim.result), ("dkim", "pass"))
        self.assertEqual(dkim.properties, (("header.i", "@a.test"),))
        self.assertEqual(dkim.text, 'dkim=Pass (1024-bit; (key)) header.i="@a\\.test"')
        self.assertEqual((none.method, none.result), ("", "none"))
        self.assertEqual(spf.properties, (("reason", "it; is"), ("smtp.mailfrom", "a@b.test")))

    def test_unreadable(self) -> None:
        for value, why in (
            (b"", "no name of a server"),
            (b" (x) ; dmarc=pass", "no name of a server"),
            (b"a.test; dmarc=pass (x", "a comment without an end"),
            (b'a.test; dmarc=pass reason="x', "unexpected '\"'"),
            (b"a.test; dmarc=pass\0", "unexpected '\\x00'"),
            (b"a.test; dmarc=pass )", "unexpected ')'"),
            (b"a.test; dmarc=pass \xff", "not UTF-8"),
            (b"a.test; x=" + b"y" * MAX_OCTETS, "longer than 32768 octets"),
            (b"a.test" + b"; x=y" * (MAX_RESULTS + 1), "more than 100 results"),
        ):
            error = self.assertRaises(ResultsError, read_results, value)
            self.assertIn(why, str(error))

    def test_hostile(self) -> None:
        """Much of anything takes linear time."""
        for piece in (b"(", b'"', b"\\", b"(\\", b'"\\', b";", b"=", b" ", b"()", b'""', b"a"):
            try:
                read_results(b"a.test;" + piece * ((MAX_OCTETS - 7) // len(piece)))
            except ResultsError:
                continue

    def test_folds(self) -> None:
        """A run of blanks is looked at once, not from each of its places."""
        blanks = " " * 1000
        self.assertIsNone(_FOLD.search(f"a{blanks}b"))
        self.assertIsNone(_FOLD.match(f"a{blanks}\n b", 2))
        self.assertEqual(_FOLD.sub(" ", f"a{blanks}\r\n{blanks}b \n\tc"), "a b c")


class PassedTests(SynchronousTestCase):
    """A DMARC pass must be said once, without any doubt."""

    def passed(self, results: bytes) -> str | None:
        return passed_domain(read_results(b"a.test;" + results))

    def test_said(self) -> None:
        for results in (
            b"dmarc=pass header.from=Example.org",
            b"spf=pass; dmarc=pass (p=reject dis=none) header.from=example.org; arc=none",
            b"dmarc=pass action=none header.from=example.org;",
            b"dmarc/1=pass header.from=example.org",
            b'dmarc = pass header.from="example.org"',
            # What cannot be read is of another method.
            b"dkim=pass header.b=a=b; dmarc=pass header.from=example.org",
        ):
            self.assertEqual(self.passed(results), "example.org", results)

    def test_not_said(self) -> None:
        for results in (
            b"none",
            b"dmarc=pass",
            b"dmarc=fail header.from=example.org",
            b"(dmarc=pass header.from=example.org)",
            b'x=y reason="; dmarc=pass header.from=example.org"',
            b"dmarc=pass header.from=example.org; dmarc=pass header.from=example.org",
            b"dmarc=pass header.from=example.org; dmarc=fail header.from=other.test",
            b"dmarc=pass header.from=example.org header.from=other.test",
            b"dmarc=pass header.from=a=b.test",
            b"dmarc=pass header.from=example.org x",
            b"x-dmarc=pass header.from=example.org",
            b"dmarc=pass header.from=bob@example.org",
            b"dmarc=pass header.from=example..org",
            b"dmarc=pass header.from=com",
            b"dmarc=pass header.from=b\xc3\xbccher.test",
            b"dmarc=pass header.from=" + b"a" * 300 + b".test",
        ):
            self.assertIsNone(self.passed(results), results)


class SaidTests(SynchronousTestCase):
    def test_of_one_server(self) -> None:
        for value, texts in (
            (b" a.test; arc=none;\r\n  spf=pass smtp.mfrom=b@c.test", ["arc=none", SPF]),
            (b" b.test; dkim=pass", []),
            (b" A.test; dkim=fail (x)", ["dkim=fail (x)"]),
            (b" a.test; (", []),
            (b" a.test; none", []),
            (b" a.test" + b"; x=y" * MAX_RESULTS + b";", ["x=y"] * MAX_RESULTS),
            (b" a.test" + b"; x=y" * (MAX_RESULTS + 1), []),
        ):
            self.assertEqual([result.text for result in said_by("A.test", value)], texts)

    def test_of_others(self) -> None:
        """Of those nothing is read but the name."""
        self.patch(results_text, "_read_parts", None)
        self.assertEqual(said_by("a.test", b" b.test; dkim=pass"), [])
