"""HTTP and the line protocols on one port, told apart by how a connection begins.

A line request is a command of its own, a blank, and `SPAMC/` or `RSPAMC/`; whatever else comes is
left to HTTP, which has a method of the name REPORT, too (spamd-line.md 3.1).
"""

from collections.abc import Iterator
from itertools import chain
from typing import cast

from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ..codec.spamd import RSPAMC_COMMANDS, SPAMC_COMMANDS
from ..config.model import Listener
from ..scan.run import ScanService
from .closing import Closing
from .failures import Failures
from .http_connection import HttpConnection
from .keyring import Keyring
from .limited import LimitedFactory
from .peer import Peers
from .refusals import Count, uncounted
from .scan_http import HttpFactory
from .spamd import SpamdConnection, SpamdFactory
from .stream import Stream
from .teaching import Teacher


def _beginnings() -> Iterator[bytes]:
    for protocol, commands in (("RSPAMC/", RSPAMC_COMMANDS), ("SPAMC/", SPAMC_COMMANDS)):
        for command in commands:
            yield f"{command} {protocol}".encode("ascii")


BEGINNINGS = tuple(_beginnings())
"""How a line request begins."""

_UNDECIDED = frozenset(
    chain.from_iterable((start[:size] for size in range(len(start))) for start in BEGINNINGS)
)


def speaks_lines(start: bytes) -> bool | None:
    """Whether a connection that begins so is one of lines; `None` if that cannot be told yet."""
    if start.startswith(BEGINNINGS):
        return True
    return None if start in _UNDECIDED else False


class ScanFactory(LimitedFactory["FirstLine"]):
    """Serves one listener."""

    tells_to_close = True

    def __init__(
        self,
        scanner: ScanService,
        name: str,
        listener: Listener,
        clock: IReactorTime,
        *,
        count: Count = uncounted,
        teacher: Teacher | None = None,
    ) -> None:
        """`teacher` learns what is told by lines, where the listener lets clients tell it."""
        failures, peers = Failures(name, clock), Peers(name, listener)
        self.http = HttpFactory(scanner, name, listener, clock, failures=failures, peers=peers)
        self.lines = SpamdFactory(
            scanner, name, listener, clock, failures=failures, peers=peers, teacher=teacher
        )
        super().__init__(name, listener, clock, count)
        self.http.refusals = self.lines.refusals = self.refusals

    @property
    def is_draining(self) -> bool:
        """See `LimitedFactory.is_draining`."""
        return self.http.is_draining

    @is_draining.setter
    def is_draining(self, value: bool) -> None:
        self.http.is_draining = value

    @property
    def keyring(self) -> Keyring:
        """See `HttpFactory.keyring`."""
        return self.http.keyring

    @keyring.setter
    def keyring(self, value: Keyring) -> None:
        self.http.keyring = value

    def make_connection(self) -> "FirstLine":
        return FirstLine(self)


@implementer(IHalfCloseableProtocol)
class FirstLine(Closing):
    """One connection: as soon as it is known what it speaks, another object speaks it."""

    def __init__(self, site: ScanFactory) -> None:
        super().__init__(site.clock)
        self._site = site
        self._start = b""
        self._began_at = 0.0
        """When the first octet came."""
        self._inner: HttpConnection | SpamdConnection | None = None

    # What the transport calls.

    def connectionMade(self) -> None:
        self._stream = cast(Stream, self.transport)
        self._limit(self._site.idle_timeout)

    def dataReceived(self, data: bytes) -> None:
        if self._inner is not None:
            self._inner.dataReceived(data)
            return
        if self._closing:
            return
        is_first = not self._start
        if is_first:
            if self._site.is_misplaced(data, self._stream.getPeer(), self.claim):
                self._close()
                return
            self._began_at = self._clock.seconds()
        self._start += data
        is_lines = speaks_lines(self._start)
        if is_lines is not None:
            self._begin(is_lines=is_lines)
        elif is_first:
            self._limit(self._site.listener.request_timeout)

    def readConnectionLost(self) -> None:
        if self._inner is None and self._start and not self._closing:
            self._begin(is_lines=True)
        if self._inner is not None:
            self._inner.readConnectionLost()
        else:
            self._stream.loseConnection()

    def writeConnectionLost(self) -> None:
        if self._inner is not None:
            self._inner.writeConnectionLost()
        else:
            super().writeConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._inner is None:
            self._ended()
        else:
            self._inner.connectionLost(reason)
        self._site.forget(self)

    def _begin(self, *, is_lines: bool) -> None:
        """Let another object go on, as if it had been here from the first octet."""
        self._ended()
        factory = self._site.lines if is_lines else self._site.http
        self._inner = inner = factory.make_connection()
        inner.factory = factory
        inner.transport = self.transport
        inner.known = self.known
        inner.claim = self.claim
        inner.connectionMade()
        inner.spent = self._clock.seconds() - self._began_at
        inner.dataReceived(self._start)
        inner.spent = 0.0
        self._start = b""

    def time_is_up(self) -> None:
        if not self._start:
            self._close()
            return
        # Nothing but the beginning of a line request is left undecided.
        self._begin(is_lines=True)
        if self._inner is not None:
            self._inner.time_is_up()

    def _close(self) -> None:
        self._end(may_send=False)

    # What the factory asks.

    @property
    def is_idle(self) -> bool:
        """See `Served.is_idle`."""
        return self._inner.is_idle if self._inner is not None else not self._start

    def close_idle(self) -> None:
        """See `Served.close_idle`."""
        if self._inner is not None:
            self._inner.close_idle()
        else:
            super().close_idle()

    def abort(self) -> None:
        """See `Served.abort`."""
        if self._inner is not None:
            self._inner.abort()
        else:
            self._stream.abortConnection()
