"""The line protocols as a server reads them: octets in, events out (spamd-line.md 3.1 to 3.4).

A connection is one request: `COMMAND SPAMC/1.5` or `COMMAND RSPAMC/1.3`, lines `Name: value`, an
empty line, a message. What is behind it is ignored.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import NoReturn

from ..syntax import CONTROL
from .spamd_body import EXIM_LINES, MAX_PREFACE, MAX_TOP, MBOX_LINE, Content, MessageBody
from .unpack import UnpackedTooLarge, Unpacker, UnpackError, zlib_unpacker

MAX_LINE = 8192
"""Octets of a line with its end, as spamc allows in replies."""

MAX_LINES = 256
"""Header lines of SPAMC, as spamd allows."""

MAX_RSPAMC_LINE = 64 * 1024
"""The same of RSPAMC: Exim tells what a stranger calls himself, 16 KiB of it."""

MAX_RECIPIENTS = 2048
"""Recipients kept; scans look at half as many."""

MAX_RCPT_LINES = 60_000
"""Header lines of RSPAMC: Exim sends one for each recipient, of which it takes 50,000."""

MAX_HEAD = 4 * 2**20
"""Octets of all header lines that are kept."""

MAX_SHOWN = 200
"""Octets of a bad line that the answer tells."""

SPAMC_COMMANDS = frozenset(
    (
        "CHECK",
        "HEADERS",
        "PING",
        "PROCESS",
        "REPORT",
        "REPORT_IFSPAM",
        "SKIP",
        "SYMBOLS",
        "TELL",
    )
)
RSPAMC_COMMANDS = frozenset(("CHECK", "SYMBOLS"))

_LONE = frozenset(("PING", "SKIP"))
"""Commands of which nothing follows that matters."""

GIVE_BACK = frozenset(("HEADERS", "PROCESS"))
"""Commands that are answered with the message: all of it but the line of an mbox is looked at."""

_REQUEST = re.compile(
    rb"([A-Z_]{4,16}) (R?SPAMC)/([0-9]{1,4})(?:\.([0-9]{1,4})(?:\.[0-9.]{0,32})?)?[ \t]*"
)
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*(.*?)[ \t]*", re.DOTALL)
_NO_TEXT = re.compile(rb"[^\t -~]")
_LENGTH = re.compile(rb"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class RequestLine:
    """The first line of a request."""

    command: str
    is_rspamc: bool
    version: tuple[int, int]
    """Of the client: major, minor."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request has come to its end; the answer is the end of the connection."""

    line: RequestLine
    headers: list[tuple[bytes, bytes]]
    """In order, names in lower case, values without blanks around them."""
    content: Content


@dataclass(frozen=True, slots=True)
class ProtocolError:
    """The input is no request: answer with this text, printable ASCII, then close."""

    text: str
    is_rspamc: bool = False


Event = Request | ProtocolError


class _Refused(Exception):
    """Ends the reading of a request."""


class _Phase(Enum):
    FIRST = auto()
    HEADERS = auto()
    BODY = auto()
    ENDED = auto()


class LineCodec:
    """Reads the request of one connection, with a message of at most `max_message` octets."""

    def __init__(self, max_message: int) -> None:
        self._max_message = max_message
        self._phase = _Phase.FIRST
        self._buffer = bytearray()
        self._sought = 0
        self._head_size = 0
        self._lines = 0
        self._recipients = 0
        self._line: RequestLine | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._length: int | None = None
        self._left = 0
        self._body: MessageBody | _PackedBody | None = None
        self.has_begun = False
        """An octet has come."""

    @property
    def has_ended(self) -> bool:
        """The request is complete or refused; nothing that comes matters any more."""
        return self._phase is _Phase.ENDED

    def receive(self, data: bytes) -> list[Event]:
        """Take octets; return the request or the error that they bring to an end."""
        if not data or self._phase is _Phase.ENDED:
            return []
        self.has_begun = True
        try:
            event = self._read_body(data) if self._phase is _Phase.BODY else self._read(data)
        except _Refused as refused:
            event = self._refused(refused)
        return [event] if event is not None else []

    def end_of_input(self) -> list[Event]:
        """The client sends no more: that ends a message without a length."""
        if not self.has_begun or self._phase is _Phase.ENDED:
            return []
        try:
            return [self._at_end()]
        except _Refused as refused:
            return [self._refused(refused)]

    @property
    def _max_line(self) -> int:
        return MAX_RSPAMC_LINE if self.is_rspamc else MAX_LINE

    @property
    def is_in_head(self) -> bool:
        """It is not known yet what comes behind the headers."""
        return self._phase in (_Phase.FIRST, _Phase.HEADERS)

    @property
    def is_packed(self) -> bool:
        """A message comes that has to be unpacked."""
        return isinstance(self._body, _PackedBody)

    @property
    def is_rspamc(self) -> bool:
        """The client has said that it speaks RSPAMC."""
        return self._line is not None and self._line.is_rspamc

    def _refused(self, refused: _Refused) -> ProtocolError:
        self._end()
        return ProtocolError(str(refused), self.is_rspamc)

    def _end(self) -> None:
        self._phase = _Phase.ENDED
        self._body = None
        self._buffer.clear()

    def _read(self, data: bytes) -> Event | None:
        """Read lines up to the empty one."""
        self._buffer += data
        start = 0
        while (end := self._buffer.find(b"\n", max(start, self._sought))) >= 0:
            if end + 1 - start > self._max_line:
                raise _Refused("(line too long)")
            line = bytes(self._buffer[start:end]).removesuffix(b"\r")
            start = end + 1
            event = self._take_line(line)
            if event is not None:
                return event
            if self._phase is _Phase.BODY:
                rest = bytes(self._buffer[start:])
                self._buffer.clear()
                return self._read_body(rest)
        del self._buffer[:start]
        self._sought = len(self._buffer)
        if self._sought >= self._max_line:
            raise _Refused("(line too long)")
        return None

    def _take_line(self, line: bytes) -> Event | None:
        if self._phase is _Phase.FIRST:
            self._line = found = _request_line(line)
            self._phase = _Phase.HEADERS
            return self._complete(Content(b"", b"", b"", 0)) if found.command in _LONE else None
        if line:
            self._take_field(line)
            return None
        self._begin_body()
        return None

    def _take_field(self, line: bytes) -> None:
        assert self._line is not None
        self._lines += 1
        field = _FIELD.fullmatch(line)
        if field is None:
            raise _Refused("(header not in 'Name: value' format)")
        name, value = field[1].lower(), field[2]
        is_recipient = self._line.is_rspamc and name == b"rcpt"
        self._recipients += is_recipient
        if is_recipient and self._recipients > MAX_RECIPIENTS:
            # That there are more is all that is to be known.
            return
        self._head_size += len(line)
        most = MAX_RCPT_LINES if self._line.is_rspamc else MAX_LINES
        if self._lines > most or self._head_size > MAX_HEAD:
            raise _Refused("(too many headers)")
        if self._line.is_rspamc:
            # It may be a stranger's who is to be refused, or a login: Exim's ACL must be answered.
            value = CONTROL.sub(b"?", value)
        elif CONTROL.search(value):
            raise _Refused(f"({name[:MAX_SHOWN].decode('ascii')} header contains control chars)")
        if name == b"content-length":
            self._take_length(value)
        self._headers.append((name, value))

    def _take_length(self, value: bytes) -> None:
        if not _LENGTH.fullmatch(value):
            raise _Refused("(Content-Length contains non-numeric bytes)")
        if self._length not in (None, int(value)):
            raise _Refused("(Content-Length differs)")
        self._length = int(value)

    def _begin_body(self) -> None:
        assert self._line is not None
        is_rspamc = self._line.is_rspamc
        self._phase = _Phase.BODY
        self._left = self._length or 0
        limit = self._max_message
        if self._left > limit + MAX_PREFACE:
            # Nothing but the header will be kept: no use to collect more.
            limit = min(limit, MAX_TOP)
        starts = MBOX_LINE if self._line.command in GIVE_BACK else EXIM_LINES
        packing = dict(self._headers).get(b"compression" if is_rspamc else b"compress")
        if not packing:
            self._body = MessageBody(limit, starts)
        elif packing.lower() != b"zlib" or is_rspamc:
            raise _Refused("(compression not supported)")
        elif self._length is None:
            raise _Refused("(Compress requires Content-length)")
        else:
            self._body = _PackedBody(MessageBody(self._max_message, starts), self._max_message)

    def _read_body(self, data: bytes) -> Event | None:
        assert self._body is not None
        if self._length is None:
            self._body.write(data)
            return None
        surplus = len(data) - self._left
        if surplus > 0 and not self.is_rspamc:
            raise self._mismatch(self._length + surplus)
        with memoryview(data) as view:
            piece = view[: self._left]
            self._left -= len(piece)
            self._body.write(piece)
        return self._complete(self._body.finish()) if not self._left else None

    def _complete(self, content: Content) -> Request:
        assert self._line is not None
        self._end()
        return Request(self._line, self._headers, content)

    def _at_end(self) -> Event:
        if self._phase is _Phase.FIRST:
            # For a client that leaves the line end out.
            line = bytes(self._buffer).removesuffix(b"\r")
            self._buffer.clear()
            if event := self._take_line(line):
                return event
        if self._body is None:
            raise _Refused("(EOF during headers)")
        if self._length is None:
            return self._complete(self._body.finish())
        raise self._mismatch(self._length - self._left)

    def _mismatch(self, got: int) -> _Refused:
        return _Refused(
            f"(Content-Length mismatch: Expected {self._length} bytes, got {got} bytes)"
        )


class _PackedBody:
    """Unpacks a message that came as a stream of zlib; one that is too large is not kept at all."""

    def __init__(self, body: MessageBody, limit: int) -> None:
        self._body = body
        self._unpacker: Unpacker | None = zlib_unpacker(limit, body)
        self._size = 0
        """Of a message that is too large, at the least."""

    def write(self, data: bytes | memoryview) -> None:
        if self._unpacker is None:
            return
        try:
            self._unpacker.write(data)
        except UnpackedTooLarge as error:
            self._size = error.size
            self._body, self._unpacker = MessageBody(0), None
        except UnpackError as error:
            raise _bad_packing(error) from None

    def finish(self) -> Content:
        if self._unpacker is None:
            return Content(b"", None, b"", self._size)
        try:
            self._unpacker.finish()
        except UnpackError as error:
            raise _bad_packing(error) from None
        return self._body.finish()


def _bad_packing(error: UnpackError) -> _Refused:
    return _Refused(f"(Compress: zlib: {error})")


def _request_line(line: bytes) -> RequestLine:
    """Read the first line, or raise `_Refused` with what may be told of it."""
    found = _REQUEST.fullmatch(line)
    if found is None:
        _refuse_line(line)
    command, is_rspamc = found[1].decode("ascii"), found[2] == b"RSPAMC"
    if command not in (RSPAMC_COMMANDS if is_rspamc else SPAMC_COMMANDS):
        _refuse_line(line)
    return RequestLine(command, is_rspamc, (int(found[3]), int(found[4] or 0)))


def _refuse_line(line: bytes) -> NoReturn:
    shown = _NO_TEXT.sub(b"?", line[:MAX_SHOWN]).decode("ascii")
    raise _Refused(shown.replace("\t", " ").strip() or "(empty line)")
