"""Whether mail that we sign would verify by what DNS has of our key."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ..auth.dkim import verify
from ..auth.dkim_key import KeyRecordError, PublicKey, read_public_key
from ..auth.drive import Answers, Asks, run
from ..auth.private_key import PrivateKey, public_record
from ..auth.signature_writer import dkim_field
from ..auth.signing_keys import SigningKey
from ..codec.dns_answer import Answer, DnsError
from ..config.signing_rules import record_name
from ..mail.canon import Canonical, CanonicalBody, Field
from .own_key import OwnKey

NOTHING = {"nodata": "there is no TXT record", "nxdomain": "there is no such name"}
SHORT_BITS = 2048
"""Keys of RSA that are shorter are told of (RFC 8301 3.2)."""

_NAMES = (b"from", b"from", b"subject")
_BODY = b"A test.\r\n"
"""In canonical form as it is."""


@dataclass(frozen=True, slots=True)
class Published:
    """A TXT record."""

    text: bytes
    key: PublicKey | None
    trouble: str = ""
    """Why it is no key."""


@dataclass(frozen=True, slots=True)
class KeyFindings:
    """What was found."""

    domain: str
    selector: str
    own: OwnKey
    records: tuple[Published, ...] = ()
    problems: tuple[str, ...] = ()
    """Why mail would not verify."""
    warnings: tuple[str, ...] = ()
    signature: str = ""
    """What came of a signature by our key: a result of RFC 8601 2.7.1; empty without one."""

    @property
    def name(self) -> str:
        """Of the record."""
        return record_name(self.domain, self.selector)


async def judge(
    domain: str,
    selector: str,
    own: OwnKey,
    answer: Answer | DnsError,
    now: float,
    doubled: Answer | DnsError | None = None,
) -> KeyFindings:
    """What an answer means for mail that we sign at this Unix time.

    `doubled` is what DNS has at the same name with the domain behind it once more.
    """
    if isinstance(answer, DnsError):
        return KeyFindings(domain, selector, own, problems=(f"no answer: {answer.reason}",))
    if answer.status != "found":
        problem = NOTHING[answer.status]
        if isinstance(doubled, Answer) and doubled.status == "found":
            problem += f": the zone's name was added to it, it is at {doubled.question.name}"
        return KeyFindings(domain, selector, own, problems=(problem,))
    records = tuple(map(_read, answer.records))
    problems, warnings, signature = list(_unusable(records)), list(_warnings(records)), ""
    if own.private is not None:
        signature, reason = await _tried(domain, selector, own.private, answer, now)
        problems += _of_signature(own, records, signature, reason)
        warnings += [own.trouble] if own.trouble else []
    elif own.trouble:
        problems.append(f"our key cannot be used: {own.trouble}")
    return KeyFindings(domain, selector, own, records, tuple(problems), tuple(warnings), signature)


def _read(text: bytes) -> Published:
    try:
        return Published(text, read_public_key(text))
    except KeyRecordError as error:
        return Published(text, None, str(error))


def _unusable(records: Iterable[Published]) -> Iterator[str]:
    """Why none of the records is a key."""
    if any(record.key is not None for record in records):
        return
    for record in records:
        hint = ""
        if b"\\" in record.text or b'"' in record.text:
            hint = "; it has backslashes or quotes in it, which belong to a zone's file alone"
        yield f"{record.trouble}{hint}"


def _of_signature(
    own: OwnKey, records: Iterable[Published], signature: str, reason: str
) -> Iterator[str]:
    if signature == "pass" or own.private is None:
        return
    keys = [record.key for record in records if record.key is not None]
    ours = read_public_key(public_record(own.private).encode())
    if keys and all(_octets(key) != _octets(ours) for key in keys):
        yield f"another key than that of {own.file} is published"
    elif keys:
        yield f"what {own.file} signs does not verify: {reason}"


def _warnings(records: tuple[Published, ...]) -> Iterator[str]:
    if len(records) > 1:
        yield f"{len(records)} records, and who verifies mail may take any of them"
    for key in (record.key for record in records if record.key is not None):
        if key.is_testing:
            yield "t=y: mail may be treated as if it were not signed"
        if key.kind == "rsa" and key.bits < SHORT_BITS:
            yield f"a key of {key.bits} bits: some trust {SHORT_BITS} and more alone"


async def _tried(
    domain: str, selector: str, private: PrivateKey, answer: Answer, now: float
) -> tuple[str, str]:
    """The result of a signature that is made now, and its reason."""
    fields = (
        Field(b"from", f"From: postmaster@{domain}\r\n".encode()),
        Field(b"subject", b"Subject: test\r\n"),
    )
    message = Canonical(fields, CanonicalBody(_BODY))
    value = dkim_field(
        SigningKey(domain, selector, private),
        message,
        _NAMES,
        header_form="relaxed",
        body_form="relaxed",
        digest=sha256(_BODY).digest(),
        time=int(now),
    )
    signed = Field(b"dkim-signature", f"DKIM-Signature: {value}\r\n".encode())

    async def ask_all(asks: Asks) -> Answers:
        return tuple(answer for _ in asks)

    async def pause() -> None:
        return None

    (found,) = await run(verify(message.with_fields((signed, *fields)), now), ask_all, pause)
    return found.result, found.reason


def _octets(key: PublicKey) -> bytes:
    return key.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
