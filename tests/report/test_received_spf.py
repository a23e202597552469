"""Received-SPF: what it says, to be read by those who go by RFC 7208 9.1, whatever is in it."""

import re
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.field_text import LINE, MAX_PROPERTY
from mailfilter.report.received_spf import received_spf
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import Action, AddHeader, AuthResult, RemoveHeader, Verdict

from .test_milter_headers import FOREIGN, NEAR, PLAIN, USER, VERDICT, added, edits, removed

bounded = settings(derandomize=True, max_examples=200, deadline=None, database=None)
FACTS = {
    "client-ip": "192.0.2.1",
    "envelope-from": "bob@example.org",
    "helo": "mx.example.org",
    "identity": "mailfrom",
    "mechanism": "+ip4:192.0.2.0/24",
}
RECEIVER = "mx.our.test"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_VALUE = rf"(?:{_ATOM}(?:\.{_ATOM})*|{_QUOTED})"
FIELD = re.compile(rf"[a-z]+ \((?:[^()\\]|\\.)*\)(?: [a-z-]+={_VALUE}(?:; [a-z-]+={_VALUE})*)?")
"""The grammar, for a value without folds."""


def verdict_of(*results: AuthResult) -> Verdict:
    return Verdict(Action.NO_ACTION, 0.0, 15.0, (), "id", (), auth_results=results)


def value(result: str = "pass", reason: str = "", receiver: str = RECEIVER, **facts: str) -> str:
    """The value, with its folds; `facts` are others than usual."""
    told = {**FACTS, **{name.replace("_", "-"): text for name, text in facts.items()}}
    found = AuthResult("spf", result, reason=reason, facts=tuple(told.items()))
    text = received_spf(verdict_of(found), receiver)
    assert text is not None
    return text


class ValueTests(SynchronousTestCase):
    def test_pass(self) -> None:
        self.assertEqual(
            value(),
            "pass (example.org allows 192.0.2.1) client-ip=192.0.2.1;\n"
            '\tenvelope-from="bob@example.org"; helo=mx.example.org; identity=mailfrom;\n'
            '\tmechanism="+ip4:192.0.2.0/24"; receiver=mx.our.test',
        )

    def test_results(self) -> None:
        for result, remark in (
            ("fail", "example.org forbids 192.0.2.1"),
            ("softfail", "example.org does not expect 192.0.2.1"),
            ("neutral", "example.org says nothing of 192.0.2.1"),
            ("none", "example.org has no record"),
        ):
            self.assertTrue(value(result).startswith(f"{result} ({remark})"), result)

    def test_errors(self) -> None:
        text = value("permerror", "more than 10 terms", mechanism="")
        self.assertTrue(text.startswith("permerror (more than 10 terms)"))
        self.assertIn('problem="more than 10 terms"', text)
        self.assertNotIn("mechanism", text)

    def test_helo(self) -> None:
        text = value(envelope_from="", identity="helo")
        self.assertIn("(mx.example.org allows 192.0.2.1)", text)
        self.assertNotIn("envelope-from", text)

    def test_no_domain(self) -> None:
        text = value("none", envelope_from="bob@x.test@")
        self.assertTrue(text.startswith("none (bob@x.test@ has no record)"), text)

    def test_addresses(self) -> None:
        """What is no atom is quoted; what is too long is left out."""
        self.assertIn('client-ip="2001:db8::1"', value(client_ip="2001:db8::1"))
        self.assertIn('envelope-from="\\"a b\\"@x.test"', value(envelope_from='"a b"@x.test'))
        self.assertIn("helo=xn--bcher-kva.test", value(helo="bücher.test"))
        self.assertNotIn("helo", value(helo="x" * (MAX_PROPERTY + 1)))

    def test_not_checked(self) -> None:
        for results in ((), (AuthResult("dkim", "pass"),)):
            self.assertIsNone(received_spf(verdict_of(*results), RECEIVER))

    def test_bare_result(self) -> None:
        """Of a check of others, that tells no more."""
        found = verdict_of(AuthResult("spf", "temperror"))
        self.assertEqual(
            received_spf(found, RECEIVER), "temperror (no answer) receiver=mx.our.test"
        )


class FieldTests(SynchronousTestCase):
    """Received-SPF, of what SPF came to."""

    FOUND = replace(
        VERDICT,
        auth_results=(AuthResult("spf", "pass", facts=(("client-ip", "198.51.100.1"),)),),
    )
    USE = ("received-spf",)

    def test_written(self) -> None:
        """On top wherever others go, in the place of those that others have written."""
        raw = b"Received-SPF: pass\r\n" + PLAIN
        remove, _spam, add = edits(FOREIGN, raw, self.FOUND, use=self.USE, position="bottom")
        self.assertEqual(remove, RemoveHeader("Received-SPF"))
        assert isinstance(add, AddHeader)
        self.assertEqual((add.name, add.order), ("Received-SPF", 1))
        self.assertRegex(
            add.value, r"\Apass .*client-ip=198\.51\.100\.1;\s+receiver=mx\.our\.test\Z"
        )

    def test_receiver(self) -> None:
        found = added(FOREIGN, PLAIN, self.FOUND, use=self.USE, authserv_id="our.test")
        self.assertIn("receiver=our.test", found["Received-SPF"])
        found = added(Envelope("test"), PLAIN, self.FOUND, use=self.USE)
        self.assertIn("receiver=host.test", found["Received-SPF"])

    def test_not_written(self) -> None:
        """Where nothing was checked, and to mail of our own; forged ones go all the same."""
        for envelope, verdict in ((FOREIGN, VERDICT), (NEAR, self.FOUND), (USER, self.FOUND)):
            self.assertEqual(added(envelope, PLAIN, verdict, use=self.USE), {})
            self.assertIn(("Received-SPF", 0), removed(envelope, PLAIN, verdict, use=self.USE))

    def test_keep(self) -> None:
        found = removed(FOREIGN, PLAIN, self.FOUND, use=self.USE, keep=self.USE)
        self.assertEqual(found, [("X-Spam", 0)])


class HostileTests(SynchronousTestCase):
    """Whatever strangers wrote, the field has the form that it should have."""

    def assert_form(self, text: str) -> None:
        for line in text.split("\n"):
            self.assertLessEqual(len(line), LINE + MAX_PROPERTY * 2)
            self.assertTrue(line.isascii())
        self.assertRegex(text.replace("\n\t", " "), rf"\A{FIELD.pattern}\Z")

    @bounded
    @given(st.text(), st.text(), st.text(), st.sampled_from(("pass", "none", "permerror")))
    def test_any(self, sender: str, helo: str, reason: str, result: str) -> None:
        self.assert_form(value(result, reason, envelope_from=sender, helo=helo))

    def test_injection(self) -> None:
        evil = 'x"; receiver=evil.test\r\nX-Evil: 1\\'
        for field in ("envelope_from", "helo", "mechanism"):
            facts: dict[str, Any] = {field: evil}
            text = value("fail", **facts)
            self.assert_form(text)
            # No reader who cuts at semicolons takes it for a field of its own either.
            pieces = [piece.strip() for piece in text.split(";")]
            receivers = [piece for piece in pieces if piece.startswith("receiver=")]
            self.assertEqual(receivers, ["receiver=mx.our.test"])
        self.assert_form(value("pass", envelope_from="bob@x) (y\\"))
