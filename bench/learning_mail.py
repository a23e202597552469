"""Labelled mail as classifiers see it: read once, by several processes, and then kept."""

from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bench.accuracy_mail import LABELS, Mail, read_mail
from mailfilter.classifier.features import MAX_TEXT, features_of
from mailfilter.classifier.model import Features
from mailfilter.classifier.osb import MAX_WORDS
from mailfilter.mail import parse

MAX_SUBJECT = 100
"""Words of a subject."""


class Sample(NamedTuple):
    """One message."""

    mail: Mail
    features: Features
    words: NDArray[np.uint32]
    """Hashes of the words of text and subject, in their order, for bigrams."""
    text: str
    """What is seen, as far as features come from it."""

    @property
    def is_spam(self) -> bool:
        """Whether its label says so."""
        return self.mail.is_spam


class Split(NamedTuple):
    """What to learn, and what to be asked about."""

    learned: Sequence[Sample]
    asked: Sequence[Sample]


def read_samples(mails: Sequence[Mail], jobs: int) -> list[Sample]:
    """Read messages, in their order."""
    if jobs == 1:
        return list(map(sample_of, mails))
    with get_context("fork").Pool(jobs) as pool:
        return pool.map(sample_of, mails, chunksize=64)


def sample_of(mail: Mail) -> Sample:
    """Read a message, with its date made like all others."""
    message = parse(read_mail(mail.path, redate=True))
    words = [*message.text.words[:MAX_WORDS], ""]
    words += [f"s:{word}" for word in (message.subject or "").lower().split()[:MAX_SUBJECT]]
    visible = message.text.visible[: 2 * MAX_TEXT]
    return Sample(mail, features_of(message), hashes_of(words), visible)


def hashes_of(words: Sequence[str]) -> NDArray[np.uint32]:
    """Numbers for words."""
    return np.array([crc32(word.encode("utf-8", "replace")) for word in words], np.uint32)


def without_sources(samples: Sequence[Sample]) -> Iterator[tuple[str, Split]]:
    """For each large source, learn all other mail and ask about its own.

    Where a source has mail of one label, sources of the other label are left out with it: half of
    the lists with phishing, so that neither its spam nor its ham was ever seen.
    """
    lists = sorted({one.mail.source for one in samples if one.mail.source.startswith("list:")})
    for name, starts in (
        ("csdmc2010", ("csdmc2010",)),
        ("SpamAssassin", ("sa-",)),
        ("foff", ("foff",)),
        ("phishing and lists", ("phishing", *lists[::2])),
    ):
        inside = [one for one in samples if one.mail.source.startswith(starts)]
        outside = [one for one in samples if not one.mail.source.startswith(starts)]
        if all({one.mail.label for one in some} == set(LABELS) for some in (inside, outside)):
            yield name, Split(outside, inside)
