"""Splitting the body of a multipart at its boundary lines (RFC 2046 5.1)."""

from typing import NamedTuple

LONGEST = 70
"""Characters of a boundary by RFC 2046 5.1.1. Longer ones work in mail programs."""


class Pieces(NamedTuple):
    """Where the parts of a multipart are."""

    spans: tuple[tuple[int, int], ...]
    is_found: bool
    """Whether there is any boundary line."""
    is_closed: bool
    """Whether the closing line was seen."""
    is_cut: bool
    """Whether there are more parts than were asked for."""
    behind: int
    """Offset behind the closing line, or behind the last piece."""
    lines: int
    """Lines that began like the boundary."""


def split(raw: bytes, start: int, end: int, boundary: bytes, most: int, most_lines: int) -> Pieces:
    """Find at most `most` pieces of the body between two offsets, by at most `most_lines` lines.

    A boundary line is `--`, the boundary, maybe `--`, and white space. What is not closed goes
    on to the end. Every octet is looked at once.
    """
    delimiter = b"\n--" + boundary
    length = len(delimiter)
    spans: list[tuple[int, int]] = []
    piece = -1  # where the present piece begins
    is_found = is_closed = is_cut = False
    behind = end
    found = raw.find(delimiter, max(start - 1, 0), end)
    lines = 0
    while found >= 0:
        lines += 1
        if lines > most_lines:
            is_cut = True
            piece = -1
            behind = found
            break
        line_end = raw.find(b"\n", found + length, end)
        stop = line_end if line_end >= 0 else end
        tail = raw[found + length : stop].rstrip(b" \t\r") if stop > found + length else b""
        if tail not in (b"", b"--"):
            found = raw.find(delimiter, stop, end)
            continue
        is_found = True
        if piece == found + 1:
            # Two lines in a row: the second has no line end of its own, so nothing is between.
            piece = -1
        if piece >= 0:
            if len(spans) >= most:
                is_cut = True
                piece = -1
                behind = found
                break
            spans.append((piece, max(_before_line_end(raw, found), piece)))
            piece = -1
        if tail:
            is_closed = True
            behind = stop
            break
        if line_end < 0:
            # The text ends with a boundary line: an empty piece.
            piece = end
            break
        piece = line_end + 1
        found = raw.find(delimiter, line_end, end)
    if piece >= 0:
        if len(spans) < most:
            spans.append((piece, end))
        else:
            is_cut = True
    return Pieces(tuple(spans), is_found, is_closed, is_cut, behind, lines)


def _before_line_end(raw: bytes, newline: int) -> int:
    """Offset of the line end whose LF is at `newline`."""
    return newline - 1 if newline and raw[newline - 1] == 13 else newline


def is_bad(boundary: bytes) -> bool:
    """Whether RFC 2046 5.1.1 forbids a boundary: empty, too long, with spaces."""
    return not boundary or len(boundary) > LONGEST or b" " in boundary or b"\t" in boundary
