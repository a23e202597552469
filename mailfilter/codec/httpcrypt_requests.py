"""Requests that are sealed in others, read as if they had come by themselves.

The request outside is read as any other, then the one in its body by another `RequestCodec`: what
is not right in there is refused as outside, but for line ends. Of what is outside only the header
`Key` matters, and what tells of the way that a request has come (`httpcrypt_way`). A sealed request
is the last of its connection.

Until it is opened nothing that goes wrong is told from anything else: all of it is `Unopened`.

Sources: httpcrypt.md 5 and 6.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from .http1 import MAX_BLANK, Event, ProtocolError, RequestCodec, RequestHead
from .http_body import Refused
from .http_head import MAX_WHOLE_HEAD
from .http_reply import render_reply
from .httpcrypt import SEALED_TYPE, HttpCryptError, SharedKey
from .httpcrypt_outside import KEY, Gate, OutsideHead, Reading
from .httpcrypt_refused import Reason
from .httpcrypt_way import Outside

PIECE = 64 * 1024
"""Octets that are read at once of what was opened: as much as comes at once of a plain request.
Chunks of an octet each take a second for 8 MiB."""

_NOTHING = memoryview(b"")

TOO_SHORT = "HTTP parser error: The request ends too soon"
TOO_LONG = "HTTP parser error: Data behind the request"


@dataclass(frozen=True, slots=True)
class Unopened(ProtocolError):
    """A request that could not be opened: its text is for the log, not for the client."""

    reason: Reason = "blob"


class SealedRequests:
    """Reads the requests of one connection, sealed or not, as `RequestCodec` does.

    The head of a sealed request is told by itself only if its body waits. One that comes before is
    that outside; nothing of it matters but that its client waits for `CONTINUE`.
    """

    def __init__(self, reading: Reading, gate: Gate) -> None:
        self._reading = reading
        self._gate = gate
        self._outside = OutsideHead(reading, gate)
        self._outer = RequestCodec(self._outside.open_body, self._outside.waits)
        self._inner: RequestCodec | None = None
        self._rest = _NOTHING
        """What was opened, and is not read yet."""
        self._is_unopened = False
        self._is_discarded = False

    @property
    def key(self) -> SharedKey | None:
        """What the reply to the request is sealed with; `None` is that it is not to be sealed."""
        return self._outside.key

    @property
    def in_request(self) -> bool:
        """See `RequestCodec.in_request`."""
        return self._outer.in_request or bool(self._rest) or self.waiting

    @property
    def waiting(self) -> bool:
        """See `RequestCodec.waiting`."""
        return (self._inner or self._outer).waiting

    @property
    def answering(self) -> bool:
        """See `RequestCodec.answering`."""
        return self._outer.answering and not (self._rest or self.waiting)

    @property
    def unread(self) -> bool:
        """There is more of a request that was opened: call `read_on`, when others had a turn."""
        return bool(self._rest) and not self.waiting

    @property
    def held(self) -> int:
        """See `RequestCodec.held`."""
        return self._outer.held

    @property
    def surplus(self) -> bool:
        """See `RequestCodec.surplus`."""
        return self._outer.surplus

    @property
    def broken(self) -> bool:
        """See `RequestCodec.broken`. However much was read of what cannot be opened: the connection
        shall end in the same way."""
        return self._outer.broken or self._is_unopened

    def receive(self, data: bytes) -> list[Event]:
        """See `RequestCodec.receive`."""
        return self._told(self._outer.receive(data))

    def read_body(self) -> list[Event]:
        """See `RequestCodec.read_body`."""
        if self._inner is None:
            return self._told(self._outer.read_body())
        return self._inside(self._inner, self._inner.read_body())

    def read_on(self) -> list[Event]:
        """Read a piece more of what was opened."""
        if self._inner is None or not self.unread:
            return []
        piece, self._rest = self._rest[:PIECE], self._rest[PIECE:]
        return self._inside(self._inner, self._inner.receive(bytes(piece)))

    def discard(self) -> None:
        """Nobody wants to know more: keep nothing of a request that is not read yet."""
        if not self._is_discarded:
            self._is_discarded = True
            self._outer.end_of_input()
            self._forget()

    def next_request(self) -> list[Event]:
        """See `RequestCodec.next_request`."""
        return [] if self._outside.is_sealed else self._told(self._outer.next_request())

    def end_of_input(self) -> list[Event]:
        """See `RequestCodec.end_of_input`."""
        return self._told(self._outer.end_of_input())

    def _told(self, events: list[Event]) -> list[Event]:
        """What is to be told of what was read outside."""
        if not self._outside.is_sealed or not events:
            return events
        last = events.pop()
        if isinstance(last, RequestHead):
            return [last]
        if isinstance(last, ProtocolError):
            return [self._refused(last)]
        body = last.body
        # So that the message is there once the less.
        del last
        try:
            plain = self._unseal(body)
        except HttpCryptError as error:
            return [self._unopened("blob", str(error))]
        del body
        return self._read(plain)

    def _refused(self, error: ProtocolError) -> ProtocolError:
        trouble = self._outside.trouble
        if trouble is not None:
            return self._unopened(trouble.reason, trouble.text)
        if not (error.size or self._outside.is_full):
            return self._unopened("truncated", error.text)
        try:
            self._gate.admit_client(self._outside.client)
        except Refused as refused:
            return ProtocolError(refused.status, refused.text)
        return ProtocolError(error.status, error.text, size=error.size)

    def _unopened(self, reason: Reason, text: str) -> Unopened:
        self._outside.key = None
        self._is_unopened = True
        return Unopened(400, text, reason=reason)

    def _unseal(self, body: bytes) -> bytes:
        key = self._outside.key
        assert key is not None
        return key.unseal(body)

    # Inside.

    def _read(self, plain: bytes) -> list[Event]:
        try:
            self._gate.admit_sealed(self._outside.client)
        except Refused as refused:
            return [ProtocolError(refused.status, refused.text)]
        self._inner = inner = self._reading.codec()
        plain = with_crlf(plain)
        if len(plain) <= PIECE:
            return self._inside(inner, inner.receive(plain))
        self._rest = memoryview(plain)
        return self.read_on()

    def _inside(self, inner: RequestCodec, events: list[Event]) -> list[Event]:
        """What is to be told of what was read inside, which must be one request and all of it."""
        if inner.waiting:
            return [self._last(event) for event in events]
        if inner.answering and (inner.held or inner.surplus or self._rest):
            self._forget()
            return [ProtocolError(400, TOO_LONG)]
        if events and not isinstance(events[-1], RequestHead):
            self._forget()
            return [self._last(events[-1])]
        if self._rest:
            return []
        self._forget()
        return [ProtocolError(400, TOO_SHORT)]

    def _forget(self) -> None:
        self._inner, self._rest = None, _NOTHING
        self._gate.release_body()

    def _last(self, event: Event) -> Event:
        """An event of the only request of its connection, for whose body nobody waits any more."""
        if isinstance(event, RequestHead):
            return _last_head(event, self._outside.way)
        if event.head is None:
            return event
        head = _last_head(event.head, self._outside.way)
        return event if head is event.head else replace(event, head=head)


def _last_head(head: RequestHead, way: Outside | None) -> RequestHead:
    is_last = not (head.keep_alive or head.expects_continue)
    if way is None and is_last and KEY not in [name for name, _ in head.headers]:
        return head
    headers = [field for field in head.headers if field[0] != KEY]
    headers = headers if way is None else way.around(headers)
    return replace(head, headers=headers, keep_alive=False, expects_continue=False)


def with_crlf(plain: bytes) -> bytes:
    """A request whose lines of the head end with CRLF. Some clients write LF alone there, which is
    not so outside (httpcrypt.md 5)."""
    end = find_bare(plain)
    if not end:
        return plain
    head = plain[:end].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return b"".join((head, memoryview(plain)[end:]))


def find_bare(plain: bytes) -> int:
    """Where the head of a request ends, if there are line ends in it that are LF alone, which some
    clients write (httpcrypt.md 5); else 0."""
    begin = plain[:MAX_BLANK]
    start = len(begin) - len(begin.lstrip(b"\r\n"))
    end = plain.find(b"\n\r\n", start, MAX_WHOLE_HEAD)
    stop = MAX_WHOLE_HEAD if end < 0 else end + 1
    bare = plain.find(b"\n\n", start, stop)
    if bare >= 0:
        return bare + 2
    if end < 0 or plain.count(b"\n", 0, end + 3) == plain.count(b"\r\n", 0, end + 3):
        return 0
    return end + 3


def render_sealed(key: SharedKey, reply: bytes, *, server: str, date: str) -> bytes:
    """The reply outside, of the one inside."""
    body = key.seal(reply)
    before, behind = _head_outside(server, date)
    return b"%b%d%b%b" % (before, len(body), behind, body)


@lru_cache(maxsize=4)
def _head_outside(server: str, date: str) -> tuple[bytes, bytes]:
    """What stands before the length and behind it, which is all that replies of a second differ in.

    Made for each, it takes a third of the time of sealing.
    """
    head = render_reply(200, "OK", b"", SEALED_TYPE, server=server, date=date, close=True)
    before, name, behind = head.partition(b"Content-Length: ")
    return before + name, behind.removeprefix(b"0")
