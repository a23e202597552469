"""Orthogonal sparse bigrams and the chi-square combination, as Rspamd's Bayes has them.

For comparison, and for those who insist. Words in pairs within a window, counted by class; the
probabilities of the pairs that tell most are joined as Robinson and Fisher do (defaults.md,
"Bayes"; classifier.md section 10 for what is not reproduced).
"""

from collections.abc import Sequence
from math import exp, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .hashing import Slots

WEIGHTS = (3125.0, 256.0, 27.0, 1.0)
"""How much a pair counts by its distance, of neighbours the most."""

WINDOWS = (2, 5)
"""Words within which pairs are made: of current Rspamd, and of those before 3.10."""

SLOT_BITS = {2: 22, 5: 24}
"""Of a slot number, by window. Unlike features of the regression, counts of pairs that share a slot
are wrong for both: of 8,000 messages, a window of 5 fills 98 % of 2^20 slots, and ranks five times
as much wrongly as with 2^24; a window of 2 fills 17 % of 2^22."""

MIN_TOKENS = 11
"""Pairs of a message; nothing is said of fewer."""

MAX_WORDS = 3000
MIN_HITS = 2.0
"""Messages that a pair was seen in."""

MIN_STRENGTH = 0.05
"""From one half: what is nearer to it says nothing."""

_LEAST = 1e-9
_PRIME = np.uint32(0x01000193)
_SPREAD = np.uint32(0x9E3779B1)


class Pairs(NamedTuple):
    """The pairs of a message."""

    slots: Slots
    weights: NDArray[np.float32]
    """Of each, by its distance."""


Counts = NDArray[np.float32]
"""For each slot, messages of ham and of spam that it was seen in."""


def new_counts(window: int) -> Counts:
    """Counts of nothing, for pairs within a window."""
    return np.zeros((1 << SLOT_BITS[window], 2), np.float32)


def pairs_of(hashes: NDArray[np.uint32], window: int) -> Pairs:
    """The pairs of words (as hashes, in their order) at most `window` - 1 apart, each once."""
    shift = np.uint32(32 - SLOT_BITS[window])
    slots: list[NDArray[np.uint32]] = []
    weights: list[NDArray[np.float32]] = []
    for distance in range(1, window):
        first, second = hashes[:-distance], hashes[distance:]
        mixed = (first * _PRIME ^ second) * _PRIME + np.uint32(distance)
        slots.append((mixed * _SPREAD) >> shift)
        weights.append(np.full(len(mixed), WEIGHTS[distance - 1], np.float32))
    together = np.concatenate(slots)
    # The first of several is the nearest, which weighs most.
    kept, places = np.unique(together, return_index=True)
    return Pairs(kept.astype(np.uint32), np.concatenate(weights)[places])


class Osb:
    """Counts, which may be a view of shared memory, and the messages that they were made of."""

    def __init__(self, counts: Counts, learned: Sequence[int]) -> None:
        self.counts = counts
        self.learned = learned
        """Messages of ham and of spam."""

    def learn(self, pairs: Pairs, is_spam: bool, times: int = 1) -> None:
        """Count a message, or take it back with `times` -1."""
        column = self.counts[pairs.slots, int(is_spam)] + np.float32(times)
        self.counts[pairs.slots, int(is_spam)] = np.maximum(column, 0)

    def probability(self, pairs: Pairs) -> float:
        """The probability of spam; one half where nothing is to be said."""
        if len(pairs.slots) < MIN_TOKENS or not all(self.learned):
            return 0.5
        found = self._of_pairs(pairs)
        if not len(found):
            return 0.5
        found = np.clip(found, _LEAST, 1 - _LEAST)
        ham = chi_square(-float(np.log(found).sum()), len(found))
        spam = chi_square(-float(np.log1p(-found).sum()), len(found))
        return (1 + ham - spam) / 2

    def _of_pairs(self, pairs: Pairs) -> NDArray[np.float64]:
        """The probabilities of those pairs that say something."""
        seen = self.counts[pairs.slots].astype(np.float64)
        total = seen.sum(axis=1)
        known = total >= MIN_HITS
        seen, total, weights = seen[known], total[known], pairs.weights[known]
        rates = seen / np.array(self.learned, np.float64)
        raw = rates[:, 1] / rates.sum(axis=1)
        weight = weights * total
        weight = weight / (1 + weight)
        found: NDArray[np.float64] = (weight * 0.5 + total * raw) / (weight + total)
        return found[np.abs(found - 0.5) >= MIN_STRENGTH]


def chi_square(value: float, count: int) -> float:
    """The chance that `count` probabilities of mere chance have a product of exp(-`value`) or
    less: the upper tail of chi-square with 2 * `count` degrees of freedom."""
    if value <= 0:
        return 1.0
    steps = np.arange(1, count, dtype=np.float64)
    terms = np.concatenate(([0.0], np.cumsum(log(value) - np.log(steps)))) - value
    top = float(terms.max())
    return min(1.0, exp(top) * float(np.exp(terms - top).sum())) if top > -700 else 0.0
