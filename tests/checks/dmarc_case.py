"""Messages of an author for the check of DMARC, with what other checks have found."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks.dmarc import Dmarc
from mailfilter.scan.check import Check
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import AuthResult
from mailfilter.testing.checks import run_check, symbols_of
from mailfilter.testing.fake_dns import FakeDns

ZONE = """
_dmarc.reject.test      TXT  "v=DMARC1; p=reject; rua=mailto:a@reject.test; aspf=s; pct=100; fo=d"
_dmarc.quarantine.test  TXT  "v=DMARC1; p=quarantine; sp=none; np=reject; adkim=s"
_dmarc.none.test        TXT  "v=DMARC1; p=none"
_dmarc.half.test        TXT  "v=DMARC1; p=reject; pct=50"
_dmarc.try.test         TXT  "v=DMARC1; p=reject; t=y"
_dmarc.two.test         TXT  "v=DMARC1; p=none"
_dmarc.two.test         TXT  "v=DMARC1; p=reject"
_dmarc.xn--bcher-kva.test  TXT  "v=DMARC1; p=reject"
_dmarc.owner            TXT  "v=DMARC1; p=reject; psd=y"
"""
ENVELOPE = Envelope("test", client_ip=ip_address("192.0.2.1"), sender="bob@sender.test")
NO_SPF = AuthResult("spf", "none", properties=(("smtp.mailfrom", "bob@sender.test"),))


def spf(result: str, sender: str) -> AuthResult:
    """What SPF has found for a sender."""
    return AuthResult("spf", result, properties=(("smtp.mailfrom", sender),))


def dkim(result: str, domain: str) -> AuthResult:
    """What became of the signature of a domain."""
    return AuthResult("dkim", result, properties=(("header.i", "@x.test"), ("header.d", domain)))


class Drawn(Dmarc):
    """Draws 51 of 100."""

    draw = staticmethod(lambda: 51)


class CheckCase(SynchronousTestCase):
    """Base of tests of the check."""

    check: type[Check] = Drawn

    def setUp(self) -> None:
        self.dns = FakeDns(ZONE)

    def findings(
        self,
        author: str,
        results: Sequence[AuthResult] = (NO_SPF,),
        envelope: Envelope = ENVELOPE,
        header: bytes = b"",
        **options: object,
    ) -> list[Any]:
        """What is found of a message of that author, after those results."""
        return run_check(
            self.check,
            b"From: " + author.encode() + b"\r\n" + header + b"\r\nbody\r\n",
            envelope,
            auth_results=results,
            resolver=self.dns,
            options=options,
        )

    def symbols(self, *args: Any, **more: Any) -> dict[str, tuple[str, ...]]:
        """The symbols of that."""
        return symbols_of(self.findings(*args, **more))

    def result(self, *args: Any, **more: Any) -> AuthResult:
        """The result for Authentication-Results."""
        (found,) = [item for item in self.findings(*args, **more) if isinstance(item, AuthResult)]
        return found
