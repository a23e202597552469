"""Which messages have been learned, and what an event of the log makes of that.

All machines read the same log, and must end with the same table: what happens depends on the log
alone. What a table has learned of a message cannot be taken out of it again; a correction teaches
it the other class until it believes it, and after some of these the table is made anew, of those
events that still hold. Where that is due is in the log, too.
"""

from enum import Enum
from typing import NamedTuple

import msgspec

from . import features
from .event import Digest, Event, Label, Learn

MAX_CORRECTIONS = 20
"""After which a table is made anew."""

EPOCH = 50_000
"""Entries of the log after which a snapshot is due. All machines take theirs at the same
positions, so that a table that is made anew begins with the same one everywhere."""


class Deed(Enum):
    """What an event asks of the table."""

    NOTHING = "nothing"
    """The message is of that class already, or somebody who knows better has said otherwise."""
    LEARN = "learn"
    RELEARN = "relearn"
    """It was of the other class."""
    FORGET = "forget"


class Known(NamedTuple):
    """What a message has been learned as."""

    label: Label
    position: int
    """Of the event that said so."""
    is_human: bool


class Counts(NamedTuple):
    """Messages learned."""

    spam: int = 0
    ham: int = 0

    def changed(self, label: Label, by: int) -> "Counts":
        """With so many more of a class."""
        if label == "spam":
            return Counts(self.spam + by, self.ham)
        return Counts(self.spam, self.ham + by)


class Ledger:
    """The messages that have been learned, after the event at `position`."""

    def __init__(self) -> None:
        self.known: dict[Digest, Known] = {}
        self.counts = Counts()
        self.position = 0
        self.corrections = 0
        """Since the table was last made anew."""
        self.made_at = 0
        """The position at which that was due."""

    def take(self, position: int, event: Event) -> Deed:
        """Note an event, and say what the table must do.

        An event that has been taken before does nothing.
        """
        if position <= self.position:
            return Deed.NOTHING
        self.position = position
        deed = self._learn(position, event) if isinstance(event, Learn) else self._forget(event)
        if deed in (Deed.RELEARN, Deed.FORGET):
            self.corrections += 1
        if deed is Deed.FORGET or self.corrections >= MAX_CORRECTIONS:
            self.corrections = 0
            self.made_at = position
        return deed

    def _learn(self, position: int, event: Learn) -> Deed:
        if event.version != features.VERSION:
            # Its features mean nothing to this table.
            return Deed.NOTHING
        old = self.known.get(event.digest)
        if old is not None and old.is_human and not event.is_human:
            return Deed.NOTHING
        if old is not None and old.label == event.label:
            self.known[event.digest] = old._replace(is_human=old.is_human or event.is_human)
            return Deed.NOTHING
        self.known[event.digest] = Known(event.label, position, event.is_human)
        if old is not None:
            self.counts = self.counts.changed(old.label, -1)
        self.counts = self.counts.changed(event.label, 1)
        return Deed.LEARN if old is None else Deed.RELEARN

    def _forget(self, event: Event) -> Deed:
        old = self.known.pop(event.digest, None)
        if old is None:
            return Deed.NOTHING
        self.counts = self.counts.changed(old.label, -1)
        return Deed.FORGET

    def holds(self, position: int, event: Event) -> bool:
        """Whether what an event says still holds."""
        found = self.known.get(event.digest)
        return isinstance(event, Learn) and found is not None and found.position == position


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    known: dict[bytes, tuple[Label, int, bool]]
    counts: tuple[int, int]
    position: int
    corrections: int
    made_at: int


def dump(ledger: Ledger) -> bytes:
    """A ledger as octets."""
    fields = (ledger.counts, ledger.position, ledger.corrections, ledger.made_at)
    return msgspec.msgpack.encode(_Kept(dict(ledger.known), *fields))


def load(data: bytes) -> Ledger:
    """What `dump` made. Raises msgspec.MsgspecError."""
    kept = msgspec.msgpack.decode(data, type=_Kept)
    ledger = Ledger()
    ledger.known = {digest: Known(*fields) for digest, fields in kept.known.items()}
    ledger.counts = Counts(*kept.counts)
    ledger.position = kept.position
    ledger.corrections = kept.corrections
    ledger.made_at = kept.made_at
    return ledger
