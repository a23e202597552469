"""Replies of an HTTP/1.x server as bytes (http-scan.md 1.1, T1, T7, T10)."""

import re
from collections.abc import Sequence
from email.utils import formatdate

from ..syntax import NOT_PRINTABLE

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""Tells a client that waits with its body to send it (RFC 9110 10.1.1)."""

MAX_REASON = 200
"""Characters of a reason phrase: enough for a sentence; the whole text is in the body."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def render_reply(
    status: int,
    reason: str,
    body: bytes,
    content_type: str,
    *,
    server: str,
    date: str,
    close: bool,
    extra: Sequence[tuple[str, str]] = (),
    with_body: bool = True,
) -> bytes:
    """Build a reply. Nothing in its texts can end a line: control characters become spaces.

    `close` announces that the connection ends. `with_body` is false for the reply to HEAD, which
    has the length but not the body (RFC 9110 9.3.2). Raises `ValueError` for a name in `extra`
    that is none.
    """
    connection = "Connection: close\r\n" if close else ""
    more = "".join(f"{_name(name)}: {_text(value)}\r\n" for name, value in extra)
    head = (
        f"HTTP/1.1 {status:03d} {_text(reason)[:MAX_REASON]}\r\n"
        f"{connection}Server: {_text(server)}\r\nDate: {_text(date)}\r\n"
        f"Content-Length: {len(body)}\r\nContent-Type: {_text(content_type)}\r\n{more}\r\n"
    ).encode("ascii")
    return head + body if with_body else head


def _text(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return NOT_PRINTABLE.sub(lambda found: " " if found[0] < " " else "?", text)


def _name(name: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"not a header name: {name!r}")
    return name


class DateLine:
    """The value of `Date`, worked out once a second."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def at(self, now: float) -> str:
        """Return the date of a time in seconds since the epoch (RFC 9110 5.6.7)."""
        if int(now) != self._second:
            self._second = int(now)
            self._text = formatdate(self._second, usegmt=True)
        return self._text
