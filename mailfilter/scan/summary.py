"""What is remembered of a message beside its verdict."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from ..mail import Message
from ..mail.addresses import Address
from .verdict import Summary

MAX_ADDRESSES = 100
"""Addresses of From, and of To and Cc together."""

MAX_CHARS = 512
"""Characters of an address or a subject."""

T = TypeVar("T")


def summarize(message: Message) -> Summary:
    """Take from a message what the history shows; checks have nearly always asked for it before.

    Never raises: what cannot be read is left out, whatever the message is.
    """
    return Summary(
        senders=_or(lambda: _addresses(message.from_), ()),
        recipients=_or(lambda: _addresses((*message.to, *message.cc)), ()),
        subject=_or(lambda: _cut(message.subject), None),
    )


def _or(read: Callable[[], T], default: T) -> T:
    try:
        return read()
    except Exception:
        # A field of the history is not worth a verdict.
        return default


def _addresses(found: Iterable[Address]) -> tuple[str, ...]:
    # A name without an address is no address.
    addresses = [item.address[:MAX_CHARS] for item in found if item.address]
    return tuple(addresses[:MAX_ADDRESSES])


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:MAX_CHARS]
