"""Honest words are appended to spam, and to nothing else."""

from pathlib import Path

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from bench.accuracy_mail import Mail
from bench.learning_attack import WORDS, attack
from bench.learning_mail import Sample, hashes_of
from mailfilter.classifier.features import MAX_TEXT, text_slots
from mailfilter.classifier.hashing import token_slots
from mailfilter.classifier.model import Features


def sample(label: str, text: str) -> Sample:
    """A message with a text."""
    features = Features(text_slots(text), token_slots({label}, 1))
    return Sample(Mail(Path("x.eml"), label, "test"), features, hashes_of(text.split()), text)


class AttackTests(SynchronousTestCase):
    """Messages before and after."""

    def test_spam(self) -> None:
        """There are as many words more, all from ham; what is not text stays as it is."""
        learned = [
            sample("ham", " ".join(f"word{number}" for number in range(300))),
            sample("ham", "short"),
            sample("spam", "pills " * 300),
        ]
        before = sample("spam", "buy this")
        (after,) = attack([before], learned)
        words = after.text.split()
        self.assertEqual(words[:2], ["buy", "this"])
        self.assertEqual(len(words), 2 + WORDS)
        self.assertEqual({word[:4] for word in words[2:]}, {"word"})
        self.assertGreater(len(after.features.text), len(before.features.text))
        self.assertEqual(after.features.text.tolist(), text_slots(after.text).tolist())
        self.assertIs(after.features.rest, before.features.rest)
        self.assertEqual(len(after.words), 2 + WORDS)
        self.assertEqual(set(np.intersect1d(after.words, before.words)), set(before.words))

    def test_ham(self) -> None:
        """Ham is as it was."""
        honest = sample("ham", "good day")
        self.assertEqual(attack([honest], [honest]), [honest])

    def test_long(self) -> None:
        """What is beyond the text that is looked at changes nothing."""
        long = sample("spam", "pill" * (MAX_TEXT // 2))
        (after,) = attack([long], [sample("ham", "good day")])
        self.assertEqual(after.features.text.tolist(), long.features.text.tolist())
