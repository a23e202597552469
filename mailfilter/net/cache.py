"""What was answered lately, and what could not be: bounded by number, memory and time.

Not by the octets of packets: a name of 250 takes two there if it has been there before.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from ..codec.dns_answer import Answer, DnsError, Mx, Question, Soa
from ..config.model import Dns

FAILURE_SECONDS = 5.0
"""For so long a question that failed is not asked again (RFC 9520 3.2: at least 1)."""

MEAN_OCTETS = 1024
"""Of memory that an outcome may take on average: a cache of many long ones holds fewer."""

MAX_OCTETS = 16384
"""An answer that takes more is not remembered: a sender could fill the cache with few."""

_OUTCOME_OCTETS = 640
_RECORD_OCTETS = 240
"""What they take without their texts, in CPython, rounded up."""


class Failed(NamedTuple):
    """Why a question has no answer."""

    error: Callable[[Question, str], DnsError]
    """Its class."""
    reason: str = ""

    def of(self, question: Question) -> DnsError:
        """A new exception: each one that waits raises its own."""
        return self.error(question, self.reason)


class _Kept(NamedTuple):
    outcome: Answer | Failed
    until: float
    octets: int


class Cache:
    """Question -> outcome; times are seconds of one clock. What was used last stays longest."""

    __slots__ = ("_kept", "_max_octets", "_octets", "_settings")

    def __init__(self, settings: Dns) -> None:
        self._settings = settings
        self._kept: OrderedDict[Question, _Kept] = OrderedDict()
        self._octets = 0
        self._max_octets = settings.cache_size * MEAN_OCTETS

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, question: Question, now: float) -> Answer | Failed | None:
        """What is known of it, an answer with the seconds that it has left."""
        kept = self._kept.get(question)
        if kept is None:
            return None
        outcome, until, octets = kept
        if until <= now:
            del self._kept[question]
            self._octets -= octets
            return None
        self._kept.move_to_end(question)
        if isinstance(outcome, Failed):
            return outcome
        return Answer(
            outcome.question,
            outcome.status,
            outcome.records,
            until - now,
            outcome.is_authentic,
            outcome.name,
        )

    def keep_answer(self, answer: Answer, now: float) -> None:
        """Remember it for its time."""
        settings = self._settings
        is_found = answer.status == "found"
        seconds = min(answer.ttl, settings.max_ttl if is_found else settings.max_negative_ttl)
        octets = len(answer.name) + sum(map(_octets_of, answer.records))
        self._keep(answer.question, answer, seconds, octets, now)

    def keep_failure(self, question: Question, failed: Failed, now: float) -> None:
        """Remember for some seconds that it cannot be answered."""
        self._keep(question, failed, FAILURE_SECONDS, 0, now)

    def _keep(
        self, question: Question, outcome: Answer | Failed, seconds: float, octets: int, now: float
    ) -> None:
        octets += _OUTCOME_OCTETS + len(question.name)
        before = self._kept.pop(question, None)
        if before is not None:
            self._octets -= before.octets
        if seconds <= 0 or octets > MAX_OCTETS:
            return
        self._kept[question] = _Kept(outcome, now + seconds, octets)
        self._octets += octets
        while len(self._kept) > self._settings.cache_size or self._octets > self._max_octets:
            _, oldest = self._kept.popitem(last=False)
            self._octets -= oldest.octets


def _octets_of(record: Any) -> int:
    """Of memory, for one of `Answer.records`."""
    if isinstance(record, Mx):
        return _RECORD_OCTETS + len(record.host)
    if isinstance(record, Soa):
        return _RECORD_OCTETS * 2 + len(record.primary) + len(record.mailbox)
    return _RECORD_OCTETS + (len(record) if isinstance(record, (str, bytes)) else 0)
