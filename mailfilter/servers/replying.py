"""Connections of HTTP and of lines: the life of an answer, from the request to its reply."""

from collections.abc import Callable
from typing import Any, Generic, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from .answering import Answering, Asked, Reply
from .closing import Closing
from .requests import RequestFactory
from .stream import Stream

log = Logger()


class Replying(Closing, Generic[Asked, Reply]):
    """A connection on which one request at a time is answered."""

    def __init__(self, site: RequestFactory[Any, Any]) -> None:
        super().__init__(site.clock)
        self._site = site
        self._answers: Answering[Asked, Reply] = site.answers
        self._asked: Asked | None = None
        """The request that is being answered."""
        self._answer: Deferred[None] | None = None
        """Its answer, once that has to wait."""
        self._asked_at = 0.0
        self._turn: IDelayedCall | None = None
        """When more is read, if other connections are to have their turn first."""
        self.spent = 0.0
        """Seconds of the time for a request that were over before it came here."""

    def connectionMade(self) -> None:
        self._stream = cast(Stream, self.transport)
        self._peer = self._site.peers.peer(self._stream.getPeer(), self.known, self.claim)
        self._limit(self._site.idle_timeout)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._ended()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        self._leave()
        self._site.forget(self)

    def _reply(self, asked: Asked, reply: Reply) -> None:
        """Write the reply to a request."""
        raise NotImplementedError

    def abort(self) -> None:
        """See `Served.abort`."""
        self._closing = True
        self._cancel()
        self._stream.abortConnection()

    def _limit_request(self) -> None:
        """Limit the time for the rest of a request that has begun."""
        self._limit(max(self._site.listener.request_timeout - self.spent, 0.0))

    def _begin_answer(self, asked: Asked) -> None:
        """Have a request answered: now, or when the answer is there or its time is up."""
        self._asked = asked
        self._asked_at = self._clock.seconds()
        answer = Deferred.fromCoroutine(self._wait(asked))
        if not answer.called:
            self._answer = answer
            self._limit(self._answers.deadline)

    async def _wait(self, asked: Asked) -> None:
        try:
            reply = await self._answers.answer(asked)
        except GeneratorExit:
            raise
        except BaseException:
            # Of any kind: what is raised from here is seen by nobody.
            if self._asked is asked:
                self._give(asked, self._answers.failed)
            return
        if self._asked is asked:
            self._give(asked, lambda _: reply)

    def _give_up(self) -> None:
        """Reply in place of an answer that takes too long."""
        asked, answer = self._asked, self._answer
        assert asked is not None
        assert answer is not None
        self._asked = self._answer = None
        answer.cancel()
        self._give(asked, self._answers.overdue)

    def _give(self, asked: Asked, answer: Callable[[Asked], Reply]) -> None:
        self._asked = self._answer = None
        try:
            self._reply(asked, answer(asked))
        except BaseException:
            # A client that gets no reply fails; one that waits for it may do so for ever.
            log.failure("no answer to a request")
            self.abort()

    def _leave(self) -> None:
        """The client is gone: it may have left without its answer."""
        if self._asked is not None and self._answer is not None:
            self._answers.note_left(self._asked, self._clock.seconds() - self._asked_at)
        self._cancel()

    def _cancel(self) -> None:
        answer, self._answer, self._asked = self._answer, None, None
        if answer is not None:
            answer.cancel()
