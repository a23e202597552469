"""The features of a message: 4-grams of its text, and tokens of all that is not text."""

from ..mail import Message
from ..mail.text import normal_form
from .hashing import Slots, gram_slots, merged, token_slots
from .model import Features
from .traits import header_tokens, link_tokens, mime_tokens, sender_tokens, subject_tokens

VERSION = 1
"""Changes when the same message gets other features: what was learned is then of no use."""

MAX_TEXT = 4000
"""Octets of text in UTF-8."""

TEXT, SUBJECT, SENDER, TOKENS = 0x51ED270B, 0x2C7E91A5, 0x77A0F3C9, 0x1B56C4E9
"""Seeds: the same letters in another place are other features."""


def features_of(message: Message) -> Features:
    """Work out the features; raises nothing."""
    return Features(text_slots(message.text.visible), _rest(message))


def text_slots(visible: str) -> Slots:
    """The features of a text as it is seen."""
    return gram_slots(text_octets(visible), TEXT)


def text_octets(visible: str) -> bytes:
    """What is looked at of a text."""
    return _octets(visible[: 2 * MAX_TEXT], MAX_TEXT)


def tokens_of(message: Message) -> set[str]:
    """What is known of a message beside letters: see `traits`."""
    return {
        *sender_tokens(message),
        *subject_tokens(message),
        *link_tokens(message),
        *mime_tokens(message),
        *header_tokens(message),
    }


def _rest(message: Message) -> Slots:
    # Of the sender's address no 4-grams: of sources that were never seen they say what is wrong,
    # and its domain and form say as much of those that were.
    name = message.from_[0].name if message.from_ else ""
    return merged(
        gram_slots(_octets(f" {message.subject or ''} ", 1000), SUBJECT),
        gram_slots(_octets(f" {name} ", 300), SENDER),
        token_slots(tokens_of(message), TOKENS),
    )


def _octets(text: str, most: int) -> bytes:
    flat = " ".join(normal_form(text).split())
    return f" {flat} ".encode("utf-8", "surrogatepass")[:most]
