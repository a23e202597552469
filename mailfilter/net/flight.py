"""A question under way, and the queries that were sent for it."""

import re

from twisted.internet.defer import Deferred

from ..codec.dns import question_octets
from ..codec.dns_answer import Answer, Question
from ..codec.dns_name import normal_name
from .cache import Failed
from .line import Line
from .query import Query

_USUAL = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
"""Names that are in the form of all names already."""


class Flight:
    """One question, for everyone who wants to know it at the same time."""

    __slots__ = (
        "asked",
        "began",
        "is_authentic",
        "is_over",
        "is_sent",
        "latest",
        "lost",
        "octets",
        "queries",
        "question",
        "resume_at",
        "spurned",
        "steps",
        "tcp",
        "tries",
        "trouble",
        "ttl",
        "turn",
        "until",
        "waiters",
    )

    def __init__(self, question: Question, began: float, turn: int) -> None:
        """`turn`: see there. Raises BadName."""
        self.question = question
        self.began = began
        self.until = 0.0
        """When to give up, whatever is under way."""
        self.turn = turn
        """Place of the server that is next."""
        self.waiters: list[Deferred[Answer]] = []
        self.queries: list[Query] = []
        """Not answered: an answer counts until the question is over, however late it comes."""
        self.latest: Query | None = None
        self.tcp: Deferred[bytes] | None = None
        self.is_over = False
        self.steps = 0
        self.ttl = float("inf")
        self.is_authentic = True
        self.begin(question if _USUAL.fullmatch(question.name) else _normal(question))

    def begin(self, asked: Question) -> None:
        """Ask all servers for this: what a CNAME leads to, after the question itself."""
        self.asked = asked
        self.octets = question_octets(asked)
        self.tries = 0
        self.is_sent = False
        """Whether any server was asked for it; what could not be sent does not count."""
        self.spurned: set[Line] = set()
        """Servers that cannot answer it."""
        self.lost: set[Line] = set()
        """Those of them that may be able to soon: nobody was there, or none that makes sense."""
        self.resume_at = float("inf")
        """When to ask those again."""
        self.trouble: Failed | None = None

    def resume(self) -> None:
        """Those that were lost may be asked again."""
        self.spurned -= self.lost
        self.lost.clear()
        self.resume_at = float("inf")

    def wait(self) -> Deferred[Answer]:
        """Fires with the answer; whoever cancels it leaves the others waiting."""
        waiter: Deferred[Answer] = Deferred(self._leave)
        self.waiters.append(waiter)
        return waiter

    def end(self, outcome: Answer | Failed) -> None:
        """Tell everyone. What they do then may be anything, such as to ask again."""
        self.is_over = True
        self.drop_queries()
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            if waiter.called:
                continue
            if isinstance(outcome, Failed):
                waiter.errback(outcome.of(self.question))
            else:
                waiter.callback(outcome)

    def drop_queries(self) -> None:
        """Expect no answers to what was sent."""
        queries, self.queries = self.queries, []
        for query in queries:
            query.drop()
        tcp, self.tcp = self.tcp, None
        if tcp is not None:
            tcp.cancel()

    def _leave(self, waiter: Deferred[Answer]) -> None:
        if waiter in self.waiters:
            self.waiters.remove(waiter)


def _normal(question: Question) -> Question:
    return Question(normal_name(question.name), question.kind)
