"""A connection to the controller: nobody sends much who is not let in.

Whoever is about to send a large body is let in or turned away by the head of the request; until
that is decided nothing of the body is looked at, and no more is read than came with the head.
Small bodies are read first, as all are on other listeners. So are sealed requests, as their heads
are in them, but nothing is unpacked before that is decided.
"""

from typing import Any, cast

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from ..codec.http1 import Event, RequestComplete, RequestHead
from ..codec.http_reply import CONTINUE
from .controller_answer import ControllerAnswers
from .controller_client import WAY
from .http_answer import Asked
from .http_connection import HttpConnection


class ControllerConnection(HttpConnection):
    """See the module."""

    way = WAY

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._controller = cast(ControllerAnswers, self._site.answers)
        self._admission: Deferred[None] | None = None
        """Decides whether the client may send the body of its request, if that has to wait."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        if self._admission is not None:
            self._admission.cancel()

    def _handle(self, event: Event, events: list[Event]) -> None:
        if isinstance(event, RequestHead) and self._codec.waiting:
            self._meet()
            self._ask(event)
        else:
            super()._handle(event, events)

    def _ask(self, head: RequestHead) -> None:
        self._held_up = True
        admission = Deferred.fromCoroutine(self._decide(head))
        admission.addErrback(lambda failure: failure.trap(CancelledError) and None)
        if self._held_up:
            self._admission = admission
            self._pause_reading()

    async def _decide(self, head: RequestHead) -> None:
        asked = Asked(RequestComplete(head, b""), self._peer, known=self.known)
        try:
            refusal = await self._controller.admit(asked)
        except CancelledError:
            raise
        except Exception:
            refusal = self._controller.failed(asked)
        self._held_up, self._admission = False, None
        if self._closing:
            return
        if refusal is not None:
            self._send(None, refusal)
            return
        if head.expects_continue and not self._codec.held:
            self._stream.write(CONTINUE)
        self._advance([])

    def _read_on(self) -> None:
        if not self._held_up or self._closing:
            super()._read_on()
