"""The head of a request: its fields, and how large it may be, counted as its octets arrive."""

import re

from .http_body import Refused

MAX_HEAD = 80 * 1024
"""Octets of request line and headers, as Rspamd allows (http-scan.md T11)."""

LISTED = frozenset((b"rcpt", b"x-rspamd-rcpt-esmtp-args"))
"""Fields of which there is one for each recipient. They do not count for `MAX_HEAD` and
`MAX_HEADERS`: who sends a message chooses how many they are, and some clients deliver what
is refused."""

MAX_HEADERS = 4096
"""Header fields beside those in `LISTED`."""

MAX_LISTED = 2048
"""Those of each name in `LISTED` that are kept: for 1024 recipients, and some to show that there
are more."""

MAX_WHOLE_HEAD = 8 * 2**20
"""Octets of a head with them: 50,000 recipients, as many as MTAs take, of 160 octets each."""

_LISTED_NAME = re.compile(rb"(?:%b):" % b"|".join(sorted(LISTED)), re.IGNORECASE)
_LISTED_LINE = re.compile(rb"^%b[^\n]*\n" % _LISTED_NAME.pattern, re.IGNORECASE | re.MULTILINE)
_LONGEST_NAME = max(map(len, LISTED)) + 1
"""Octets of a line behind which it is known whether it is listed."""


class HeadSize:
    """Counts the octets of one head. What it refuses does not depend on how they are cut."""

    __slots__ = ("_line", "_line_size", "_others", "_total")

    def __init__(self) -> None:
        self._total = 0
        self._others = 0
        self._line = b""
        self._line_size = 0

    def add(self, data: bytes) -> None:
        """Count what comes next. Raises `Refused` as soon as it is known to be too much."""
        self._total += len(data)
        end = data.rfind(b"\n") + 1
        if end:
            first = data.find(b"\n") + 1
            self._open(data[:first])
            if not _LISTED_NAME.match(self._line):
                self._others += self._line_size
            self._line, self._line_size = b"", 0
            self._others += end - first - _listed_octets(data[first:end])
        self._open(data[end:])
        others = self._others
        if self._line_size >= _LONGEST_NAME and not _LISTED_NAME.match(self._line):
            others += self._line_size
        if others > MAX_HEAD or self._total > MAX_WHOLE_HEAD:
            raise Refused(431, "Request header too large")

    def _open(self, data: bytes) -> None:
        """More of the line whose end has not come before."""
        self._line += data[: _LONGEST_NAME - len(self._line)]
        self._line_size += len(data)


def _listed_octets(lines: bytes) -> int:
    return sum(found.end() - found.start() for found in _LISTED_LINE.finditer(lines))


class TooManyHeaders(Exception):
    """More than `MAX_HEADERS` fields."""


class Fields:
    """What the parser calls back with."""

    __slots__ = ("complete", "headers", "listed", "others", "target")

    def __init__(self) -> None:
        self.target: list[bytes] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self.listed = dict.fromkeys(LISTED, 0)
        self.others = 0
        self.complete = False

    def on_url(self, part: bytes) -> None:
        self.target.append(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in LISTED:
            if self.listed[name] == MAX_LISTED:
                return
            self.listed[name] += 1
        elif self.others == MAX_HEADERS:
            raise TooManyHeaders
        else:
            self.others += 1
        self.headers.append((name, value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        self.complete = True
