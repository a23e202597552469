"""What goes from step to step: an item of input, a reply to it, or why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Pieces = Sequence[bytes | memoryview]
"""Octets of a message, in order."""


class Unanswered(Exception):
    """There is no reply that could be used; the text says why, for people, on one line."""

    def __init__(self, text: str, raw: bytes = b"") -> None:
        super().__init__(text)
        self.raw = raw
        """What was answered nevertheless."""


class Undelivered(Exception):
    """A message cannot be delivered now; the text says why, for people, on one line."""


class Misused(Exception):
    """The command line cannot be done; the text says what is wrong and what was expected."""


@dataclass(frozen=True, slots=True)
class Item:
    """One message, or nothing for a command that takes none."""

    name: str
    """For people: the file, `stdin`, or the file and the number of the message in it."""
    octets: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said, read."""

    item: Item
    seconds: float
    """From connecting to the last octet."""
    headers: Sequence[tuple[str, str]]
    """Of HTTP."""
    raw: bytes
    """The document as it came, unpacked."""
    document: Any
    """The same, read: most often an object."""
    body: bytes | None = None
    """The rewritten message (http-scan.md 1.8), if there is one."""
    status: int = 200
    """Of HTTP: 208 for what the server had done already, 204 for what it need not do."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """The members of the document; none if it is no object."""
        return self.document if isinstance(self.document, dict) else {}

    @property
    def is_refusal(self) -> bool:
        """The server did not do what was asked, with a status of success nevertheless."""
        fields = self.fields
        return self.status == 200 and ("error" in fields or fields.get("success") is False)


@dataclass(frozen=True, slots=True)
class Failure:
    """An item without a reply."""

    item: Item
    text: str
    seconds: float = 0.0
    raw: bytes = b""
    """What was answered nevertheless."""


Outcome = Reply | Failure
