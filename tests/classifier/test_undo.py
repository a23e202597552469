"""What would hold without some of the events of a log."""

from collections.abc import Sequence
from unittest import TestCase

from mailfilter.classifier.event import Event
from mailfilter.classifier.ledger import Ledger, dump
from mailfilter.classifier.undo import Undo

from .log_case import chance_log, learn, unlearn


def amends(undone: Sequence[int], *events: Event, base: bytes | None = None) -> list[str]:
    """What is to be done: names of messages, what they are, which event shall hold."""
    undo = Undo(base, lambda position, _event: position in undone)
    for position, event in enumerate(events, undo.start + 1):
        undo.look(position, event)
    return [
        f"{found.digest.decode().strip()} {found.was and found.was.label} {found.position}"
        for found in undo.amends()
    ]


class UndoTests(TestCase):
    def test_amends(self) -> None:
        for undone, events, expected in (
            ((), (learn("a"),), []),
            ((1,), (learn("a"), learn("b")), ["a spam None"]),
            ((1, 2), (learn("a"), learn("b", "ham")), ["a spam None", "b ham None"]),
            # A correction: what was before holds again.
            ((2,), (learn("a"), learn("a", "ham")), ["a ham 1"]),
            ((3,), (learn("a"), learn("a", "ham"), learn("a")), ["a spam 2"]),
            # What came later does not change.
            ((1,), (learn("a"), learn("a", "ham")), []),
            ((1,), (learn("a"), unlearn("a")), []),
            # Others have said the same.
            ((1,), (learn("a"), learn("a")), []),
            ((2,), (learn("a"), learn("a")), []),
            ((1, 2), (learn("a"), learn("a")), ["a spam None"]),
            ((2,), (learn("a"), unlearn("a")), ["a None 1"]),
            # A label of the filter itself holds again.
            ((2,), (learn("a", is_human=False), learn("a", "ham")), ["a ham 1"]),
        ):
            self.assertEqual(amends(undone, *events), expected, (undone, events))

    def test_base(self) -> None:
        """What is known from before the log holds, but cannot be learned again."""
        ledger = Ledger()
        for position, event in enumerate((learn("a"), learn("b")), 1):
            ledger.take(position, event)
        base = dump(ledger)
        self.assertEqual(amends((3,), learn("a"), base=base), [])
        self.assertEqual(amends((3,), learn("a", "ham"), base=base), ["a ham None"])
        self.assertEqual(amends((3,), learn("c", "ham"), base=base), ["c ham None"])

    def test_chance(self) -> None:
        """With these events appended all labels are as if the others had never been."""
        for seed in range(30):
            log = list(chance_log(seed, 60))
            undo = Undo(None, lambda position, _event: position % 3 == 0)
            ledger, without = Ledger(), Ledger()
            for position, event in log:
                undo.look(position, event)
                ledger.take(position, event)
                if position % 3:
                    without.take(position, event)
            events = dict(log)
            position = len(log)
            for found in undo.amends():
                if found.was is not None:
                    ledger.take(position := position + 1, unlearn(found.digest.decode()))
                if found.position is not None:
                    ledger.take(position := position + 1, events[found.position])
            labels, expected = (
                {digest: known.label for digest, known in one.known.items()}
                for one in (ledger, without)
            )
            self.assertEqual(labels, expected)
            self.assertEqual(ledger.counts, without.counts)
