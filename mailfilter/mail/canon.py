"""Fields and body of a message in the forms in which they are signed (RFC 6376 3.4).

Line ends may be CRLF or LF; a CR by itself is an octet as others are.
"""

import hashlib
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from .lazy import lazy

Form = Literal["simple", "relaxed"]
HashName = Literal["sha256", "sha1"]

PIECE = 2**17
"""Octets of a body that are worked on at a time."""

_DENSE = 8
"""Octets. What is found more often than once in so many is costly to work on piece by piece."""

_BLANKS = re.compile(rb"  ++")


class Field(NamedTuple):
    """One header field."""

    name: bytes
    """In lower case, without the white space before the colon."""
    raw: bytes
    """Its exact octets, line ends included."""


class Digest(NamedTuple):
    """What is hashed of a body."""

    octets: bytes
    length: int
    """Octets of the whole canonical body."""


_Key = tuple[Form, HashName]


class CanonicalBody:
    """A body, with each of its digests worked out once, whoever asks."""

    def __init__(self, octets: bytes | memoryview) -> None:
        self._octets = memoryview(octets)
        self._known: dict[_Key, Digest] = {}
        self._under_way: dict[_Key, Iterator[None]] = {}
        self._wanted: dict[_Key, None] = {}

    def want(self, form: Form, algorithm: HashName = "sha256") -> None:
        """Say that a digest will be asked for, so that `work` has it worked out before."""
        self._wanted[form, algorithm] = None

    def work(self) -> Generator[None, None, None]:
        """Work out what is wanted, while there is nothing else to do; yields as `digest`.

        Who ends it before it is done loses nothing: `digest` goes on from there.
        """
        for form, algorithm in tuple(self._wanted):
            yield from self.digest(form, algorithm)

    def known(self, form: Form, algorithm: HashName = "sha256") -> Digest | None:
        """A digest, if it has been worked out."""
        return self._known.get((form, algorithm))

    def digest(self, form: Form, algorithm: HashName = "sha256") -> Generator[None, None, Digest]:
        """Work the digest of the whole body out; yields where others may have their turn.

        There is none of a part (`l=`): that never counts, and each length would cost as much as
        the whole. Those who wait for the same digest at the same time have it worked out together.
        """
        key = form, algorithm
        if key not in self._known:
            work = self._under_way.get(key)
            if work is None:
                work = self._under_way[key] = self._work_out(form, algorithm)
            for _ in work:
                yield
        return self._known[key]

    def _work_out(self, form: Form, algorithm: HashName) -> Generator[None, None, None]:
        """Have a digest known, piece by piece."""
        octets = self._octets
        is_long = len(octets) > PIECE
        total = 0
        hashed = hashlib.new(algorithm)
        for piece in _pieces(octets, form):
            hashed.update(piece)
            total += len(piece)
            if is_long:
                yield
        self._known[form, algorithm] = Digest(hashed.digest(), total)


def canonical_field(field: Field, form: Form) -> bytes:
    """A field in its canonical form, with CRLF at its end."""
    if form == "simple":
        raw = field.raw.replace(b"\r\n", b"\n").removesuffix(b"\n")
        return raw.replace(b"\n", b"\r\n") + b"\r\n"
    value = field.raw.partition(b":")[2].replace(b"\r\n", b"").replace(b"\n", b"")
    return b"%b:%b\r\n" % (field.name, _one_blank(value).strip(b" "))


class Canonical:
    """A message as it is signed: fields, the topmost first, and a body."""

    def __init__(
        self, fields: Sequence[Field], body: CanonicalBody, *, is_cut: bool = False
    ) -> None:
        self.fields = fields
        self.body = body
        self.is_cut = is_cut
        """Others may see other fields: nothing can be said of signatures."""
        self._lines: dict[Form, dict[Field, bytes]] = {"simple": {}, "relaxed": {}}

    @lazy
    def _index(self) -> dict[bytes, list[Field]]:
        """The fields of each name, the topmost first."""
        found: dict[bytes, list[Field]] = {}
        for field in self.fields:
            found.setdefault(field.name, []).append(field)
        return found

    def with_fields(
        self, fields: Iterable[Field], body: CanonicalBody | None = None
    ) -> "Canonical":
        """Another header, with the same body or another one."""
        other = Canonical(tuple(fields), body or self.body, is_cut=self.is_cut)
        other._lines = self._lines
        return other

    def named(self, name: bytes) -> list[Field]:
        """The fields of a name (lower case), the topmost first."""
        return list(self._index.get(name, ()))

    def line(self, field: Field, form: Form) -> bytes:
        """`canonical_field`, worked out once for each field."""
        lines = self._lines[form]
        line = lines.get(field)
        if line is None:
            line = lines[field] = canonical_field(field, form)
        return line

    def signed(
        self, names: Sequence[bytes], form: Form, without: Field | None = None
    ) -> list[bytes]:
        """The fields that a list of names (lower case) covers, in canonical form, in its order.

        Of several of one name the lowest is taken first; a name with no field left stands for
        none (RFC 6376 5.4.2). The field that has the signature itself is left out: `without`.
        """
        index, lines = self._index, self._lines[form]
        left: dict[bytes, int] = {}
        found = []
        for name in names:
            fields = index.get(name)
            if fields is None:
                continue
            at = left.get(name, len(fields)) - 1
            if at >= 0 and fields[at] is without:
                at -= 1
            left[name] = at
            if at >= 0:
                field = fields[at]
                found.append(lines.get(field) or self.line(field, form))
        return found


def _pieces(octets: memoryview, form: Form) -> Iterator[bytes]:
    """A body in its canonical form, in pieces, some of them empty.

    What may be at its end, where it does not count, is held back: line ends, of which there may
    be millions, as their number, and white space until it is known what follows.
    """
    at = 0
    ends = 0
    blank = b""
    is_empty = True
    while at < len(octets):
        piece = bytes(octets[at : at + PIECE])
        if piece.endswith(b"\r") and bytes(octets[at + PIECE : at + PIECE + 1]) == b"\n":
            piece += b"\n"
        at += len(piece)
        piece = _with_lf(piece)
        if form == "relaxed":
            piece = _one_blank(blank + piece)
            if b" " in piece:
                piece = piece.replace(b" \n", b"\n")
            blank = b" " if piece.endswith(b" ") else b""
            piece = piece.removesuffix(b" ")
        text = piece.rstrip(b"\n")
        if text:
            yield from _line_ends(ends)
            yield text.replace(b"\n", b"\r\n")
            ends = 0
            is_empty = False
        else:
            yield b""
        ends += len(piece) - len(text)
    yield b"" if is_empty and form == "relaxed" else b"\r\n"


def _with_lf(octets: bytes) -> bytes:
    """Octets with LF as line end.

    Taking every CR out and looking whether that was right is three times as fast as looking for
    CRLF; it is right for nearly all mail. Where there are many it is slower.
    """
    count = octets.count(b"\r")
    if not count:
        return octets
    if count < len(octets) // _DENSE:
        text = octets.replace(b"\r", b"")
        if text.replace(b"\n", b"\r\n") == octets:
            return text
    return octets.replace(b"\r\n", b"\n")


def _line_ends(count: int) -> Iterator[bytes]:
    """So many, in pieces."""
    most = PIECE // 2
    for start in range(0, count, most):
        yield b"\r\n" * min(count - start, most)


def _one_blank(text: bytes) -> bytes:
    """Each run of spaces and tabs as one space."""
    text = text.replace(b"\t", b" ")
    if b"  " not in text:
        return text
    if text.count(b"  ") < len(text) // _DENSE:
        # In the text of mail this is twice as fast as to halve all runs until none is left.
        return _BLANKS.sub(b" ", text)
    while b"  " in text:
        # Nor does this take long for long ones: each time half of their octets are left.
        text = text.replace(b"  ", b" ")
    return text
