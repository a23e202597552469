"""The same log gives the same table."""

from unittest import TestCase

from mailfilter.classifier.ledger import Deed, dump
from mailfilter.classifier.model import probability
from mailfilter.classifier.pupil import Pupil

from .log_case import Log, chance_log, followed, learn, new_pupil, read_at_once, unlearn


def said(pupil: Pupil, name: str) -> float:
    """The probability of spam that a pupil gives a message."""
    model = pupil.model
    return probability(model.combined(model.logits(learn(name).features)))


class PupilTests(TestCase):
    def same(self, one: Pupil, other: Pupil) -> None:
        """Two tables and ledgers have the same bits."""
        self.assertEqual(one.model.columns.tobytes(), other.model.columns.tobytes())
        self.assertEqual(one.model.combiner.tobytes(), other.model.combiner.tobytes())
        self.assertEqual(dump(one.ledger), dump(other.ledger))

    def test_whoever_comes_late_has_the_same_table(self) -> None:
        for seed in range(6):
            log = chance_log(seed, 90)
            one = followed(log)
            self.assertGreater(one.ledger.made_at, 0)
            self.same(one, read_at_once(log))

    def test_what_was_taken_is_not_taken_again(self) -> None:
        log = chance_log(3, 40)
        one, other = new_pupil(), new_pupil()
        for position, event in log:
            one.take(position, event)
            other.take(position, event)
            for again, old in log[:position]:
                self.assertIs(other.take(again, old), Deed.NOTHING)
        self.same(one, other)

    def test_correction(self) -> None:
        pupil = new_pupil()
        for position in range(1, 21):
            pupil.take(position, learn(f"m{position}", "spam" if position % 2 else "ham"))
        before = said(pupil, "m1")
        self.assertIs(pupil.take(21, learn("m1", "ham")), Deed.RELEARN)
        self.assertGreater(before, 0.7)
        self.assertLess(said(pupil, "m1"), 0.3)

    def test_made_anew_without_what_was_forgotten(self) -> None:
        log: Log = [(1, learn("a", "spam")), (2, learn("b", "ham")), (3, unlearn("a"))]
        only: Log = [(2, learn("b", "ham"))]
        pupil = new_pupil()
        for position, event in only:
            pupil.take(position, event)
        self.assertEqual(followed(log).model.columns.tobytes(), pupil.model.columns.tobytes())

    def test_damaged(self) -> None:
        pupil = new_pupil()
        event = learn("a")
        broken = type(event)(event.digest, "spam", b"\x80", b"", event.version, "bob", 1.0)
        with self.assertRaises(ValueError):
            pupil.take(1, broken)
        self.assertEqual(pupil.ledger.position, 1)
