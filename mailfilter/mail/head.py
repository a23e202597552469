"""The header of a raw message by itself, and its line end, for what is not parsed whole."""

MAX_HEAD = 2**20
"""Octets in which the header is looked for: real ones are far smaller."""


def header_block(raw: bytes, most: int = MAX_HEAD) -> bytes:
    """The header of a message with LF or CRLF line ends, without the blank line behind it.

    Of one that does not end within `most` octets, the lines that are whole. A blank line that
    comes first ends an empty header (RFC 5322 2.1).
    """
    start = raw[:most]
    if start.startswith((b"\n", b"\r\n")):
        return b""
    ends = [at + 1 for end in (b"\n\n", b"\n\r\n") if (at := start.find(end)) >= 0]
    return start[: min(ends, default=start.rfind(b"\n") + 1)]


def line_end(raw: bytes) -> bytes:
    """The line end of a message, LF or CRLF: that of its first line, LF if that has none."""
    end = raw.find(b"\n")
    return b"\r\n" if end > 0 and raw[end - 1] == ord("\r") else b"\n"
