"""The messages of the tests of authheaders, through SPF, DKIM, ARC and DMARC.

They are read from `suites/dmarc` in the directory that `MAILFILTER_CORPUS` names.
"""

import os
from ipaddress import ip_address
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mailfilter.checks.arc import Arc
from mailfilter.checks.dkim import Dkim
from mailfilter.checks.dmarc import Dmarc
from mailfilter.checks.spf import Spf
from mailfilter.scan.envelope import Envelope
from mailfilter.testing.checks import scan_message
from mailfilter.testing.fake_dns import FakeDns

ENVELOPE = Envelope("test", client_ip=ip_address("192.0.2.1"), sender="x@other.example", helo="h")
ZONE = """
_dmarc.example.com TXT "v=DMARC1; p=none; rua=mailto:x@example.com"
_dmarc.example.net TXT "v=DMARC1; p=none; sp=reject"
_dmarc.example.org TXT "v=DMARC1; rua=mailto:x@example.org"
_dmarc.example.biz TXT "v=DMARC1; p=none; sp=quarantine; np=reject"
sub.example.biz A 192.0.2.1
"""
SOFT, PASS = "DMARC_POLICY_SOFTFAIL", "DMARC_POLICY_ALLOW"
RESULTS = {
    "test.message": SOFT,
    "test.message_signed": PASS,
    "test.bad.message": SOFT,
    "test_nop.message": SOFT,
    "test.gov.message": "DMARC_NA",
    "test.nofrom.message": "DMARC_NA",
    "testcomma.message": PASS,
    # Of two authors one has signed; for the other nobody stands.
    "test.message_multi": SOFT,
    "test.message_multi2": SOFT,
    # Signed by others than the author, and changed behind that.
    "test.message_sub": "DMARC_POLICY_REJECT",
    "test.message_np1": "DMARC_POLICY_QUARANTINE",
    "test.message_np2": "DMARC_POLICY_REJECT",
}


class SuiteTests(SynchronousTestCase):
    def setUp(self) -> None:
        if not (corpus := os.environ.get("MAILFILTER_CORPUS")):
            raise SkipTest("MAILFILTER_CORPUS is not set")
        self.folder = Path(corpus, "suites/dmarc/authheaders")
        if not self.folder.exists():
            raise SkipTest("MAILFILTER_CORPUS has no suites of DMARC")
        self.key = (self.folder / "test.txt").read_text().strip()

    def symbol(self, name: str, zone: str) -> str:
        """What DMARC finds in a message."""
        raw = (self.folder / name).read_bytes()
        checks = [Spf, Dkim, Arc, Dmarc]
        waiting = scan_message(raw, checks, ENVELOPE, resolver=FakeDns(zone))
        names = [symbol.name for symbol in self.successResultOf(waiting).symbols]
        (found,) = [name for name in names if name.startswith("DMARC_")]
        return found

    def test_messages(self) -> None:
        """Every one."""
        keys = [
            f'test._domainkey.{name} TXT "{self.key}"' for name in ("example.com", "example.biz")
        ]
        zone = "\n".join((ZONE, *keys))
        messages = {path.name for path in self.folder.iterdir() if "message" in path.name}
        self.assertEqual({name: self.symbol(name, zone) for name in messages}, RESULTS)
