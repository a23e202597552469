"""Authentication-Results of ours: they say no more than they should."""

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.results_text import read_results
from mailfilter.mail.field_text import LINE, MAX_PROPERTY, MAX_REMARK, MAX_TEXT
from mailfilter.scan.auth_results import (
    MAX_OF_METHOD,
    auth_results,
    authserv_id,
    field_value,
)
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import Action, AuthResult, Verdict

bounded = settings(derandomize=True, max_examples=200, deadline=None, database=None)
SAFE = re.compile(r"[ -~]*(?:\n\t[ -~]+)*")
SPF = AuthResult("spf", "pass")
SENDER = ("smtp.mailfrom", "a@example.org")


class ValueTests(SynchronousTestCase):
    """What ours says. The first two are as Rspamd 3.4 writes them."""

    def assert_value(self, result: AuthResult, expected: str) -> None:
        """The value with one result."""
        self.assertEqual(field_value("mx.our.test", [result]), f"mx.our.test;\n\t{expected}")

    def test_none(self) -> None:
        """No result at all."""
        self.assertEqual(field_value("mx.our.test", []), "mx.our.test;\n\tnone")

    def test_user(self) -> None:
        """Somebody who has logged in."""
        result = AuthResult("auth", "pass", properties=(("smtp.auth", "alice"), SENDER))
        self.assert_value(result, "auth=pass smtp.auth=alice smtp.mailfrom=a@example.org")

    def test_all(self) -> None:
        """Comment, reason, several properties: long lines are folded between them."""
        result = AuthResult("spf", "fail", "no (way)", 'by "mx"', (SENDER, ("smtp.helo", "h")))
        expected = 'spf=fail (by "mx") reason="no (way)" smtp.mailfrom=a@example.org smtp.helo=h'
        self.assertEqual(len(f"\t{expected};"), LINE)
        self.assert_value(result, expected)
        result = structs.replace(result, properties=(SENDER, ("smtp.helo", "h2")))
        self.assert_value(result, expected.replace(" smtp.helo=h", "\n\tsmtp.helo=h2"))

    def test_quoting(self) -> None:
        """What is no token is quoted; a semicolon never stands there."""
        for value, written in {
            "al.ice+x": "al.ice+x",
            "@example.org": "@example.org",
            "al/ice": '"al/ice"',
            "al ice": '"al ice"',
            'a"b\\c': '"a\\"b\\\\c"',
            "a;b": '"a?b"',
            "a@b@c": '"a@b@c"',
            "2001:db8::1": '"2001:db8::1"',
            "a\r\nb": '"a??b"',
            "j\u00f6rg": '"j?rg"',
            "j\u00f6rg@b\u00fccher.example": '"j?rg@xn--bcher-kva.example"',
            "a@\uff45xample.org": '"a@?xample.org"',
            "b\u00fccher.example": "xn--bcher-kva.example",
            "\ud800.example": '"?.example"',
        }.items():
            result = AuthResult("auth", "pass", properties=(("smtp.auth", value),))
            self.assert_value(result, f"auth=pass smtp.auth={written}")

    def test_remarks(self) -> None:
        """Comments and reasons end where they should."""
        result = AuthResult("dkim", "fail", 'a"; dkim=pass\\', "b) dkim=pass; (\\")
        self.assert_value(
            result, 'dkim=fail (b\\) dkim=pass? \\(\\\\) reason="a\\"? dkim=pass\\\\"'
        )

    def test_long_remarks(self) -> None:
        """Of those the beginning will do."""
        result = AuthResult("dkim", "fail", "r" * 5000, "c" * 5000)
        comment, reason = "c" * MAX_REMARK, "r" * MAX_REMARK
        self.assert_value(result, f'dkim=fail\n\t({comment})\n\treason="{reason}"')

    def test_left_out(self) -> None:
        """Empty values, as of the null sender, and those of which only a part would fit."""
        long = "x" * MAX_PROPERTY
        result = AuthResult("auth", "pass", properties=(("a.b", ""), ("a.c", f"{long}x")))
        self.assert_value(result, "auth=pass")

    def test_bounds(self) -> None:
        """Many signatures do not push out what comes after them."""
        many = [AuthResult("dkim", "pass", properties=(("header.d", "x" * 320),) * 9)] * 50
        value = field_value("mx.our.test", [*many, AuthResult("dmarc", "fail")])
        self.assertLess(len(value), MAX_TEXT + 50)
        self.assertEqual(value.count("dkim=pass"), MAX_OF_METHOD)
        self.assertTrue(value.endswith(";\n\tdmarc=fail"))
        escapes = (("header.d", '"' * 320),) * 16
        huge = [AuthResult(f"m{n}", "pass", properties=escapes) for n in range(50)]
        self.assertLessEqual(len(field_value("mx.our.test", huge)), MAX_TEXT)

    @bounded
    @given(st.text(max_size=400), st.text(max_size=400), st.text(max_size=400))
    def test_any(self, one: str, two: str, three: str) -> None:
        """Printable ASCII in lines that fit, whatever the texts are; and readable as ours."""
        properties = (("smtp.mailfrom", one), ("header.from", two))
        value = field_value("mx.our.test", [AuthResult("spf", "pass", two, three, properties)])
        self.assertTrue(SAFE.fullmatch(value), value)
        self.assertEqual(value.count(";"), 1)
        self.assertLess(max(map(len, value.split("\n"))), 998)
        self.assertEqual(read_results(value.encode()).server, "mx.our.test")


class OrderTests(SynchronousTestCase):
    def test_order(self) -> None:
        """It is always the same, and that of one method is as it was found."""
        results = tuple(
            AuthResult(method, result)
            for method, result in (
                ("x-own", "pass"),
                ("arc", "none"),
                ("dkim", "fail"),
                ("dmarc", "pass"),
                ("dkim", "pass"),
                ("spf", "pass"),
            )
        )
        verdict = Verdict(Action.NO_ACTION, 0.0, 15.0, (), "id", auth_results=results)
        found = auth_results(Envelope("test", user="bob"), verdict)
        self.assertEqual(
            [f"{result.method}={result.result}" for result in found],
            [
                "auth=pass",
                "spf=pass",
                "dkim=fail",
                "dkim=pass",
                "dmarc=pass",
                "arc=none",
                "x-own=pass",
            ],
        )


class NameTests(SynchronousTestCase):
    def test_who_vouches(self) -> None:
        for configured, host, expected in (
            ("a.test", "mta.test", "a.test"),
            ("", "mta.test", "mta.test"),
            ("", None, "here.test"),
            ("", " ", "here.test"),
            ("", "x" * 300, "here.test"),
        ):
            envelope = Envelope("test", mta_host=host)
            self.assertEqual(authserv_id(configured, envelope, "here.test"), expected)

    def test_login(self) -> None:
        """It comes first, unless a check has told it."""
        verdict = Verdict(Action.NO_ACTION, 0.0, 15.0, (), "id", auth_results=(SPF,))
        self.assertEqual(auth_results(Envelope("test"), verdict), (SPF,))
        envelope = Envelope("test", user="bob", sender="bob@a.test")
        login, spf = auth_results(envelope, verdict)
        self.assertEqual(spf, SPF)
        self.assertEqual(login.properties, (("smtp.auth", "bob"), ("smtp.mailfrom", "bob@a.test")))
        told = replace(verdict, auth_results=(login, SPF))
        self.assertEqual(auth_results(envelope, told), (login, SPF))
