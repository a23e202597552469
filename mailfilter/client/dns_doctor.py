"""Examines a resolver: does it do what the filter needs of it?"""

import secrets
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, ip_network

from ..codec.dns_answer import Kind, Question
from ..net.servers import Server
from .dns_probe import SILENCE, Probe, Told
from .dns_public import is_stub, operator_of

ROOT = Question("", Kind.SOA)
"""What every resolver knows, and can prove."""
TEST_ENTRY = "2.0.0.127"
"""What every list of addresses lists, so that it can be tried (RFC 5782 5)."""
MANY = 5
"""Questions from which the time is taken."""
SLOW_SECONDS = 0.05
"""For an answer that a resolver remembers: it is not near."""

_LISTED = ip_network("127.0.0.0/8")
_REFUSALS = ip_network("127.255.255.0/24")
_REASONS = {
    "127.255.255.252": "the name of the list is wrong",
    "127.255.255.254": "the question came through a public resolver",
    "127.255.255.255": "there were too many questions",
}


@dataclass(frozen=True, slots=True)
class ListTried:
    """What a list of bad clients says to its test entry."""

    name: str
    answers: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a resolver is like; what needs an answer is `None` without one."""

    server: Server
    answers: bool = False
    median: float | None = None
    """Seconds to an answer that it remembers."""
    slowest: float | None = None
    unknown: float | None = None
    """Seconds to an answer that it has to look up."""
    tcp: bool | None = None
    edns: bool | None = None
    validates: bool | None = None
    """It says of the root that DNSSEC proves it."""
    is_honest: bool | None = None
    """It says of a name that does not exist that it does not."""
    operator: str = ""
    """Who runs it, if it is a public one."""
    lists: tuple[ListTried, ...] = ()
    trouble: tuple[str, ...] = ()
    """What must be changed."""
    hints: tuple[str, ...] = ()
    """What could be better."""


def examine(server: Server, timeout: float, lists: Sequence[str]) -> Finding:
    """Examine a resolver; blocks.

    Args:
        server: Which one.
        timeout: Seconds, for each attempt.
        lists: Names of lists of bad clients that are tried through it.
    """
    probe = Probe(server, timeout)
    first = probe.ask(ROOT)
    if first.rcode is None:
        return _silent(server, first)
    again = [probe.ask(ROOT) for _ in range(MANY)]
    missing = probe.ask(Question(f"mailfilter-{secrets.token_hex(8)}.com", Kind.A))
    tcp = probe.ask(ROOT, is_tcp=True)
    times = [told.seconds for told in again if told.rcode is not None]
    finding = Finding(
        server=server,
        answers=True,
        median=statistics.median(times) if times else None,
        slowest=max(times, default=None),
        unknown=missing.seconds if missing.rcode is not None else None,
        tcp=tcp.rcode is not None,
        edns=first.answer is not None or probe.takes_edns(ROOT),
        validates=first.answer.is_authentic if first.answer else None,
        is_honest=missing.answer.status != "found" if missing.answer else None,
        operator=operator_of(server.host),
        lists=tuple(_try_list(probe, name) for name in lists),
    )
    trouble = [*_failures(first, missing, tcp), *_troubles(finding)]
    hints = [*_packets([first, *again, missing]), *_hints(finding)]
    return replace(finding, trouble=tuple(trouble), hints=tuple(hints))


def _silent(server: Server, told: Told) -> Finding:
    trouble = f"it does not answer: {told.trouble}"
    hints = tuple(_packets([told]))
    return Finding(server, operator=operator_of(server.host), trouble=(trouble,), hints=hints)


def _try_list(probe: Probe, name: str) -> ListTried:
    told = probe.ask(Question(f"{TEST_ENTRY}.{name}", Kind.A))
    answer = told.answer
    if answer is None:
        return ListTried(name, trouble=told.trouble)
    if answer.status != "found":
        return ListTried(name, trouble="it does not list what every list lists for trying")
    addresses: tuple[IPv4Address, ...] = answer.records
    for address in addresses:
        if address not in _LISTED:
            return ListTried(name, trouble=f"{address} is no answer of a list")
        if address in _REFUSALS:
            reason = _REASONS.get(str(address), "it refuses")
            return ListTried(name, trouble=f"{address}: {reason}")
    return ListTried(name, answers=True)


def _failures(first: Told, missing: Told, tcp: Told) -> Iterator[str]:
    for told, what in ((first, "asked for the root"), (missing, "asked for a name below com")):
        if told.trouble:
            yield f"{what}: {told.trouble}"
    if tcp.rcode is None:
        yield f"no answer over TCP, where long ones must go: {tcp.trouble}"


def _troubles(finding: Finding) -> Iterator[str]:
    if finding.is_honest is False:
        yield "it has an address for a name that does not exist: lists would list everybody"
    for tried in finding.lists:
        if not tried.answers:
            yield f"{tried.name}: {tried.trouble}"


def _packets(tried: Sequence[Told]) -> Iterator[str]:
    lost = sum(told.trouble == SILENCE for told in tried)
    strays = sum(told.strays for told in tried)
    if 0 < lost < len(tried):
        yield f"{lost} of {len(tried)} questions had no answer"
    if strays:
        yield f"packets that are no answer to what was asked: {strays}"


def _hints(finding: Finding) -> Iterator[str]:
    if finding.operator:
        yield f"it is a public resolver, of {finding.operator}: many lists refuse it"
    if is_stub(finding.server.host):
        yield "it is systemd-resolved, which asks others: `resolvectl status` tells whom"
    if finding.validates is False:
        yield "it does not validate: whoever forges answers to it forges them to the filter"
    if finding.edns is False:
        yield "it does not know EDNS: more answers have to go over TCP"
    if finding.median is not None and finding.median > SLOW_SECONDS:
        yield "it is slow; one on this machine would answer within a millisecond"
