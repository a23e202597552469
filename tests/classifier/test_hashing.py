"""Slots of 4-grams and tokens."""

from unittest import TestCase

import numpy as np

from mailfilter.classifier.hashing import SLOT_BITS, Slots, gram_slots, merged, token_slots


def plain_grams(octets: bytes) -> set[bytes]:
    """All sequences of four octets, the slow way."""
    return {octets[at : at + 4] for at in range(len(octets) - 3)}


def is_set(slots: Slots) -> bool:
    """Whether they are in ascending order, each once, and no more than there are."""
    return bool(np.all(np.diff(slots.astype(np.int64)) > 0)) and not np.any(slots >> SLOT_BITS)


class HashingTests(TestCase):
    def test_grams(self) -> None:
        for octets in (b"", b"abc", b"abcd", b"abcde", b"aaaaaaaaa", bytes(range(256)) * 3):
            slots = gram_slots(octets, 7)
            alone = [gram_slots(gram, 7) for gram in plain_grams(octets)]
            self.assertTrue(is_set(slots))
            self.assertEqual(set(slots), {int(one[0]) for one in alone}, octets)

    def test_every_length(self) -> None:
        octets = b"The quick brown fox jumps over the lazy dog"
        for end in range(len(octets) + 1):
            whole = {int(gram_slots(gram, 1)[0]) for gram in plain_grams(octets[:end])}
            self.assertEqual(set(gram_slots(octets[:end], 1)), whole, end)

    def test_seeds_and_kinds_differ(self) -> None:
        one, other = gram_slots(b"some words of text", 1), gram_slots(b"some words of text", 2)
        self.assertFalse(set(one) & set(other))

    def test_tokens(self) -> None:
        slots = token_slots(["a", "b", "a", "\udcff", "é"], 3)
        self.assertEqual(len(slots), 4)
        self.assertTrue(is_set(slots))
        self.assertEqual(len(token_slots([], 3)), 0)

    def test_slots_do_not_depend_on_the_process(self) -> None:
        # What was learned before the last start must fit.
        self.assertEqual(list(gram_slots(b"text", 1)), [GRAM])
        self.assertEqual(list(token_slots(["ct:text/plain"], 1)), [TOKEN])

    def test_few_collisions(self) -> None:
        tokens = [f"t{number}" for number in range(10_000)]
        self.assertGreater(len(token_slots(tokens, 5)), 9_900)

    def test_merged(self) -> None:
        one, other = token_slots(["a", "b"], 1), token_slots(["b", "c"], 1)
        both = merged(one, other)
        self.assertTrue(is_set(both))
        self.assertEqual(set(both), set(one) | set(other))
        self.assertEqual(len(merged(one[:0], other[:0])), 0)


GRAM, TOKEN = 638497, 304469
