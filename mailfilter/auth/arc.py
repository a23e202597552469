"""Verifies the chain of ARC sets of a message (RFC 8617 5.2).

What is cheap comes first: the fields, then the body, then all keys in one go. Only a chain that
may pass asks for any.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from ..codec.dns_answer import Answer, DnsError, Kind, Question
from ..mail.canon import Canonical
from .arc_fields import Seal, read_seal
from .arc_set import SHORT_NAMES, ArcError, ArcSet, arc_sets
from .dkim_key import KeyRecordError, PublicKey, read_public_keys
from .dkim_key import Kind as KeyKind
from .dkim_signature import Signature, SignatureError, read_message_signature, unsigned_line
from .drive import Evaluation, OutOfTime, paused

JITTER = 60
"""Seconds that `t=` may be ahead of us, and `x=` behind."""

AT_ONCE = 4
"""Signatures that are verified before others have their turn. One takes 30 us, but the longest
header that is read takes a millisecond to hash."""

Status = Literal["none", "pass", "fail", "invalid", "temperror"]
"""`invalid` is a chain whose fields are not as they must be."""

_KEY_KINDS: dict[str, KeyKind] = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}

Answers = Mapping[Question, Answer | DnsError]


class ArcResult(NamedTuple):
    """What came of a chain."""

    status: Status
    reason: str = ""
    """Why it does not pass."""
    sets: tuple[ArcSet, ...] = ()
    seals: tuple[Seal, ...] = ()
    """Those of the sets, as far as all of them could be read."""
    oldest_pass: int = 0
    """Of a chain that passes: since this instance nothing that is signed has changed; 0 is since
    the first (RFC 8617 5.2)."""
    covers_author: bool = False
    """Of a chain that passes: the newest signature covers all of From."""

    @property
    def instance(self) -> int:
        """The newest one, 0 if that is not known."""
        return len(self.sets)


class _Bad(Exception):
    """The chain does not pass."""

    def __init__(self, status: Status, reason: str) -> None:
        self.status = status
        super().__init__(reason)


def verify(message: Canonical, now: float, jitter: int = JITTER) -> Evaluation[ArcResult]:
    """Verify the chain. `now` is in seconds since 1970."""
    if not any(map(message.named, SHORT_NAMES)):
        return ArcResult("none")
    if message.is_cut:
        return ArcResult("invalid", "the header cannot be read whole")
    try:
        sets = arc_sets(message)
        seals = tuple([read_seal(one.seal) for one in sets])
    except ArcError as error:
        return ArcResult("invalid", str(error))
    try:
        _check_claims(seals)
        oldest, covers_author = yield from _verify(message, sets, seals, now, jitter)
    except _Bad as bad:
        return ArcResult(bad.status, str(bad), sets, seals)
    except OutOfTime:
        return ArcResult("temperror", "the time is up", sets, seals)
    return ArcResult("pass", "", sets, seals, oldest, covers_author)


def _check_claims(seals: Sequence[Seal]) -> None:
    """What each sealer says of the chain that it got (RFC 8617 5.2, steps 2 and 3)."""
    if seals[0].validation != "none":
        raise _Bad("invalid", f"AS of i=1 has cv={seals[0].validation}, not none")
    if seals[-1].validation == "fail":
        raise _Bad("fail", f"the chain had failed already at i={len(seals)}")
    for seal in seals[1:]:
        if seal.validation != "pass":
            raise _Bad("fail", f"AS of i={seal.instance} has cv={seal.validation}, not pass")


def _verify(
    message: Canonical, sets: Sequence[ArcSet], seals: Sequence[Seal], now: float, jitter: int
) -> Evaluation[tuple[int, bool]]:
    """Verify the newest signature and all seals; returns `oldest_pass` and `covers_author`."""
    newest = _read_signature(sets[-1])
    _check_time(newest, now, jitter)
    if problem := (yield from _body_problem(message, newest)):
        raise _Bad("fail", f"AMS of i={len(sets)}: {problem}")
    older = yield from _older_signatures(message, sets[:-1])
    answers = yield from _ask([newest, *reversed(seals)], older)
    _verify_signature(message, newest, answers, len(sets))
    octets, ends = _sealed_octets(message, sets)
    for one, seal, end in reversed([*zip(sets, seals, ends, strict=True)]):
        keys = _keys(seal, answers, f"AS of i={seal.instance}")
        signed = octets[:end] + unsigned_line(message.line(one.seal, "relaxed"))
        if not any(key.verifies(seal.signature, signed) for key in keys):
            raise _Bad("fail", f"AS of i={seal.instance} does not verify")
        if seal.instance % AT_ONCE == 0:
            yield ()
    oldest = len(sets)
    for signature in older:
        try:
            _verify_signature(message, signature, answers, oldest - 1)
        except _Bad:
            break
        oldest -= 1
        if oldest % AT_ONCE == 0:
            yield ()
    covers = newest.names.count(b"from") >= len(message.named(b"from"))
    return 0 if oldest == 1 else oldest, covers


def _sealed_octets(message: Canonical, sets: Sequence[ArcSet]) -> tuple[bytes, list[int]]:
    """All fields in canonical form in the order in which seals cover them (RFC 8617 5.1.1), and
    the length of what is before each seal."""
    fields: list[bytes] = []
    ends: list[int] = []
    length = 0
    for one in sets:
        for field in one.sealed_fields():
            if field is one.seal:
                ends.append(length)
            fields.append(message.line(field, "relaxed"))
            length += len(fields[-1])
    return b"".join(fields), ends


def _read_signature(one: ArcSet) -> Signature:
    try:
        return read_message_signature(one.signature)
    except SignatureError as error:
        raise _Bad("invalid", f"AMS of i={one.instance}: {error}") from None


def _check_time(signature: Signature, now: float, jitter: int) -> None:
    if signature.expires is not None and signature.expires < now - jitter:
        raise _Bad("fail", "the newest AMS has expired")
    if signature.time is not None and signature.time > now + jitter:
        raise _Bad("fail", "the newest AMS is of a time to come")


def _body_problem(message: Canonical, signature: Signature) -> Evaluation[str]:
    """Why the body is not what was signed; empty if it is."""
    if signature.algorithm not in _KEY_KINDS:
        return f"{signature.algorithm} is too weak"
    digest = yield from paused(message.body.digest(signature.body_form, signature.hash))
    if signature.length not in (None, digest.length):
        return f"l= covers {signature.length} of {digest.length} octets of the body"
    return "" if digest.octets == signature.body_hash else "the body has changed"


def _older_signatures(message: Canonical, sets: Sequence[ArcSet]) -> Evaluation[list[Signature]]:
    """The signatures below the newest whose body is still there, the newest first."""
    found: list[Signature] = []
    for one in reversed(sets):
        try:
            signature = read_message_signature(one.signature)
        except SignatureError:
            break
        if (yield from _body_problem(message, signature)):
            break
        found.append(signature)
    return found


def _ask(
    needed: Sequence[Signature | Seal], wanted: Sequence[Signature]
) -> Evaluation[dict[Question, Answer | DnsError]]:
    """Ask for all keys at once, each one time, those without which nothing passes first."""
    questions = tuple(dict.fromkeys(_question(one) for one in (*needed, *wanted)))
    return dict(zip(questions, (yield questions), strict=True))


def _verify_signature(
    message: Canonical, signature: Signature, answers: Answers, instance: int
) -> None:
    keys = _keys(signature, answers, f"AMS of i={instance}")
    signed = message.signed(signature.names, signature.header_form, signature.field)
    line = message.line(signature.field, signature.header_form)
    signed.append(unsigned_line(line))
    octets = b"".join(signed)
    if not any(key.verifies(signature.signature, octets) for key in keys):
        raise _Bad("fail", f"AMS of i={instance} does not verify")


def _keys(one: Signature | Seal, answers: Answers, what: str) -> tuple[PublicKey, ...]:
    answer = answers[_question(one)]
    if isinstance(answer, DnsError):
        raise _Bad("temperror", f"{what}: {answer}")
    try:
        return read_public_keys(answer.records, _KEY_KINDS[one.algorithm])
    except KeyRecordError as error:
        raise _Bad("fail", f"{what}: {error}") from None


def _question(one: Signature | Seal) -> Question:
    return Question(one.key_name, Kind.TXT)
