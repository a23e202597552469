"""Spam that honest words are appended to, as one who knows the ham that was learned would do it."""

import random
from collections.abc import Sequence

import numpy as np

from bench.learning_mail import Sample, hashes_of
from mailfilter.classifier.features import text_slots
from mailfilter.mail.text import words_of

WORDS = 200


def attack(samples: Sequence[Sample], learned: Sequence[Sample]) -> list[Sample]:
    """The same messages; to the text of each spam there is appended a run of words of a ham.

    Of texts that are longer than what is looked at it changes nothing, which the figures say too.
    """
    texts = [one.text.split() for one in learned if not one.is_spam]
    texts = [words for words in texts if len(words) >= WORDS] or texts
    choice = random.Random(1)
    return [_mixed(one, choice.choice(texts), choice) if one.is_spam else one for one in samples]


def _mixed(sample: Sample, words: Sequence[str], choice: random.Random) -> Sample:
    start = choice.randrange(max(1, len(words) - WORDS + 1))
    added = " ".join(words[start : start + WORDS])
    text = f"{sample.text} {added}"
    return sample._replace(
        text=text,
        features=sample.features._replace(text=text_slots(text)),
        words=np.concatenate((hashes_of(words_of(added)), sample.words)),
    )
