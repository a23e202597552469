"""What HTTP and the line protocols have in common: peers that tell of a message in headers."""

from typing import Any, Generic, TypeVar

from twisted.internet.interfaces import IReactorTime

from ..config.model import Listener
from ..scan.run import ScanService
from .answering import Answering, Whose
from .failures import Failures
from .limited import LimitedFactory, Served
from .peer import Peer, Peers
from .refusals import Count, uncounted
from .request_envelope import Fields


def whose(peer: Peer, fields: Fields) -> Whose:
    """Which message the headers of a request are about."""
    told = dict(reversed(fields))
    queue_id, sender = (
        told.get(name, b"").decode("utf-8", "replace") for name in (b"queue-id", b"from")
    )
    return Whose(str(peer), queue_id, sender)


Connection = TypeVar("Connection", bound=Served)
Answers = TypeVar("Answers", bound=Answering[Any, Any])


class RequestFactory(LimitedFactory[Connection], Generic[Connection, Answers]):
    """Serves one listener."""

    tells_to_close = True
    answers_type: type[Answers]

    def __init__(
        self,
        scanner: ScanService,
        name: str,
        listener: Listener,
        clock: IReactorTime,
        *,
        failures: Failures | None = None,
        peers: Peers | None = None,
        count: Count = uncounted,
    ) -> None:
        """`failures` and `peers` are those of the listener, if others serve it, too."""
        super().__init__(name, listener, clock, count)
        self.max_message = scanner.max_message
        self.peers = peers or Peers(name, listener)
        failures = failures or Failures(name, clock)
        self.answers = self.answers_type(scanner, name, listener, failures, self.peers)
