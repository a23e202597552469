"""Fields and body of a message in the forms in which they are signed (RFC 6376 3.4)."""

import hashlib
import re
from collections.abc import Generator, Iterable, Sequence
from typing import Literal, NamedTuple

Form = Literal["simple", "relaxed"]
HashName = Literal["sha256", "sha1"]

_BARE_LF = re.compile(rb"(?<!\r)\n")
_BLANKS = re.compile(rb"[ \t]+")
_BEFORE_END = re.compile(rb"[ \t]+(?=\r\n|\Z)")


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


class CanonicalBody:
    """A body, with each of its digests worked out once, whoever asks."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._known: dict[tuple[Form, HashName, int | None], Digest] = {}

    def digest(
        self, form: Form, algorithm: HashName = "sha256", length: int | None = None
    ) -> Generator[None, None, Digest]:
        """Work a digest out; yields where others may have their turn.

        With a `length` (RFC 6376 3.5, `l=`) no more than so many octets are hashed.
        """
        key = form, algorithm, length
        found = self._known.get(key)
        if found is None:
            canonical = canonical_body(self._octets, form)
            octets = hashlib.new(algorithm, canonical[:length]).digest()
            found = self._known[key] = Digest(octets, len(canonical))
        return found
        yield


def canonical_body(octets: bytes, form: Form) -> bytes:
    """A body with CRLF or LF line ends in its canonical form."""
    octets = _BARE_LF.sub(b"\r\n", octets)
    if form == "relaxed":
        octets = _BLANKS.sub(b" ", _BEFORE_END.sub(b"", octets))
    end = len(octets)
    while octets.endswith(b"\r\n", 0, end):
        end -= 2
    if end == 0:
        return b"" if form == "relaxed" else b"\r\n"
    return octets[:end] + b"\r\n"


def canonical_field(field: Field, form: Form) -> bytes:
    """A field in its canonical form, with CRLF at its end."""
    raw = _BARE_LF.sub(b"\r\n", field.raw)
    if form == "simple":
        return raw if raw.endswith(b"\r\n") else raw + b"\r\n"
    value = raw.partition(b":")[2].replace(b"\r\n", b"")
    return field.name + b":" + _BLANKS.sub(b" ", value).strip(b" \t") + b"\r\n"


class Canonical:
    """A message as it is signed: fields, the topmost first, and a body."""

    def __init__(
        self, fields: Sequence[Field], body: CanonicalBody, *, is_cut: bool = False
    ) -> None:
        self.fields = fields
        self.body = body
        self.is_cut = is_cut
        """There may be more fields: nothing can be said of signatures."""

    def with_fields(
        self, fields: Iterable[Field], body: CanonicalBody | None = None
    ) -> "Canonical":
        """Another header, with the same body or another one."""
        return Canonical(tuple(fields), body or self.body, is_cut=self.is_cut)

    def named(self, name: bytes) -> list[Field]:
        """The fields of a name (lower case), the topmost first."""
        return [field for field in self.fields if field.name == name]

    def signed(self, names: Sequence[bytes], form: Form) -> list[bytes]:
        """The fields that a list of names (lower case) covers, in canonical form, in its order.

        Of several of one name the lowest is taken first; a name with no field left stands for
        none (RFC 6376 5.4.2).
        """
        left: dict[bytes, list[Field]] = {}
        found = []
        for name in names:
            if name not in left:
                left[name] = self.named(name)
            if left[name]:
                found.append(canonical_field(left[name].pop(), form))
        return found
