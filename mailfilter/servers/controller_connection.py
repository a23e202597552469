"""A connection to the controller: nobody sends much who is not let in.

Whoever is about to send a large body is let in or turned away by the head of the request; until
that is decided nothing more is read. Small bodies are read first, as all are on other listeners.
"""

from typing import Any, cast

from twisted.internet.defer import CancelledError, Deferred
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
        self._admission: Deferred[None] | None = None
        """Until it is decided whether the client may send its body."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self._forget_admission()

    def _handle(self, event: Event, events: list[Event]) -> None:
        if isinstance(event, RequestHead) and event is events[-1]:
            if self._controller.asks_first(event):
                self._ask(event)
                return
        elif isinstance(event, RequestComplete):
            # The last of it came all the same; it is decided again, mostly without work.
            self._forget_admission()
        super()._handle(event, events)

    def _ask(self, head: RequestHead) -> None:
        asked = Asked(RequestComplete(head, b""), self._peer, known=self.known)
        admission = Deferred.fromCoroutine(self._controller.admit(asked))
        decided = admission.addCallback(self._decided, head)
        decided.addErrback(self._undecided)
        if not admission.called:
            self._admission = decided
            self._pause_reading()

    def _decided(self, refusal: Reply | None, head: RequestHead) -> None:
        self._admission = None
        if self._closing:
            return
        if refusal is not None:
            self._send(None, refusal)
            return
        if head.expects_continue:
            self._stream.write(CONTINUE)
        self._read_on()

    def _undecided(self, failure: Failure) -> None:
        """Something is wrong, which is told when the request is there: it is asked again then."""
        self._admission = None
        if failure.check(CancelledError) is None and not self._closing:
            self._read_on()

    def _forget_admission(self) -> None:
        admission, self._admission = self._admission, None
        if admission is not None:
            admission.cancel()

    def _read_on(self) -> None:
        if self._admission is None or self._closing:
            super()._read_on()
