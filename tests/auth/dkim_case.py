"""Base of tests that verify signatures."""

from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.dkim import DEFAULTS, verify
from mailfilter.auth.dkim_values import DkimResult, Limits
from mailfilter.codec.dns_answer import Answer, DnsError, Question
from mailfilter.mail import parse
from mailfilter.testing.fake_dns import FakeDns

from .dkim_signer import ED25519, OTHER_RSA, RSA, record

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


class VerifyCase(SynchronousTestCase):
    """Verifies messages by the keys of `ZONE`."""

    def setUp(self) -> None:
        """A zone that counts."""
        self.dns = FakeDns(ZONE)
        self.dns.fail("fails._domainkey.signed.test")
        self.pauses = 0
        self.rounds: list[tuple[Question, ...]] = []

    def verify(
        self, raw: bytes, now: float = NOW, limits: Limits = DEFAULTS, author: str = ""
    ) -> tuple[DkimResult, ...]:
        """What comes of the signatures of a message."""
        evaluation = verify(parse(raw).canonical, now, limits, author)
        try:
            asks = next(evaluation)
            while True:
                if asks:
                    self.rounds.append(asks)
                else:
                    self.pauses += 1
                asks = evaluation.send(tuple(map(self._answer, asks)))
        except StopIteration as stop:
            found: tuple[DkimResult, ...] = stop.value
            return found

    def _answer(self, question: Question) -> Answer | DnsError:
        waiting = self.dns.lookup(question)
        try:
            waiting.send(None)
        except StopIteration as stop:
            answer: Answer = stop.value
            return answer
        except DnsError as error:
            return error
        raise AssertionError("it waits")

    def assert_result(self, raw: bytes, result: str, reason: str = "") -> None:
        """The topmost signature has this result, and a reason with this in it."""
        found = self.verify(raw)[0]
        self.assertEqual(found.result, result, found.reason)
        self.assertIn(reason, found.reason)


def words(found: Sequence[DkimResult]) -> list[str]:
    """The results alone."""
    return [one.result for one in found]
