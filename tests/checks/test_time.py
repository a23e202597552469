"""Checks of signatures end in time, whatever senders do, and tell what they know."""

from collections.abc import Callable
from ipaddress import ip_address

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks._time import PART_TO_WAIT, PART_TO_WORK, late_after
from mailfilter.checks.arc import Arc
from mailfilter.checks.dkim import Dkim
from mailfilter.checks.dmarc import Dmarc
from mailfilter.checks.spf import Spf
from mailfilter.config.model import CheckSettings, Config
from mailfilter.mail import canon
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import Verdict
from mailfilter.testing.checks import make_task, scan_message
from mailfilter.testing.fake_dns import FakeDns

from ..auth import arc_case
from ..auth.dkim_case import NOW, RAW, ZONE
from ..auth.dkim_signer import OTHER_RSA, RSA, record, sign

TIMEOUT = 4.0
ENVELOPE = Envelope("test", client_ip=ip_address("192.0.2.1"), helo="client.test")
BANK = RAW.replace(b"bob@signed.test", b"boss@bank.test")
POLICY = f"""
_dmarc.bank.test TXT "v=DMARC1; p=reject"
rsa._domainkey.bank.test TXT "{record(RSA)}"
"""
REPLAYED = sign(BANK, domain="bank.test").replace(b"more", b"less")
"""A message of the bank, with another body."""


class Frozen(Arc):
    """At the time of its messages."""

    clock = staticmethod(lambda: float(arc_case.NOW))


class Turns(Clock):
    """What is to come at once comes with the next turn."""

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kw: object
    ) -> IDelayedCall:
        return super().callLater(max(delay, 0.001), callable, *args, **kw)


CHECKS = (Spf, Dkim, Frozen, Dmarc)


class InTimeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Turns()
        self.dns = FakeDns("\n".join((ZONE, arc_case.ZONE, POLICY)), self.clock)
        self.patch(Dkim, "clock", staticmethod(lambda: NOW))
        # So that the small body has 17 of them.
        self.patch(canon, "PIECE", 2)

    def scan(self, raw: bytes, turn: float) -> Verdict:
        """A verdict, where others take so many seconds with each of their turns."""
        settings = CheckSettings(timeout=TIMEOUT)
        config = Config(checks={"dkim": settings, "arc": settings})
        self.clock.rightNow = 0.0
        waiting = scan_message(
            raw, CHECKS, ENVELOPE, config=config, clock=self.clock, resolver=self.dns
        )
        while not waiting.called:
            self.clock.advance(turn)
            self.assertLess(self.clock.seconds(), TIMEOUT)
        return self.successResultOf(waiting)

    def results(self, raw: bytes, turn: float) -> list[tuple[str, str]]:
        """What is told of signatures."""
        found = self.scan(raw, turn).auth_results
        dkim = [one for one in found if one.method == "dkim"]
        return [(dict(one.properties)["header.d"], one.result) for one in dkim]

    def test_body(self) -> None:
        """What is not verified in time has its own domain, and the author's goes first."""
        raw = sign(sign(RAW), domain="list.test", c="relaxed/simple")
        self.assertEqual(self.results(raw, 0.01), [("list.test", "pass"), ("signed.test", "pass")])
        self.assertEqual(
            self.results(raw, 0.15), [("list.test", "temperror"), ("signed.test", "pass")]
        )
        self.assertGreaterEqual(self.clock.seconds(), TIMEOUT * PART_TO_WORK)

    def test_time_is_up_at_once(self) -> None:
        raw = sign(sign(RAW), domain="list.test")
        found = [("list.test", "temperror"), ("signed.test", "temperror")]
        self.assertEqual(self.results(raw, 3.5), found)

    def test_many_fields(self) -> None:
        """Of fields that are not read, either, nothing is told."""
        raw = sign(RAW)
        raw = raw.removesuffix(RAW) * 50 + RAW
        self.assertEqual(self.results(raw, 3.5), [("signed.test", "temperror")] * 5)

    def test_silent_key(self) -> None:
        """Time is left for the body when others' keys do not come."""
        self.dns.slow("nx._domainkey.list.test", 100)
        raw = sign(sign(RAW), domain="list.test", selector="nx")
        found = self.results(raw, 0.02)
        self.assertEqual(found, [("list.test", "temperror"), ("signed.test", "pass")])
        self.assertGreaterEqual(self.clock.seconds(), TIMEOUT * PART_TO_WAIT)

    def test_dmarc(self) -> None:
        """A stranger's signature that takes too long is no excuse."""
        raw = sign(BANK, domain="list.test")
        found = self.scan(raw, 0.3)
        names = {one.name for one in found.symbols}
        self.assertLessEqual({"R_DKIM_TEMPFAIL", "DMARC_POLICY_REJECT"}, names)

    def assert_rejected(self, raw: bytes, turn: float, result: str) -> None:
        found = self.scan(raw, turn)
        results = {dict(one.properties).get("header.d"): one.result for one in found.auth_results}
        self.assertEqual(results["bank.test"], result)
        self.assertIn("DMARC_POLICY_REJECT", {one.name for one in found.symbols})

    def test_silent_key_and_body(self) -> None:
        """A body that takes longer than is left after the last key is hashed before."""
        self.dns.slow("nx._domainkey.evil.test", 100)
        for raw, result in ((BANK, "pass"), (REPLAYED, "fail")):
            raw = sign(raw, domain="bank.test") if raw is BANK else raw
            raw = sign(raw, domain="evil.test", selector="nx")
            found = dict(self.results(raw, 0.1))
            self.assertEqual(found, {"evil.test": "temperror", "bank.test": result})
        self.assert_rejected(raw, 0.1, "fail")

    def test_silent_key_of_the_author(self) -> None:
        """A body that has changed fails, whatever the key."""
        self.dns.slow("rsa._domainkey.bank.test", 100)
        self.assert_rejected(REPLAYED, 0.1, "fail")

    def test_from_that_is_not_signed(self) -> None:
        """Nor does a From field on top of those that are signed pass, whatever the body."""
        raw = b"From: boss@bank.test\r\n" + sign(BANK, domain="bank.test")
        self.assertEqual(self.results(raw, 0.3), [("bank.test", "policy")])

    def test_headers_first(self) -> None:
        """A body that takes too long leaves open only what verifies over its header."""
        raw = BANK.replace(b"boss", b"eve@evil.test, boss")
        forged = sign(raw, OTHER_RSA, domain="bank.test")
        raw = sign(forged, domain="evil.test")
        self.dns.add(f'rsa._domainkey.evil.test TXT "{record(RSA)}"')
        found = dict(self.results(raw, 0.3))
        self.assertEqual(found, {"evil.test": "temperror", "bank.test": "fail"})

    def test_arc(self) -> None:
        """Of a chain that is not verified in time nothing is said but that."""
        for turn, name in ((0.01, "ARC_ALLOW"), (0.3, "ARC_DNSFAIL")):
            found = self.scan(arc_case.sealed(), turn)
            (symbol,) = [one for one in found.symbols if one.name.startswith("ARC")]
            self.assertEqual(symbol.name, name)
        self.assertEqual(symbol.options, ("the time is up",))
        self.assertNotIn("arc", [one.method for one in found.auth_results])

    def test_arc_silent_key(self) -> None:
        self.dns.slow("rsa._domainkey.list.test", 100)
        found = self.scan(arc_case.sealed(), 0.02)
        self.assertIn("ARC_DNSFAIL", {one.name for one in found.symbols})


class LateTests(SynchronousTestCase):
    def test_without_end(self) -> None:
        self.assertFalse(late_after(make_task(RAW), float("inf"))())

    def test_at_once(self) -> None:
        self.assertTrue(late_after(make_task(RAW), 0)())
