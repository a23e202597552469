"""HTTP/1.x as a server reads it: octets in, events out.

The head of a request is parsed by `httptools` (llhttp, strict). It gets exactly the octets up to
the blank line, and a body is framed here, so that it is always known where a request ends: what
comes behind it is held back until the request is answered, and never reaches the parser when the
connection ends with the reply.

Sources: RFC 9112; http-scan.md 1.1; bad-input.md 19.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
    HttpRequestParser,
)

from .http_body import Body, Part, PlainBody, Refused, TooLarge
from .http_chunked import ChunkedDecoder
from .http_head import Fields, HeadSize
from .http_query import query_headers

MAX_BLANK = 8
"""Octets of empty lines before a request: RFC 9112 2.2 asks for one to be forgiven."""

MAX_LENGTH_DIGITS = 20
"""Of `Content-Length`, leading zeros too: as many as 64 bits have."""

MAX_HELD = 256 * 1024
"""Octets held back for requests to come. A server stops reading long before (`held`)."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """Request line and headers have arrived and are in order; the body follows."""

    method: bytes
    path: bytes
    """As sent: begins with a slash, not percent-decoded."""
    arguments: list[tuple[bytes, bytes]]
    """Those of the query, decoded, and otherwise as `headers`."""
    headers: list[tuple[bytes, bytes]]
    """In order, names in lower case, values without blanks around them."""
    keep_alive: bool
    """The client is ready for another request on this connection."""
    expects_continue: bool
    """The client waits for `CONTINUE` before it sends the body (RFC 9110 10.1.1)."""


@dataclass(frozen=True, slots=True)
class RequestComplete:
    """The whole request has arrived. Answer it, then call `RequestCodec.next_request`."""

    head: RequestHead
    body: bytes
    """Unpacked; empty if it is a form."""
    parts: tuple[Part, ...] = ()
    """Of a form."""


@dataclass(frozen=True, slots=True)
class ProtocolError:
    """The input cannot be read on: answer with this, then close. No more events follow."""

    status: int
    text: str
    head: RequestHead | None = field(default=None, compare=False)
    """Of a request that is in order, but for a body that is too large."""
    size: int = field(default=0, compare=False)
    """Octets of that body, at the least."""


Event = RequestHead | RequestComplete | ProtocolError


_NO_BODY = PlainBody(0)


class _Phase(Enum):
    HEAD = auto()
    WAITING = auto()
    LENGTH = auto()
    CHUNKED = auto()
    ANSWERING = auto()
    ENDED = auto()


class RequestCodec:
    """Reads the requests of one connection, one at a time.

    `open_body` chooses what takes the body of a request with that head, and may refuse it by
    `Refused`. Where `waits` says so of a head, nothing of the body is read before `read_body`.
    """

    def __init__(
        self,
        open_body: Callable[[RequestHead], Body],
        waits: Callable[[RequestHead], bool] | None = None,
    ) -> None:
        self._open_body = open_body
        self._waits = waits
        self._held = bytearray()
        self._surplus = 0
        self._begin()

    def _begin(self) -> None:
        self._phase = self._framing = _Phase.HEAD
        self._blank = 0
        self._in_head = False
        self._size = HeadSize()
        self._tail = b""
        self._fields = Fields()
        self._parser = HttpRequestParser(self._fields)
        self._head: RequestHead | None = None
        self._left = 0
        self._body: Body = _NO_BODY
        self._chunks: ChunkedDecoder | None = None

    @property
    def in_request(self) -> bool:
        """A request has begun and is not complete."""
        if self._phase is _Phase.HEAD:
            return self._in_head
        return self._phase in (_Phase.WAITING, _Phase.LENGTH, _Phase.CHUNKED)

    @property
    def waiting(self) -> bool:
        """The head of a request was read, and nothing of its body before `read_body` is called."""
        return self._phase is _Phase.WAITING

    @property
    def answering(self) -> bool:
        """A request is complete and `next_request` was not called yet."""
        return self._phase is _Phase.ANSWERING

    @property
    def held(self) -> int:
        """Octets held back until `next_request` or `read_body`."""
        return len(self._held)

    @property
    def surplus(self) -> bool:
        """Octets came behind the last request of the connection, or behind an error."""
        return self._surplus > 0

    @property
    def broken(self) -> bool:
        """The input cannot be read on: the client may still be sending."""
        return self._phase is _Phase.ENDED or self.in_request

    def receive(self, data: bytes) -> list[Event]:
        """Take octets; return what they complete: at most one request, the rest is held back."""
        if self._phase is _Phase.ENDED:
            self._surplus += len(data)
            return []
        if self._phase is _Phase.ANSWERING:
            self._hold(data)
            return []
        if self._phase is _Phase.WAITING:
            if len(self._held) > MAX_HELD:
                self._end()
                return [ProtocolError(400, "Too much data behind a head")]
            self._held += data
            return []
        return self._read(data)

    def read_body(self) -> list[Event]:
        """The body of a request that waits is wanted: go on with what was held back."""
        if self._phase is not _Phase.WAITING:
            return []
        self._phase = self._framing
        data = bytes(self._held)
        self._held.clear()
        return self._read(data)

    def next_request(self) -> list[Event]:
        """The last request is answered: go on with what was held back."""
        if self._phase is not _Phase.ANSWERING:
            return []
        if self._head is None or not self._head.keep_alive:
            self._end()
            return []
        if len(self._held) > MAX_HELD:
            self._end()
            return [ProtocolError(400, "Too much data behind a request")]
        self._begin()
        data = bytes(self._held)
        self._held.clear()
        return self._read(data)

    def end_of_input(self) -> list[Event]:
        """The client sends no more; an error if it is in the middle of a request."""
        if not self.in_request:
            return []
        self._end()
        return [ProtocolError(400, "IO read error: unexpected EOF")]

    def _hold(self, data: bytes) -> None:
        if self._head is None or not self._head.keep_alive:
            self._surplus += len(data)
        elif len(self._held) <= MAX_HELD:
            self._held += data[: MAX_HELD + 1 - len(self._held)]

    def _end(self) -> None:
        self._surplus += len(self._held)
        self._held.clear()
        self._body, self._chunks = _NO_BODY, None
        self._phase = _Phase.ENDED

    def _read(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        try:
            self._read_request(data, events)
        except TooLarge as error:
            self._end()
            events.append(ProtocolError(error.status, error.text, self._head, error.size))
        except Refused as refused:
            self._end()
            events.append(ProtocolError(refused.status, refused.text))
        return events

    def _read_request(self, data: bytes, events: list[Event]) -> None:
        start = 0
        if self._head is not None and self._body is _NO_BODY:
            # It has waited.
            self._choose_body(self._head)
        if self._head is None:
            start = self._read_head(data)
            if self._head is None:
                return
            events.append(self._head)
        if self._phase is _Phase.WAITING:
            self._held += data[start:]
            return
        if self._phase is _Phase.LENGTH:
            start = self._read_length(data, start)
            is_complete = not self._left
        else:
            start, is_complete = self._read_chunked(data, start)
        if not is_complete:
            return
        raw, parts = self._body.finish()
        self._phase = _Phase.ANSWERING
        self._body, self._chunks = _NO_BODY, None
        events.append(RequestComplete(self._head, raw, parts))
        if start < len(data):
            self._hold(data[start:])

    def _read_head(self, data: bytes) -> int:
        """Read up to the blank line, or as far as there is; return where the rest begins."""
        start = 0
        if not self._in_head:
            start = len(data) - len(data.lstrip(b"\r\n"))
            self._blank += start
            if self._blank > MAX_BLANK:
                raise Refused(400, "HTTP parser error: Too many empty lines")
            if start == len(data):
                return start
        end = self._find_end(data, start)
        stop = end or len(data)
        self._in_head = True
        piece = data[start:stop]
        self._size.add(piece)
        self._parse(piece)
        if self._fields.complete and self._parser.get_http_version() not in ("1.1", "1.0"):
            raise Refused(505, "HTTP version not supported")
        if bool(end) is not self._fields.complete:
            # The parser and the search for the blank line disagree about where the head ends.
            raise Refused(400, "HTTP parser error: Invalid end of header")
        if end:
            self._head = self._make_head()
            if self._waits is not None and self._waits(self._head):
                self._framing, self._phase = self._phase, _Phase.WAITING
                return stop
            self._choose_body(self._head)
        return stop

    def _find_end(self, data: bytes, start: int) -> int:
        """Return the offset behind the blank line, 0 if it is not there yet."""
        seam = self._tail + data[start : start + 3]
        at = seam.find(b"\r\n\r\n")
        if at >= 0:
            return start + at + 4 - len(self._tail)
        self._tail = seam[-3:] if len(data) - start < 3 else data[-3:]
        at = data.find(b"\r\n\r\n", start)
        return at + 4 if at >= 0 else 0

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            # The head is complete; RFC 9110 7.8 lets a server ignore the wish for an upgrade.
            pass
        except HttpParserCallbackError:
            raise Refused(431, "Too many header fields") from None
        except HttpParserError as error:
            raise Refused(400, f"HTTP parser error: {error}") from None

    def _make_head(self) -> RequestHead:
        target = b"".join(self._fields.target).partition(b"#")[0]
        if not target.startswith(b"/"):
            raise Refused(400, "bad request URL")
        path, _, query = target.partition(b"?")
        is_11 = self._parser.get_http_version() == "1.1"
        expects, last = self._frame(is_11)
        return RequestHead(
            method=self._parser.get_method(),
            path=path,
            arguments=query_headers(query),
            headers=self._fields.headers,
            keep_alive=is_11 and not last,
            expects_continue=expects and is_11,
        )

    def _choose_body(self, head: RequestHead) -> None:
        self._body = self._open_body(head)
        if self._left > self._body.limit:
            raise TooLarge(self._left)
        if self._phase is _Phase.CHUNKED:
            self._chunks = ChunkedDecoder(self._body)

    def _frame(self, is_11: bool) -> tuple[bool, bool]:
        """Find out how the body is framed.

        Return whether the client waits for `CONTINUE`, and whether it asks for the connection
        to end. The parser has refused more than one length, and a length beside an encoding.
        """
        encodings: list[bytes] = []
        expects = last = False
        for name, value in self._fields.headers:
            if name == b"content-length":
                if len(value) > MAX_LENGTH_DIGITS:
                    raise Refused(400, "HTTP parser error: Invalid Content-Length")
                self._left = int(value)
            elif name == b"transfer-encoding":
                encodings.append(value.lower())
            elif name == b"expect":
                expects = value.lower() == b"100-continue"
            elif name == b"connection":
                # The parser sees `close` only where it stands first.
                last = last or b"close" in _tokens(value)
        if not encodings:
            self._phase = _Phase.LENGTH
            return expects and self._left > 0, last
        if encodings != [b"chunked"] or not is_11:
            raise Refused(400, "HTTP parser error: Invalid Transfer-Encoding")
        self._phase = _Phase.CHUNKED
        return expects, last

    def _read_length(self, data: bytes, start: int) -> int:
        piece = memoryview(data)[start : start + self._left]
        if piece:
            self._body.write(piece)
            self._left -= len(piece)
        return start + len(piece)

    def _read_chunked(self, data: bytes, start: int) -> tuple[int, bool]:
        """Return where what is not of the body begins, and whether the body is complete."""
        assert self._chunks is not None
        start = self._chunks.feed(data, start)
        return start, self._chunks.done


def _tokens(value: bytes) -> list[bytes]:
    return [token.strip(b" \t") for token in value.lower().split(b",")]
