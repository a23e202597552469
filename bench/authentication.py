"""What sender authentication costs in a scan: `python -m bench.authentication`.

Each message is signed and sealed by us, by RSA of 2,048 bits, and then scanned with SPF, DKIM, ARC
and DMARC, and with none of them; all answers of DNS are at hand.
"""

import argparse
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock

from mailfilter.auth.private_key import public_record
from mailfilter.auth.signing_keys import SigningKey, SigningKeys
from mailfilter.checks.arc import Arc
from mailfilter.checks.arc_sealing import ArcSealing
from mailfilter.checks.dkim import Dkim
from mailfilter.checks.dkim_signing import DkimSigning
from mailfilter.checks.dmarc import Dmarc
from mailfilter.checks.spf import Spf
from mailfilter.codec.dns_answer import Answer, Kind, Question
from mailfilter.config.model import Config, Dns
from mailfilter.mail import parse
from mailfilter.net.cache import Cache
from mailfilter.scan.check import Check
from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.scan.plan import build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.verdict import AddHeader, Verdict

from . import messages

SMALL = 10_000
"""Octets; larger messages are left out."""

MOST = 400
ROUNDS = 7
"""The fastest counts: others use the machine, too."""

AUTHOR, LIST = "hosted.example", "list.example"
SPF = b"v=spf1 ip4:198.51.100.0/24 include:_spf.provider.example ~all"
PROVIDER = b"v=spf1 ip4:203.0.113.0/24 ip4:192.0.2.0/24 ~all"
SYMBOLS = {"R_SPF_ALLOW", "R_DKIM_ALLOW", "ARC_ALLOW", "DMARC_POLICY_ALLOW"}

OUTSIDE = Envelope(
    "bench",
    client_ip=ip_address("192.0.2.1"),
    helo="mx.hosted.example",
    sender=f"joe@{AUTHOR}",
    recipients=(Recipient(f"all@{LIST}"),),
)
INSIDE = Envelope("bench", sender=f"joe@{AUTHOR}", user=f"joe@{AUTHOR}")
PASSED_ON = Envelope(
    "bench",
    client_ip=ip_address("192.0.2.1"),
    sender=f"joe@{AUTHOR}",
    recipients=(Recipient(f"all@{LIST}"),),
)

Groups = dict[str, tuple[type[Check], ...]]
CHECKS: Groups = {
    "nothing": (),
    "spf": (Spf,),
    "dkim": (Dkim,),
    "arc": (Arc,),
    "spf, dkim, arc": (Spf, Dkim, Arc),
    "all four": (Spf, Dkim, Arc, Dmarc),
}


class Warm:
    """A `Resolves` that has all answers at hand."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self._cache = Cache(Dns())
        self._keep(AUTHOR, SPF)
        self._keep("_spf.provider.example", PROVIDER)
        self._keep(f"_dmarc.{AUTHOR}", b"v=DMARC1; p=reject; rua=mailto:dmarc@hosted.example")
        for key in keys:
            record = public_record(key.private).encode()
            self._keep(f"{key.selector}._domainkey.{key.domain}", record)

    def _keep(self, name: str, record: bytes) -> None:
        answer = Answer(Question(name, Kind.TXT), "found", (record,), 86400.0)
        self._cache.keep_answer(answer, 0.0)

    def peek(self, question: Question) -> Answer | None:
        """See `Resolves.peek`."""
        known = self._cache.find(question, 1.0)
        return known if isinstance(known, Answer) else None

    async def lookup(self, question: Question) -> Answer:
        """Raises RuntimeError: something is not at hand."""
        raise RuntimeError(f"{question} is not in the cache")


class Bench:
    """Keys, a resolver, and scans by some checks."""

    def __init__(self) -> None:
        private = generate_private_key(65537, 2048)
        self.keys = [SigningKey(domain, "s", private) for domain in (AUTHOR, LIST)]
        self._warm = Warm(self.keys)

    def scanner(self, *checks: type[Check], signs: bool = False) -> Scanner:
        """A scanner with these checks alone."""
        config = Config()
        plan = build_plan(config, checks, keys=SigningKeys(self.keys if signs else ()))
        clock = IReactorTime(Clock())
        return Scanner(plan, config.scan, clock, work_clock=perf_counter, resolver=self._warm)

    def signed(self, raw: bytes) -> bytes:
        """The message with the fields of another author, a signature and an ARC set."""
        raw = _authored(raw)
        raw = _edited(raw, scan(self.scanner(DkimSigning, signs=True), INSIDE, raw))
        checks = (Spf, Dkim, Arc, Dmarc, DkimSigning, ArcSealing)
        return _edited(raw, scan(self.scanner(*checks, signs=True), PASSED_ON, raw))


def scan(scanner: Scanner, envelope: Envelope, raw: bytes) -> Verdict:
    """Scan at once. Raises RuntimeError if something waits."""
    found: list[Any] = []
    Deferred.fromCoroutine(scanner.scan(envelope, raw)).addBoth(found.append)
    if not found or not isinstance(found[0], Verdict):
        raise RuntimeError(f"no verdict: {found}")
    verdict: Verdict = found[0]
    return verdict


def _authored(raw: bytes) -> bytes:
    """The message with a From field of the author's, and without signatures of others."""
    message = parse(raw)
    gone = (b"from", b"dkim-signature", b"arc-")
    kept = [octets for name, octets in message.headers.octets() if not name.startswith(gone)]
    return b"From: Joe <joe@%s>\r\n%s\r\n%s" % (
        AUTHOR.encode(),
        b"".join(kept),
        raw[message.root.body_start :],
    )


def _edited(raw: bytes, verdict: Verdict) -> bytes:
    adds = [edit for edit in verdict.edits if isinstance(edit, AddHeader)]
    top = "".join(f"{edit.name}: {edit.value}\n" for edit in adds).replace("\n", "\r\n")
    return top.encode() + raw


def costs(directory: Path | None) -> Iterator[str]:
    """The lines of a table. Raises RuntimeError: a message is not what it should be."""
    bench = Bench()
    small = [raw for raw in messages.load(directory) if len(raw) < SMALL][:MOST]
    found = [raw for raw in map(bench.signed, small) if _passes(bench, raw)]
    size = sum(map(len, found)) / len(found)
    yield f"{len(found)} of {len(small)} messages pass all, {size / 1024:.1f} KiB mean"
    yield f"{'checks':20} {'CPU us a message':>17}"
    base = 0.0
    for what, checks in CHECKS.items():
        cost = 1e6 * min(_seconds(bench.scanner(*checks), found) for _ in range(ROUNDS))
        cost /= len(found)
        base = base or cost
        yield f"{what:20} {cost - base:17.1f}" if checks else f"{what:20} {cost:17.1f}"


def _passes(bench: Bench, raw: bytes) -> bool:
    verdict = scan(bench.scanner(Spf, Dkim, Arc, Dmarc), OUTSIDE, raw)
    return {symbol.name for symbol in verdict.symbols} >= SYMBOLS


def _seconds(scanner: Scanner, found: Sequence[bytes]) -> float:
    start = process_time()
    for raw in found:
        scan(scanner, OUTSIDE, raw)
    return process_time() - start


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=Path, help="a directory of messages")
    for line in costs(parser.parse_args().messages):
        print(line)


if __name__ == "__main__":
    main()
