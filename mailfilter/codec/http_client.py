"""HTTP/1.x as a client speaks it: a request as octets, and its one answer read from octets.

The head of an answer is parsed by `httptools` (llhttp, strict), which gets exactly the octets up
to the blank line; the body is framed here, as in `http1`. What comes behind the answer is left
unread: requests ask for the connection to be closed.

Sources: RFC 9112; http-scan.md 1.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import NoReturn

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from ..syntax import CONTROL, NOT_PRINTABLE
from .http_body import PlainBody, Refused
from .http_chunked import ChunkedDecoder

MAX_HEAD = 80 * 1024
"""Octets of status line and headers: as much as Rspamd takes of a request (http-scan.md T11)."""

MAX_FIELDS = 1000
"""Header fields; servers send ten."""

MAX_ANSWER = 256 * 2**20
"""Octets of a body: a rewritten message of 100 MiB and what was found in it, with room."""

MAX_INTERIM = 16
"""Answers of class 1xx before the one that counts (RFC 9110 15.2); servers send one or none."""

_BLANK = b"\r\n\r\n"
_FRAMING = frozenset(("connection", "content-length", "host", "transfer-encoding"))
_NO_BODY = frozenset((204, 304))
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What is asked of a server; it is the same whichever server that is."""

    method: str
    target: str
    """Path, and query if there is one; encoded."""
    headers: Sequence[tuple[str, str]] = ()
    """Without Host, Content-Length and Connection. Lone surrogates are octets that are no UTF-8."""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    """From 200 to 999."""
    reason: str
    """As the server put it; may be empty."""
    headers: Sequence[tuple[str, str]]
    """In order, names as they came, values without blanks around them. Octets that are no UTF-8
    are lone surrogates."""
    body: bytes

    def header(self, name: str) -> str | None:
        """The first field of a name in lower case."""
        return next((value for found, value in self.headers if found.lower() == name), None)


class AnswerError(Exception):
    """It is no answer, or not all of one; the text says why, on one line."""


class NotHttp(AnswerError):
    """It is none of HTTP/1."""


def render_head(request: HttpRequest, host: str) -> bytes:
    """Everything of a request before its body; `host` is the server's, with its port.

    Nothing in a value can end its line: control characters but tabs become spaces. Raises
    ValueError for a method, target or name of a field that is none.
    """
    if not request.method.isalpha() or not request.method.isascii():
        raise ValueError(f"not a method of HTTP: {request.method!r}")
    if not request.target.startswith("/") or NOT_PRINTABLE.search(
        request.target.replace(" ", "\n")
    ):
        raise ValueError(f"not a path for HTTP: {request.target!r}")
    lines = [f"{request.method} {request.target} HTTP/1.1".encode("ascii")]
    lines.append(_field(b"Host", host))
    lines.append(b"Connection: close")
    lines.append(b"Content-Length: %d" % len(request.body))
    lines += [_field(_name(name), value) for name, value in request.headers]
    return b"\r\n".join(lines) + _BLANK


def _field(name: bytes, value: str) -> bytes:
    octets = CONTROL.sub(b" ", _octets(value))
    return b"%b: %b" % (name, octets.strip(b" \t"))


@lru_cache(maxsize=256)
def _name(name: str) -> bytes:
    """The same few for request after request. Raises ValueError."""
    if name.lower() in _FRAMING or not name or not _TOKEN.issuperset(name.lower()):
        raise ValueError(f"not a header that can be sent: {name!r}")
    return name.encode("ascii")


def _octets(value: str) -> bytes:
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


class _Phase(Enum):
    HEAD = auto()
    LENGTH = auto()
    CHUNKED = auto()
    UNTIL_END = auto()
    DONE = auto()


class AnswerReader:
    """Reads one answer. After an error it must not be used any more."""

    def __init__(self, max_body: int = MAX_ANSWER) -> None:
        self._max_body = max_body
        self._phase = _Phase.HEAD
        self._interim = 0
        self._left = self._length = self._size = 0
        self._body = PlainBody(max_body)
        self._chunks = ChunkedDecoder(self._body, takes_extensions=True)
        self._answer: Answer | None = None
        self._open_head()

    def _open_head(self) -> None:
        self._head = bytearray()
        self._parsed = 0
        self._fields = _Fields()
        self._parser = HttpResponseParser(self._fields)

    @property
    def done(self) -> bool:
        """The answer is complete."""
        return self._phase is _Phase.DONE

    @property
    def answer(self) -> Answer:
        """The complete one."""
        assert self._answer is not None
        return self._answer

    @property
    def has_begun(self) -> bool:
        """Anything came."""
        return self._interim > 0 or self._phase is not _Phase.HEAD or bool(self._head)

    @property
    def progress(self) -> str:
        """How much came, for people."""
        if self._phase is _Phase.HEAD:
            return self._progress_of_head()
        if self._phase is _Phase.LENGTH:
            return f"{self._size} of {self._length} octets of its answer"
        return f"{self._size} octets of its answer, and no end of it,"

    def _progress_of_head(self) -> str:
        if self._head:
            return f"{len(self._head)} octets of the head of its answer"
        return "only answers that say nothing yet" if self._interim else "no answer"

    def feed(self, data: bytes) -> None:
        """Read on; what is behind the answer is ignored. Raises AnswerError."""
        if self._phase is _Phase.HEAD:
            data = self._read_head(data)
        if data and self._phase is not _Phase.DONE:
            self._read_body(data)

    def end(self) -> None:
        """The connection has ended, as connections should. Raises AnswerError if that is early."""
        if self._phase is _Phase.UNTIL_END:
            self._complete()
        if self._phase is not _Phase.DONE:
            raise AnswerError(f"it ended the connection early: {self.progress} came")

    def _read_head(self, data: bytes) -> bytes:
        """Read heads up to the one that counts; return what is behind it."""
        while data and self._phase is _Phase.HEAD:
            begun = max(0, len(self._head) - len(_BLANK) + 1)
            self._head += data
            found = self._head.find(_BLANK, begun, MAX_HEAD)
            size = found + len(_BLANK) if found >= 0 else min(len(self._head), MAX_HEAD)
            self._parse(bytes(self._head[self._parsed : size]))
            self._parsed = size
            if found < 0:
                if len(self._head) >= MAX_HEAD:
                    raise AnswerError(f"the head of its answer is over {MAX_HEAD // 1024} KiB")
                return b""
            data = bytes(self._head[size:])
            self._take_head()
        return data

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            _refuse("it changes to another protocol")
        except HttpParserError as error:
            if self._parser.get_status_code() == 101:
                _refuse("it changes to another protocol")
            _refuse(str(error))

    def _take_head(self) -> None:
        status = self._parser.get_status_code()
        if not self._fields.complete or not self._head.lstrip(b"\r\n").startswith(b"HTTP/1."):
            _refuse("no status line of HTTP/1")
        if len(self._fields.headers) > MAX_FIELDS:
            raise AnswerError(f"its answer has more than {MAX_FIELDS} headers")
        if status < 100:
            _refuse(f"status {status}")
        if status >= 200:
            self._open_body(status)
            return
        self._interim += 1
        if self._interim > MAX_INTERIM:
            _refuse(f"more than {MAX_INTERIM} answers that say nothing yet")
        self._open_head()

    def _open_body(self, status: int) -> None:
        fields = self._fields
        headers = [(_text(name), _text(value.strip(b" \t"))) for name, value in fields.headers]
        self._answer = Answer(status, _text(b"".join(fields.reason)), headers, b"")
        codings = [value.lower() for name, value in headers if name.lower() == "transfer-encoding"]
        length = self._answer.header("content-length")
        if status in _NO_BODY or (length is not None and not int(length)):
            self._complete()
        elif codings:
            if codings != ["chunked"]:
                _refuse("a Transfer-Encoding that is not chunked")
            self._phase = _Phase.CHUNKED
        elif length is None:
            self._phase = _Phase.UNTIL_END
        else:
            self._phase = _Phase.LENGTH
            self._length = self._left = int(length)
            self._allow(self._length)

    def _read_body(self, data: bytes) -> None:
        if self._phase is _Phase.CHUNKED:
            self._read_chunks(data)
            return
        if self._phase is _Phase.LENGTH:
            data = data[: self._left]
            self._left -= len(data)
        self._size += len(data)
        self._allow(self._size)
        self._body.write(memoryview(data))
        if self._phase is _Phase.LENGTH and not self._left:
            self._complete()

    def _read_chunks(self, data: bytes) -> None:
        try:
            self._chunks.feed(data, 0)
        except Refused as error:
            if error.status == 413:
                self._allow(self._max_body + 1)
            _refuse(error.text)
        self._size += len(data)
        if self._chunks.done:
            self._complete()

    def _allow(self, size: int) -> None:
        if size > self._max_body:
            raise AnswerError(f"its answer is over {self._max_body} octets")

    def _complete(self) -> None:
        found = self.answer
        body = self._body.finish().raw
        self._answer = Answer(found.status, found.reason, found.headers, body)
        self._phase = _Phase.DONE


class _Fields:
    """What the parser calls back with."""

    __slots__ = ("complete", "headers", "reason")

    def __init__(self) -> None:
        self.reason: list[bytes] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False

    def on_status(self, part: bytes) -> None:
        self.reason.append(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.complete = True


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def _refuse(what: str) -> NoReturn:
    raise NotHttp(f"its answer is not HTTP/1: {what}")
