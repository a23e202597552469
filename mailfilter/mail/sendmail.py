r"""Fields with addresses in the form that Sendmail gives them when it hands a message on.

It does so after milters have seen the message: lists get `, ` between addresses and other folds,
names with certain signs get quotes, and addresses without a domain get its own. What is signed has
to be what leaves, so it is worked out here where that is certain. Measured with Sendmail 8.17:
octets but for white space, which the form `relaxed` leaves out.
"""

import re

from .canon import Field

ADDRESS_FIELDS = frozenset(
    (
        b"from",
        b"to",
        b"cc",
        b"bcc",
        b"reply-to",
        b"sender",
        b"resent-from",
        b"resent-to",
        b"resent-cc",
        b"resent-sender",
        b"resent-reply-to",
        b"errors-to",
        b"disposition-notification-to",
        b"apparently-to",
        b"return-receipt-to",
    )
)

MAX_VALUE = 32_768
"""Octets of a value that is looked at."""

_BLANKS = re.compile(rb"[ \t]+")
_QUOTED = rb'"[^"\\\x00-\x1f\x7f]*+(?:\\[ -~][^"\\\x00-\x1f\x7f]*+)*+"'
_COMMENT = rb'\([^()\\"\x00-\x1f\x7f]*+\)'
_ADDRESS = (
    rb'(?:[^ "(),:;<>@\[\]\\%!\x00-\x1f\x7f]++|' + _QUOTED + rb")"
    rb"@[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-][A-Za-z0-9_-]*+)*+"
)
# One mailbox; what goes before an angle bracket is plain, or all of it will be quoted.
_MAILBOX = re.compile(
    rb" ?(?:"
    + _ADDRESS
    + rb"|(?:"
    + _QUOTED
    + rb' ?|(?P<words>[^"(),:<>\\\x00-\x1f\x7f]++))?<'
    + _ADDRESS
    + rb">)"
    + rb"(?: ?"
    + _COMMENT
    + rb")? ?(?P<end>,|\Z)"
)
_QUOTED_SIGNS = re.compile(rb"[.@;\[\]']")
_EMPTY_GROUP = re.compile(rb"[A-Za-z0-9 _-]++: ?;")
"""As `undisclosed-recipients:;`."""


def as_written(field: Field) -> Field | None:
    """The field as it leaves, on one line; itself if it stays as it is, None if nobody can tell."""
    if field.name not in ADDRESS_FIELDS:
        return field
    value = field.raw.partition(b":")[2]
    if len(value) > MAX_VALUE:
        return None
    value = _BLANKS.sub(b" ", value.replace(b"\r\n", b"").replace(b"\n", b"")).strip(b" ")
    if not value or _EMPTY_GROUP.fullmatch(value):
        return field
    mailboxes = _mailboxes(value)
    if not mailboxes:
        return None
    return Field(field.name, field.name + b": " + b", ".join(mailboxes) + b"\r\n")


def _mailboxes(value: bytes) -> list[bytes]:
    """The mailboxes of a list as they are written; none if one of them is odd."""
    found: list[bytes] = []
    at = 0
    while True:
        mailbox = _MAILBOX.match(value, at)
        if mailbox is None:
            return []
        found.append(_written(mailbox))
        at = mailbox.end()
        if not mailbox["end"]:
            return found


def _written(mailbox: re.Match[bytes]) -> bytes:
    text = mailbox[0].removesuffix(b",").strip(b" ")
    words = (mailbox["words"] or b"").strip(b" ")
    if not _QUOTED_SIGNS.search(words):
        return text
    return b'"' + words + b'"' + text[len(words) :]
