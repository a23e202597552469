"""A resolver for tests: it answers by the text of a zone, at once or late, or fails as told."""

from collections import Counter
from dataclasses import replace
from math import inf
from typing import Literal

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock, deferLater

from ..codec.dns_answer import Answer, DnsError, DnsFailure, Kind, Question
from ..codec.dns_name import BadName, normal_name
from .zone_text import DEFAULT_TTL, Zone

MAX_CNAMES = 16
NEGATIVE_TTL = DEFAULT_TTL
"""Seconds for which it is remembered that there is nothing."""


class FakeDns:
    """A `mailfilter.scan.lookups.Resolves` that knows the records of a zone (`read_zone`).

    A name that is not in it does not exist (`nxdomain`), one with records of other kinds, or with
    names below it, has none (`nodata`). Upper case and a final dot make no other name. Answers are
    remembered as long as they live, until `forget`; the time for that, and for what is late, is
    that of `clock`.
    """

    def __init__(self, zone: str = "", clock: Clock | None = None) -> None:
        """Raises ValueError if the text of the zone is no good."""
        self.delay = 0.0
        """Seconds until an answer comes, or fails to; above 0 it takes a `clock`."""
        self.is_authentic = False
        """Whether answers are said to be proven by DNSSEC."""
        self.asked: Counter[Question] = Counter()
        """What was looked up, and how often; what was remembered is not among it."""
        self._clock = clock
        self._zone = Zone(zone)
        self._errors: dict[tuple[str, Kind | None], type[DnsError]] = {}
        self._delays: dict[str, float] = {}
        self._known: dict[Question, tuple[float, Answer]] = {}

    def add(self, zone: str) -> None:
        """Add the records of another text; raises ValueError as the constructor."""
        self._zone.add(zone)

    def fail(self, name: str, error: type[DnsError] = DnsFailure, kind: Kind | None = None) -> None:
        """Let questions for a name fail, all or those of a kind."""
        self._errors[normal_name(name), kind] = error

    def slow(self, name: str, seconds: float) -> None:
        """Let answers for a name come so late, whatever `delay` says."""
        self._delays[normal_name(name)] = seconds

    def forget(self) -> None:
        """Remember no answer any longer."""
        self._known.clear()

    def peek(self, question: Question) -> Answer | None:
        """See `Resolves.peek`."""
        try:
            until, answer = self._known.get(_normal(question), (0.0, None))
        except BadName:
            return None
        left = until - self._seconds()
        return replace(answer, ttl=left) if answer is not None and left > 0 else None

    async def lookup(self, question: Question) -> Answer:
        """See `Resolves.lookup`."""
        question = _normal(question)
        self.asked[question] += 1
        delay = self._delays.get(question.name, self.delay)
        if delay:
            if self._clock is None:
                raise ValueError("a FakeDns that is slow takes a clock")
            await deferLater(IReactorTime(self._clock), delay)
        answer = self._answer(question)
        self._known[question] = (self._seconds() + answer.ttl, answer)
        return answer

    def _seconds(self) -> float:
        return 0.0 if self._clock is None else self._clock.seconds()

    def _answer(self, question: Question) -> Answer:
        name = question.name
        ttl = inf
        for _ in range(MAX_CNAMES):
            self._raise_if_told(name, question)
            records = self._zone.records.get(name, [])
            found = [record for record in records if record.kind is question.kind]
            if found:
                ttl = min([ttl, *[record.ttl for record in found]])
                # Equal records are one (RFC 2181 5).
                values = tuple(dict.fromkeys([record.value for record in found]))
                return Answer(question, "found", values, ttl, self.is_authentic, name)
            aliases = [record for record in records if record.kind is Kind.CNAME]
            if not aliases:
                status: Literal["nodata", "nxdomain"]
                status = "nodata" if name in self._zone.names else "nxdomain"
                ttl = min(ttl, NEGATIVE_TTL)
                return Answer(question, status, (), ttl, self.is_authentic, name)
            name = aliases[0].value
            ttl = min(ttl, aliases[0].ttl)
        raise DnsFailure(question, "too many CNAMEs")

    def _raise_if_told(self, name: str, question: Question) -> None:
        for kind in (question.kind, None):
            if (name, kind) in self._errors:
                raise self._errors[name, kind](question)


def _normal(question: Question) -> Question:
    return Question(normal_name(question.name), question.kind)
