"""Body in `Transfer-Encoding: chunked` (RFC 9112 7.1), decoded strictly and with bounds.

Chunk extensions of requests are refused: no client of a mail filter sends them, and readings of
them that differ between two servers are how requests are smuggled. Those of answers are read and
dropped, as trailer fields are.

The number of chunks has no bound but that of the body: Haraka sends each line of a message as one,
and delivers mail unscanned that is refused here.
"""

import re
from enum import Enum, auto

from .http_body import Body, Refused, TooLarge

MAX_SIZE_LINE = 18
"""Octets of a chunk's size line: 16 hexadecimal digits hold any size there is, and CRLF."""

MAX_EXTENSION = 1024
"""Octets of a size line that may have extensions."""

MAX_EXTENSIONS = 2**20
"""Octets of all size lines with extensions: a signature for each of ten thousand chunks."""

MAX_TRAILER = 8192
"""Octets of all trailer fields."""

MAX_PADDED = 2**16
"""Chunks whose size begins with a zero. No client is known to pad sizes of small chunks, and each
takes 2 us: 50 MiB of single octets would take two minutes."""

_SMALL = {ord(f"{size:x}"): size for size in range(1, 16)} | {
    ord(f"{size:X}"): size for size in range(10, 16)
}
"""Digit -> octets of a chunk whose size is that one digit."""

_LONGEST_SMALL = max(_SMALL.values()) + 5
_END = b"\r\n"

_SIZE = re.compile(rb"[0-9A-Fa-f]+\r\n")
_EXTENDED = re.compile(rb"([0-9A-Fa-f]{1,16})[\t ]*+;[\t -~\x80-\xff]*+\r\n")
"""Whatever the extension is, it has to be ignored (RFC 9112 7.1.1)."""
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t -~\x80-\xff]*\r\n")

# What frames a message must not come behind it (RFC 9110 6.5.1).
_FRAMING = frozenset((b"content-length", b"transfer-encoding"))


class _Expect(Enum):
    """What kind of line comes after the chunk's data."""

    SIZE = auto()
    END_OF_DATA = auto()
    TRAILER = auto()


class ChunkedDecoder:
    """Decodes into one body; `done` tells the end."""

    def __init__(self, body: Body, *, takes_extensions: bool = False) -> None:
        self.done = False
        self._takes_extensions = takes_extensions
        self._extensions = 0
        self._body = body
        self._size = 0
        self._padded = 0
        self._left = 0
        self._trailer = 0
        self._line = bytearray()
        self._expect = _Expect.SIZE

    def feed(self, data: bytes, start: int) -> int:
        """Decode `data` from `start` on; return where what is not of it begins.

        Raises `Refused`; `TooLarge` before anything over the body's limit is written.
        """
        view = memoryview(data)
        pieces: list[bytes | memoryview] = []
        while start < len(data) and not self.done:
            if self._expect is _Expect.SIZE and not self._line:
                start = self._take_small(data, start, pieces)
                if start == len(data):
                    break
            if self._left:
                piece = view[start : start + self._left]
                pieces.append(piece)
                self._left -= len(piece)
                start += len(piece)
            else:
                start = self._feed_line(data, start)
        if len(pieces) == 1:
            self._body.write(memoryview(pieces[0]))
        elif pieces:
            # A write costs more than a copy of what came at once.
            self._body.write(memoryview(b"".join(pieces)))
        return start

    def _take_small(self, data: bytes, start: int, pieces: list[bytes | memoryview]) -> int:
        """Take what is there of whole chunks of some octets, in a fifth of the usual time.

        A message of blank lines has millions of them.
        """
        last = len(data) - _LONGEST_SMALL
        begun = start
        while start <= last:
            size = _SMALL.get(data[start])
            if size is None or data[start + 1 : start + 3] != _END:
                break
            end = start + 3 + size
            if data[end : end + 2] != _END:
                break
            pieces.append(data[start + 3 : end])
            self._size += size
            start = end + 2
        if start > begun and self._size > self._body.limit:
            raise TooLarge(self._size)
        return start

    def _feed_line(self, data: bytes, start: int) -> int:
        room = self._line_limit() - len(self._line)
        end = data.find(b"\n", start, start + room) + 1
        if not end:
            if len(data) - start >= room:
                raise _malformed("Chunk line too long")
            self._line += data[start:]
            return len(data)
        line = bytes(self._line) + data[start:end]
        self._line.clear()
        self._take_line(line)
        return end

    def _line_limit(self) -> int:
        if self._expect is _Expect.TRAILER:
            return MAX_TRAILER
        if self._expect is _Expect.SIZE and self._takes_extensions:
            return MAX_EXTENSION
        return MAX_SIZE_LINE

    def _take_line(self, line: bytes) -> None:
        if self._expect is _Expect.SIZE:
            self._take_size(line)
        elif self._expect is _Expect.TRAILER:
            self._take_trailer(line)
        elif line != b"\r\n":
            raise _malformed("Expected CRLF after chunk data")
        else:
            self._expect = _Expect.SIZE

    def _take_size(self, line: bytes) -> None:
        if self._takes_extensions and b";" in line:
            line = self._without_extension(line)
        if not _SIZE.fullmatch(line) or len(line) > MAX_SIZE_LINE:
            raise _malformed("Invalid character in chunk size")
        self._left = int(line, 16)
        if not self._left:
            self._expect = _Expect.TRAILER
            return
        self._expect = _Expect.END_OF_DATA
        self._size += self._left
        self._padded += line[:1] == b"0"
        if self._size > self._body.limit:
            raise TooLarge(self._size)
        if self._padded > MAX_PADDED:
            raise _malformed("Too many chunk sizes with leading zeros")

    def _without_extension(self, line: bytes) -> bytes:
        self._extensions += len(line)
        if self._extensions > MAX_EXTENSIONS:
            raise _malformed("Too many chunk extensions")
        found = _EXTENDED.fullmatch(line)
        return line if found is None else found[1] + _END

    def _take_trailer(self, line: bytes) -> None:
        self._trailer += len(line)
        if self._trailer > MAX_TRAILER:
            raise _malformed("Trailer too long")
        if line == b"\r\n":
            self.done = True
            return
        field = _FIELD.fullmatch(line)
        if field is None or field[1].lower() in _FRAMING:
            raise _malformed("Invalid trailer field")


def _malformed(text: str) -> Refused:
    return Refused(400, f"HTTP parser error: {text}")
