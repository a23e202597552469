"""Published messages with signatures of DKIM: those of RFC 8463, of Mail-DKIM, and others.

They are read from `suites/dkim` in the directory that `MAILFILTER_CORPUS` names. Most of those of
Mail-DKIM are older than the RFC: none of them passes, and each is listed with the reason. Where
only SHA-1 or the size of the key is the reason, it is shown that our canonical forms are right:
the signature is what its signer has made.
"""

import json
import os
from base64 import b64decode
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_der_public_key
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mailfilter.auth.dkim import verify
from mailfilter.auth.dkim_signature import (
    Signature,
    SignatureError,
    read_signature,
    unsigned_form,
)
from mailfilter.auth.dkim_values import DkimResult
from mailfilter.auth.tags import parse_tags
from mailfilter.codec.dns_answer import Answer, DnsError, DnsFailure, Question
from mailfilter.mail import parse
from mailfilter.mail.canon import Canonical

THEN, NOW = 1_190_000_000.0, 1_700_000_000.0
"""Seconds since 1970, when none of the old signatures had expired, and when all are made."""

# Drafts had another version, or none; RFC 6376 3.5 says of it: `It MUST have the value "1"`.
# RFC 8301 3.1: "rsa-sha1 MUST NOT be used for signing or verifying."
MAIL_DKIM: Mapping[str, tuple[str, ...]] = {
    "no v=": (
        *("bad_1", "bad_ietf01_1", "bad_ietf01_2", "bad_ietf01_3", "good_ietf00_1"),
        *("good_ietf00_2", "good_ietf00_3", "good_ietf00_4", "good_ietf00_5", "good_ietf01_1"),
        *("good_ietf01_2", "mine_ietf01_1", "mine_ietf01_2", "mine_ietf01_3", "mine_ietf01_4"),
        "multiple_1",
    ),
    "v=": (
        *("badkey_1", "badkey_2", "badkey_3", "badkey_4", "badkey_5", "badkey_6", "badkey_7"),
        *("ignore_1", "ignore_2", "ignore_3", "ignore_4", "mine_ietf05_1"),
        *("no_body_1", "no_body_2", "no_body_3"),
    ),
    "rsa-sha1": (
        *("bad_1878954", "badkey_8", "badkey_9", "badkey_10", "badkey_12", "badkey_13"),
        *("badkey_14", "badkey_15", "good_1878523", "good_qp_1", "good_qp_2", "good_qp_3"),
        *("good_rfc4871_3", "good_rfc4871_4", "goodkey_1", "goodkey_2", "goodkey_3"),
        *("goodkey_4", "ignore_7"),
    ),
    # Its key is for other hashes (RFC 6376 6.1.2, step 6).
    "not for sha256": ("badkey_11",),
    "q=": ("ignore_5", "ignore_6"),
    "i=": ("ignore_8",),
    "c=": ("multiple_2",),
    # These have DomainKey-Signature, which came before DKIM (RFC 4870, historic).
    "": (
        *("bad_dk_1", "bad_dk_2", "bad_dk_3", "bad_dk_4", "bad_dk_5", "dk_headers_1"),
        *("dk_headers_2", "dk_multiple_1", "good_dk_1", "good_dk_2", "good_dk_3", "good_dk_4"),
        *("good_dk_5", "good_dk_6", "good_dk_7", "good_dk_gmail", "good_dk_yahoo"),
    ),
}
"""What is said of the topmost signature, and in which messages; no signature: an empty text."""

NO_KEY = frozenset({"badkey_14", "badkey_15"})
"""DNS does not answer about their keys."""

CHANGED = frozenset({"bad_1878954"})
"""What was signed was something else."""


def folder(name: str = "") -> Path:
    """A folder of the suites."""
    if not (corpus := os.environ.get("MAILFILTER_CORPUS")):
        raise SkipTest("MAILFILTER_CORPUS is not set")
    path = Path(corpus, "suites/dkim", name)
    if not path.exists():
        raise SkipTest("MAILFILTER_CORPUS has no suites of DKIM")
    return path


def run(
    raw: bytes, answer: Callable[[Question], Answer | DnsError], now: float
) -> tuple[DkimResult, ...]:
    """Verify a message."""
    evaluation = verify(parse(raw).canonical, now)
    try:
        asks = next(evaluation)
        while True:
            asks = evaluation.send(tuple(map(answer, asks)))
    except StopIteration as stop:
        found: tuple[DkimResult, ...] = stop.value
        return found


def fake_dns() -> dict[str, str]:
    """The records of Mail-DKIM by name."""
    lines = (folder("mail-dkim") / "FAKE_DNS.dat").read_text("latin-1").splitlines()
    pairs = [line.split(None, 1) for line in lines if line.strip() and not line.startswith("#")]
    return {name: text.strip() for name, text in pairs}


def answer_of_mail_dkim(question: Question) -> Answer | DnsError:
    """What DNS says there."""
    text = fake_dns().get(question.name, "NXDOMAIN")
    if text.startswith("~~"):
        return DnsFailure(question, text.strip("~"))
    if text == "NXDOMAIN":
        return Answer(question, "nxdomain")
    return Answer(question, "found", (text.encode("latin-1"),))


def rfc8463_answer(question: Question) -> Answer:
    """The keys of RFC 8463 A.2, and the one of an example of Exim."""
    path = folder("mailauth/dkim/ec/fixtures") / "dns.json"
    records = {
        name: "".join(kinds["TXT"][0]) for name, kinds in json.loads(path.read_text()).items()
    }
    exim = folder("dkimpy/data") / "eximtest.dns"
    records["sed._domainkey.test.ex"] = exim.read_text().strip()
    if question.name not in records:
        return Answer(question, "nxdomain")
    return Answer(question, "found", (records[question.name].encode("ascii"),))


def is_made_by(message: Canonical, signature: Signature, record: str) -> bool:
    """Whether a signature of rsa-sha1 is what the holder of the key has made."""
    key = load_der_public_key(b64decode(parse_tags(record.encode("latin-1"))["p"]))
    assert isinstance(key, RSAPublicKey)
    signed = message.signed(signature.names, signature.header_form)
    signed.append(unsigned_form(signature.field, signature.header_form))
    try:
        key.verify(signature.signature, b"".join(signed), PKCS1v15(), SHA1())
    except InvalidSignature:
        return False
    return has_body(message, signature)


def has_body(message: Canonical, signature: Signature) -> bool:
    """Whether the body is the one that was signed."""
    digest = message.body.digest(signature.body_form, signature.hash)
    try:
        while True:
            next(digest)
    except StopIteration as stop:
        return bool(stop.value.octets == signature.body_hash)


def signatures(path: Path) -> list[tuple[Canonical, Signature]]:
    """Those of a message that can be read."""
    message = parse(path.read_bytes()).canonical
    found = []
    for field in message.named(b"dkim-signature"):
        try:
            found.append((message, read_signature(field)))
        except SignatureError:
            continue
    return found


class PassTests(SynchronousTestCase):
    """Messages that pass, or do not, with the keys that are known."""

    def test_rfc8463(self) -> None:
        """Its example, and messages of others by the same keys."""
        for name, wanted in (
            ("mailauth/dkim/ec/fixtures/signed.eml", ["pass", "pass"]),
            ("dkimpy/data/rfc6376.signed.msg", ["pass", "pass"]),
            ("dkimpy/data/rfc6376.signed.rsa.msg", ["pass"]),
            ("dkimpy/data/ed25519test2.msg", ["pass"]),
            # dkimpy says so, too: it was signed with another h=.
            ("dkimpy/data/rfc6376.signed.no_t.msg", ["fail"]),
            ("dkimpy/data/test.message.baddomain", ["permerror"]),
        ):
            found = run((folder() / name).read_bytes(), rfc8463_answer, NOW)
            self.assertEqual([one.result for one in found], wanted, name)

    def test_mail_dkim(self) -> None:
        """None passes, and each is listed with its reason."""
        reasons = {name: reason for reason, names in MAIL_DKIM.items() for name in names}
        for suite in ("mail-dkim/corpus", "jdkim/Mail-DKIM/corpus"):
            paths = sorted(folder(suite).glob("*.txt"))
            self.assertGreater(len(paths), 65)
            for path in paths:
                found = run(path.read_bytes(), answer_of_mail_dkim, THEN)
                reason = reasons[path.stem]
                self.assertEqual(bool(found), bool(reason), path.stem)
                self.assertEqual({one.result for one in found} - {"permerror"}, set(), path.stem)
                if found:
                    self.assertIn(reason, found[0].reason, path.stem)


class FormTests(SynchronousTestCase):
    """What others have signed has the canonical forms that we make of it."""

    def test_sha1(self) -> None:
        """All signatures of rsa-sha1 whose key is known are right but for that."""
        records = fake_dns()
        for name in MAIL_DKIM["rsa-sha1"]:
            ((message, signature),) = signatures(folder("mail-dkim/corpus") / f"{name}.txt")
            if name in NO_KEY:
                continue
            is_right = is_made_by(message, signature, records[signature.key_name])
            self.assertEqual(is_right, name not in CHANGED, name)

    def test_bodies(self) -> None:
        """Those of messages whose keys nobody has recorded, as far as they are unchanged."""
        changed = {"email-body-tampered.eml", "email-bodyless.eml"}
        paths = [
            *folder("zk-email").glob("**/*.eml"),
            *folder("mailauth/fixtures").glob("*.eml"),
            *(folder("dkimpy/data") / name for name in ("message.mbox", "test2.message")),
        ]
        found = [(path.name, *one) for path in paths for one in signatures(path)]
        self.assertGreater(len(found), 25)
        for name, message, signature in found:
            self.assertEqual(has_body(message, signature), name not in changed, name)
