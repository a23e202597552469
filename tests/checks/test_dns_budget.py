"""What a sender has some checks ask must not keep others from asking."""

from ipaddress import ip_address

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.signing_keys import SigningKey
from mailfilter.checks.arc import Arc
from mailfilter.checks.dkim import Dkim
from mailfilter.checks.dmarc import Dmarc
from mailfilter.checks.spf import Spf
from mailfilter.config.model import CheckSettings, Config, Dns
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import Verdict
from mailfilter.testing.checks import scan_message
from mailfilter.testing.fake_dns import FakeDns

from ..auth.arc_case import NOW, sealed
from ..auth.dkim_signer import RSA, sign

HOSTS = "".join(
    f"m{n}.evil.test MX {k} h{n}{k}.evil.test\nh{n}{k}.evil.test A 198.51.100.9\n"
    for n in range(9)
    for k in range(3)
)
TERMS = " ".join(f"mx:m{n}.evil.test" for n in range(9))
ZONE = f"""
_dmarc.bank.test TXT "v=DMARC1; p=reject"
bank.test TXT "v=spf1 {TERMS} -all"
evil.test TXT "v=spf1 {TERMS} -all"
{HOSTS}"""
RAW = b"From: Boss <boss@bank.test>\r\nSubject: x\r\n\r\nhi\r\n"


class ArcOfNow(Arc):
    clock = staticmethod(lambda: float(NOW))


class BudgetTests(SynchronousTestCase):
    config = Config()

    def scan(self, raw: bytes, sender: str) -> Verdict:
        clock = Clock()
        envelope = Envelope(
            "test", client_ip=ip_address("203.0.113.5"), sender=sender, helo="mx.evil.test"
        )
        checks = (Spf, Dkim, ArcOfNow, Dmarc)
        self.dns = FakeDns(ZONE)
        scan: Deferred[Verdict] = scan_message(
            raw, checks, envelope, config=self.config, clock=clock, resolver=self.dns
        )
        for _ in range(100):
            clock.advance(0.0)
        return self.successResultOf(scan)

    def symbols(self, raw: bytes, sender: str) -> set[str]:
        return {symbol.name for symbol in self.scan(raw, sender).symbols}

    def forged(self) -> bytes:
        raw = RAW
        for n in range(5):
            raw = sign(raw, domain="evil.test", selector=f"s{n}", names="from:subject")
        for n in range(20):
            raw = sealed(raw, SigningKey("evil.test", f"a{n}", RSA))
        return raw

    def test_policy(self) -> None:
        """However much there is to ask, the policy of the author's domain is asked for."""
        self.assertIn("DMARC_POLICY_REJECT", self.symbols(RAW, "x@evil.test"))
        found = self.symbols(self.forged(), "x@evil.test")
        self.assertIn("DMARC_POLICY_REJECT", found)
        self.assertGreater(self.dns.asked.total(), 40)

    def test_fail_of_spf(self) -> None:
        """Nor do many ARC sets make an error of a fail."""
        self.assertIn("R_SPF_FAIL", self.symbols(RAW.replace(b"Boss", b"B"), "x@bank.test"))
        found = self.symbols(self.forged(), "x@bank.test")
        self.assertIn("DMARC_POLICY_REJECT", found)

    def test_keys_of_the_author(self) -> None:
        """Made-up selectors of the author's domain for which there is no question left are no
        error that speaks for it.
        """
        raw = RAW
        for n in range(10):
            raw = sign(raw, domain="bank.test", selector=f"s{n}", names="from:subject")
        for most, signatures in ((10, 5), (24, 5), (64, 10)):
            settings = {"dkim": CheckSettings(options={"max_signatures": signatures})}
            self.config = Config(dns=Dns(max_queries=most), checks=settings)
            self.assertIn("DMARC_POLICY_REJECT", self.symbols(raw, "x@evil.test"), most)
