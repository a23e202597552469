"""Which header fields a signature of ours covers (RFC 6376 3.5 `h=`, 5.4).

A field that is signed once more than it is there (oversigned) cannot be added by others without
breaking the signature.
"""

import re
from collections.abc import Collection
from typing import Literal, NamedTuple

from ..mail.canon import Canonical

MAX_NAMES = 200
"""Names in one signature; honest mail has some thirty. A message with more is not signed."""

MAX_LISTED = 100
"""Names that a list of fields to sign may have."""

Oversign = Literal["never", "if present", "always"]

_MARKS: dict[str, Oversign] = {"": "never", "(x)": "if present", "(o)": "always"}
_ITEM = re.compile(r"(\([ox]\)|)([!-'*-9<-~]{1,70})")
_FROM = b"from"

DEFAULT_NAMES = (
    # Who and to whom, and what is shown of it: readers see them, so none may be added.
    "(o)from:(x)sender:(o)reply-to:(o)to:(o)cc:(o)subject"
    # MTAs add these if there are none, some after a filter has seen the message.
    ":(x)date:(x)message-id:(x)mime-version:(x)content-type:(x)content-transfer-encoding"
    ":(x)content-disposition:(x)in-reply-to:(x)references:(x)autocrypt"
    # Whoever sends a message once more puts a block of its own on top (RFC 5322 3.6.6).
    ":resent-from:resent-sender:resent-to:resent-cc:resent-date:resent-message-id"
    # RFC 8058 4 wants those of unsubscribing signed; lists that a message passes add their own.
    ":list-id:list-help:list-post:list-owner:list-archive:list-subscribe"
    ":list-unsubscribe:list-unsubscribe-post:feedback-id"
)
"""Fields that are signed, in the notation of Rspamd's `sign_headers`."""


class UnsignableError(ValueError):
    """The message cannot be signed; says why."""


class Listed(NamedTuple):
    """One name of a list of fields to sign."""

    name: bytes
    """In lower case."""
    oversign: Oversign


def read_names(text: str) -> tuple[Listed, ...]:
    """Read a list such as `(o)from:(x)sender:list-id`. Raises ValueError.

    Fields named alone are signed as often as they are there, those with `(x)` once more if there
    is one, those with `(o)` always once more. From is in every signature (RFC 6376 5.4).
    """
    items = text.split(":", MAX_LISTED)
    if len(items) > MAX_LISTED:
        raise ValueError(f"expected at most {MAX_LISTED} names of fields")
    listed = []
    for item in items:
        found = _ITEM.fullmatch(item.strip().lower())
        if found is None:
            raise ValueError(
                f"{item.strip()[:80]!r}: expected the name of a field, with (o) or (x) before it"
                " if it is to be oversigned"
            )
        listed.append(Listed(found[2].encode("ascii"), _MARKS[found[1]]))
    names = [item.name for item in listed]
    if _FROM not in names:
        raise ValueError("expected from among the names: every signature has it")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name.decode()} is there twice")
    return tuple(listed)


def signed_names(
    listed: Collection[Listed], message: Canonical, unsure: Collection[bytes] = ()
) -> tuple[bytes, ...]:
    """What `h=` has for a message; names of `unsure` are left out. Raises UnsignableError."""
    if message.is_cut:
        raise UnsignableError("where its header ends is not certain")
    if _FROM in unsure:
        raise UnsignableError("what its From will be is not known")
    if len(message.named(_FROM)) != 1:
        raise UnsignableError("it has not exactly one From")
    names: list[bytes] = []
    for name, oversign in listed:
        if name in unsure:
            continue
        count = len(message.named(name))
        more = oversign == "always" or (oversign == "if present" and count > 0)
        if len(names) + count + more > MAX_NAMES:
            raise UnsignableError(f"more than {MAX_NAMES} of its fields are to be signed")
        names += [name] * (count + more)
    return tuple(names)
