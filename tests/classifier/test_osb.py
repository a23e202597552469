"""Sparse bigrams and chi-square."""

from math import exp, isclose
from unittest import TestCase

import numpy as np

from mailfilter.classifier.osb import (
    MIN_TOKENS,
    WEIGHTS,
    Osb,
    chi_square,
    new_counts,
    pairs_of,
)


def words(*numbers: int) -> "np.typing.NDArray[np.uint32]":
    """Hashes of words."""
    return np.array(numbers, np.uint32) * np.uint32(2654435761)


def slow_chi_square(value: float, count: int) -> float:
    """By the sum of the terms as they stand in textbooks."""
    term = total = exp(-value)
    for step in range(1, count):
        term *= value / step
        total += term
    return total


class PairsTests(TestCase):
    def test_neighbours(self) -> None:
        self.assertEqual(len(pairs_of(words(1, 2, 3, 4), 2).slots), 3)
        self.assertEqual(len(pairs_of(words(1, 2, 1, 2), 2).slots), 2)
        self.assertEqual(set(pairs_of(words(1, 2, 3), 2).weights), {WEIGHTS[0]})

    def test_order_counts(self) -> None:
        self.assertNotEqual(
            list(pairs_of(words(1, 2), 2).slots), list(pairs_of(words(2, 1), 2).slots)
        )

    def test_wide_window(self) -> None:
        pairs = pairs_of(words(1, 2, 3, 4, 5), 5)
        self.assertEqual(
            sorted(pairs.weights),
            sorted(WEIGHTS[0:1] * 4 + WEIGHTS[1:2] * 3 + WEIGHTS[2:3] * 2 + WEIGHTS[3:4]),
        )
        self.assertTrue(np.all(np.diff(pairs.slots.astype(int)) > 0))

    def test_few_share_a_slot(self) -> None:
        """Of as many pairs as thousands of messages have."""
        for window, pairs in ((2, 200_000), (5, 800_000)):
            hashes = words(*range(200_001 + window))
            slots = pairs_of(hashes, window).slots
            self.assertGreater(len(slots), 0.95 * pairs)
            self.assertLess(slots.max(), len(new_counts(window)))

    def test_few_words(self) -> None:
        for count in (0, 1):
            for window in (2, 5):
                self.assertEqual(len(pairs_of(words(*range(count)), window).slots), 0)


class OsbTests(TestCase):
    def setUp(self) -> None:
        self.spam = pairs_of(words(*range(30)), 2)
        self.ham = pairs_of(words(*range(100, 130)), 2)
        self.learned = [0, 0]
        self.osb = Osb(new_counts(2), self.learned)

    def teach(self, times: int) -> None:
        """Learn both classes."""
        for _ in range(times):
            self.osb.learn(self.spam, is_spam=True)
            self.osb.learn(self.ham, is_spam=False)
            self.learned[0] += 1
            self.learned[1] += 1

    def test_learns(self) -> None:
        self.assertEqual(self.osb.probability(self.spam), 0.5)
        self.teach(1)
        # Pairs that were seen once say nothing.
        self.assertEqual(self.osb.probability(self.spam), 0.5)
        self.teach(3)
        self.assertGreater(self.osb.probability(self.spam), 0.99)
        self.assertLess(self.osb.probability(self.ham), 0.01)
        self.assertEqual(self.osb.probability(pairs_of(words(*range(500, 530)), 2)), 0.5)

    def test_few_pairs(self) -> None:
        self.teach(5)
        few = pairs_of(words(*range(MIN_TOKENS)), 2)
        self.assertEqual(self.osb.probability(few), 0.5)

    def test_taken_back(self) -> None:
        before = self.osb.counts.copy()
        self.teach(2)
        for _ in range(3):
            self.osb.learn(self.spam, is_spam=True, times=-1)
            self.osb.learn(self.ham, is_spam=False, times=-1)
        self.assertTrue(np.array_equal(self.osb.counts, before))

    def test_one_class_alone(self) -> None:
        for _ in range(5):
            self.osb.learn(self.spam, is_spam=True)
            self.learned[1] += 1
        self.assertEqual(self.osb.probability(self.spam), 0.5)

    def testchi_square(self) -> None:
        for value, count in ((0.5, 1), (3, 2), (10, 11), (50, 40), (200, 300), (600, 500)):
            found = chi_square(value, count)
            self.assertTrue(isclose(found, min(1, slow_chi_square(value, count)), rel_tol=1e-9))
        self.assertEqual(chi_square(0, 5), 1.0)
        self.assertEqual(chi_square(1e6, 3), 0.0)
