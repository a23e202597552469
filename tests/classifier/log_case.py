"""Logs by chance, and tables made of them in one way and another."""

from collections.abc import Sequence
from random import Random

import numpy as np

from mailfilter.classifier import features
from mailfilter.classifier.event import Event, Label, Learn, Unlearn, packed
from mailfilter.classifier.hashing import SLOT_BITS, Slots
from mailfilter.classifier.ledger import Ledger
from mailfilter.classifier.model import Model, new_columns, new_combiner
from mailfilter.classifier.pupil import Pupil, made_anew

Log = Sequence[tuple[int, Event]]


def learn(
    name: str, label: Label = "spam", *, is_human: bool = True, version: int = features.VERSION
) -> Learn:
    """An event about a message of this name, which has the same features each time."""
    chance = Random(name)
    text, rest = (packed(_slots(chance, count)) for count in (60, 20))
    digest = name.encode().ljust(16)
    return Learn(digest, label, text, rest, version, "bob", 1.0, is_human)


def unlearn(name: str) -> Unlearn:
    """The message is forgotten."""
    return Unlearn(name.encode().ljust(16), "bob", 2.0)


def _slots(chance: Random, count: int) -> Slots:
    return np.array(sorted(chance.sample(range(1 << SLOT_BITS), count)), np.uint32)


def chance_log(seed: int, count: int) -> Log:
    """Events of few messages, many of them about the same ones."""
    chance = Random(seed)
    found: list[Event] = []
    for _ in range(count):
        name = f"m{chance.randrange(count // 3)}"
        if chance.random() < 0.02:
            found.append(unlearn(name))
            continue
        label: Label = "spam" if chance.random() < 0.5 else "ham"
        found.append(learn(name, label, is_human=chance.random() < 0.7))
    return list(enumerate(found, 1))


def new_pupil() -> Pupil:
    """One that knows nothing."""
    return Pupil(Model(new_columns(), new_combiner()), Ledger())


def followed(log: Log) -> Pupil:
    """A table that followed a log event by event, and was made anew whenever that was due."""
    pupil = new_pupil()
    for at, (position, event) in enumerate(log):
        pupil.take(position, event)
        if pupil.ledger.made_at == position:
            fresh = Model(new_columns(), new_combiner())
            pupil = made_anew(fresh, Ledger(), pupil.ledger, log[: at + 1])
    return pupil


def read_at_once(log: Log) -> Pupil:
    """A table of a machine that comes to a log late."""
    ledger = Ledger()
    for position, event in log:
        ledger.take(position, event)
    last = ledger.made_at
    then = Ledger()
    for position, event in log[:last]:
        then.take(position, event)
    pupil = made_anew(Model(new_columns(), new_combiner()), Ledger(), then, log[:last])
    for position, event in log[last:]:
        pupil.take(position, event)
    return pupil
