"""What checks look up in DNS: each within its budget, all of a message within one."""

from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import inf
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from twisted.internet import defer
from twisted.internet.interfaces import IReactorTime

from ..codec.dns_answer import (
    Answer,
    DnsBudgetSpent,
    DnsError,
    DnsFailure,
    DnsTimeout,
    DnsTooMany,
    Kind,
    Question,
)
from ..config.model import Dns

T = TypeVar("T")

MAX_QUERIES = Dns().max_queries
"""Questions that one message may cause if nobody says how many."""


class Resolves(Protocol):
    """What a resolver does, as far as scans know."""

    def peek(self, question: Question) -> Answer | None:
        """The answer if it is at hand, without asking; an error that is remembered is none.

        Whoever gets none and wants one goes on to `lookup`.
        """
        ...

    async def lookup(self, question: Question) -> Answer:
        """Ask. Cancelling the Deferred around it ends the wait.

        Raises:
            DnsError: no answer.
            BadName: the name can be no name of DNS.
        """
        ...


class Lookups:
    """The questions of one message.

    Without a resolver all of them fail. `most` of them may be asked; what the resolver has at
    hand does not count. Of these some are `kept` for checks by name, so that a sender cannot have
    one check spend what another one needs. Without a `clock` none is late.
    """

    __slots__ = ("_clock", "_free", "_kept", "_most", "_resolver", "_undone")

    def __init__(
        self,
        resolver: Resolves | None = None,
        most: int = MAX_QUERIES,
        clock: IReactorTime | None = None,
        kept: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._most = most
        self._kept = _shares(kept, most)
        self._free = most - sum(self._kept.values())
        """Questions that are kept for nobody."""
        self._undone: dict[tuple[str, str, str], Counter[Kind]] = {}

    def for_check(
        self, name: str, limit: int | None = None, seconds: float = inf
    ) -> "CheckLookups":
        """What a check asks with: at most `limit` questions, out of those of the message.

        Beyond so many seconds it does not wait, if it has something to say even then: after
        `Given.timeout` it is ended without a word.
        """
        end = inf if self._clock is None else self._clock.seconds() + seconds
        return CheckLookups(self, name, limit, end)

    def peek(self, question: Question) -> Answer | None:
        """See `CheckLookups.peek`."""
        return None if self._resolver is None else self._resolver.peek(question)

    async def ask(self, check: str, question: Question, end: float, seconds: float) -> Answer:
        """See `CheckLookups.ask`; `end` is by the clock."""
        if self._resolver is None:
            raise DnsFailure(question, "no resolver")
        left = inf if self._clock is None else end - self._clock.seconds()
        if left <= 0:
            reason = "the time of the check is spent"
            raise self._leave(check, question, reason, "not asked")
        if not self._take(check):
            raise self.refuse(check, question, f"a message may ask {self._most} questions")
        lookup = self._resolver.lookup(question)
        if self._clock is None or min(left, seconds) == inf:
            return await lookup
        waiting = defer.Deferred.fromCoroutine(lookup)
        try:
            return await waiting.addTimeout(min(left, seconds), self._clock)
        except defer.TimeoutError:
            if seconds < left:
                raise DnsTimeout(question) from None
            reason = "no answer in the time of the check"
            raise self._leave(check, question, reason, "given up") from None

    def _take(self, check: str) -> bool:
        """Count a question of a check, at the cost of what is kept for it as long as that lasts."""
        if self._kept.get(check, 0) > 0:
            self._kept[check] -= 1
        elif self._free > 0:
            self._free -= 1
        else:
            return False
        return True

    def refuse(self, check: str, question: Question, reason: str) -> DnsTooMany:
        """Keep for the trace that one question too many is not asked, and make the error of it."""
        self._leave(check, question, reason, "not asked")
        return DnsTooMany(question, reason)

    def _leave(self, check: str, question: Question, reason: str, how: str) -> DnsBudgetSpent:
        self._undone.setdefault((check, how, reason), Counter())[question.kind] += 1
        return DnsBudgetSpent(question, reason)

    def undone(self) -> Iterator[tuple[str, str]]:
        """What was not asked, or given up, for want of budget: a check, and its questions in words.

        It is one item for a check and a reason, however many questions there were.
        """
        for (check, how, reason), kinds in self._undone.items():
            counts = ", ".join(f"{count} {kind.name}" for kind, count in kinds.items())
            yield check, f"{how}: {counts}; {reason}"


async def side_by_side(waiting: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What some coroutines return; none waits for another one. Raises what the first one raises."""
    running = [defer.Deferred.fromCoroutine(coroutine) for coroutine in waiting]
    try:
        return await defer.gatherResults(running, consumeErrors=True)
    except defer.FirstError as error:
        error.subFailure.raiseException()


@lru_cache(maxsize=64)
def _scaled(kept: tuple[tuple[str, int], ...], most: int) -> tuple[tuple[str, int], ...]:
    """What is kept, made less in proportion if it is more than there is; at least one for each."""
    wanted = sum(count for _, count in kept)
    if wanted <= most:
        return kept
    left = most
    found = []
    for name, count in kept:
        share = min(max(count * most // wanted, 1), left)
        left -= share
        found.append((name, share))
    return tuple(found)


def _shares(kept: Mapping[str, int], most: int) -> dict[str, int]:
    return dict(_scaled(tuple(kept.items()), most))


class CheckLookups:
    """The questions of one check about one message."""

    __slots__ = ("_check", "_end", "_left", "_limit", "_lookups")

    def __init__(self, lookups: Lookups, check: str, limit: int | None, end: float) -> None:
        self._lookups = lookups
        self._check = check
        self._limit = self._left = limit
        self._end = end

    def peek(self, question: Question) -> Answer | None:
        """The answer if it is at hand; asks nothing and costs nothing."""
        return self._lookups.peek(question)

    async def ask(self, question: Question, seconds: float = inf) -> Answer:
        """The answer, if need be from afar.

        Raises:
            DnsTimeout: none in so many seconds, or none at all.
            DnsBudgetSpent: not asked, this check or all of them have asked too much, or waited
                for too long.
            DnsError: no answer.
            BadName: the name can be no name of DNS.
        """
        answer = self._lookups.peek(question)
        if answer is not None:
            return answer
        if self._left is not None:
            if self._left <= 0:
                reason = f"the check may ask {self._limit} questions"
                raise self._lookups.refuse(self._check, question, reason)
            self._left -= 1
        return await self._lookups.ask(self._check, question, self._end, seconds)

    async def ask_all(
        self, questions: Sequence[Question], seconds: float = inf
    ) -> tuple[Answer | DnsError, ...]:
        """The answers to several questions, asked side by side; errors are values.

        Raises BadName if one of them can be no name of DNS.
        """
        known = [self._lookups.peek(question) for question in questions]
        at_hand = [answer for answer in known if answer is not None]
        if len(at_hand) == len(known):
            return tuple(at_hand)
        asked = [
            self._or_error(question, seconds)
            for question, answer in zip(questions, known, strict=True)
            if answer is None
        ]
        found = iter(await side_by_side(asked))
        return tuple([next(found) if answer is None else answer for answer in known])

    async def _or_error(self, question: Question, seconds: float) -> Answer | DnsError:
        try:
            return await self.ask(question, seconds)
        except DnsError as error:
            return error
