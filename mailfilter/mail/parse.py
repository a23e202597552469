"""The structure of a message: which octets are which part."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from . import boundary, params, transfer
from .anomaly import AnomalyKind
from .headers import Headers
from .limits import MIB
from .part import CONTENT_ENCODING, CONTENT_TYPE, Part
from .source import Source

MESSAGE_TYPES = frozenset({"message/rfc822", "message/global", "message/news"})
"""Types whose body is a message of its own (RFC 2046 5.2.1, RFC 6532 3.7)."""

Reading = Callable[["Structure"], Sequence[Part]]
"""A second way to read a place of a message."""


class Doubt(NamedTuple):
    """A place that has a second reading, in certain octets."""

    source: Source
    reading: Reading


class Structure:
    """Reads the tree of one message, within the caps that all its parts share.

    Where mail programs differ, the tree follows the most common way (mostly: the first of two
    contradicting things counts), and `doubts` tells the other ways.
    """

    def __init__(self, source: Source) -> None:
        limits = source.limits
        self._source = source
        self._parts_left = limits.parts
        self._headers_left = limits.total_headers
        self._text_left = limits.text_total
        self._searches_left = limits.second_readings
        self._lines_left = limits.boundary_lines
        self._octets_left = limits.scans * (len(source.raw) + 2 * MIB)
        self.doubts: list[Doubt] = []
        """Places that have a second reading, at most `Limits.second_readings`."""

    def message(self) -> Part:
        """Read the whole message."""
        raw = self._source.raw
        root = self.entity(0, len(raw), 0)
        if b"\n" not in raw and b"\r" in raw:
            self._doubt(Structure.old_mac)
        if not root.headers and root.headers.end < root.body_start:
            # A blank line that comes first ends an empty header (RFC 5322 2.1).
            self._source.log.add(AnomalyKind.LEADING_BLANK_LINE)
            start = len(raw) - len(raw.lstrip(b"\r\n"))
            self._doubt(partial(Structure.lenient, start=start, end=len(raw), depth=0))
        return root

    def text(self) -> Part:
        """Take all of it for text: it is no mail, and has no header."""
        raw = self._source.raw
        none = Headers(self._source, 0)
        part = Part(self._source, none, 0, len(raw), 0, None, "text/plain", "")
        self._fill(part, 0)
        return part

    def entity(
        self,
        start: int,
        end: int,
        depth: int,
        default_type: str = "text/plain",
        outer_end: int = 0,
        is_lenient: bool = False,
    ) -> Part:
        """Read a header block and the body behind it.

        Calls itself for the parts within, at most `Limits.depth` levels deep. `outer_end` is
        where the container ends; `is_lenient` skips odd lines of the header.
        """
        headers = Headers(self._source, start)
        most = min(self._headers_left, self._source.limits.block_headers)
        body_start = headers.read(end, most, is_lenient)
        self._headers_left -= len(headers)
        types = headers.values(CONTENT_TYPE)
        encodings = headers.values(CONTENT_ENCODING)
        part = Part(
            self._source,
            headers,
            body_start,
            end,
            depth,
            types[0] if types else None,
            default_type,
            params.token(encodings[0]) if encodings else "",
        )
        self._fill(part, outer_end)
        if headers.end == body_start < end and headers.goes_on(end) and not is_lenient:
            self._doubt(partial(Structure.lenient, start=start, end=end, depth=depth))
        if len(types) > 1:
            self._doubt_types(part, types)
        if len(encodings) > 1:
            self._doubt_encodings(part, encodings)
        return part

    def read_again(self, doubt: Doubt) -> Sequence[Part]:
        """Read a doubtful place, best in a structure that has spent nothing of its caps."""
        self._source = doubt.source
        return doubt.reading(self)

    def again(
        self, part: Part, type_field: bytes | None, encoding: str, end: int
    ) -> Sequence[Part]:
        """Read a part with another type, encoding or end."""
        other = Part(
            self._source,
            part.headers,
            part.body_start,
            end,
            part.depth,
            type_field,
            part.type,
            encoding,
        )
        self._fill(other, end)
        return (other,)

    def lenient(self, start: int, end: int, depth: int) -> Sequence[Part]:
        """Read an entity whose header has lines that do not belong, or begins with one."""
        return (self.entity(start, end, depth, is_lenient=True),)

    def pieces(self, part: Part, chosen: bytes, start: int) -> Sequence[Part]:
        """Read the pieces of a multipart from an offset on, with another boundary."""
        found = self._cut(start, part.end, chosen)
        return self._children(part, found)

    def decoded(self, part: Part) -> Sequence[Part]:
        """Read a container without its transfer encoding; offsets point into octets of its own."""
        # The line end stands for the one before the body, which a first boundary line needs.
        octets = b"\n" + part.decoded
        self._source = source = self._source.of(octets)
        if part.type in MESSAGE_TYPES:
            return (self.entity(1, len(octets), part.depth + 1),)
        other = Part(
            source, part.headers, 1, len(octets), part.depth, part.type_field, part.type, ""
        )
        self._fill(other, 0)
        return other.children

    def old_mac(self) -> Sequence[Part]:
        """Read a message without any LF as if CR ended its lines."""
        self._source = self._source.of(self._source.raw.replace(b"\r", b"\n"))
        return (self.entity(0, len(self._source.raw), 0),)

    def _doubt(self, reading: Reading) -> None:
        if len(self.doubts) < self._source.limits.second_readings:
            self.doubts.append(Doubt(self._source, reading))

    def _doubt_types(self, part: Part, types: list[bytes]) -> None:
        self._source.log.add(AnomalyKind.DUPLICATE_CONTENT_TYPE)
        for other in dict.fromkeys(types[1:]):
            if other.strip() != types[0].strip():
                self._doubt(
                    partial(
                        Structure.again,
                        part=part,
                        type_field=other,
                        encoding=part.encoding,
                        end=part.end,
                    )
                )

    def _doubt_encodings(self, part: Part, encodings: list[bytes]) -> None:
        self._source.log.add(AnomalyKind.DUPLICATE_ENCODING)
        for other in dict.fromkeys(map(params.token, encodings[1:])):
            if other != part.encoding:
                self._doubt(
                    partial(
                        Structure.again,
                        part=part,
                        type_field=part.type_field,
                        encoding=other,
                        end=part.end,
                    )
                )

    def _fill(self, part: Part, outer_end: int) -> None:
        """Find the parts within a part."""
        kind = part.type
        if kind.startswith("multipart/"):
            self._fill_multipart(part, outer_end)
        elif kind in MESSAGE_TYPES:
            self._fill_message(part)
        elif self._source.first_text is None and kind.startswith("text/") and part.type_field:
            self._source.first_text = part.content_type
        if part.is_text:
            part.text_limit = min(self._source.limits.text_part, self._text_left)
            self._text_left -= min(part.text_limit, part.end - part.body_start)

    def _may_split(self, part: Part) -> bool:
        """Whether a container may be looked into; notes what speaks against it."""
        log = self._source.log
        if part.depth >= self._source.limits.depth:
            log.add(AnomalyKind.TOO_DEEP)
            return False
        if self._parts_left <= 0 or self._lines_left <= 0 or self._octets_left <= 0:
            log.add(AnomalyKind.TOO_MANY_PARTS)
            return False
        if part.encoding not in transfer.IDENTITY:
            # RFC 2045 6.4 forbids it; some programs decode all the same.
            log.add(AnomalyKind.ENCODED_CONTAINER)
            self._doubt(partial(Structure.decoded, part=part))
        return True

    def _fill_message(self, part: Part) -> None:
        if not self._may_split(part) or part.encoding not in transfer.IDENTITY:
            return
        self._parts_left -= 1
        part.children = (self.entity(part.body_start, part.end, part.depth + 1),)

    def _fill_multipart(self, part: Part, outer_end: int) -> None:
        if not self._may_split(part):
            return
        log = self._source.log
        candidates = part.content_type.boundaries
        if not candidates:
            log.add(AnomalyKind.MISSING_BOUNDARY)
            return
        if any(map(boundary.is_bad, candidates)):
            log.add(AnomalyKind.BAD_BOUNDARY)
        chosen, found = self._split(part, candidates)
        if not found.spans:
            too_many = AnomalyKind.TOO_MANY_PARTS
            log.add(too_many if found.is_cut else AnomalyKind.BOUNDARY_NOT_FOUND)
            return
        part.children = self._children(part, found)
        if found.is_closed:
            self._look_behind(part, chosen, found.behind)
        elif not found.is_cut:
            log.add(AnomalyKind.UNCLOSED_MULTIPART)
            self._look_outside(part, chosen, outer_end)

    def _split(self, part: Part, candidates: tuple[bytes, ...]) -> tuple[bytes, boundary.Pieces]:
        """Split at the first boundary that occurs; the others become second readings."""
        chosen = candidates[0]
        found = self._cut(part.body_start, part.end, chosen)
        if len(candidates) == 1:
            return chosen, found
        self._source.log.add(AnomalyKind.AMBIGUOUS_BOUNDARY)
        for other in candidates[1 : self._source.limits.boundaries]:
            if found.is_found:
                start = part.body_start
                self._doubt(partial(Structure.pieces, part=part, chosen=other, start=start))
            else:
                chosen = other
                found = self._cut(part.body_start, part.end, chosen)
        return chosen, found

    def _cut(self, start: int, end: int, chosen: bytes) -> boundary.Pieces:
        """Find pieces within what is left of the caps."""
        most = max(self._parts_left, 0)
        found = boundary.split(self._source.raw, start, end, chosen, most, self._lines_left)
        self._lines_left -= found.lines
        self._octets_left -= end - start
        return found

    def _children(self, part: Part, found: boundary.Pieces) -> tuple[Part, ...]:
        if found.is_cut:
            self._source.log.add(AnomalyKind.TOO_MANY_PARTS)
        self._parts_left -= len(found.spans)
        default_type = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
        depth = part.depth + 1
        return tuple(
            [self.entity(start, end, depth, default_type, part.end) for start, end in found.spans]
        )

    def _look_outside(self, part: Part, chosen: bytes, outer_end: int) -> None:
        """Look for the boundary of an open multipart behind the boundary of its container."""
        if part.end < outer_end and self._has_line(part.end + 1, outer_end, chosen):
            self._source.log.add(AnomalyKind.PARENT_BOUNDARY_IN_CHILD)
            self._doubt(
                partial(
                    Structure.again,
                    part=part,
                    type_field=part.type_field,
                    encoding=part.encoding,
                    end=outer_end,
                )
            )

    def _look_behind(self, part: Part, chosen: bytes, behind: int) -> None:
        """Look for more pieces behind the closing line, which some programs show."""
        if part.end - behind > len(chosen) and self._has_line(behind, part.end, chosen):
            self._source.log.add(AnomalyKind.PARTS_AFTER_CLOSE)
            self._doubt(partial(Structure.pieces, part=part, chosen=chosen, start=behind + 1))

    def _has_line(self, start: int, end: int, chosen: bytes) -> bool:
        """Whether there is a boundary line between two offsets.

        Looks a bounded number of times per message, since that costs another search.
        """
        self._searches_left -= 1
        if self._searches_left < 0 or self._octets_left <= 0:
            return False
        self._octets_left -= end - start
        found = boundary.split(self._source.raw, start, end, chosen, 1, self._lines_left)
        self._lines_left -= found.lines
        return found.is_found
