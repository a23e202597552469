"""Which messages have been learned."""

from unittest import TestCase

import msgspec

from mailfilter.classifier.event import Event
from mailfilter.classifier.ledger import MAX_CORRECTIONS, Counts, Ledger, dump, load

from .log_case import chance_log, learn, unlearn


def deeds(*events: Event) -> tuple[list[str], Ledger]:
    """What events ask for, one after another, and the ledger behind them."""
    ledger = Ledger()
    return [ledger.take(at, event).value for at, event in enumerate(events, 1)], ledger


class LedgerTests(TestCase):
    def test_deeds(self) -> None:
        auto_spam, auto_ham = learn("a", is_human=False), learn("a", "ham", is_human=False)
        spam, ham, gone = learn("a"), learn("a", "ham"), unlearn("a")
        for events, expected, counts in (
            ([spam], ["learn"], (1, 0)),
            ([ham], ["learn"], (0, 1)),
            ([spam, spam], ["learn", "nothing"], (1, 0)),
            ([spam, ham], ["learn", "relearn"], (0, 1)),
            ([spam, ham, spam], ["learn", "relearn", "relearn"], (1, 0)),
            ([auto_spam, auto_ham], ["learn", "relearn"], (0, 1)),
            ([auto_spam, ham], ["learn", "relearn"], (0, 1)),
            # A human's label outranks what the filter teaches itself.
            ([spam, auto_ham], ["learn", "nothing"], (1, 0)),
            ([auto_spam, spam, auto_ham], ["learn", "nothing", "nothing"], (1, 0)),
            ([gone], ["nothing"], (0, 0)),
            ([spam, gone], ["learn", "forget"], (0, 0)),
            ([spam, gone, ham], ["learn", "forget", "learn"], (0, 1)),
            ([learn("a", version=0)], ["nothing"], (0, 0)),
        ):
            found, ledger = deeds(*events)
            self.assertEqual(found, expected)
            self.assertEqual(ledger.counts, Counts(*counts))
            self.assertEqual(ledger.position, len(events))

    def test_when_a_table_is_made_anew(self) -> None:
        _, ledger = deeds(learn("a"), learn("a", "ham"))
        self.assertEqual((ledger.corrections, ledger.made_at), (1, 0))
        _, ledger = deeds(learn("a"), unlearn("a"))
        self.assertEqual((ledger.corrections, ledger.made_at), (0, 2))
        labels = ["spam" if at % 2 else "ham" for at in range(MAX_CORRECTIONS + 1)]
        _, ledger = deeds(*(learn("a", label) for label in labels))  # type: ignore[arg-type]
        self.assertEqual((ledger.corrections, ledger.made_at), (0, MAX_CORRECTIONS + 1))

    def test_what_holds(self) -> None:
        events: list[Event] = [
            learn("a"),
            learn("b"),
            learn("a", "ham"),
            unlearn("b"),
            learn("a", "ham"),
        ]
        _, ledger = deeds(*events)
        holding = [ledger.holds(at, event) for at, event in enumerate(events, 1)]
        self.assertEqual(holding, [False, False, True, False, False])

    def test_dump(self) -> None:
        ledger = Ledger()
        for position, event in chance_log(1, 80):
            ledger.take(position, event)
        again = load(dump(ledger))
        self.assertEqual(vars(again), vars(ledger))
        for data in (b"", b"x", dump(ledger)[:-1]):
            with self.assertRaises(msgspec.MsgspecError):
                load(data)
