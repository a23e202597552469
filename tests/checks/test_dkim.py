"""The check of DKIM: symbols and options, what is told of each signature, and who is let be."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks.dkim import Dkim
from mailfilter.codec.dns_answer import DnsBusy, DnsTimeout
from mailfilter.config.model import CheckSettings, Config, Scan
from mailfilter.scan.check import Given, Hit, Note
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import AuthResult
from mailfilter.testing.checks import run_check, scan_message, symbols_of
from mailfilter.testing.fake_dns import FakeDns
from tests.auth.dkim_case import NOW, RAW, ZONE
from tests.auth.dkim_signer import ED25519, OTHER_RSA, sign

ENVELOPE = Envelope("test", client_ip=ip_address("192.0.2.1"), helo="client.test", sender="a@b.c")
BROKEN = sign(RAW, tags={"v": "2"})


class Case(SynchronousTestCase):
    def setUp(self) -> None:
        self.dns = FakeDns(ZONE)
        self.dns.fail("fails._domainkey.signed.test")
        self.patch(Dkim, "clock", staticmethod(lambda: NOW))
        self.options: dict[str, object] = {}

    def findings(self, raw: bytes, **changes: Any) -> list[Any]:
        """What is found; `changes` are of the envelope."""
        envelope = replace(ENVELOPE, **changes)
        return run_check(Dkim, raw, envelope, resolver=self.dns, options=self.options)

    def symbols(self, raw: bytes, **changes: Any) -> dict[str, tuple[str, ...]]:
        """The symbols of that."""
        return symbols_of(self.findings(raw, **changes))

    def results(self, raw: bytes) -> list[AuthResult]:
        """What is told for Authentication-Results."""
        return [found for found in self.findings(raw) if isinstance(found, AuthResult)]


class SymbolTests(Case):
    """Which fire."""

    def assert_symbol(self, raw: bytes, symbol: str, selector: str, sign: str) -> None:
        """One symbol for one signature of signed.test."""
        self.assertEqual(
            self.symbols(raw),
            {symbol: (f"signed.test:s={selector}",), "DKIM_TRACE": (f"signed.test:{sign}",)},
        )

    def test_one(self) -> None:
        """Each result has its symbol."""
        signed = sign(RAW)
        self.assert_symbol(signed, "R_DKIM_ALLOW", "rsa", "+")
        self.assert_symbol(sign(RAW, ED25519, selector="ed"), "R_DKIM_ALLOW", "ed", "+")
        self.assert_symbol(signed.replace(b"Some", b"some"), "R_DKIM_REJECT", "rsa", "-")
        self.assert_symbol(signed.replace(b"Cats", b"cats"), "R_DKIM_REJECT", "rsa", "-")
        self.assert_symbol(sign(RAW, selector="fails"), "R_DKIM_TEMPFAIL", "fails", "?")
        for selector in ("nx", "revoked", "web"):
            self.assert_symbol(sign(RAW, selector=selector), "R_DKIM_PERMFAIL", selector, "~")
        for tags in ({"a": "rsa-sha1"}, {"x": "1"}, {"l": "5"}):
            self.assert_symbol(sign(RAW, tags=tags), "R_DKIM_PERMFAIL", "rsa", "~")

    def test_none(self) -> None:
        self.assertEqual(self.symbols(RAW), {"R_DKIM_NA": ()})
        self.assertEqual(self.results(RAW), [AuthResult("dkim", "none")])

    def test_no_mail(self) -> None:
        """Text alone is not expected to be signed."""
        envelope = replace(ENVELOPE, flags=frozenset({"raw"}))
        verdict = self.successResultOf(scan_message(RAW, [Dkim], envelope, resolver=self.dns))
        self.assertEqual(list(verdict.symbols), [])

    def test_unreadable(self) -> None:
        """Whose it is, nobody knows."""
        self.assertEqual(self.symbols(BROKEN), {"R_DKIM_PERMFAIL": ()})

    def test_testing(self) -> None:
        """A signature that fails with a key for tests is as none; one that passes does."""
        signed = sign(RAW, selector="testing")
        self.assert_symbol(signed, "R_DKIM_ALLOW", "testing", "+")
        self.assert_symbol(signed.replace(b"Cats", b"cats"), "R_DKIM_NA", "testing", "~")
        found = self.symbols(sign(signed.replace(b"Cats", b"cats")))
        self.assertEqual(
            found,
            {
                "R_DKIM_ALLOW": ("signed.test:s=rsa",),
                "DKIM_TRACE": ("signed.test:+", "signed.test:~"),
            },
        )
        found = self.symbols(sign(signed.replace(b"Cats", b"cats"), tags={"v": "2"}))
        self.assertEqual(found, {"R_DKIM_PERMFAIL": (), "DKIM_TRACE": ("signed.test:~",)})

    def test_several(self) -> None:
        """In the order of the message, each text once."""
        raw = sign(RAW).replace(b"Some", b"some")
        raw = sign(sign(raw, domain="list.test"), selector="nx")
        raw = sign(sign(raw, ED25519, selector="ed"))
        self.assertEqual(
            self.symbols(raw),
            {
                "R_DKIM_ALLOW": ("signed.test:s=rsa", "signed.test:s=ed", "list.test:s=rsa"),
                "R_DKIM_PERMFAIL": ("signed.test:s=nx",),
                "R_DKIM_REJECT": ("signed.test:s=rsa",),
                "DKIM_TRACE": ("signed.test:+", "signed.test:~", "list.test:+", "signed.test:-"),
            },
        )

    def test_scores(self) -> None:
        """Of a whole scan."""
        for raw, score in (
            (sign(RAW), -0.2),
            (sign(RAW, OTHER_RSA), 1.0),
            (sign(RAW, selector="nx"), 0.0),
            (sign(RAW, selector="fails"), 0.0),
            (RAW, 0.0),
        ):
            verdict = self.successResultOf(scan_message(raw, [Dkim], ENVELOPE, resolver=self.dns))
            self.assertEqual(verdict.score, score)


class ToldTests(Case):
    """What is told for Authentication-Results."""

    def test_pass(self) -> None:
        (found,) = self.results(
            sign(RAW, tags={"b": "AbC/" + "A" * 167 + "=", "i": "bob@Signed.test"})
        )
        self.assertEqual((found.method, found.result), ("dkim", "fail"))
        self.assertEqual(found.reason, "the signature does not verify")
        self.assertEqual(
            found.properties,
            (
                ("header.d", "signed.test"),
                ("header.i", "bob@signed.test"),
                ("header.s", "rsa"),
                ("header.a", "rsa-sha256"),
                ("header.b", "AbC/AAAA"),
            ),
        )
        (found,) = self.results(sign(RAW))
        self.assertEqual((found.result, found.reason, found.comment), ("pass", "", ""))

    def test_flags(self) -> None:
        (found,) = self.results(sign(RAW, tags={"l": "23"}))
        self.assertEqual((found.result, found.comment), ("pass", "l= is all of the body"))
        (found,) = self.results(sign(RAW, tags={"l": "5"}))
        self.assertEqual(
            (found.result, found.reason), ("policy", "l= is 5, the body has 23 octets")
        )
        (found,) = self.results(sign(RAW, selector="testing"))
        self.assertEqual((found.result, found.comment), ("pass", "key is for testing"))
        (found,) = self.results(sign(RAW, selector="testing").replace(b"Cats", b"cats"))
        self.assertEqual((found.result, found.comment), ("neutral", "key is for testing"))

    def test_unreadable(self) -> None:
        (found,) = self.results(BROKEN)
        self.assertEqual((found.result, found.properties), ("permerror", ()))
        self.assertIn("v=", found.reason)

    def test_trace(self) -> None:
        """It says why each of the others is no pass."""
        raw = sign(sign(BROKEN).replace(b"Some", b"some"), selector="nx")
        notes = [found.text for found in self.findings(raw) if isinstance(found, Note)]
        self.assertEqual(
            notes,
            [
                "signed.test:s=nx: there is no key",
                "signed.test:s=rsa: the body has changed",
                'a field: v="2", expected 1',
            ],
        )
        self.assertNotIn(Note, [type(found) for found in self.findings(sign(RAW))])

    def test_order(self) -> None:
        found = self.results(sign(sign(BROKEN, domain="list.test"), selector="fails"))
        self.assertEqual([one.result for one in found], ["temperror", "pass", "permerror"])
        self.assertIn("fails._domainkey.signed.test TXT", found[0].reason)

    def test_many(self) -> None:
        """Those of the author are verified; what is not looked at is not told, but traced."""
        raw = sign(RAW)
        for _ in range(6):
            raw = sign(raw, domain="list.test")
        found = self.findings(raw)
        self.assertIn(Note("2 more signatures are not looked at"), found)
        told = [dict(one.properties)["header.d"] for one in found if isinstance(one, AuthResult)]
        self.assertEqual(told, ["list.test"] * 4 + ["signed.test"])

    def test_many_of_another_script(self) -> None:
        """The domain of the author as signatures name it (RFC 8616)."""
        raw = RAW.replace(b"signed.test", "B\u00fccher.test".encode())
        self.assertNotEqual(raw, RAW)
        raw = sign(raw, domain="xn--bcher-kva.test")
        for _ in range(6):
            raw = sign(raw, domain="list.test")
        told = [dict(one.properties)["header.d"] for one in self.results(raw)]
        self.assertEqual(told, ["list.test"] * 4 + ["xn--bcher-kva.test"])

    def test_many_of_no_domain(self) -> None:
        for domain in (b"..", b"signed\\.test", b"x\xff.test"):
            below = RAW.replace(b"signed.test", domain)
            raw = sign(below).removesuffix(below) * 7 + below
            self.assertEqual(len(self.results(raw)), 5)

    def test_very_many(self) -> None:
        """Nobody makes us write a book."""
        raw = BROKEN[: -len(RAW)] * 1000 + RAW
        self.assertEqual(len(self.results(raw)), 5)
        self.assertIn(Note("995 more signatures are not looked at"), self.findings(raw))


class WhoseTests(Case):
    """Mail that is submitted to us is not verified."""

    def test_not_verified(self) -> None:
        for changes, word in (
            ({"client_ip": ip_address("127.0.0.1")}, "own networks"),
            ({"client_ip": ip_address("10.0.0.1")}, "own networks"),
            ({"user": "bob"}, "logged in"),
        ):
            (found,) = self.findings(sign(RAW), **changes)
            self.assertIn(word, found.text)
        self.assertEqual(self.dns.asked.total(), 0)

    def test_verified_if_wanted(self) -> None:
        self.options = {"skip_local": False, "skip_authenticated": False}
        for changes in ({"client_ip": ip_address("127.0.0.1")}, {"user": "bob"}):
            self.assertIn("R_DKIM_ALLOW", self.symbols(sign(RAW), **changes))

    def test_unknown_client(self) -> None:
        """Signatures need none."""
        self.assertIn("R_DKIM_ALLOW", self.symbols(sign(RAW), client_ip=None))


class OptionTests(Case):
    def test_numbers(self) -> None:
        self.options = {"max_signatures": 1, "time_jitter": 10}
        found = self.findings(sign(sign(RAW)))
        self.assertIn(Note("1 more signatures are not looked at"), found)
        for seconds, symbol in ((10, "R_DKIM_ALLOW"), (11, "R_DKIM_PERMFAIL")):
            signed = sign(RAW, tags={"t": f"{NOW + seconds:.0f}"})
            self.assertIn(symbol, self.symbols(signed))

    def test_wrong(self) -> None:
        for name, value in (
            ("skip_local", 1),
            ("skip_authenticated", "yes"),
            ("max_signatures", 0),
            ("max_signatures", 51),
            ("time_jitter", -1),
            ("time_jitter", 1.5),
        ):
            error = self.assertRaises(ValueError, Dkim, Given(Scan(), {name: value}))
            self.assertIn(name, str(error))


class DnsTests(Case):
    """Keys that do not come."""

    def test_errors(self) -> None:
        for error in (DnsTimeout, DnsBusy):
            self.dns.fail("rsa._domainkey.signed.test", error)
            self.assertIn("R_DKIM_TEMPFAIL", self.symbols(sign(RAW)))

    def test_no_resolver(self) -> None:
        found = run_check(Dkim, sign(RAW), ENVELOPE)
        self.assertIn("R_DKIM_TEMPFAIL", symbols_of(found))

    def test_slow(self) -> None:
        """Before the time of the check is over it says what it knows."""
        clock = Clock()
        dns = FakeDns(ZONE, clock)
        dns.slow("rasa._domainkey.signed.test", 100)
        config = Config(checks={"dkim": CheckSettings(timeout=4)})
        raw = sign(sign(RAW), selector="rasa")
        waiting = scan_message(raw, [Dkim], ENVELOPE, config=config, clock=clock, resolver=dns)
        self.assertNoResult(waiting)
        clock.advance(3.7)
        found = {one.name for one in self.successResultOf(waiting).symbols}
        self.assertEqual(found, {"R_DKIM_ALLOW", "R_DKIM_TEMPFAIL", "DKIM_TRACE"})

    def test_hits(self) -> None:
        """All have a symbol that is declared."""
        for raw in (RAW, BROKEN, sign(RAW), sign(RAW, selector="nx")):
            for found in self.findings(raw):
                if isinstance(found, Hit):
                    self.assertIn(found.symbol, Dkim.symbols)
