"""How large an answer may be: a server is not trusted with all our memory.

A document takes up to 90 times its size once it is read; packed it may be 500 octets on the wire.
"""

from dataclasses import dataclass

from ...codec.http_client import MAX_ANSWER
from .exchange import Item
from .options import Options

MAX_DELIVERED = 4 * 2**20
"""Octets of a verdict where mail is delivered."""

MAX_DOCUMENT = 16 * 2**20
"""Octets of a document elsewhere: all URLs of large mail, and what was found out of each."""

GROWTH = 4
"""How many times larger a message may become: quoted-printable takes three octets for one."""

ROOM = 4 * 2**20
"""Octets that may come to a message besides."""

FRAMING = 64 * 2**10
"""Octets of a form around them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Octets of an answer, unpacked."""

    document: int = MAX_DOCUMENT
    message: int = MAX_ANSWER
    """The one that was rewritten."""

    @property
    def whole(self) -> int:
        """Both of them, and what is around them."""
        return self.document + self.message + FRAMING


def limits_for(options: Options, item: Item) -> Limits:
    """What can be meant as an answer to that."""
    document = MAX_DELIVERED if options.is_lda else MAX_DOCUMENT
    return Limits(document, min(GROWTH * len(item.octets) + ROOM, MAX_ANSWER))
