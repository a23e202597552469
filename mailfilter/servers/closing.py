"""How connections end: in time, and so that the client can read the last reply.

While a client may still be sending, its octets are read and dropped for a while after our last
one, since closing with unread input resets the connection and takes the reply with it.
"""

from twisted.internet.interfaces import IDelayedCall, IHalfCloseableDescriptor, IReactorTime

from .limited import Served
from .stream import Stream, unsent

LINGER_SECONDS = 30.0
"""How often it is looked at whether a client reads the last reply, and how long it may then take
to close. One that reads nothing has up to twice as long, since the first look may see progress."""

MAX_LINGER = 3600.0
"""Seconds after which a client is cut off that reads, or sends on, ever so little at a time."""

LINGER_OCTETS = 256 * 2**20
"""What is read and dropped of a client that goes on sending after the last reply."""

DRIP = 64 * 1024
"""Octets that a client must send on within `LINGER_SECONDS` if it is not to be cut off."""


class Closing(Served):
    """A connection with one limit of time for whatever it waits for."""

    _stream: Stream
    """The transport, once it is there."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._eof = False
        """The client sends no more."""
        self._is_reading = True
        """Its octets are asked for."""
        self._closing = False
        """The last octet of ours is written."""
        self._is_written = False
        """That octet is sent, and the FIN behind it, where there can be one by itself."""
        self._closed_at = 0.0
        self._dropped = 0
        self._moved: tuple[int, ...] = ()
        """What could be seen of the client's reading and sending when it was last looked at."""
        self._timer: IDelayedCall | None = None
        self._deadline: float | None = None

    def time_is_up(self) -> None:
        """The limit is reached, and the connection is not closing yet."""
        raise NotImplementedError

    def _close(self) -> None:
        """Close a connection on which nothing is under way."""
        raise NotImplementedError

    # What the transport and the factory call.

    def writeConnectionLost(self) -> None:
        """Our FIN is sent: from now on the client has its time to close."""
        self._is_written = True
        if self._deadline is not None:
            self._limit(LINGER_SECONDS)

    def close_idle(self) -> None:
        """See `Served.close_idle`."""
        if not self._closing:
            self._close()
        elif self._lingers:
            self._stream.loseConnection()

    @property
    def _lingers(self) -> bool:
        """Whether the client has all, and nothing but its end is waited for."""
        return self._closing and self._is_written and not any(unsent(self._stream))

    # Time limits and the end.

    def _limit(self, seconds: float) -> None:
        """Set when time is up. The timer is left alone if it goes off sooner: it looks again."""
        self._deadline = deadline = self._clock.seconds() + seconds
        if self._timer is None:
            self._timer = self._clock.callLater(seconds, self._look)
        elif self._timer.getTime() > deadline:
            # Not reset: to an earlier time it searches the timers of all connections in a row.
            self._timer.cancel()
            self._timer = self._clock.callLater(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        left = self._deadline - self._clock.seconds()
        if left > 0:
            self._timer = self._clock.callLater(left, self._look)
        elif not self._closing:
            self.time_is_up()
        elif self._goes_on() and self._clock.seconds() - self._closed_at < MAX_LINGER:
            self._limit(LINGER_SECONDS)
        else:
            self._stream.abortConnection()

    def _goes_on(self) -> bool:
        """Whether the client has read or sent something since this was last asked."""
        before, self._moved = self._moved, (*unsent(self._stream), self._dropped // DRIP)
        return self._moved != before

    def _end(self, *, may_send: bool) -> None:
        """Close when what was written is sent; of a client that may still send, drop the rest."""
        self._closing = True
        self._closed_at = self._clock.seconds()
        # As if all were read already, which it mostly is by the time of the first look.
        self._moved = (0, 0, self._dropped // DRIP)
        self._limit(LINGER_SECONDS)
        if self._eof or not may_send:
            self._stream.loseConnection()
            return
        self._read_on()
        if IHalfCloseableDescriptor.providedBy(self._stream):
            self._stream.loseWriteConnection()
        else:
            self._is_written = True

    def _read_on(self) -> None:
        if not self._is_reading:
            self._is_reading = True
            self._stream.resumeProducing()

    def _pause_reading(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self._stream.pauseProducing()

    def _drop(self, octets: int) -> None:
        """Count what came behind the last reply."""
        self._dropped += octets
        if self._dropped > LINGER_OCTETS:
            self.abort()

    def _ended(self) -> None:
        """The connection is gone: no limit holds any more."""
        self._closing = True
        self._deadline = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
