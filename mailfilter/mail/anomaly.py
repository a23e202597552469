"""What is odd about a message: a list that checks can score."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

SAME_KIND = 16
"""Anomalies kept of one kind: one is a hint, ten are a habit, more say nothing new."""


class AnomalyKind(StrEnum):
    """Kinds of anomaly. The parser copes with all of them; none is an error of its own."""

    # Caps reached
    TOO_DEEP = "too-deep"
    TOO_MANY_PARTS = "too-many-parts"
    TOO_MANY_HEADERS = "too-many-headers"
    HEADER_CUT = "header-cut"
    TOO_MANY_ADDRESSES = "too-many-addresses"
    TOO_MANY_RECEIVED = "too-many-received"
    DECODED_CUT = "decoded-cut"
    TEXT_CUT = "text-cut"
    HTML_CUT = "html-cut"
    # Lines and header blocks
    NO_HEADERS = "no-headers"
    LEADING_BLANK_LINE = "leading-blank-line"
    MISSING_SEPARATOR = "missing-separator"
    STRAY_LINE = "stray-line"
    MBOX_FROM_LINE = "mbox-from-line"
    SPACE_BEFORE_COLON = "space-before-colon"
    EIGHT_BIT_NAME = "8bit-header-name"
    EIGHT_BIT_HEADER = "8bit-header"
    NUL = "nul"
    BARE_CR = "bare-cr"
    MIXED_NEWLINES = "mixed-newlines"
    NO_FINAL_NEWLINE = "no-final-newline"
    # Structure
    DUPLICATE_CONTENT_TYPE = "duplicate-content-type"
    BAD_CONTENT_TYPE = "bad-content-type"
    DUPLICATE_PARAMETER = "duplicate-parameter"
    AMBIGUOUS_BOUNDARY = "ambiguous-boundary"
    BAD_BOUNDARY = "bad-boundary"
    MISSING_BOUNDARY = "missing-boundary"
    BOUNDARY_NOT_FOUND = "boundary-not-found"
    UNCLOSED_MULTIPART = "unclosed-multipart"
    PARENT_BOUNDARY_IN_CHILD = "parent-boundary-in-child"
    PARTS_AFTER_CLOSE = "parts-after-close"
    ENCODED_CONTAINER = "encoded-container"
    AMBIGUOUS_FILENAME = "ambiguous-filename"
    BAD_PARAMETER = "bad-parameter"
    # Transfer encodings
    DUPLICATE_ENCODING = "duplicate-encoding"
    UNKNOWN_ENCODING = "unknown-encoding"
    BAD_BASE64 = "bad-base64"
    DATA_AFTER_PADDING = "data-after-padding"
    BAD_QUOTED_PRINTABLE = "bad-quoted-printable"
    BAD_UUENCODE = "bad-uuencode"
    INLINE_UUENCODE = "inline-uuencode"
    YENC = "yenc"
    # Characters
    UNKNOWN_CHARSET = "unknown-charset"
    UNDECLARED_8BIT = "undeclared-8bit"
    CHARSET_MISMATCH = "charset-mismatch"
    BAD_ENCODED_WORD = "bad-encoded-word"
    NESTED_ENCODED_WORD = "nested-encoded-word"
    BIDI_CONTROL = "bidi-control"
    INVISIBLE_CHARACTER = "invisible-character"
    # Fields
    BAD_ADDRESS = "bad-address"
    BAD_DATE = "bad-date"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One odd thing. `detail` says where, in our own words: no text of the message is in it."""

    kind: AnomalyKind
    detail: str = ""


class AnomalyLog:
    """Collects the anomalies of one message, each once, a bounded number."""

    __slots__ = ("_counts", "_found", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: dict[Anomaly, None] = {}
        self._counts: dict[AnomalyKind, int] = {}

    def add(self, kind: AnomalyKind, detail: str = "") -> None:
        """Note an anomaly, unless it is known or there are too many of its kind."""
        count = self._counts.get(kind, 0)
        if count >= SAME_KIND or len(self._found) >= self._most:
            return
        anomaly = Anomaly(kind, detail)
        if anomaly in self._found:
            return
        self._found[anomaly] = None
        self._counts[kind] = count + 1

    def extend(self, anomalies: Iterable[Anomaly]) -> None:
        """Note anomalies that were found elsewhere."""
        for anomaly in anomalies:
            self.add(anomaly.kind, anomaly.detail)

    def found(self) -> tuple[Anomaly, ...]:
        """The anomalies so far, in the order in which they were found."""
        return tuple(self._found)
