"""The classifiers that are measured, each in the same clothes."""

import random
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import log
from typing import Protocol

from bench.learning_figures import Figures, figures_of
from bench.learning_mail import Sample, Split
from mailfilter.classifier.model import FLOOR, Model, new_columns, new_combiner
from mailfilter.classifier.osb import Osb, Pairs, new_counts, pairs_of

LEAST = 1e-9
"""Of probabilities, so that each has a logit."""


class Classifier(Protocol):
    """What can learn messages and be asked about them."""

    def learn(self, sample: Sample) -> None:
        """Learn a message by its label."""

    def logit(self, sample: Sample) -> float:
        """How much speaks for spam."""


class Logistic:
    """The classifier that is the default."""

    def __init__(self, floor: float = FLOOR) -> None:
        self.floor = floor
        self.model = Model(new_columns(), new_combiner())

    def learn(self, sample: Sample) -> None:
        """Learn a message by its label."""
        self.model.learn(sample.features, sample.is_spam)

    def logit(self, sample: Sample) -> float:
        """How much speaks for spam."""
        return self.model.combined(self.model.logits(sample.features), self.floor)


class Bigrams:
    """What Rspamd's Bayes does, with its default parameters."""

    def __init__(self, window: int) -> None:
        self.window = window
        self.learned = [0, 0]
        self.osb = Osb(new_counts(window), self.learned)

    def learn(self, sample: Sample) -> None:
        """Learn a message by its label."""
        self.osb.learn(self._pairs(sample), sample.is_spam)
        self.learned[sample.is_spam] += 1

    def logit(self, sample: Sample) -> float:
        """How much speaks for spam."""
        chance = min(max(self.osb.probability(self._pairs(sample)), LEAST), 1 - LEAST)
        return log(chance / (1 - chance))

    def _pairs(self, sample: Sample) -> Pairs:
        return pairs_of(sample.words, self.window)


KINDS: dict[str, Callable[[], Classifier]] = {
    "logistic": Logistic,
    "osb2": partial(Bigrams, 2),
    "osb5": partial(Bigrams, 5),
}


def trained(kind: str, samples: Sequence[Sample], order: int) -> Classifier:
    """A classifier that has learned messages in an order that depends on `order` alone."""
    classifier = KINDS[kind]()
    for sample in random.Random(order).sample(samples, len(samples)):
        classifier.learn(sample)
    return classifier


def asked(classifier: Classifier, samples: Iterable[Sample]) -> list[float]:
    """What it says of each message."""
    return [classifier.logit(sample) for sample in samples]


def run(kind: str, split: Split, order: int) -> Figures:
    """Learn, ask, and compare with the labels."""
    logits = asked(trained(kind, split.learned, order), split.asked)
    return figures_of(logits, [sample.is_spam for sample in split.asked])
