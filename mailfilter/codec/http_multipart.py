"""Forms: bodies of `multipart/form-data`, taken as they come (RFC 7578, RFC 2046 5.1.1).

Lines of the form end in CRLF and nothing else. If LF were enough, a part would end one octet
sooner or later depending on who reads it; and no client sends it.
"""

from collections.abc import Callable
from enum import Enum, auto

from .http_body import Body, Content, Part, TooLarge
from .http_part import MalformedForm, PartHead, part_head

MAX_PART_HEAD = 8192
"""Octets of the headers of a part."""

MAX_AROUND = 1024
"""Octets in front of the first part, and octets behind the last one. Clients send none."""

MAX_PADDING = 64
"""Octets of blanks behind a boundary, which gateways are said to add."""

STEP = 64 * 1024
"""Octets that are looked through at a time, since they are copied for it."""


class _Phase(Enum):
    PREAMBLE = auto()
    """Up to the first boundary."""
    DELIMITER = auto()
    """Behind a boundary, up to the end of its line."""
    HEAD = auto()
    DATA = auto()
    EPILOGUE = auto()


class FormBody:
    """Parts are taken by what `open_part` gives for their heads; it may refuse them."""

    def __init__(self, boundary: bytes, limit: int, open_part: Callable[[PartHead], Body]) -> None:
        self.limit = limit
        self._delimiter = b"\r\n--" + boundary
        self._open_part = open_part
        self._phase = _Phase.PREAMBLE
        # A boundary at the very beginning has no end of a line before it.
        self._kept = b"\r\n"
        self._around = 0
        self._head: PartHead | None = None
        self._part: Body | None = None
        self._size = 0
        """Octets of the part so far."""
        self._skip = 0
        self._parts: list[Part] = []

    def write(self, data: memoryview) -> None:
        """See `Body`."""
        for start in range(0, len(data), STEP):
            rest = self._kept + data[start : start + STEP]
            self._kept = b""
            while rest:
                rest = self._read(rest)

    def finish(self) -> Content:
        """See `Body`."""
        if self._phase is _Phase.DELIMITER and self._kept.rstrip(b" \t") == b"--":
            self._phase = _Phase.EPILOGUE
        if self._phase is not _Phase.EPILOGUE:
            raise MalformedForm("unexpected end")
        return Content(b"", tuple(self._parts))

    def _read(self, data: bytes) -> bytes:
        """Read on in `data`; return what is left for the next phase.

        What can only be read together with what comes next is kept.
        """
        if self._phase is _Phase.DATA:
            return self._read_data(data)
        if self._phase is _Phase.HEAD:
            return self._read_head(data)
        if self._phase is _Phase.DELIMITER:
            return self._read_delimiter(data)
        if self._phase is _Phase.PREAMBLE:
            return self._read_preamble(data)
        self._count_around(len(data))
        return b""

    def _read_preamble(self, data: bytes) -> bytes:
        piece, is_found, rest = self._cut(data)
        self._count_around(len(piece))
        if is_found:
            self._phase = _Phase.DELIMITER
        return rest

    def _count_around(self, octets: int) -> None:
        self._around += octets
        if self._around > MAX_AROUND:
            raise MalformedForm("too much around the parts")

    def _read_delimiter(self, data: bytes) -> bytes:
        line, mark, rest = data.partition(b"\r\n")
        if len(line.removesuffix(b"\r")) > MAX_PADDING:
            raise MalformedForm("invalid boundary line")
        if not mark:
            self._kept = line
            return b""
        self._around = 0
        line = line.rstrip(b" \t")
        if line == b"--":
            self._phase = _Phase.EPILOGUE
            return rest
        if line:
            raise MalformedForm("invalid boundary line")
        self._phase = _Phase.HEAD
        # So that the blank line is found of a part without headers.
        return b"\r\n" + rest

    def _read_head(self, data: bytes) -> bytes:
        end = data.find(b"\r\n\r\n")
        # Three octets of the blank line may be there.
        if (len(data) - 3 if end < 0 else end) > MAX_PART_HEAD:
            raise MalformedForm("part headers too large")
        if end < 0:
            self._kept = data
            return b""
        self._head = part_head(data[2:end])
        self._part = self._open_part(self._head)
        self._size = 0
        self._phase = _Phase.DATA
        # The blank line ends like the line before a boundary, and may be that line.
        self._skip = 2
        return data[end + 2 :]

    def _read_data(self, data: bytes) -> bytes:
        assert self._part is not None and self._head is not None
        piece, is_found, rest = self._cut(data)
        skipped = min(self._skip, len(piece))
        self._skip -= skipped
        piece = piece[skipped:]
        self._size += len(piece)
        if self._size > self._part.limit:
            raise TooLarge(self._size)
        if piece:
            self._part.write(piece)
        if is_found:
            content = self._part.finish().raw
            self._parts.append(Part(self._head.name, self._head.content_type, content))
            self._part = None
            self._phase = _Phase.DELIMITER
        return rest

    def _cut(self, data: bytes) -> tuple[memoryview, bool, bytes]:
        """Return what is before the next boundary, whether there is one, and what is behind it."""
        at = data.find(self._delimiter)
        if at >= 0:
            return memoryview(data)[:at], True, data[at + len(self._delimiter) :]
        # A boundary may have begun.
        at = max(0, len(data) - len(self._delimiter) + 1)
        self._kept = data[at:]
        return memoryview(data)[:at], False, b""
