"""What checks look up in DNS: each within its budget, all of a message within one."""

from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from ..codec.dns_answer import Answer, DnsBudgetSpent, DnsFailure, Kind, Question
from ..config.model import Dns

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
    hand does not count.
    """

    __slots__ = ("_left", "_most", "_resolver", "_undone")

    def __init__(self, resolver: Resolves | None = None, most: int = MAX_QUERIES) -> None:
        self._resolver = resolver
        self._left = self._most = most
        self._undone: dict[tuple[str, str], Counter[Kind]] = {}

    def for_check(self, name: str, limit: int | None = None) -> "CheckLookups":
        """What a check asks with: at most `limit` questions, out of those of the message."""
        return CheckLookups(self, name, limit)

    def peek(self, question: Question) -> Answer | None:
        """See `CheckLookups.peek`."""
        return None if self._resolver is None else self._resolver.peek(question)

    async def ask(self, check: str, question: Question) -> Answer:
        """See `CheckLookups.ask`."""
        if self._resolver is None:
            raise DnsFailure(question, "no resolver")
        if self._left <= 0:
            raise self.refuse(check, question, f"a message may ask {self._most} questions")
        self._left -= 1
        return await self._resolver.lookup(question)

    def refuse(self, check: str, question: Question, reason: str) -> DnsBudgetSpent:
        """Keep for the trace that a question is not asked, and make the error of it."""
        self._undone.setdefault((check, reason), Counter())[question.kind] += 1
        return DnsBudgetSpent(question, reason)

    def undone(self) -> Iterator[tuple[str, str]]:
        """What was not asked for want of budget: a check, and its questions in words.

        It is one item for a check and a reason, however many questions there were.
        """
        for (check, reason), kinds in self._undone.items():
            counts = ", ".join(f"{count} {kind.name}" for kind, count in kinds.items())
            yield check, f"not asked: {counts}; {reason}"


class CheckLookups:
    """The questions of one check about one message."""

    __slots__ = ("_check", "_left", "_limit", "_lookups")

    def __init__(self, lookups: Lookups, check: str, limit: int | None) -> None:
        self._lookups = lookups
        self._check = check
        self._limit = self._left = limit

    def peek(self, question: Question) -> Answer | None:
        """The answer if it is at hand; asks nothing and costs nothing."""
        return self._lookups.peek(question)

    async def ask(self, question: Question) -> Answer:
        """The answer, if need be from afar.

        Raises:
            DnsBudgetSpent: not asked, this check or all of them have asked too much.
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
        return await self._lookups.ask(self._check, question)
