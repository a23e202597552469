"""Three logistic regressions over hashed features, and one that combines them.

The design and what it was compared with: classifier.md sections 4, 5 and 9. One logit sees all
features (`joint`), one the text, one the rest; whoever appends the words of honest mail to spam
moves the first two, which is why both may say only so much for ham.
"""

from collections.abc import Sequence
from math import exp, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .hashing import SLOT_BITS, Slots, merged

RATE = 0.4
"""Step of AdaGrad."""

SMALL = 1e-3
"""Keeps the first step of a weight from being endless."""

LEAST_FACTOR = 0.05
"""Of a logit in the combination: none may be turned around."""

MIN_TEXT = 20
"""4-grams; of less text nothing is said."""

FLOOR = -1.0
"""What logits that see the text may say for ham at most; -0.5 is the hardened setting."""

FIRST_FACTORS = (1.0, 0.2, 0.3)
"""Of each logit in the combination before anything is learned: `joint` is right most often while
little is learned."""

FIRST_SUM = 50.0
"""Of squared gradients of each factor, before anything is learned: the first dozens of messages
say much of features, and too little of who is to be believed."""

_STEEP = 35.0

Columns = NDArray[np.float32]
"""For each slot: weight and sum of squared gradients of `joint`, and the same of the blocks."""

JOINT, BLOCK = 0, 2


class Features(NamedTuple):
    """What is known of one message."""

    text: Slots
    rest: Slots


class Logits(NamedTuple):
    """What the three say."""

    joint: float
    text: float
    rest: float


def new_columns() -> Columns:
    """A table that has learned nothing."""
    return np.zeros((1 << SLOT_BITS, 4), np.float32)


def new_combiner() -> NDArray[np.float64]:
    """Factors of the logits, a constant, and the sums of squared gradients of these four."""
    return np.array([*FIRST_FACTORS, 0.0, *4 * [FIRST_SUM]], np.float64)


def probability(logit: float) -> float:
    """The probability of spam."""
    return 1 / (1 + exp(-max(-_STEEP, min(_STEEP, logit))))


class Model:
    """A table and a combiner, which may be views of shared memory."""

    def __init__(self, columns: Columns, combiner: NDArray[np.float64]) -> None:
        self.columns = columns
        self.combiner = combiner

    def logits(self, features: Features) -> Logits:
        """What the three say of a message."""
        text, rest = features
        if len(text) < MIN_TEXT:
            return Logits(self._logit(JOINT, rest), 0.0, self._logit(BLOCK, rest))
        joint = self._logit(JOINT, merged(text, rest))
        return Logits(joint, self._logit(BLOCK, text), self._logit(BLOCK, rest))

    def combined(self, logits: Logits, floor: float = FLOOR) -> float:
        """One logit of the three."""
        a = self.combiner
        joint, text = max(floor, logits.joint), max(floor, logits.text)
        return float(a[0] * joint + a[1] * text + a[2] * logits.rest + a[3])

    def learn(self, features: Features, is_spam: bool) -> None:
        """Learn one message."""
        text, rest = features
        if len(text) < MIN_TEXT:
            text = text[:0]
        self._combine(self.logits(features), is_spam)
        self._step(JOINT, merged(text, rest), is_spam)
        self._step(BLOCK, text, is_spam)
        self._step(BLOCK, rest, is_spam)

    def _combine(self, logits: Logits, is_spam: bool) -> None:
        """Learn how far to believe each: from what they said before they learned this message."""
        values: Sequence[float] = (
            max(FLOOR, logits.joint),
            max(FLOOR, logits.text),
            logits.rest,
            1.0,
        )
        error = probability(self.combined(logits)) - is_spam
        a = self.combiner
        for at, value in enumerate(values):
            gradient = error * value
            a[4 + at] += gradient * gradient
            a[at] -= RATE * gradient / sqrt(a[4 + at])
        np.maximum(a[:3], LEAST_FACTOR, out=a[:3])

    def _logit(self, column: int, slots: Slots) -> float:
        if not len(slots):
            return 0.0
        return float(self.columns[slots, column].sum(dtype=np.float64)) / sqrt(len(slots))

    def _step(self, column: int, slots: Slots, is_spam: bool) -> None:
        if not len(slots):
            return
        gradient = (probability(self._logit(column, slots)) - is_spam) / sqrt(len(slots))
        sums = self.columns[slots, column + 1] + np.float32(gradient * gradient)
        self.columns[slots, column + 1] = sums
        self.columns[slots, column] -= np.float32(RATE * gradient) / (
            np.sqrt(sums) + np.float32(SMALL)
        )
