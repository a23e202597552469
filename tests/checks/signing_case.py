"""What tests of signing share: keys, messages, and dkimpy, which verifies."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

import dkim  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.private_key import public_record
from mailfilter.auth.signing_keys import SigningKey, SigningKeys
from mailfilter.checks.dkim_signing import DkimSigning
from mailfilter.config.model import CheckSettings, Config, Scan
from mailfilter.report.edits import clean_edits
from mailfilter.report.rewrite import rewrite
from mailfilter.scan.check import Check
from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.scan.verdict import AddHeader, Verdict
from mailfilter.testing.checks import scan_message

RSA = generate_private_key(65537, 2048)
ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEYS = SigningKeys(
    [
        SigningKey("example.org", "rsa", RSA),
        SigningKey("example.org", "ed", ED25519),
        SigningKey("example.net", "net", ED25519),
        SigningKey("sub.example.com", "sub", ED25519),
    ]
)
RECORDS = {
    b"rsa._domainkey.example.org.": public_record(RSA).encode(),
    b"ed._domainkey.example.org.": public_record(ED25519).encode(),
    b"net._domainkey.example.net.": public_record(ED25519).encode(),
    b"sub._domainkey.sub.example.com.": public_record(ED25519).encode(),
}

RAW = (
    b"Received: from client\r\n\tby us\r\n"
    b"From: Alice <alice@example.org>\r\n"
    b"To: bob@example.com,\r\n  carol@example.com\r\n"
    b"Subject: =?utf-8?q?caf=C3=A9?=\r\n"
    b"Date: Sat, 28 Nov 2026 12:00:00 +0000\r\n"
    b"Message-ID:\r\n <1@example.org>\r\n"
    b"\r\n"
    b"Hello  Bob,\t\r\n\r\n.\r\n..dots \xc3\xa9\r\n\r\n\r\n"
)
CLIENT = ip_address("198.51.100.7")
LOCAL = ip_address("127.0.0.1")
ENVELOPE = Envelope(
    "test",
    client_ip=CLIENT,
    sender="alice@example.org",
    recipients=(Recipient("bob@example.com"),),
    user="alice@example.org",
)

MOST_PAUSES = 50


def dns(name: bytes, timeout: int = 5) -> bytes:
    """What is published, for dkimpy."""
    return RECORDS.get(name, b"")


def verified(raw: bytes) -> list[bool]:
    """What dkimpy says of each signature, the topmost first."""
    return [_is_verified(raw, index) for index in range(raw.lower().count(b"dkim-signature:"))]


def _is_verified(raw: bytes, index: int) -> bool:
    try:
        return bool(dkim.DKIM(raw).verify(index, dns))
    except dkim.ValidationError:
        return False


def rewritten(raw: bytes, verdict: Verdict) -> bytes:
    """The message with its edits, as for LDA mode."""
    found = rewrite(raw, clean_edits(verdict.edits).edits)
    return found.head + bytes(found.body)


def signatures(verdict: Verdict) -> list[AddHeader]:
    """The signatures among edits."""
    edits = [edit for edit in verdict.edits if isinstance(edit, AddHeader)]
    return [edit for edit in edits if edit.name == "DKIM-Signature"]


class SigningCase(SynchronousTestCase):
    def scan(
        self,
        raw: bytes = RAW,
        envelope: Envelope = ENVELOPE,
        *others: type[Check],
        keys: SigningKeys = KEYS,
        scan: Scan | None = None,
        **options: Any,
    ) -> Verdict:
        """A scan with `dkim_signing` and other checks; options are of the former."""
        checks: Mapping[str, CheckSettings] = {"dkim_signing": CheckSettings(options=options)}
        config = Config(scan=scan or Scan(), checks=checks)
        clock = Clock()
        scanning: Deferred[Verdict] = scan_message(
            raw, [DkimSigning, *others], envelope, config=config, keys=keys, clock=clock
        )
        # Large bodies are hashed with pauses, which take no time.
        clock.pump([0.0] * MOST_PAUSES)
        return self.successResultOf(scanning)
