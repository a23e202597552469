"""What evaluations of SPF cost when all answers are in the cache: `python -m bench.spf`."""

import argparse
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from time import perf_counter, process_time
from typing import Any, NamedTuple, TypeVar

from mailfilter.auth.spf import evaluate
from mailfilter.auth.spf_drive import run_evaluation
from mailfilter.auth.spf_macro import expand_name, parse_domain
from mailfilter.auth.spf_values import Asked, SpfResult
from mailfilter.checks.spf import Spf
from mailfilter.codec.dns_answer import Answer, Kind, Mx, Question
from mailfilter.config.model import Config, Dns, Scan
from mailfilter.mail import parse
from mailfilter.net.cache import Cache
from mailfilter.scan.check import Findings, Given
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.lookups import Lookups
from mailfilter.scan.profiles import Profiles
from mailfilter.scan.task import Task

T = TypeVar("T")

HELO = "mx1.small.example"
MESSAGE = parse(b"Subject: x\r\n\r\nbody\r\n")
SETTINGS = Profiles(Config()).settings(Envelope("bench"))

TTL = 86400.0

RUNS = 5
"""The fastest counts: others use the machine, too."""

NETWORKS = " ".join(f"ip4:198.51.{n}.0/24" for n in range(20))
"""As providers have them in their records."""

MACROS = "%{S}" * 100 + ".x"
"""A target whose text is much longer than a name; ten of them make a record of 4,000 octets."""

MACROS_NAME = expand_name(parse_domain(MACROS), lambda _: "joe@macros.example") or ""

ZONE: Mapping[str, Mapping[Kind, Sequence[Any]]] = {
    "small.example": {
        Kind.TXT: (b"site-verification=0123456789abcdef", b"v=spf1 mx a -all"),
        Kind.MX: (Mx(10, "mx1.small.example"), Mx(20, "mx2.small.example")),
        Kind.A: (IPv4Address("192.0.2.80"),),
    },
    "mx1.small.example": {
        Kind.A: (IPv4Address("192.0.2.1"),),
        Kind.AAAA: (IPv6Address("2001:db8::1"),),
    },
    "mx2.small.example": {
        Kind.A: (IPv4Address("192.0.2.2"),),
        Kind.AAAA: (IPv6Address("2001:db8::2"),),
    },
    "hosted.example": {Kind.TXT: (b"v=spf1 include:_spf.provider.example ~all",)},
    "_spf.provider.example": {
        Kind.TXT: (
            b"v=spf1 include:_1.provider.example include:_2.provider.example"
            b" include:_3.provider.example ~all",
        )
    },
    "_1.provider.example": {Kind.TXT: (f"v=spf1 {NETWORKS} ~all".encode("ascii"),)},
    "_2.provider.example": {
        Kind.TXT: (f"v=spf1 {NETWORKS} ip4:192.0.2.0/24 ~all".encode("ascii"),)
    },
    "_3.provider.example": {Kind.TXT: (b"v=spf1 ip6:2001:db8::/32 ~all",)},
    "flat.example": {Kind.TXT: (f"v=spf1 {NETWORKS} ip4:192.0.2.1 -all".encode("ascii"),)},
    "moved.example": {Kind.TXT: (b"v=spf1 redirect=flat.example",)},
    "macro.example": {Kind.TXT: (b"v=spf1 exists:%{i}._ip.%{h}._helo.%{d2}._spf.x.example -all",)},
    "macros.example": {Kind.TXT: (f"v=spf1{f' a:{MACROS}' * 10} -all".encode("ascii"),)},
    MACROS_NAME: {Kind.A: (IPv4Address("192.0.2.2"),)},
    "1.2.0.192.in-addr.arpa": {Kind.PTR: ("mx1.small.example",)},
    "192.0.2.1._ip.mx1.small.example._helo.macro.example._spf.x.example": {
        Kind.A: (IPv4Address("127.0.0.2"),)
    },
}


class Case(NamedTuple):
    """A client and a domain that it sends for."""

    what: str
    domain: str
    ip: str
    result: str


CASES = (
    Case("mx and a, passes at the first host", "small.example", "192.0.2.1", "pass"),
    Case("mx and a, fails", "small.example", "203.0.113.1", "fail"),
    Case("21 networks, passes at the last", "flat.example", "192.0.2.1", "pass"),
    Case("21 networks behind a redirect, fails", "moved.example", "203.0.113.1", "fail"),
    Case("provider, 5 records, passes", "hosted.example", "192.0.2.1", "pass"),
    Case("provider, 5 records, passes by IPv6", "hosted.example", "2001:db8::25", "pass"),
    Case("provider, 5 records, fails", "hosted.example", "203.0.113.1", "softfail"),
    Case("macros", "macro.example", "192.0.2.1", "pass"),
    Case("ten terms of 100 macros, fails", "macros.example", "192.0.2.1", "fail"),
    Case("no record", "none.example", "192.0.2.1", "none"),
)


class Warm:
    """A `Resolves` that has all answers of `ZONE` at hand."""

    def __init__(self) -> None:
        self._cache = _warm_cache()

    def peek(self, question: Question) -> Answer | None:
        """See `Resolves.peek`."""
        known = self._cache.find(question, 1.0)
        return known if isinstance(known, Answer) else None

    async def lookup(self, question: Question) -> Answer:
        """Raises RuntimeError: something is not at hand."""
        raise RuntimeError(f"{question} is not in the cache")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="evaluations of each case in a run")
    for line in costs(parser.parse_args().count):
        print(line)


def costs(count: int) -> Iterator[str]:
    """The lines of a table. Raises RuntimeError: a case comes to something else."""
    warm = Warm()
    check = Spf(Given(Scan()))
    head = "SPF, all answers in the cache"
    yield f"{head:40} {'result':>9} {'questions':>10} {'CPU us':>7} {'check':>7}"
    for case in CASES:
        asked = Asked(ip_address(case.ip), f"joe@{case.domain}", HELO)
        found = _evaluate(asked, warm)
        if found.result != case.result:
            raise RuntimeError(f"{case.what}: {found.result}")
        each = _cheapest(partial(_evaluate, asked, warm), count)
        whole = _cheapest(partial(_check, check, asked, warm), count)
        questions = sum(isinstance(step.what, Question) for step in found.steps)
        yield f"{case.what:40} {found.result:>9} {questions:10} {each:7.1f} {whole:7.1f}"


def _cheapest(work: Callable[[], object], count: int) -> float:
    """Microseconds of CPU."""
    return 1e6 * min(_seconds(work, count) for _ in range(RUNS)) / count


def _seconds(work: Callable[[], object], count: int) -> float:
    start = process_time()
    for _ in range(count):
        work()
    return process_time() - start


def _warm_cache() -> Cache:
    cache = Cache(Dns())
    for name, kinds in ZONE.items():
        for kind, records in kinds.items():
            question = Question(name, kind)
            cache.keep_answer(Answer(question, "found", tuple(records), TTL), 0.0)
    question = Question("none.example", Kind.TXT)
    cache.keep_answer(Answer(question, "nxdomain", (), TTL), 0.0)
    return cache


def _evaluate(asked: Asked, warm: Warm) -> SpfResult:
    evaluation = evaluate(asked)
    return _run(run_evaluation(evaluation, lambda q, _: warm.lookup(q), warm.peek, perf_counter))


def _check(check: Spf, asked: Asked, warm: Warm) -> Findings:
    """All that a scan does for it, but for the task."""
    envelope = Envelope("bench", client_ip=asked.ip, helo=asked.helo, sender=asked.sender)
    lookups = Lookups(warm)
    return _run(check.run(Task(envelope, MESSAGE, SETTINGS, {}, 60.0, perf_counter, lookups)))


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise RuntimeError("it waits")


if __name__ == "__main__":
    main()
