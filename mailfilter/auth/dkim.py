"""Verifies the DKIM signatures of a message (RFC 6376 6.1, RFC 8301, RFC 8463).

What is cheap comes first: the fields of the signatures, then all keys in one go, then the header,
and the body last. Of a body there are at most two digests, one for each form, which signatures
share; `CanonicalBody.work` has them worked out by who waits for the keys.

No key makes a signature pass over a body that has changed: such a signature is a `fail` even if
DNS or the time of the check leaves its key unknown. So neither the silence of others' keys nor the
size of a body makes a temporary error out of what cannot pass.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import takewhile

from ..codec.dns_answer import Answer, DnsError, DnsTooMany, Kind, Question
from ..codec.dns_name import BadName, normal_name
from ..mail.canon import Canonical, Field
from .dkim_key import KeyRecordError, PublicKey, read_public_keys
from .dkim_key import Kind as KeyKind
from .dkim_signature import Signature, SignatureError, read_signature, unsigned_line
from .dkim_values import DkimResult, Limits
from .drive import Evaluation, OutOfTime, paused

MAX_READ = 50
"""Fields that are read of a message, the topmost first. More are not even looked at."""

_VERIFIED_AT_ONCE = 2
"""Signatures: one over the largest header takes two milliseconds. Most mail has no more."""
_READ_AT_ONCE = 10
"""Fields: a long one takes half a millisecond."""

_KEY_KINDS: dict[str, KeyKind] = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
"""What signs by what. Of rsa-sha1 no key is asked for: it never verifies (RFC 8301 3.1)."""

DEFAULTS = Limits()


def verify(
    message: Canonical, now: float, limits: Limits = DEFAULTS, author: str = ""
) -> Evaluation[tuple[DkimResult, ...]]:
    """Verify the signatures, the topmost first in what is returned.

    `now` is in seconds since 1970. Those of the domain `author` (lower case) go first, then those
    of domains that have most of their end in common with it. Of those that cannot pass, whatever
    their key, no more are told than may be verified. What is not verified when the time is up is
    a `temperror`; of fields that are not even read by then nothing is told.
    """
    fields = message.named(b"dkim-signature")[:MAX_READ]
    if message.is_cut:
        # Fields may be signed, or forged, that nobody has seen.
        return (DkimResult("permerror", "the header cannot be read whole"),) * min(len(fields), 1)
    found: list[DkimResult] = []
    with suppress(OutOfTime):
        for n, field in enumerate(fields, 1):
            found.append(_read(field, now, limits))
            if n % _READ_AT_ONCE == 0:
                yield ()
    candidates = [n for n, one in enumerate(found) if one.result == "pass"]
    candidates.sort(key=lambda n: _nearness(found[n], author), reverse=True)
    hopeless = [n for n, one in enumerate(found) if one.result != "pass"]
    for n in (*candidates[limits.signatures :], *hopeless[limits.signatures :]):
        found[n] = found[n]._replace(result="neutral", reason="not looked at", is_skipped=True)
    yield from _verify_each(message, found, candidates[: limits.signatures])
    return tuple(found)


@lru_cache(maxsize=1024)
def key_question(domain: str, selector: str) -> Question:
    """What asks for a key (RFC 6376 3.6.2.1). Raises BadName."""
    return Question(normal_name(f"{selector}._domainkey.{domain}"), Kind.TXT)


def keys_of(answer: Answer | DnsError, signature: Signature) -> tuple[PublicKey, ...]:
    """The keys by which a signature may have been made. Raises KeyRecordError, DnsError."""
    if isinstance(answer, DnsError):
        raise answer
    return read_public_keys(answer.records, _KEY_KINDS[signature.algorithm])


def _read(field: Field, now: float, limits: Limits) -> DkimResult:
    """What a field says by itself: that it cannot pass, or that it may."""
    try:
        signature = read_signature(field)
    except SignatureError as error:
        return DkimResult("permerror", str(error))
    problem = ""
    if signature.algorithm not in _KEY_KINDS:
        problem = f"{signature.algorithm} is too weak"
    elif signature.expires is not None and signature.expires < now - limits.jitter:
        problem = "the signature has expired"
    elif signature.time is not None and signature.time > now + limits.jitter:
        problem = "the signature is of a time to come"
    return DkimResult("permerror" if problem else "pass", problem, signature)


def _nearness(result: DkimResult, author: str) -> tuple[bool, int]:
    """How likely a signature is to count for the author: the same domain, or with the same end."""
    assert result.signature is not None
    domain = result.signature.domain
    labels = zip(reversed(domain.split(".")), reversed(author.split(".")), strict=False)
    return domain == author, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], labels))


def _verify_each(
    message: Canonical, found: list[DkimResult], chosen: Sequence[int]
) -> Evaluation[None]:
    """Have results of verification in place of those that are still open."""
    asks: dict[int, Question] = {}
    for n in chosen:
        signature = found[n].signature
        assert signature is not None
        try:
            asks[n] = key_question(signature.domain, signature.selector)
        except BadName:
            found[n] = DkimResult("permerror", "the name of the key is no name", signature)
    if not asks:
        return
    for n in asks:
        found[n] = found[n]._replace(result="temperror", reason="the time is up")
        signature = _signature(found[n])
        message.body.want(signature.body_form, signature.hash)
    questions = tuple(dict.fromkeys(asks.values()))
    answers = dict(zip(questions, (yield questions), strict=True))
    verified: dict[int, DkimResult] = {}
    with suppress(OutOfTime):
        # All headers, before the body takes what is left of the time.
        for done, (n, question) in enumerate(asks.items()):
            if done and done % _VERIFIED_AT_ONCE == 0:
                yield ()
            result = yield from _by_header(message, _signature(found[n]), answers[question])
            (verified if result.result == "pass" else found)[n] = result
        for n in asks:
            if found[n].result == "temperror":
                signature = _signature(found[n])
                yield from paused(message.body.digest(signature.body_form, signature.hash))
    for n in asks:
        if found[n].result == "temperror":
            found[n] = _by_body(message, found[n], verified.get(n))


def _signature(result: DkimResult) -> Signature:
    """That of a result which is still open."""
    assert result.signature is not None
    return result.signature


def _by_header(
    message: Canonical, signature: Signature, answer: Answer | DnsError
) -> Evaluation[DkimResult]:
    """What follows from the key and the header: `pass` if all else is up to the body."""
    if isinstance(answer, DnsTooMany):
        # The sender has chosen how much there is to ask: no error that speaks for it.
        return DkimResult("neutral", f"not looked at: {answer.reason}", signature, is_skipped=True)
    try:
        keys = keys_of(answer, signature)
    except DnsError as error:
        return DkimResult("temperror", f"{error}", signature)
    except KeyRecordError as error:
        return DkimResult("permerror", str(error), signature)
    signed = message.signed(signature.names, signature.header_form, signature.field)
    line = message.line(signature.field, signature.header_form)
    signed.append(unsigned_line(line))
    octets = b"".join(signed)
    key = yield from _fitting(keys, signature.signature, octets)
    if key is None:
        is_testing = any(one.is_testing for one in keys)
        return _failed("the signature does not verify", signature, is_testing=is_testing)
    if key.is_strict and signature.identity.rpartition("@")[2] != signature.domain:
        return DkimResult("permerror", "i= is below d=, which the key forbids", signature)
    return DkimResult("pass", "", signature, tuple(_flags(signature, key)))


def _by_body(message: Canonical, error: DkimResult, verified: DkimResult | None) -> DkimResult:
    """What a signature comes to if its header has verified, or nobody knows for a temporary error.

    If the key is not known, the domain is taken not to be testing.
    """
    result = verified or error
    signature, flags = _signature(result), result.flags
    digest = message.body.known(signature.body_form, signature.hash)
    if digest is None:
        result = error
    elif signature.length not in (None, digest.length):
        # Whatever the part is: of what is behind it, or missing, nobody has signed anything.
        problem = f"l= is {signature.length}, the body has {digest.length} octets"
        return DkimResult("policy", problem, signature, flags)
    elif digest.octets != signature.body_hash:
        return _failed("the body has changed", signature, is_testing="testing" in flags)
    if len(message.named(b"from")) > signature.names.count(b"from"):
        # Programs differ about which one they show (RFC 6376 8.15).
        return DkimResult("policy", "not all From fields are signed", signature, flags)
    return result


def _fitting(
    keys: Sequence[PublicKey], signature: bytes, octets: bytes
) -> Evaluation[PublicKey | None]:
    """The key by which a signature was made."""
    for n, key in enumerate(keys):
        if n:
            yield ()
        if key.verifies(signature, octets):
            return key
    return None


def _failed(reason: str, signature: Signature, *, is_testing: bool) -> DkimResult:
    """A domain that is still testing must not fare worse than without (RFC 6376 3.6.1, t=y)."""
    if is_testing:
        return DkimResult("neutral", reason, signature, ("testing",))
    return DkimResult("fail", reason, signature)


def _flags(signature: Signature, key: PublicKey) -> Iterator[str]:
    if key.is_testing:
        yield "testing"
    if signature.length is not None:
        yield "l="
