"""The edits of a verdict, made safe: the same for every protocol that tells them.

What cannot be made safe is left out and named, for the log. Values may hold anything a check put
in them, and checks put in what strangers sent.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..scan.verdict import (
    BELOW_RECEIVED,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    Edit,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
)
from .headers import clean_header_name, clean_header_value

MAX_MAILBOX = 1024
"""Characters of an address: RFC 5321 4.5.3.1.3 has 256, and some are longer."""

MAX_ARG = 500
MAX_ARGS = 20
"""Characters of one ESMTP argument and their number: a command line of SMTP has 512 octets."""

MAX_INDEX = 2**31 - 1
"""MTAs, and clients of the HTTP protocol, read positions as signed numbers of 32 bits."""

_PLAIN = r'[^\s<>"\x00-\x1f\x7f-\x9f]*+'
_QUOTED = r'[^"\\\x00-\x1f\x7f-\x9f]*+'
_MAILBOX = re.compile(rf'{_PLAIN}(?:"{_QUOTED}(?:\\[ -~]{_QUOTED})*"{_PLAIN})*')
_ESMTP_ARG = re.compile(r"[!-~]+")
_RECEIVED = re.compile(rb"(?:From [^\n]*+\n)?received[ \t]*+:", re.IGNORECASE)
_BARE_LF = re.compile(rb"(?<!\r)\n")


def placed(edits: Iterable[Edit], raw: bytes) -> tuple[Edit, ...]:
    """Edits of a message that is there as it leaves, so that no field of an MTA is put on its top.

    If it does not begin with Received, fields that belong below that belong on top: below another
    one they could part a set of ARC, or come below a signature that is to cover them.
    """
    if _RECEIVED.match(raw):
        return tuple(edits)
    return tuple(
        [
            replace(edit, order=0)
            if isinstance(edit, AddHeader) and edit.order == BELOW_RECEIVED
            else edit
            for edit in edits
        ]
    )


@dataclass(frozen=True, slots=True)
class CleanEdits:
    """Edits that can be told as they are, in their order, and what was left out of them."""

    edits: tuple[Edit, ...] = ()
    dropped: tuple[str, ...] = ()
    """Printable, and nothing in it is from a message."""


def clean_edits(edits: Iterable[Edit]) -> CleanEdits:
    """Make edits safe.

    Names are field names, values hold no line break but a fold; positions fit 32 bits with sign;
    the field to change is one of 1 to n, and a new value of nothing removes it, as MTAs do;
    addresses fit between angle brackets, arguments between blanks.
    """
    kept: list[Edit] = []
    dropped: list[str] = []
    for edit in edits:
        clean = _clean(edit, dropped)
        if clean is not None:
            kept.append(clean)
    return CleanEdits(tuple(kept), tuple(dropped))


def _clean(edit: Edit, dropped: list[str]) -> Edit | None:
    match edit:
        case AddHeader() | ChangeHeader() | RemoveHeader():
            if clean_header_name(edit.name) is not None:
                return _clean_field(edit)
            dropped.append(f"{_WHAT[type(edit)]}: bad name")
        case ChangeSender(address, args):
            if _is_mailbox(address):
                return replace(edit, args=_clean_args(args, dropped))
            dropped.append("change sender: bad address")
        case AddRecipient(address) | RemoveRecipient(address):
            if address and _is_mailbox(address):
                return edit
            dropped.append(f"{_WHAT[type(edit)]}: bad address")
        case ReplaceBody():
            return edit
    return None


_WHAT: dict[type[Edit], str] = {
    AddHeader: "add header",
    ChangeHeader: "change header",
    RemoveHeader: "remove header",
    AddRecipient: "add recipient",
    RemoveRecipient: "remove recipient",
}


def _clean_field(edit: AddHeader | ChangeHeader | RemoveHeader) -> Edit:
    if isinstance(edit, RemoveHeader):
        return RemoveHeader(edit.name, _signed(edit.occurrence))
    value = clean_header_value(edit.value)
    if isinstance(edit, AddHeader):
        return AddHeader(edit.name, value, _signed(edit.order))
    occurrence = max(_signed(edit.occurrence), 1)
    if not value:
        return RemoveHeader(edit.name, occurrence)
    return ChangeHeader(edit.name, value, occurrence)


def _signed(number: int) -> int:
    return max(-MAX_INDEX, min(MAX_INDEX, number))


def _is_mailbox(address: str) -> bool:
    """Whether an address, perhaps with a quoted local part, stays within its angle brackets."""
    if len(address) > MAX_MAILBOX or not address.isprintable():
        return False
    return _MAILBOX.fullmatch(address) is not None


def _clean_args(args: tuple[str, ...], dropped: list[str]) -> tuple[str, ...]:
    fit = [arg for arg in args if len(arg) <= MAX_ARG and _ESMTP_ARG.fullmatch(arg)]
    clean = tuple(fit[:MAX_ARGS])
    if len(clean) < len(args):
        dropped.append("change sender: bad argument")
    return clean


def with_crlf(body: bytes) -> bytes:
    """A new body with the line ends that it is to have (`ReplaceBody`), whatever it came with."""
    return _BARE_LF.sub(b"\r\n", body)


_SIGNED = frozenset(
    ("dkim-signature", "arc-seal", "arc-message-signature", "arc-authentication-results")
)


def without_body(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits for those who cannot take a new body.

    Without that, and if there is one without signatures: they are made for it.
    """
    edits = tuple(edits)
    kept = tuple(edit for edit in edits if not isinstance(edit, ReplaceBody))
    if len(kept) == len(edits):
        return edits
    return tuple(edit for edit in kept if not _is_signature(edit))


def _is_signature(edit: Edit) -> bool:
    return isinstance(edit, AddHeader) and edit.name.lower() in _SIGNED


def occurrences(occurrence: int, count: int) -> Iterable[int]:
    """The 1-based numbers of the fields that `RemoveHeader` means, of `count` of its name."""
    if occurrence == 0:
        return range(1, count + 1)
    index = occurrence if occurrence > 0 else count + occurrence + 1
    return (index,) if 1 <= index <= count else ()
