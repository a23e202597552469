"""Base of tests about chains of ARC sets: it seals messages and verifies them."""

from base64 import b64encode
from hashlib import sha256
from typing import Any

from mailfilter.auth.arc import ArcResult, verify
from mailfilter.auth.arc_fields import Validation
from mailfilter.auth.arc_seal import FORM, Place, new_set, place_in, sealed_lines
from mailfilter.auth.arc_set import arc_sets
from mailfilter.auth.signature_writer import signed_value
from mailfilter.auth.signing_keys import SigningKey
from mailfilter.mail import parse
from mailfilter.mail.canon import Canonical, Digest, Field

from .dkim_signer import ED25519, OTHER_RSA, RSA, record
from .evaluation_case import EvaluationCase

NOW = 1_700_000_000
RAW = (
    b"From: Bob <bob@author.test>\r\nTo: list@list.test\r\nSubject: Cats\r\n  and  dogs\r\n"
    b"\r\nSome  text \r\n\r\nand more\r\n\r\n"
)
RELAXED_BODY = b"Some text\r\n\r\nand more\r\n"
LIST = SigningKey("list.test", "rsa", RSA)
OTHER = SigningKey("other.test", "rsa", OTHER_RSA)
ED = SigningKey("ed.test", "ed", ED25519)
ZONE = f"""
rsa._domainkey.list.test  TXT  "{record(RSA)}"
rsa._domainkey.other.test  TXT  "{record(OTHER_RSA)}"
ed._domainkey.ed.test  TXT  "{record(ED25519)}"
revoked._domainkey.list.test  TXT  "v=DKIM1; p="
wrong._domainkey.list.test  TXT  "{record(OTHER_RSA)}"
"""
NAMES = (b"from", b"from", b"to", b"subject")
PASSED = (
    "mx.list.test;\n\tspf=fail smtp.mailfrom=author.test;\n\tdmarc=pass header.from=author.test"
)


def sealed(
    raw: bytes = RAW,
    key: SigningKey = LIST,
    results: str = PASSED,
    *,
    validation: Validation | None = None,
    names: tuple[bytes, ...] = NAMES,
    time: int = NOW,
) -> bytes:
    """A message with one more set on top.

    With a `validation` its seal covers all sets that are there, whatever it says.
    """
    message = parse(raw).canonical
    sets = arc_sets(message)
    if validation is None:
        place = place_in(message, "pass" if sets else "none")
    else:
        place = Place(len(sets) + 1, validation, sets)
    return with_set(raw, key, place, results=results, names=names, time=time)


def with_set(raw: bytes, key: SigningKey, place: Place, **given: Any) -> bytes:
    """A message with a set of that place on top."""
    message = parse(raw).canonical
    made = new_set(key, message, place, digest=digest_of(message), **given)
    text = (
        f"ARC-Seal: {made.seal}\nARC-Message-Signature: {made.signature}\n"
        f"ARC-Authentication-Results: {made.results}\n"
    )
    return text.replace("\n", "\r\n").encode() + raw


def hand_made(key: SigningKey = LIST, seal_key: SigningKey = LIST, **changes: str) -> bytes:
    """`RAW` with a set of which tags of the message signature are other ones, and properly signed.

    `l` is honoured.
    """
    message = parse(RAW).canonical
    length = int(changes["l"]) if "l" in changes else None
    tags = {
        "i": "1",
        "a": key.algorithm,
        "c": "relaxed/relaxed",
        "d": key.domain,
        "s": key.selector,
        "h": "from:from:to:subject",
        "bh": b64encode(sha256(RELAXED_BODY[:length]).digest()).decode(),
        **changes,
    }
    lines = message.signed(NAMES, FORM)
    signature = signed_value(key, b"ARC-Message-Signature", tags.items(), lines)
    results, own = (
        Field(name.lower(), name + b": " + value.replace("\n", "\r\n").encode() + b"\r\n")
        for name, value in (
            (b"ARC-Authentication-Results", f"i=1; {PASSED}"),
            (b"ARC-Message-Signature", signature),
        )
    )
    tags = {name: tags[name] for name in ("i", "a")} | {"cv": "none"}
    tags |= {"a": seal_key.algorithm, "d": seal_key.domain, "s": seal_key.selector}
    covered = sealed_lines(Place(1, "none", ()), results, own)
    seal = signed_value(seal_key, b"ARC-Seal", tags.items(), covered).replace("\n", "\r\n")
    return b"ARC-Seal: " + seal.encode() + b"\r\n" + own.raw + results.raw + RAW


def digest_of(message: Canonical) -> bytes:
    """SHA-256 of the relaxed body."""
    work = message.body.digest(FORM)
    try:
        while True:
            next(work)
    except StopIteration as stop:
        digest: Digest = stop.value
        return digest.octets


class ChainCase(EvaluationCase):
    """Verifies chains by the keys of `ZONE`."""

    ZONE = ZONE

    def setUp(self) -> None:
        """One key of which nothing is told."""
        super().setUp()
        self.dns.fail("fails._domainkey.list.test")

    def verify(self, raw: bytes, now: float = NOW) -> ArcResult:
        """What comes of the chain of a message."""
        return self.run_evaluation(verify(parse(raw).canonical, now))

    def assert_status(self, raw: bytes, status: str, reason: str = "") -> ArcResult:
        """The chain has this status, and a reason with this in it."""
        found = self.verify(raw)
        self.assertEqual(found.status, status, found.reason)
        self.assertIn(reason, found.reason)
        return found
