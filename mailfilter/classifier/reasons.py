"""Why the classifier says what it says: the strongest of what it saw, in words."""

from collections import defaultdict
from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..mail import Message
from .features import TEXT, TOKENS, text_octets, tokens_of
from .hashing import gram_row, token_row
from .model import BLOCK, JOINT, MIN_TEXT, Features, Model

MOST = 6
"""Told of those for each class."""

LEAST = 0.02
"""Of a reason's part in the logit; less is not worth a word."""

MAX_SEEN = 24
"""Of the words of a text, and of tokens, that are put into words at all: the strongest."""

MAX_WORD = 40
"""Characters of a word that is told."""

_KINDS: Mapping[str, str] = {
    "fn": "sender's name has {}",
    "fd": "sender's domain {}",
    "ft": "sender's domain ends in {}",
    "fo": "sender is of {}",
    "fl": "sender's mailbox looks like {}",
    "sw": "subject has {}",
    "us": "links by {}",
    "uh": "host {}",
    "ud": "domain {}",
    "ut": "links to {}",
    "ui": "links to an address {}",
    "up": "links have {}",
    "uq": "links are {}",
    "ct": "part of type {}",
    "ce": "encoded as {}",
    "cs": "charset {}",
    "cd": "part is {}",
    "fx": "file .{}",
    "fw": "file's name has {}",
    "ht": "HTML has {}",
    "hq": "HTML has {}",
    "hh": "text hidden by {}",
    "xm": "mail program {}",
    "mf": "Message-ID looks like {}",
}
"""Kind of a token (`traits`) -> what to say of it; all others are of the message's form."""

_FORM = "form of the message ({})"


class Reason(NamedTuple):
    """One of what was seen."""

    text: str
    weight: float
    """Its part in the logit: above 0 for spam."""


def reasons(message: Message, features: Features, model: Model) -> list[Reason]:
    """The strongest reasons for each class, the strongest first."""
    found = [*_of_text(message, features, model), *_of_tokens(message, features, model)]
    found = [reason for reason in found if abs(reason.weight) >= LEAST]
    found.sort(key=lambda reason: -abs(reason.weight))
    spam = [reason for reason in found if reason.weight > 0][:MOST]
    ham = [reason for reason in found if reason.weight < 0][:MOST]
    return sorted([*spam, *ham], key=lambda reason: -abs(reason.weight))


def _of_tokens(message: Message, features: Features, model: Model) -> list[Reason]:
    tokens = sorted(tokens_of(message))
    weights = _weights(token_row(tokens, TOKENS), features, model, len(features.rest), 2)
    return [Reason(_said(tokens[at]), float(weights[at])) for at in _strongest(weights)]


def _strongest(weights: NDArray[np.float64]) -> list[int]:
    """The places of the largest weights, whatever their sign."""
    strength = np.abs(weights)
    if len(weights) > MAX_SEEN:
        places = np.argpartition(strength, -MAX_SEEN)[-MAX_SEEN:]
    else:
        places = np.arange(len(weights))
    # In their order: where weights are the same, the first comes first.
    found: list[int] = np.sort(places[strength[places] >= LEAST]).tolist()
    return found


def _of_text(message: Message, features: Features, model: Model) -> list[Reason]:
    """The words of the text, each with the weights of the letters that begin within it."""
    if len(features.text) < MIN_TEXT:
        return []
    octets = text_octets(message.text.visible)
    row = gram_row(octets, TEXT)
    weights = np.zeros(len(row), np.float64)
    # A feature counts once, however often it is there.
    slots, places = np.unique(row, return_index=True)
    weights[places] = _weights(slots, features, model, len(features.text), 1)
    starts = np.flatnonzero(np.frombuffer(octets, np.uint8)[: len(row)] == ord(" "))
    if not len(starts):
        return []
    words: defaultdict[str, float] = defaultdict(float)
    sums = np.add.reduceat(weights, starts)
    for at in _strongest(sums):
        start = int(starts[at]) + 1
        word = octets[start : start + 4 * MAX_WORD].partition(b" ")[0]
        words[word.decode("utf-8", "replace")[:MAX_WORD]] += float(sums[at])
    return [Reason(f'text has "{word}"', weight) for word, weight in words.items()]


def _weights(
    slots: NDArray[np.uint32], features: Features, model: Model, count: int, block: int
) -> NDArray[np.float64]:
    """The part that each slot has in the combined logit, as far as that is no matter of floors."""
    together = len(features.rest) + (len(features.text) if len(features.text) >= MIN_TEXT else 0)
    factors = model.combiner
    joint = model.columns[slots, JOINT].astype(np.float64) * factors[0] / sqrt(max(together, 1))
    own = model.columns[slots, BLOCK].astype(np.float64) * factors[block] / sqrt(max(count, 1))
    total: NDArray[np.float64] = joint + own
    return total


def _said(token: str) -> str:
    kind, _, value = token.partition(":")
    if kind in ("uh", "ud", "ut", "ui", "us"):
        value = value[1:]
    return _KINDS.get(kind, _FORM).format(value[:MAX_WORD] if kind in _KINDS else token[:MAX_WORD])
