"""What Postfix and Sendmail make of edits of the header, where we rely on it (milter.md 5.1)."""

import struct
from dataclasses import dataclass

OWN = ("Received", "by us")

MAX_UNSEEN = 50
"""Places that are not to be had in Sendmail, but for 0 and 1; it is more than tests ask for."""


@dataclass(slots=True)
class Field:
    """A field of a message under edit."""

    name: str
    value: str
    is_original: bool = True
    is_deleted: bool = False


class Header:
    """A header block under edit. Postfix counts fields anew after each edit, Sendmail goes by the
    fields as they came."""

    def __init__(self, fields: list[tuple[str, str]], *, counts_anew: bool) -> None:
        self.fields = [Field(*OWN, is_original=False), *(Field(*field) for field in fields)]
        self._counts_anew = counts_anew

    def apply(self, code: str, payload: bytes) -> None:
        """Take one frame; others than those of the header change nothing."""
        if code == "h":
            self._add(*payload.decode().split("\0")[:2])
        elif code in ("i", "m"):
            (index,) = struct.unpack(">I", payload[:4])
            name, value = payload[4:].decode().split("\0")[:2]
            (self._insert if code == "i" else self._change)(index, name, value)

    def _add(self, name: str, value: str) -> None:
        """Sendmail puts it before the first of its name, the deleted ones included."""
        places = [at for at, one in enumerate(self.fields) if one.name.lower() == name.lower()]
        at = len(self.fields) if self._counts_anew or not places else places[0]
        self.fields.insert(at, Field(name, value, is_original=False))

    def _insert(self, index: int, name: str, value: str) -> None:
        """In Sendmail fields that nobody sees are between those on top and the others."""
        if self._counts_anew:
            places = [at for at, field in enumerate(self.fields) if not field.is_deleted]
            index = places[index] if index < len(places) else len(self.fields)
        elif index <= MAX_UNSEEN:
            index = min(index, 1)
        self.fields.insert(index, Field(name, value, is_original=False))

    def _change(self, index: int, name: str, value: str) -> None:
        found = [field for field in self._counted() if field.name.lower() == name.lower()]
        if len(found) < index:
            if value:
                raise AssertionError("MTAs differ in where they put it")
            return
        field = found[index - 1]
        if value:
            field.value = value
        else:
            field.is_deleted = True

    def _counted(self) -> list[Field]:
        if not self._counts_anew:
            return [field for field in self.fields if field.is_original]
        # Its own Received does not count.
        return [field for field in self.fields[:] if not field.is_deleted and field.value != OWN[1]]

    def shown(self) -> list[tuple[str, str]]:
        """Names, in small letters, and values as delivered."""
        left = [field for field in self.fields if not field.is_deleted]
        return [(field.name.lower(), field.value) for field in left]
