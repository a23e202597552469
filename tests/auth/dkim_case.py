"""Base of tests that verify signatures."""

from collections.abc import Sequence

from mailfilter.auth.dkim import DEFAULTS, verify
from mailfilter.auth.dkim_values import DkimResult, Limits
from mailfilter.mail import parse

from .dkim_signer import ED25519, OTHER_RSA, RSA, record
from .evaluation_case import EvaluationCase

NOW = 1_700_000_000.0

RAW = (
    b"From: Bob <bob@signed.test>\r\nTo: alice@other.test\r\nSubject: Cats\r\n  and  dogs\r\n"
    b"Received: here\r\n\r\nSome  text \r\n\r\nand more\r\n\r\n\r\n"
)
ZONE = f"""
rsa._domainkey.signed.test  TXT  "{record(RSA)}"
other._domainkey.signed.test  TXT  "{record(OTHER_RSA)}"
ed._domainkey.signed.test  TXT  "{record(ED25519)}"
rsa._domainkey.list.test  TXT  "{record(RSA)}"
rsa._domainkey.sub.signed.test  TXT  "{record(RSA)}"
testing._domainkey.signed.test  TXT  "{record(RSA, "t=y; ")}"
strict._domainkey.signed.test  TXT  "{record(RSA, "t=s; ")}"
revoked._domainkey.signed.test  TXT  "v=DKIM1; p="
web._domainkey.signed.test  TXT  "{record(RSA, "s=web; ")}"
sha1._domainkey.signed.test  TXT  "{record(RSA, "h=sha1; ")}"
none._domainkey.signed.test  A  192.0.2.1
two._domainkey.signed.test  TXT  "{record(OTHER_RSA)}"
two._domainkey.signed.test  TXT  "{record(RSA)}"
mixed._domainkey.signed.test  TXT  "{record(OTHER_RSA)}"
mixed._domainkey.signed.test  TXT  "{record(RSA, "t=y; ")}"
"""


class VerifyCase(EvaluationCase):
    """Verifies messages by the keys of `ZONE`."""

    ZONE = ZONE

    def setUp(self) -> None:
        """One key of which nothing is told."""
        super().setUp()
        self.dns.fail("fails._domainkey.signed.test")

    def verify(
        self, raw: bytes, now: float = NOW, limits: Limits = DEFAULTS, author: str = ""
    ) -> tuple[DkimResult, ...]:
        """What comes of the signatures of a message."""
        return self.run_evaluation(verify(parse(raw).canonical, now, limits, author))

    def assert_result(self, raw: bytes, result: str, reason: str = "") -> None:
        """The topmost signature has this result, and a reason with this in it."""
        found = self.verify(raw)[0]
        self.assertEqual(found.result, result, found.reason)
        self.assertIn(reason, found.reason)


def words(found: Sequence[DkimResult]) -> list[str]:
    """The results alone."""
    return [one.result for one in found]
