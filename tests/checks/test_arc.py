"""The check of ARC: symbols, options, results for Authentication-Results, and for DMARC."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks.arc import Arc
from mailfilter.checks.dkim import Dkim
from mailfilter.checks.dmarc import Dmarc
from mailfilter.checks.spf import Spf
from mailfilter.config.model import CheckSettings, Config, Scan
from mailfilter.scan.check import Given, Hit, Note
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import AuthResult
from mailfilter.testing.checks import make_maps, run_check, scan_message, symbols_of
from mailfilter.testing.fake_dns import FakeDns

from ..auth.arc_case import LIST, NOW, OTHER, RAW, ZONE, hand_made, sealed

ENVELOPE = Envelope("test", client_ip=ip_address("192.0.2.1"))


class Frozen(Arc):
    """The check at one time."""

    clock = staticmethod(lambda: float(NOW))


class Case(SynchronousTestCase):
    def setUp(self) -> None:
        self.dns = FakeDns(ZONE)
        self.dns.fail("fails._domainkey.list.test")
        self.options: dict[str, object] = {}

    def findings(self, raw: bytes, **given: Any) -> list[Any]:
        """What is found of a message."""
        given = {"resolver": self.dns, "options": self.options, "envelope": ENVELOPE, **given}
        return run_check(Frozen, raw, **given)


class SymbolTests(Case):
    def test_pass(self) -> None:
        hit, result = self.findings(sealed(sealed(), OTHER))
        self.assertEqual(hit, Hit("ARC_ALLOW", options=("other.test:s=rsa:i=2",)))
        self.assertEqual(
            result,
            AuthResult(
                "arc",
                "pass",
                comment="i=2",
                properties=(("header.oldest-pass", "0"),),
                facts=(("sealer", "other.test"), ("instance", "2")),
            ),
        )

    def test_oldest_pass(self) -> None:
        _, result = self.findings(sealed(sealed().replace(b"Cats", b"Rats"), OTHER))
        self.assertEqual(result.properties, (("header.oldest-pass", "2"),))

    def test_none(self) -> None:
        self.assertEqual(self.findings(RAW), [Hit("ARC_NA"), AuthResult("arc", "none")])
        self.assertEqual(self.dns.asked.total(), 0)

    def test_fail(self) -> None:
        reason = "AMS of i=1 does not verify"
        self.assertEqual(
            self.findings(sealed().replace(b"Cats", b"Rats")),
            [
                Hit("ARC_REJECT", options=(reason,)),
                AuthResult("arc", "fail", reason=reason, comment="i=1"),
            ],
        )

    def test_invalid(self) -> None:
        reason = "AS has no instance (i=) from 1 to 50"
        self.assertEqual(
            self.findings(sealed().replace(b"Seal: i=1", b"Seal: i=0")),
            [
                Hit("ARC_INVALID", options=(reason,)),
                AuthResult("arc", "fail", reason=reason),
            ],
        )

    def test_dns_fails(self) -> None:
        """Nothing is said, so that nobody seals the chain as failed."""
        (hit,) = self.findings(sealed(key=replace(LIST, selector="fails")))
        self.assertEqual(hit.symbol, "ARC_DNSFAIL")
        self.assertIn("AMS of i=1: fails._domainkey.list.test TXT", hit.options[0])

    def test_no_resolver(self) -> None:
        found = symbols_of(self.findings(sealed(), resolver=None))
        self.assertEqual(list(found), ["ARC_DNSFAIL"])

    def test_silence(self) -> None:
        """It ends within its time, by itself."""
        clock = Clock()
        dns = FakeDns(ZONE, clock)
        dns.delay = 1000.0
        scanned = scan_message(sealed(), [Frozen], ENVELOPE, clock=clock, resolver=dns)
        clock.pump([0.1] * 40)
        (symbol,) = self.successResultOf(scanned).symbols
        self.assertEqual(symbol.name, "ARC_DNSFAIL")


class ClientTests(Case):
    def test_local(self) -> None:
        """Its mail is not that of others, unless the configuration says so."""
        local = replace(ENVELOPE, client_ip=ip_address("127.0.0.1"))
        (note,) = self.findings(sealed(), envelope=local)
        self.assertEqual(note, Note("not verified: 127.0.0.1 is of our own networks"))
        self.options["skip_local"] = False
        self.assertIn("ARC_ALLOW", symbols_of(self.findings(sealed(), envelope=local)))

    def test_login(self) -> None:
        user = replace(ENVELOPE, user="bob")
        (note,) = self.findings(sealed(), envelope=user)
        self.assertEqual(note, Note("not verified: the client has logged in"))
        self.options["skip_authenticated"] = False
        self.assertIn("ARC_ALLOW", symbols_of(self.findings(sealed(), envelope=user)))

    def test_no_mail(self) -> None:
        """Text alone has no chain, and does not lack one."""
        scanned = scan_message(sealed(), [Frozen], replace(ENVELOPE, flags=frozenset({"raw"})))
        verdict = self.successResultOf(scanned)
        self.assertEqual((verdict.symbols, verdict.auth_results), ((), ()))

    def test_unknown(self) -> None:
        """A chain needs no client."""
        found = self.findings(sealed(), envelope=Envelope("test"))
        self.assertIn("ARC_ALLOW", symbols_of(found))


class TrustTests(Case):
    def passed(self, raw: bytes, **given: Any) -> str | None:
        """What DMARC is told of a sealer that has seen it pass."""
        return dict(self.findings(raw, **given)[-1].facts).get("dmarc-pass")

    def test_listed(self) -> None:
        self.assertIsNone(self.passed(sealed()))
        self.options["trusted_sealers"] = ["LIST.test"]
        self.assertEqual(self.passed(sealed()), "author.test")
        self.assertIsNone(self.passed(sealed(key=OTHER)))

    def test_domains_below(self) -> None:
        """They are others'."""
        self.options["trusted_sealers"] = ["test.test", "st.test"]
        self.assertIsNone(self.passed(sealed()))

    def test_map(self) -> None:
        maps = make_maps(sealers=("names", "list.test\n"))
        self.options["trusted_sealers_map"] = "sealers"
        self.assertEqual(self.passed(sealed(), maps=maps), "author.test")
        maps.give("sealers", b"other.test\n")
        self.assertIsNone(self.passed(sealed(), maps=maps))

    def test_fail(self) -> None:
        self.options["trusted_sealers"] = ["list.test"]
        self.assertIsNone(self.passed(sealed().replace(b"Cats", b"Rats")))


class RescueTests(SynchronousTestCase):
    """DMARC of mail that a list has changed."""

    def symbols(self, raw: bytes, *trusted: str) -> dict[str, tuple[str, ...]]:
        """What DMARC says, with sealers that are trusted."""
        dns = FakeDns(f'{ZONE}\n_dmarc.author.test TXT "v=DMARC1; p=reject"')
        options: dict[str, object] = {"trusted_sealers": [*trusted]}
        config = Config(checks={"arc": CheckSettings(options=options)})
        checks = (Frozen, Spf, Dkim, Dmarc)
        scanned = scan_message(raw, checks, ENVELOPE, config=config, resolver=dns)
        found = self.successResultOf(scanned).symbols
        return {item.name: item.options for item in found if item.name.startswith("DMARC")}

    def test_trusted(self) -> None:
        (name,) = found = self.symbols(sealed(), "list.test")
        self.assertEqual(name, "DMARC_POLICY_SOFTFAIL")
        self.assertEqual(found[name][-1], "arc:list.test")

    def test_not_trusted(self) -> None:
        for trusted in ((), ("other.test",)):
            self.assertEqual([*self.symbols(sealed(), *trusted)], ["DMARC_POLICY_REJECT"])

    def test_no_pass(self) -> None:
        """A broken chain, one that says nothing, one of another author."""
        for raw in (
            sealed().replace(b"Cats", b"Rats"),
            sealed(results="mx.list.test; dmarc=fail header.from=author.test"),
            sealed(results="mx.list.test; dmarc=pass header.from=sub.author.test"),
            sealed(results="mx.list.test; dmarc=pass header.from=test"),
        ):
            self.assertEqual([*self.symbols(raw, "list.test")], ["DMARC_POLICY_REJECT"])


class OptionTests(Case):
    def test_queries(self) -> None:
        raw = sealed(sealed(), OTHER)
        self.options["max_queries"] = 1
        self.assertIn("ARC_DNSFAIL", symbols_of(self.findings(raw)))
        self.dns.forget()
        self.options["max_queries"] = 2
        self.assertIn("ARC_ALLOW", symbols_of(self.findings(raw)))

    def test_queries_that_are_not_needed(self) -> None:
        """Of those there is no error."""
        self.options["max_queries"] = 1
        _, result = self.findings(sealed(hand_made(OTHER, LIST)))
        self.assertEqual(result.properties, (("header.oldest-pass", "2"),))

    def test_jitter(self) -> None:
        raw = hand_made(x=str(NOW - 61))
        self.assertIn("ARC_REJECT", symbols_of(self.findings(raw)))
        self.options["time_jitter"] = 61
        self.assertIn("ARC_ALLOW", symbols_of(self.findings(raw)))

    def test_wrong(self) -> None:
        for options, said in (
            ({"skip_local": 1}, "skip_local: expected true or false"),
            ({"skip_authenticated": 1}, "skip_authenticated: expected true or false"),
            ({"max_queries": 0}, "max_queries: expected a number"),
            ({"time_jitter": -1}, "time_jitter: expected a number"),
            ({"trusted_sealers": "a.test"}, "trusted_sealers: expected a list of domains"),
            ({"trusted_sealers": [1]}, "trusted_sealers: expected a list of domains"),
            ({"trusted_sealers": ["a.test"] * 10_001}, "expected at most 10000 domains"),
            ({"trusted_sealers": ["a..test"]}, "trusted_sealers: 'a..test' is no domain"),
            ({"trusted_sealers": ["test"]}, "trusted_sealers: 'test' is no domain"),
            ({"trusted_sealers_map": 1}, "trusted_sealers_map: expected the name of a map"),
        ):
            error = self.assertRaises(ValueError, Arc, Given(Scan(), options))
            self.assertIn(said, str(error))
        error = self.assertRaises(KeyError, Arc, Given(Scan(), {"trusted_sealers_map": "none"}))
        self.assertIn("no map is named none", str(error))
