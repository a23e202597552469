"""The check of SPF: symbols and options, whose identity, and who is not asked for."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks.spf import Spf
from mailfilter.codec.dns_answer import DnsBusy, DnsTimeout, Kind, Question
from mailfilter.config.model import CheckSettings, Config, Scan
from mailfilter.scan.check import Given, Hit, Note
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import AuthResult
from mailfilter.testing.checks import make_task, run_check, scan_message, symbols_of
from mailfilter.testing.fake_dns import FakeDns

RAW = b"Subject: x\r\n\r\nbody\r\n"
ZONE = r"""
ip4.test         TXT  "v=spf1 ip4:192.0.2.0/24 -all"
ip6.test         TXT  "v=spf1 ip6:2001:db8::/32 -all"
fail.test        TXT  "v=spf1 ip4:198.51.100.1 -all"
soft.test        TXT  "v=spf1 ~all"
neutral.test     TXT  "v=spf1 ?all"
silent.test      TXT  "v=spf1 ip4:198.51.100.1"
include.test     TXT  "v=spf1 ?include:ip4.test -all"
all.test         TXT  "v=spf1 all"
hidden.test      TXT  "v=spf1 include:all.test -all"
none.test        TXT  "something else"
bad.test         TXT  "v=spf1 ip4:999.1.1.1 -all"
client.test        TXT  "v=spf1 a -all"
client.test        A    192.0.2.1
temporary.test   TXT  "v=spf1 a:broken.test -all"
void.test        TXT  "v=spf1 a:v1.test a:v2.test a:v3.test ip4:192.0.2.1 -all"
many.test        TXT  "v=spf1 a:ip4.test a:ip4.test ip4:192.0.2.1 -all"
ip4.test         A    203.0.113.1
mx.test          TXT  "v=spf1 mx -all"
mx.test          MX   10 mx1.test
mx.test          MX   20 mx2.test
mx1.test         A    203.0.113.2
mx2.test         A    192.0.2.1
xn--bcher-kva.test  TXT  "v=spf1 ip4:192.0.2.1 -all"
"""
ENVELOPE = Envelope(
    "test", client_ip=ip_address("192.0.2.1"), helo="client.test", sender="bob@ip4.test"
)
FORWARDED = b"Received: from client.test (client.test [192.0.2.1]) by relay.test; \r\n" + RAW
RELAY = replace(ENVELOPE, client_ip=ip_address("203.0.113.9"), helo="relay.test")
RELAYS = Scan(trusted_relays=("203.0.113.9",))


class Case(SynchronousTestCase):
    def setUp(self) -> None:
        self.dns = FakeDns(ZONE)
        self.dns.fail("broken.test")

    def findings(
        self, sender: str | None = "bob@ip4.test", ip: str = "192.0.2.1", **changes: Any
    ) -> list[Any]:
        """What is found of a sender and a client; `changes` are of the envelope."""
        envelope = replace(ENVELOPE, sender=sender, client_ip=ip_address(ip), **changes)
        return run_check(Spf, RAW, envelope, resolver=self.dns, options=self.options)

    def symbols(self, *args: Any, **changes: Any) -> dict[str, tuple[str, ...]]:
        """The symbols of that."""
        return symbols_of(self.findings(*args, **changes))

    options: dict[str, object] = {}


class SymbolTests(Case):
    def test_decided(self) -> None:
        """Each result has its symbol; the option is the mechanism, with the sign of the result."""
        for domain, symbol, option in (
            ("ip4", "R_SPF_ALLOW", "+ip4:192.0.2.0/24"),
            ("fail", "R_SPF_FAIL", "-all"),
            ("soft", "R_SPF_SOFTFAIL", "~all"),
            ("neutral", "R_SPF_NEUTRAL", "?all"),
            ("silent", "R_SPF_NEUTRAL", "?all"),
            ("include", "R_SPF_NEUTRAL", "?ip4:192.0.2.0/24"),
            ("mx", "R_SPF_ALLOW", "+mx"),
            ("all", "R_SPF_PLUSALL", "+all"),
            ("hidden", "R_SPF_PLUSALL", "+all"),
        ):
            self.assertEqual(self.symbols(f"bob@{domain}.test"), {symbol: (option,)}, domain)

    def test_undecided(self) -> None:
        """What is the matter comes second."""
        for sender in ("bob@none.test", "bob@nx.test", "bob@[192.0.2.1]", "bob", "bob@a..b"):
            self.assertEqual(self.symbols(sender), {"R_SPF_NA": ("no SPF record",)}, sender)
        ((symbol, options),) = self.symbols("bob@bad.test").items()
        self.assertEqual((symbol, options[0]), ("R_SPF_PERMFAIL", "bad SPF record"))
        self.assertIn("999.1.1.1", options[1])
        for domain in ("broken.test", "temporary.test"):
            ((symbol, options),) = self.symbols(f"bob@{domain}").items()
            self.assertEqual((symbol, options[0]), ("R_SPF_DNSFAIL", "temporary DNS error"))
            self.assertIn("broken.test", options[1])

    def test_addresses(self) -> None:
        self.assertIn("R_SPF_ALLOW", self.symbols("bob@ip6.test", "2001:db8::1"))
        self.assertIn("R_SPF_FAIL", self.symbols("bob@ip6.test", "2001:db9::1"))
        self.assertIn("R_SPF_FAIL", self.symbols("bob@ip4.test", "2001:db8::1"))
        self.assertIn("R_SPF_ALLOW", self.symbols("bob@ip4.test", "::ffff:192.0.2.1"))

    def test_names(self) -> None:
        for sender in ("bob@IP4.TEST", "bob@ip4.test.", "bob@bücher.test"):
            self.assertIn("R_SPF_ALLOW", self.symbols(sender), sender)

    def test_scores(self) -> None:
        """Of a whole scan."""
        for domain, score in (("ip4", -0.2), ("fail", 1.0), ("soft", 0.0), ("all", 4.0)):
            envelope = replace(ENVELOPE, sender=f"bob@{domain}.test")
            verdict = self.successResultOf(scan_message(RAW, [Spf], envelope, resolver=self.dns))
            self.assertEqual(verdict.score, score, domain)


class IdentityTests(Case):
    def test_null_sender(self) -> None:
        """Of bounces, and where no sender was told, it is the name in HELO."""
        for sender in ("", None):
            self.assertEqual(self.symbols(sender), {"R_SPF_ALLOW": ("+a",)})
            self.assertEqual(self.symbols(sender, helo="fail.test"), {"R_SPF_FAIL": ("-all",)})
            for helo in ("[192.0.2.1]", "localhost", "", None):
                self.assertEqual(
                    self.symbols(sender, helo=helo), {"R_SPF_NA": ("no SPF record",)}, helo
                )

    def test_rewritten_sender(self) -> None:
        """It counts as it leaves the MTA."""
        for sender in ("bob%fail.test", "fail.test!bob", '"bob@fail.test"', "bob@fail.test@"):
            self.assertIn("R_SPF_NA", self.symbols(sender), sender)
            found = self.symbols(sender, rewritten_sender="bob@fail.test")
            self.assertEqual(found, {"R_SPF_FAIL": ("-all",)}, sender)

    def test_unreadable_sender(self) -> None:
        """HELO says nothing of a sender that is there, nor do headers say anything of HELO."""
        found = self.findings(None, lacks_sender=True)
        self.assertEqual(symbols_of(found), {"R_SPF_NA": ("no SPF record",)})
        self.assertEqual([type(item) for item in found], [Hit, Note])
        self.assertEqual(self.dns.asked.total(), 0)

    def test_auth_result(self) -> None:
        _hit, found = self.findings("bob@ip4.test")
        self.assertEqual((found.method, found.result, found.reason), ("spf", "pass", ""))
        self.assertEqual(found.properties, (("smtp.mailfrom", "bob@ip4.test"),))
        self.assertEqual(
            dict(found.facts),
            {
                "client-ip": "192.0.2.1",
                "envelope-from": "bob@ip4.test",
                "helo": "client.test",
                "identity": "mailfrom",
                "mechanism": "+ip4:192.0.2.0/24",
            },
        )
        _hit, found = self.findings("")
        self.assertEqual(found.properties, (("smtp.helo", "client.test"),))
        self.assertEqual(dict(found.facts)["identity"], "helo")

    def test_auth_result_of_errors(self) -> None:
        for domain, result in (("bad", "permerror"), ("broken", "temperror"), ("none", "none")):
            _hit, found = self.findings(f"bob@{domain}.test")
            self.assertEqual((found.result, bool(found.reason)), (result, result != "none"))


class NotAskedTests(Case):
    def assert_not_asked(self, findings: list[Any], why: str) -> None:
        (note,) = findings
        self.assertIsInstance(note, Note)
        self.assertIn(why, note.text)
        self.assertEqual(self.dns.asked.total(), 0)

    def test_local(self) -> None:
        for ip in ("127.0.0.1", "10.1.1.1", "::1", "::ffff:192.168.1.1"):
            self.assert_not_asked(self.findings("bob@fail.test", ip), "our own networks")

    def test_user(self) -> None:
        self.assert_not_asked(self.findings("bob@fail.test", user="bob"), "logged in")

    def test_unknown_client(self) -> None:
        found = run_check(Spf, RAW, replace(ENVELOPE, client_ip=None), resolver=self.dns)
        self.assert_not_asked(found, "not known")

    def test_asked_by_options(self) -> None:
        self.options = {"skip_local": False, "skip_authenticated": False}
        self.assertIn("R_SPF_FAIL", self.symbols("bob@fail.test", "127.0.0.1", user="bob"))


class RelayTests(Case):
    def run_relayed(self, raw: bytes, envelope: Envelope = RELAY) -> list[Any]:
        return run_check(Spf, raw, envelope, scan=RELAYS, resolver=self.dns, options=self.options)

    def test_client_behind(self) -> None:
        hit, result = self.run_relayed(FORWARDED)
        self.assertEqual(hit, Hit("R_SPF_ALLOW", options=("+ip4:192.0.2.0/24",)))
        assert isinstance(result, AuthResult)
        self.assertEqual(dict(result.facts)["client-ip"], "192.0.2.1")
        hit, _result = self.run_relayed(FORWARDED.replace(b"192.0.2.1", b"198.51.100.7"))
        self.assertEqual(hit, Hit("R_SPF_FAIL", options=("-all",)))

    def test_helo_behind(self) -> None:
        hit, _result = self.run_relayed(FORWARDED, replace(RELAY, sender=""))
        self.assertEqual(hit, Hit("R_SPF_ALLOW", options=("+a",)))

    def test_login_is_of_the_relay(self) -> None:
        hit, _result = self.run_relayed(FORWARDED, replace(RELAY, user="relay"))
        self.assertEqual(hit.symbol, "R_SPF_ALLOW")

    def test_login_at_the_relay(self) -> None:
        """Of a user of the relay, at home in some network of a provider."""
        raw = FORWARDED.replace(b"relay.test;", b"relay.test with ESMTPSA id 1;")
        (note,) = self.run_relayed(raw.replace(b"192.0.2.1", b"198.51.100.7"))
        self.assertEqual(note, Note("not asked: the client has logged in"))
        self.options = {"skip_authenticated": False}
        hit, _result = self.run_relayed(raw)
        self.assertEqual(hit.symbol, "R_SPF_ALLOW")

    def test_unknown_client(self) -> None:
        """Not the relay's address in its place."""
        (note,) = self.run_relayed(RAW)
        self.assertEqual(note, Note("not asked: the address of the client is not known"))

    def test_local_client(self) -> None:
        (note,) = self.run_relayed(FORWARDED.replace(b"192.0.2.1", b"10.0.0.7"))
        self.assertEqual(note, Note("not asked: 10.0.0.7 is of our own networks"))


class LimitTests(Case):
    def test_lookups(self) -> None:
        self.options = {"max_lookups": 1}
        ((symbol, options),) = self.symbols("bob@many.test").items()
        self.assertEqual((symbol, options[0]), ("R_SPF_PERMFAIL", "bad SPF record"))
        self.options = {"max_lookups": 2}
        self.assertIn("R_SPF_ALLOW", self.symbols("bob@many.test"))

    def test_void(self) -> None:
        self.assertIn("R_SPF_PERMFAIL", self.symbols("bob@void.test"))
        self.options = {"max_void": 3}
        self.assertIn("R_SPF_ALLOW", self.symbols("bob@void.test"))

    def test_queries(self) -> None:
        """What was not asked for want of budget makes no other result."""
        self.options = {"max_queries": 3}
        self.assertIn("R_SPF_DNSFAIL", self.symbols("bob@mx.test"))
        self.dns.forget()
        self.options = {"max_queries": 4}
        self.assertIn("R_SPF_ALLOW", self.symbols("bob@mx.test"))

    def test_explanation(self) -> None:
        """Nobody sees it, so it is not asked for."""
        self.dns.add('why.test TXT "v=spf1 exp=text.test -all"')
        self.assertIn("R_SPF_FAIL", self.symbols("bob@why.test"))
        self.assertEqual(list(self.dns.asked), [Question("why.test", Kind.TXT)])

    def test_options(self) -> None:
        for options, said in (
            ({"skip_local": 1}, "skip_local: expected true or false, got 1"),
            ({"skip_authenticated": "no"}, "skip_authenticated: expected true or false"),
            ({"max_lookups": -1}, "max_lookups: expected a number from 0 to 1000, got -1"),
            ({"max_lookups": True}, "max_lookups: expected a number from 0 to 1000, got True"),
            ({"max_void": 2.5}, "max_void: expected a number from 0 to 1000, got 2.5"),
            ({"max_queries": 0}, "max_queries: expected a number from 1 to 10000, got 0"),
        ):
            error = self.assertRaises(ValueError, Spf, Given(Scan(), options))
            self.assertIn(said, str(error))


class TimeTests(SynchronousTestCase):
    """A scan while DNS is slow, silent or away."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.dns = FakeDns(ZONE, self.clock)

    def scan(self, sender: str, seconds: float, config: Config | None = None) -> Any:
        envelope = replace(ENVELOPE, sender=sender)
        scanned = scan_message(
            RAW, [Spf], envelope, clock=self.clock, resolver=self.dns, config=config
        )
        self.clock.pump([0.1] * round(seconds * 10))
        verdict = self.successResultOf(scanned)
        return {symbol.name: symbol.options for symbol in verdict.symbols}

    def test_silence(self) -> None:
        """It ends within its time, by itself."""
        self.dns.delay = 1000.0
        found = self.scan("bob@ip4.test", 3.8)
        self.assertEqual(list(found), ["R_SPF_DNSFAIL"])
        self.assertIn("no answer in the time of the check", found["R_SPF_DNSFAIL"][1])

    def test_time_of_its_own(self) -> None:
        self.dns.delay = 1000.0
        config = Config(checks={"spf": CheckSettings(timeout=1.0)})
        self.assertEqual(list(self.scan("bob@ip4.test", 1.0, config)), ["R_SPF_DNSFAIL"])

    def test_time_of_the_scan(self) -> None:
        self.dns.delay = 1000.0
        config = Config(scan=Scan(timeout=2.0))
        self.assertEqual(list(self.scan("bob@ip4.test", 2.0, config)), ["R_SPF_DNSFAIL"])

    def test_silent_reverse_zone(self) -> None:
        """It is the client's own, and changes no result."""
        self.dns.add('ptr.test TXT "v=spf1 ptr -all"')
        self.dns.slow("1.2.0.192.in-addr.arpa", 1000.0)
        self.assertEqual(self.scan("bob@ptr.test", 3.8), {"R_SPF_FAIL": ("-all",)})

    def test_slow(self) -> None:
        """Each answer comes, but all of them take too long."""
        self.dns.delay = 1.0
        self.assertEqual(list(self.scan("bob@mx.test", 3.8)), ["R_SPF_DNSFAIL"])
        # What came by then is known.
        self.assertEqual(list(self.scan("bob@mx.test", 1.2)), ["R_SPF_ALLOW"])

    def test_errors(self) -> None:
        for error in (DnsTimeout, DnsBusy):
            self.dns.fail("ip4.test", error)
            self.assertEqual(list(self.scan("bob@ip4.test", 0.1)), ["R_SPF_DNSFAIL"])

    def test_no_resolver(self) -> None:
        found = symbols_of(run_check(Spf, RAW, ENVELOPE))
        self.assertEqual(list(found), ["R_SPF_DNSFAIL"])
        self.assertIn("no resolver", found["R_SPF_DNSFAIL"][1])

    def test_answers_at_hand(self) -> None:
        """With them nothing is waited for."""
        self.scan("bob@ip4.test", 0.1)
        self.dns.delay = 1000.0
        task = make_task(RAW, ENVELOPE, resolver=self.dns)
        coroutine = Spf(Given(Scan())).run(task)
        with self.assertRaises(StopIteration):
            coroutine.send(None)


class HostileTests(Case):
    """Names, senders and records of any kind (specs: bad-input.md 26)."""

    def test_envelopes(self) -> None:
        long = "x" * 100_000
        odd = ("\0", "\r\nX: y", "%{i}", "ü" * 300, "..", "\ud800", '"', long, f"{long}.test")
        for text in odd:
            for sender in (text, f"{text}@ip4.test", f"bob@{text}", f"bob@{text}.test", ""):
                (symbol,) = self.symbols(sender, helo=text)
                self.assertIn(symbol, ("R_SPF_NA", "R_SPF_ALLOW"))

    def test_records(self) -> None:
        for number, record in enumerate(
            (
                "v=spf1 include:h0.test -all",
                "v=spf1 redirect=h1.test",
                "v=spf1 " + " ".join(f"a:{n}.test" for n in range(200)),
                "v=spf1 " + "ip4:192.0.2.7 " * 4000,
                "v=spf1 exists:%{s}%{s}%{s}%{h}.test -all",
                "v=spf1 exists:%{d255r}.test ptr mx a -all",
                "v=spf1 include:%{l}.%{o}.%{h} -all",
                r"v=spf1 a:\195\164\255 -all",
                "v=spf1 -all -all\\000",
            )
        ):
            self.dns.add(f'h{number}.test TXT "{record}"')
            for sender in (f"{'a.' * 100}@h{number}.test", f"bob@h{number}.test"):
                (symbol,) = self.symbols(sender)
                self.assertTrue(symbol.startswith("R_SPF_"), record)
        self.assertLess(self.dns.asked.total(), 200)
