"""What signatures of DKIM cost when all keys are in the cache: `python -m bench.dkim`."""

import argparse
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from time import perf_counter, process_time
from typing import Any, NamedTuple, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from mailfilter.auth.dkim import verify
from mailfilter.auth.dkim_key import read_public_key
from mailfilter.auth.dkim_signature import read_signature, unsigned_form
from mailfilter.auth.private_key import public_record
from mailfilter.auth.signature_writer import dkim_field
from mailfilter.auth.signing_keys import SigningKey
from mailfilter.checks.dkim import Dkim
from mailfilter.codec.dns_answer import Answer, Kind, Question
from mailfilter.config.model import Config, Dns, Scan
from mailfilter.mail import Message, parse
from mailfilter.mail.canon import Canonical, CanonicalBody
from mailfilter.net.cache import Cache
from mailfilter.scan.check import Findings, Given
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.lookups import Lookups
from mailfilter.scan.profiles import Profiles
from mailfilter.scan.task import Task

T = TypeVar("T")

NOW = 1_700_000_000
TTL = 86400.0
DOMAIN = "example.net"
RUNS = 5
"""The fastest counts: others use the machine, too."""

ENVELOPE = Envelope("bench")
SETTINGS = Profiles(Config()).settings(ENVELOPE)
NAMES = tuple(
    b"from:from:to:cc:subject:subject:date:message-id:mime-version:content-type:reply-to"
    b":content-transfer-encoding:in-reply-to:references:sender:list-id".split(b":")
)


class Case(NamedTuple):
    """A message and who signs it."""

    what: str
    keys: Sequence[SigningKey]
    text: bytes


def message_of(lines: int) -> bytes:
    """A message with twenty fields, and a body of so many lines."""
    received = b"".join(
        b"Received: from mx%d.example.net (mx%d.example.net [192.0.2.%d])\r\n"
        b"\tby mx.example.org (Postfix) with ESMTPS id ABCDEF%d\r\n"
        b"\tfor <alice@example.org>; Tue, 14 Nov 2023 22:13:20 +0000 (UTC)\r\n" % (n, n, n, n)
        for n in range(9)
    )
    return received + (
        b"From: Bob Bobson <bob@example.net>\r\nTo: Alice <alice@example.org>\r\n"
        b"Cc: Carol <carol@example.org>, dave@example.org\r\nSubject: About that report\r\n"
        b"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <1.2.3@example.net>\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 8bit\r\nIn-Reply-To: <0.1.2@example.org>\r\n"
        b"References: <0.1.2@example.org>\r\n\r\n"
        + b"Some words in a line of the text.\r\n"
        * lines
    )


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="times of each in a run")
    for line in costs(parser.parse_args().count):
        print(line)


def costs(times: int, sizes: Sequence[int] = (1024, 2048, 4096, 8192)) -> Iterator[str]:
    """The lines of the tables, with RSA of so many bits.

    Raises RuntimeError: something does not verify.
    """
    keys = [SigningKey(DOMAIN, f"rsa{bits}", generate_private_key(65537, bits)) for bits in sizes]
    usual = SigningKey(DOMAIN, "usual", generate_private_key(65537, 2048))
    ed = SigningKey(DOMAIN, "ed", Ed25519PrivateKey.generate())
    small = message_of(50)
    yield f"{'verifying, keys in the cache':45} {'CPU us':>8} {'check':>8}"
    for case in (
        *(Case(f"RSA {bits}, 2 KB", [key], small) for bits, key in zip(sizes, keys, strict=True)),
        Case("Ed25519, 2 KB", [ed], small),
        Case("RSA 2048 and Ed25519, 2 KB", [usual, ed], small),
        Case("5 of RSA 2048, 2 KB", [usual] * 5, small),
        Case("RSA 2048, 100 KB", [usual], message_of(3000)),
        Case("RSA 2048, 10 MB", [usual], message_of(300_000)),
        Case("no signature, 2 KB", [], small),
    ):
        yield _verifying(case, times)
    yield from _parts(usual, small, times)


def _verifying(case: Case, times: int) -> str:
    raw = _signed(case)
    fresh = _fresh(raw)
    dns = Warm(case.keys)
    check = Dkim(Given(Scan()))
    found = _end(verify(fresh(), NOW), dns)
    if any(one.result != "pass" for one in found):
        raise RuntimeError(f"{case.what}: {[(one.result, one.reason) for one in found]}")
    times = max(1, min(times, 20_000_000 // len(raw)))
    each = cheapest(lambda: _end(verify(fresh(), NOW), dns), times)
    whole = cheapest(lambda: _check(check, parse(raw), dns), times)
    bare = cheapest(lambda: parse(raw), times)
    return f"{case.what:45} {each:8.1f} {whole - bare:8.1f}"


def _parts(key: SigningKey, raw: bytes, times: int) -> Iterator[str]:
    fresh = _fresh(_signed(Case("", [key], raw)))
    field = fresh().named(b"dkim-signature")[0]
    signature = read_signature(field)
    record = public_record(key.private).encode("ascii")
    public = read_public_key(record)
    signed = b"".join(fresh().signed(signature.names, "relaxed")) + unsigned_form(field, "relaxed")
    yield ""
    yield f"{'parts for RSA 2048, 2 KB':45} {'CPU us':>8}"
    parts: tuple[tuple[str, Callable[[], object]], ...] = (
        ("read the field", lambda: read_signature(field)),
        ("a key that is remembered", lambda: read_public_key(record)),
        ("canonical fields", lambda: fresh().signed(signature.names, "relaxed")),
        ("the field itself", lambda: unsigned_form(field, "relaxed")),
        ("the body", lambda: _end(fresh().body.digest("relaxed"))),
        ("verify", lambda: public.verifies(signature.signature, signed)),
        ("sign: all of it", lambda: _field(key, fresh())),
    )
    for what, work in parts:
        yield f"{what:45} {cheapest(work, times):8.1f}"


def _fresh(raw: bytes) -> Callable[[], Canonical]:
    """Makes a message that remembers nothing."""
    fields = parse(raw).canonical.fields
    body = raw.partition(b"\r\n\r\n")[2]
    return lambda: Canonical(fields, CanonicalBody(body))


def cheapest(work: Callable[[], object], times: int) -> float:
    """Microseconds of CPU."""
    return 1e6 * min(_seconds(work, times) for _ in range(RUNS)) / times


def _seconds(work: Callable[[], object], times: int) -> float:
    start = process_time()
    for _ in range(times):
        work()
    return process_time() - start


def _signed(case: Case) -> bytes:
    raw = case.text
    for key in case.keys:
        raw = b"DKIM-Signature: " + _field(key, parse(raw).canonical) + b"\r\n" + raw
    return raw


def _field(key: SigningKey, message: Canonical) -> bytes:
    value = dkim_field(
        key,
        message,
        NAMES,
        header_form="relaxed",
        body_form="relaxed",
        digest=_end(message.body.digest("relaxed")).octets,
        time=NOW,
    )
    return value.replace("\n", "\r\n").encode("ascii")


class Warm:
    """A `Resolves` that has all keys at hand."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self._cache = Cache(Dns())
        for key in keys:
            question = Question(f"{key.selector}._domainkey.{key.domain}", Kind.TXT)
            record = public_record(key.private).encode("ascii")
            self._cache.keep_answer(Answer(question, "found", (record,), TTL), 0.0)

    def peek(self, question: Question) -> Answer | None:
        """See `Resolves.peek`."""
        known = self._cache.find(question, 1.0)
        return known if isinstance(known, Answer) else None

    async def lookup(self, question: Question) -> Answer:
        """Raises RuntimeError: something is not at hand."""
        raise RuntimeError(f"{question} is not in the cache")


def _end(work: Generator[Any, Any, T], dns: Warm | None = None) -> T:
    """What comes of something that asks for what is at hand, and pauses."""
    try:
        asks = next(work)
        while True:
            known = tuple([dns.peek(question) for question in asks]) if dns and asks else ()
            asks = work.send(known) if dns else next(work)
    except StopIteration as stop:
        result: T = stop.value
        return result


def _check(check: Dkim, message: Message, dns: Warm) -> Findings:
    """All that a scan does for it, but for the task."""
    lookups = Lookups(dns)
    waiting: Coroutine[Any, Any, Findings] = check.run(
        Task(ENVELOPE, message, SETTINGS, {}, 60.0, perf_counter, lookups)
    )
    try:
        waiting.send(None)
    except StopIteration as stop:
        found: Findings = stop.value
        return found
    raise RuntimeError("it waits")


if __name__ == "__main__":
    main()
