"""What the classifier costs beyond the text, links and parts, which other checks need too."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from time import process_time

from bench.accuracy_mail import read_mail
from bench.learning_kinds import Logistic
from bench.learning_mail import Sample, Split
from mailfilter.classifier.features import features_of
from mailfilter.mail import Message, parse

SMALL = 10_000
"""Octets of a message."""

MOST = 300
"""Messages."""

ROUNDS = 5
GOALS = {"features and classify": 200, "learn": 300}


def costs(split: Split) -> Iterator[str]:
    """A line for each step: the mean over small messages, of several rounds the middle one."""
    classifier = Logistic()
    for sample in split.learned:
        classifier.learn(sample)
    samples, raw = _small(split.asked)
    if not samples:
        yield f"no messages below {SMALL} octets"
        return

    def features() -> float:
        messages = [_ready(one) for one in raw]
        return _timed(lambda: [features_of(message) for message in messages])

    def classify() -> float:
        return _timed(lambda: [classifier.logit(sample) for sample in samples])

    def learn_all() -> None:
        for sample in samples:
            classifier.learn(sample)

    steps: dict[str, Callable[[], float]] = {
        "features": features,
        "classify": classify,
        "learn": lambda: _timed(learn_all),
    }
    took = {
        name: median(step() for _ in range(ROUNDS)) / len(samples) * 1e6
        for name, step in steps.items()
    }
    yield from (f"{name:30} {value:6.0f}" for name, value in took.items())
    took["features and classify"] = took["features"] + took["classify"]
    yield from (f"{name:30} {took[name]:6.0f}  goal {goal}" for name, goal in GOALS.items())


def _small(samples: Sequence[Sample]) -> tuple[list[Sample], list[bytes]]:
    kept: list[Sample] = []
    found: list[bytes] = []
    for sample in samples[:: max(1, len(samples) // (2 * MOST))]:
        raw = read_mail(sample.mail.path, redate=True)
        if len(raw) <= SMALL and len(found) < MOST:
            kept.append(sample)
            found.append(raw)
    return kept, found


def _ready(raw: bytes) -> Message:
    """A message of which that is worked out that other checks need anyway."""
    message = parse(raw)
    _ = message.text.visible, message.urls, message.parts, message.from_, message.reply_to
    _ = message.to, message.cc, message.subject, message.message_id
    return message


def _timed(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start
