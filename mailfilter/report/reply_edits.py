"""The edits of a verdict as a reply tells them: `milter`, `dkim-signature`, a new body
(http-scan.md 1.5, 1.7, 1.8).

The clients differ in what they can read of the first, so there are three styles.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..mail.head import header_block, line_end
from ..scan.verdict import (
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    Edit,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
)
from .edits import clean_edits

Style = Literal["rspamd", "strings", "single"]
"""How header fields are told.

rspamd: a value is an object, several of one name are an array of them, as are several numbers of
fields to remove. strings: a value is a string, a number stands alone, names to remove are spelt as
in the message: opensmtpd-filter-rspamd tells letters apart there, drops other values silently, and
defers the mail if it sees an array of numbers. single: a value is an object, a number stands
alone: rspamdclient-rs cannot read a reply that has something else.

Where a number stands alone, several become 0, all fields of the name: rather too many are removed
than a forged one is left. Of several values the first is told.
"""

MAX_OCCURRENCE = 127
"""Largest number in `remove_headers`: two clients read it into 8 bits."""

MAX_SPELLINGS = 100
"""Names to remove that are told in more than one spelling: honest mail has one of each."""

_SIGNATURE = "dkim-signature"


@dataclass(frozen=True, slots=True)
class ToldEdits:
    """Edits, ready to be laid out."""

    milter: Mapping[str, Any]
    """The object of that name; empty if there is nothing for it."""
    signatures: tuple[str, ...] = ()
    """Values of new DKIM-Signature fields."""
    body: bytes | None = None
    """The new body."""
    dropped: tuple[str, ...] = ()
    """What cannot be told, for the log: printable, and nothing in it is from a message."""


NO_EDITS = ToldEdits({})


def newline_of(raw: bytes, flags: frozenset[str], style: Style) -> str:
    """The line end of folds: that of the message, LF for milter and for who splits there."""
    if style == "strings" or "milter" in flags:
        return "\n"
    return line_end(raw).decode("ascii")


def tell_edits(edits: Sequence[Edit], style: Style, newline: str, raw: bytes) -> ToldEdits:
    """Make edits safe, and tell them in a style.

    Values have no line break but `newline` before a blank; the blank is that of the edit, since
    to change it would break a signature. Removals come before additions, so a changed field is
    removed and added.
    """
    if not edits:
        return NO_EDITS
    clean = clean_edits(edits)
    teller = _Teller(style, newline, list(clean.dropped))
    for edit in clean.edits:
        teller.tell(edit)
    return teller.told(raw)


class _Teller:
    """Collects what is to be told."""

    def __init__(self, style: Style, newline: str, dropped: list[str]) -> None:
        self._style = style
        self._newline = newline
        self._dropped = dropped
        self._adds = _Named()
        self._removes = _Named()
        self._milter: dict[str, Any] = {}
        self._signatures: list[str] = []
        self._body: bytes | None = None

    def tell(self, edit: Edit) -> None:
        match edit:
            case AddHeader(name, value, order):
                if name.lower() == _SIGNATURE:
                    self._signatures.append(self._folded(value))
                else:
                    self._add(name, value, order)
            case ChangeHeader(name, value, occurrence):
                if self._remove(name, occurrence):
                    self._add(name, value, -1)
            case RemoveHeader(name, occurrence):
                self._remove(name, occurrence)
            case ChangeSender(address, args):
                self._milter["change_from"] = " ".join((address, *args))
            case AddRecipient(address):
                self._milter.setdefault("add_rcpt", []).append(address)
            case RemoveRecipient(address):
                self._milter.setdefault("del_rcpt", []).append(address)
            case ReplaceBody(body):
                self._body = body

    def told(self, raw: bytes) -> ToldEdits:
        milter = self._milter
        if self._adds.values:
            milter["add_headers"] = {
                name: self._values(name, values) for name, values in self._adds.values.items()
            }
        if self._removes.values:
            removes = {
                name: self._numbers(numbers) for name, numbers in self._removes.values.items()
            }
            milter["remove_headers"] = self._spelt(removes, raw)
        return ToldEdits(milter, self._told_signatures(), self._body, tuple(self._dropped))

    def _told_signatures(self) -> tuple[str, ...]:
        """All, but to clients of strings: the older ones would defer the message for an array."""
        found = tuple(self._signatures)
        if self._style != "strings" or len(found) < 2:
            return found
        self._dropped.append(f"DKIM-Signature: only one of {len(found)} can be told")
        return found[:1]

    def _add(self, name: str, value: str, order: int) -> None:
        value = self._folded(value)
        self._adds.put(
            name, value if self._style == "strings" else {"value": value, "order": order}
        )

    def _remove(self, name: str, occurrence: int) -> bool:
        """Tell a removal, unless the clients could not understand which field is meant."""
        if -MAX_OCCURRENCE <= occurrence <= MAX_OCCURRENCE:
            self._removes.put(name, occurrence)
            return True
        self._dropped.append(
            f"remove header {name}: only the first and last {MAX_OCCURRENCE} can be told"
        )
        return False

    def _folded(self, value: str) -> str:
        return value if self._newline == "\n" else value.replace("\n", self._newline)

    def _values(self, name: str, values: list[Any]) -> Any:
        if len(values) == 1:
            return values[0]
        if self._style == "rspamd":
            return values
        self._dropped.append(f"add header {name}: only one of {len(values)} can be told")
        return values[0]

    def _numbers(self, numbers: list[int]) -> Any:
        """The numbers without those that others include."""
        different = [0] if 0 in numbers else list(dict.fromkeys(numbers))
        if len(different) == 1:
            return different[0]
        return different if self._style == "rspamd" else 0

    def _spelt(self, removes: dict[str, Any], raw: bytes) -> dict[str, Any]:
        """Removals by each spelling that the message has, if the style needs that."""
        if self._style != "strings":
            return removes
        numbers = {name.lower(): number for name, number in removes.items()}
        for spelling in _spellings(numbers, raw):
            if spelling in removes:
                continue
            if len(removes) == len(numbers) + MAX_SPELLINGS:
                self._dropped.append(f"remove header: only {MAX_SPELLINGS} spellings can be told")
                break
            removes[spelling] = numbers[spelling.rstrip().lower()]
        return removes


def _spellings(names: Iterable[str], raw: bytes) -> Iterable[str]:
    """How the fields of those names are spelt in a message, blanks before the colon included."""
    choice = b"|".join(re.escape(name.encode("ascii")) for name in names)
    field = re.compile(rb"^((?:%b)[ \t]*+):" % choice, re.MULTILINE | re.IGNORECASE)
    return (found[1].decode("ascii") for found in field.finditer(header_block(raw)))


class _Named:
    """Values by header name: in order, names that differ by case are the same."""

    __slots__ = ("_spelling", "values")

    def __init__(self) -> None:
        self.values: dict[str, list[Any]] = {}
        self._spelling: dict[str, str] = {}

    def put(self, name: str, value: Any) -> None:
        name = self._spelling.setdefault(name.lower(), name)
        self.values.setdefault(name, []).append(value)
