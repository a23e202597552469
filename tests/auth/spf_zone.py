"""Zones as the suites of SPF write them, and evaluations over them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from mailfilter.auth.spf import DEFAULTS, evaluate
from mailfilter.auth.spf_values import Asked, Limits, SpfResult
from mailfilter.codec.dns_answer import (
    Answer,
    DnsError,
    DnsFailure,
    DnsTimeout,
    Kind,
    Mx,
    Question,
)
from mailfilter.codec.dns_name import normal_name

Entries = Mapping[str, Sequence[Mapping[str, Any] | str]]
"""Name -> records, each a kind with its value, or `TIMEOUT`."""

MAX_CHAIN = 8


@dataclass
class Zone:
    """Answers from such a zone, as a resolver would."""

    records: dict[Question, list[Any]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    slow: set[str] = field(default_factory=set)
    """Names with no answer for kinds that they have no records of."""
    asked: list[Question] = field(default_factory=list)

    def answer(self, question: Question) -> Answer | DnsError:
        """The answer, or the error as a value; CNAMEs are followed."""
        self.asked.append(question)
        name = question.name
        for _ in range(MAX_CHAIN):
            if found := self.records.get(Question(name, question.kind)):
                return Answer(question, "found", tuple(dict.fromkeys(found)), 60.0, False, name)
            if name in self.slow:
                return DnsTimeout(question)
            alias = self.records.get(Question(name, Kind.CNAME))
            if not alias:
                return Answer(question, "nodata" if name in self.names else "nxdomain", name=name)
            name = alias[0]
        return DnsFailure(question, "chain of CNAMEs without an end")


def make_zone(entries: Entries) -> Zone:
    """A zone; records of the kind SPF count as TXT where a name has none of those."""
    zone = Zone()
    for owner, items in entries.items():
        name = normal_name(owner)
        zone.names.add(name)
        pairs = [pair for item in items if not isinstance(item, str) for pair in item.items()]
        if "TIMEOUT" in items:
            zone.slow.add(name)
        has_txt = any(kind == "TXT" for kind, _ in pairs)
        for kind, value in pairs:
            if value == "NONE" or (kind == "SPF" and has_txt):
                continue
            question = Question(name, Kind["TXT" if kind == "SPF" else kind])
            zone.records.setdefault(question, []).append(_value(question.kind, value))
    return zone


def _value(kind: Kind, value: Any) -> Any:
    match kind:
        case Kind.A:
            return IPv4Address(value)
        case Kind.AAAA:
            return IPv6Address(value)
        case Kind.MX:
            return Mx(int(value[0]), normal_name(value[1]))
        case Kind.TXT:
            return "".join([value] if isinstance(value, str) else value).encode("latin-1")
    return normal_name(value)


def run(asked: Asked, zone: Zone, limits: Limits = DEFAULTS) -> SpfResult:
    """Evaluate to the end."""
    evaluation = evaluate(asked, limits)
    try:
        question = next(evaluation)
        while True:
            question = evaluation.send(zone.answer(question))
    except StopIteration as stop:
        result: SpfResult = stop.value
        return result


def check(
    records: Mapping[str, str | Iterable[str]],
    ip: str = "192.0.2.1",
    sender: str = "joe@example.com",
    helo: str = "mx.example.com",
    limits: Limits = DEFAULTS,
    zone: Zone | None = None,
) -> SpfResult:
    """Evaluate over lines such as `TXT v=spf1 -all`, one or some for each name."""
    zone = zone or lines_zone(records)
    return run(Asked(ip_address(ip), sender, helo, time=1.0), zone, limits)


def lines_zone(records: Mapping[str, str | Iterable[str]]) -> Zone:
    """A zone of such lines."""
    entries: dict[str, list[Mapping[str, Any] | str]] = {}
    for name, lines in records.items():
        entries[name] = [_line(line) for line in ([lines] if isinstance(lines, str) else lines)]
    return make_zone(entries)


def _line(line: str) -> Mapping[str, Any] | str:
    kind, _, value = line.partition(" ")
    if not value:
        return kind
    return {kind: value.split() if kind == "MX" else value}
