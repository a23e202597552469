"""The model learns, and says no more than it may."""

from math import isclose
from unittest import TestCase

import numpy as np

from mailfilter.classifier.hashing import Slots
from mailfilter.classifier.model import (
    LEAST_FACTOR,
    MIN_TEXT,
    Features,
    Logits,
    Model,
    new_columns,
    new_combiner,
    probability,
)


def slots(start: int, count: int = 40) -> Slots:
    """Some slots in a row."""
    return np.arange(start, start + count, dtype=np.uint32)


SPAM = Features(slots(1000), slots(9000, 10))
HAM = Features(slots(5000), slots(9500, 10))


def model() -> Model:
    """One that has learned nothing."""
    return Model(new_columns(), new_combiner())


def taught(times: int = 10) -> Model:
    """One that has learned these."""
    found = model()
    for _ in range(times):
        found.learn(SPAM, is_spam=True)
        found.learn(HAM, is_spam=False)
    return found


class ModelTests(TestCase):
    def test_nothing_learned(self) -> None:
        self.assertEqual(model().logits(SPAM), Logits(0.0, 0.0, 0.0))
        self.assertEqual(probability(model().combined(model().logits(SPAM))), 0.5)

    def test_learns(self) -> None:
        found = taught()
        self.assertGreater(probability(found.combined(found.logits(SPAM))), 0.9)
        self.assertLess(probability(found.combined(found.logits(HAM))), 0.1)

    def test_what_text_may_say_for_ham(self) -> None:
        found = taught(100)
        logits = found.logits(Features(HAM.text, SPAM.rest))
        self.assertLess(logits.text, -1.0)
        a = found.combiner
        most = found.combined(Logits(-9.0, -9.0, logits.rest))
        self.assertTrue(isclose(most, -a[0] - a[1] + a[2] * logits.rest + a[3]))
        self.assertGreater(found.combined(logits, floor=-0.5), found.combined(logits))

    def test_factors_stay(self) -> None:
        found = taught()
        for _ in range(200):
            # What text says is always wrong now.
            found.learn(Features(SPAM.text, HAM.rest), is_spam=False)
            found.learn(Features(HAM.text, SPAM.rest), is_spam=True)
        self.assertTrue(np.all(found.combiner[:3] >= LEAST_FACTOR))

    def test_little_learned_changes_few_factors(self) -> None:
        """Who is to be believed is not decided by the first messages."""
        few, first = taught(1).combiner, new_combiner()
        self.assertLess(float(np.abs(few[:3] - first[:3]).max()), 0.1)
        self.assertGreater(first[0], first[1] + first[2])

    def test_little_text(self) -> None:
        found = taught()
        little = Features(SPAM.text[: MIN_TEXT - 1], HAM.rest)
        nothing = Features(SPAM.text[:0], HAM.rest)
        self.assertEqual(found.logits(little), found.logits(nothing))
        before = found.columns[little.text].copy()
        found.learn(little, is_spam=True)
        self.assertTrue(np.array_equal(found.columns[little.text], before))

    def test_nothing_known(self) -> None:
        empty = Features(SPAM.text[:0], SPAM.rest[:0])
        found = taught()
        found.learn(empty, is_spam=True)
        self.assertEqual(found.logits(empty), Logits(0.0, 0.0, 0.0))

    def test_same_order_same_bits(self) -> None:
        one, other = taught(), taught()
        self.assertEqual(one.columns.tobytes(), other.columns.tobytes())
        self.assertEqual(one.combiner.tobytes(), other.combiner.tobytes())

    def test_probability_of_what_is_endless(self) -> None:
        self.assertGreater(probability(-1e300), 0.0)
        self.assertLessEqual(probability(1e300), 1.0)
