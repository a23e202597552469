"""Header fields in order, with their exact octets (RFC 5322 2.2)."""

import re
from collections import deque
from collections.abc import Iterator, KeysView
from itertools import islice
from typing import overload

from . import charset, words
from .anomaly import AnomalyKind
from .lazy import lazy
from .source import Source

# A name is everything before the colon but white space and controls; 8-bit octets are wrong
# and get read, as mail programs do. Possessive quantifiers: no backtracking, linear time.
_NAME = rb"[^\x00-\x20:\x7f]++"
_REST = rb"[ \t]*+:[^\n]*+(?:\n[ \t][^\n]*+)*+(?:\n|\Z)"
_FIELD = re.compile(rb"(" + _NAME + rb")" + _REST)
_CONTENT = re.compile(
    rb"(?<=\n)content-(?:type|transfer-encoding|disposition)(?=[ \t]*:)", re.IGNORECASE
)
_BLANK_LINE = re.compile(rb"\n\r?\n")
_ODD = rb"[ \t\x80-\xff]*+"
_ANY_FIELD = (
    rb"(?:\A|[\r\n\0])" + _ODD + rb"%b" + _ODD + rb":([^\r\n\0]*+(?:\r?\n[ \t][^\r\n\0]*+)*+)"
)
_MBOX_FROM = (b"From ", b">From ")

STRAY_LINES = 64
"""Lines of a block that are not fields. Mail broken by a gateway has one or two."""

MAX_CONTENT = 64
"""Fields that say what a body is, and are listed beyond the caps."""


class Header:
    """One field."""

    def __init__(self, source: Source, field: re.Match[bytes]) -> None:
        self._source = source
        self._field = field

    @lazy
    def name(self) -> str:
        """The name as sent, decoded as Latin-1."""
        return self._field[1].decode("latin_1")

    @property
    def raw(self) -> bytes:
        """Exact octets of the whole field with its line ends."""
        return self._field[0]

    @property
    def value(self) -> bytes:
        """Exact octets after the colon, folds included, without the last line end."""
        return _value(self._field)

    @lazy
    def unfolded(self) -> str:
        """The value on one line, stripped; 8-bit octets are UTF-8 or what they look like."""
        value = _short_value(self._source, self._field)
        if b"\n" in value:
            value = value.replace(b"\r\n", b"").replace(b"\n", b"")
        if value.isascii():
            return value.decode("ascii").strip()
        self._source.log.add(AnomalyKind.EIGHT_BIT_HEADER)
        return charset.decode_header(
            value, _body_charset(self._source), self._source.budget.guess_field
        ).strip()

    @lazy
    def text(self) -> str:
        """`unfolded` with RFC 2047 encoded words decoded."""
        if "=?" not in self.unfolded:
            return self.unfolded
        source = self._source
        most = source.limits.encoded_words
        return words.decode(self.unfolded, source.log, most, source.budget.guess_field)

    def __repr__(self) -> str:
        return f"Header({self.raw[:200]!r})"


class Headers:
    """The fields of one header block, in order.

    It behaves as a sequence of `Header`, but `in` and `count` ask for a name. (It does not
    inherit from `Sequence`, for which a type checker would refuse `"subject" in headers`.)
    """

    __slots__ = (
        "_fields",
        "_index",
        "_is_whole",
        "_made",
        "_source",
        "end",
        "is_cut",
        "start",
        "stray",
    )

    def __init__(self, source: Source, start: int) -> None:
        self._source = source
        self._fields: list[re.Match[bytes]] = []
        self._index: dict[bytes, list[int]] = {}
        self._made: dict[int, Header] = {}
        self._is_whole: bool | None = None
        self.start = start
        """Offset of the block."""
        self.end = start
        """Offset behind the last field: of the blank line, if there is one."""
        self.stray: list[tuple[int, int]] = []
        """Offsets of lines in the block that are not fields."""
        self.is_cut = False
        """Whether programs with other limits, or another idea of a field, may see more fields."""

    def get(self, name: str) -> Header | None:
        """The first field of that name in any case, or `None`."""
        found = self._index.get(_key(name))
        return self[found[0]] if found else None

    def all(self, name: str) -> tuple[Header, ...]:
        """All fields of that name in any case, in order."""
        return tuple([self[index] for index in self._index.get(_key(name), ())])

    def count(self, value: object) -> int:
        """How many fields have that name."""
        return len(self._index.get(_key(value), ())) if isinstance(value, str) else 0

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _key(name) in self._index

    def __len__(self) -> int:
        return len(self._fields)

    @overload
    def __getitem__(self, index: int) -> Header: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Header, ...]: ...
    def __getitem__(self, index: int | slice) -> Header | tuple[Header, ...]:
        """The field at a place, or the fields of a slice."""
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self._fields))))
        if index < 0:
            index += len(self._fields)
        header = self._made.get(index)
        if header is None:
            header = self._made[index] = Header(self._source, self._fields[index])
        return header

    def __iter__(self) -> Iterator[Header]:
        return (self[index] for index in range(len(self._fields)))

    def octets(self) -> Iterator[tuple[bytes, bytes]]:
        """Each field: its name in lower case, and its exact octets."""
        return ((field[1].lower(), field[0]) for field in self._fields)

    def names(self) -> KeysView[bytes]:
        """The names of all fields, in lower case."""
        return self._index.keys()

    def fields(self, key: bytes) -> list[Header]:
        """The fields of that name (lower case), in order."""
        found = self._index.get(key)
        return [self[index] for index in found] if found else []

    def values(self, key: bytes) -> list[bytes]:
        """The values of the fields of that name (lower case), cut at `Limits.header_value`."""
        found = self._index.get(key)
        if found is None:
            return []
        return [_short_value(self._source, self._fields[index]) for index in found]

    def has_space_before_colon(self) -> bool:
        """Whether white space stands between a name and its colon."""
        raw = self._source.raw
        return any(raw[field.end(1)] != 58 for field in self._fields)

    def has_8bit_name(self) -> bool:
        """Whether a name has octets outside of ASCII."""
        return not all(map(bytes.isascii, self._index))

    def is_whole(self) -> bool:
        """Whether every program sees the fields that are listed, and no others.

        Not if it is cut, has odd lines, names that are not ASCII, or CR or NUL within a line: some
        take that for its end.
        """
        if self._is_whole is None:
            self._is_whole = not (self.is_cut or self.has_odd_lines() or self.has_8bit_name())
            self._is_whole = self._is_whole and self._has_whole_lines()
        return self._is_whole

    def _has_whole_lines(self) -> bool:
        raw, start, end = self._source.raw, self.start, self.end
        if raw.find(b"\0", start, end) >= 0:
            return False
        if raw.find(b"\r", start, end) < 0:
            return True
        return raw.count(b"\r", start, end) == raw.count(b"\r\n", start, end)

    def possible(self, name: bytes, most: int) -> tuple[list[bytes], bool]:
        """The values of the first and the last of what some program may take for such a field, and
        whether that is all of it.

        For a header that is not whole: fields beyond the limits, behind a lone CR, NUL or an odd
        line, with octets around the name that are not ASCII, and those that it has.
        """
        raw, start = self._source.raw, self.start
        last = start + self._source.limits.header_bytes
        blank = _BLANK_LINE.search(raw, start, last)
        field = re.compile(_ANY_FIELD % re.escape(name), re.IGNORECASE)
        found = field.finditer(raw, start, blank.start() if blank else last)
        first = [match[1] for match in islice(found, most)]
        numbered = deque(enumerate(found, 1), most)
        is_all = not numbered or numbered[-1][0] <= most
        return first + [match[1] for _, match in numbered], is_all

    def has_odd_lines(self) -> bool:
        """Whether it has lines that are no fields, but for one of an mbox at its top.

        To other programs the header ends at such a line, or begins behind it.
        """
        is_mbox = self._source.raw.startswith(_MBOX_FROM, self.start)
        return any(start > self.start or not is_mbox for start, _ in self.stray)

    def read(self, end: int, most: int, is_lenient: bool = False) -> int:
        """Split the block that begins at `start`, list at most `most` fields.

        Returns the offset of the body. The block ends at a blank line, at `end`, or before the
        first line that cannot be part of a header; with `is_lenient` such lines are skipped.
        """
        raw = self._source.raw
        match = _FIELD.match
        fields = self._fields
        index = self._index
        at = self.start
        last = at + self._source.limits.header_bytes
        count = 0
        while True:
            field = match(raw, at, end)
            if field is None:
                following = self._skip_stray(at, end, is_lenient)
                if following == at:
                    break
                at = following
                continue
            if count >= most or at >= last:
                at = self._skip_rest(at, end)
                break
            at = field.end()
            fields.append(field)
            key = field[1].lower()
            if key in index:
                index[key].append(count)
            else:
                index[key] = [count]
            count += 1
        self.end = at
        if raw.startswith(b"\n", at, end):
            return at + 1
        if raw.startswith(b"\r\n", at, end):
            return at + 2
        if at < end:
            self.is_cut = True
            self._source.log.add(AnomalyKind.MISSING_SEPARATOR)
        return at

    def goes_on(self, end: int) -> bool:
        """Whether more fields follow behind the line that ended the block."""
        raw = self._source.raw
        following = raw.find(b"\n", self.end, end) + 1
        return following > 0 and _FIELD.match(raw, following, end) is not None

    def _skip_rest(self, at: int, end: int) -> int:
        """Skip what is beyond the caps; returns the offset of the blank line.

        But not what the body is: any number of fields before that would else hide it, from us
        alone.
        """
        raw = self._source.raw
        last = self.start + self._source.limits.header_bytes
        self.is_cut = True
        self._source.log.add(AnomalyKind.TOO_MANY_HEADERS)
        found = _BLANK_LINE.search(raw, at, end)
        following = found.start() + 1 if found else end
        self.stray.append((at, following))
        for start in islice(_CONTENT.finditer(raw, at, min(following, last)), MAX_CONTENT):
            field = _FIELD.match(raw, start.start(), end)
            if field is not None:
                self._index.setdefault(field[1].lower(), []).append(len(self._fields))
                self._fields.append(field)
        return following

    def _skip_stray(self, at: int, end: int, is_lenient: bool) -> int:
        """Skip a line that is neither a field nor the end of the header; `at` if there is none."""
        raw = self._source.raw
        head = raw[at : min(at + 6, end)]
        if not head or head.startswith((b"\n", b"\r\n")):
            return at
        if head.startswith(_MBOX_FROM):
            kind = AnomalyKind.MBOX_FROM_LINE
        elif head[:1] in (b" ", b"\t", b":") or is_lenient:
            kind = AnomalyKind.STRAY_LINE
        else:
            return at
        if len(self.stray) >= STRAY_LINES:
            return at if is_lenient else self._skip_rest(at, end)
        self._source.log.add(kind)
        following = raw.find(b"\n", at, end) + 1 or end
        self.stray.append((at, following))
        return following


def _value(field: re.Match[bytes]) -> bytes:
    """What is behind the colon, without the last line end."""
    value = field[0].partition(b":")[2]
    if value.endswith(b"\r\n"):
        return value[:-2]
    return value[:-1] if value.endswith(b"\n") else value


def _short_value(source: Source, field: re.Match[bytes]) -> bytes:
    """`_value`, cut at `Limits.header_value`."""
    most = source.limits.header_value
    if field.end() - field.start() <= most:
        return _value(field)
    source.log.add(AnomalyKind.HEADER_CUT)
    start = source.raw.index(b":", field.end(1)) + 1
    return source.raw[start : min(start + most, field.end())]


def _body_charset(source: Source) -> str | None:
    """The charset that the first text part declares."""
    return source.first_text.params.get("charset") if source.first_text else None


def _key(name: str) -> bytes:
    return name.lower().encode("latin_1", "replace")
