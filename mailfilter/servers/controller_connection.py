"""A connection to the controller: nobody sends much who is not let in.

Whoever is about to send a large body is let in or turned away by the head of the request; until
that is decided nothing more is read. Small bodies are read first, as all are on other listeners.
"""

from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from ..codec.http1 import Event, RequestComplete, RequestHead
from ..codec.http_reply import CONTINUE
from .controller_answer import ControllerAnswers
from .http_answer import Asked
from .http_connection import HttpConnection
from .http_reply import Reply


class ControllerConnection(HttpConnection):
    """See the module."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._controller = cast(ControllerAnswers, self._site.answers)
        self._head: RequestHead | None = None
        """Of a request of which it is not decided yet whether the client may send its body."""
        self._admission: Deferred[None] | None = None

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        if self._admission is not None:
            self._admission.cancel()

    def _handle(self, event: Event, events: list[Event]) -> None:
        if isinstance(event, RequestHead) and event is events[-1]:
            if self._controller.asks_first(event):
                self._ask(event)
                return
        elif isinstance(event, RequestComplete):
            # The last of it may have come all the same; it is decided again, mostly without work.
            self._head = None
        super()._handle(event, events)

    def _ask(self, head: RequestHead) -> None:
        self._head = head
        asked = Asked(RequestComplete(head, b""), self._peer, known=self.known)
        admission = Deferred.fromCoroutine(self._controller.admit(asked))
        decided = admission.addCallback(self._decided, head)
        decided.addErrback(self._undecided, head)
        if self._head is head:
            self._admission = decided
            self._pause_reading()

    def _decided(self, refusal: Reply | None, head: RequestHead) -> None:
        if not self._is_over(head):
            return
        if refusal is not None:
            self._send(None, refusal)
            return
        if head.expects_continue:
            self._stream.write(CONTINUE)
        self._read_on()

    def _undecided(self, _failure: Failure, head: RequestHead) -> None:
        """Something is wrong, which is told when the request is there: it is asked again then."""
        if self._is_over(head):
            self._read_on()

    def _is_over(self, head: RequestHead) -> bool:
        """It is decided; false if nobody waits for that any more."""
        if self._head is not head:
            return False
        self._head = self._admission = None
        return not self._closing

    def _read_on(self) -> None:
        if self._head is None or self._closing:
            super()._read_on()
