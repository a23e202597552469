"""What the classifier's symbols are worth."""

from contextlib import closing
from ipaddress import ip_address
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks.classifier import Classifier
from mailfilter.classifier.features import features_of
from mailfilter.classifier.shared import Shared
from mailfilter.classifier.table import State, Table
from mailfilter.mail import parse
from mailfilter.scan.check import Finding, Hit, Note
from mailfilter.scan.envelope import Envelope
from mailfilter.testing.checks import ENVELOPE, run_check, symbols_of

from .symbol_case import SymbolCase


def mail(kind: str, number: int) -> bytes:
    """A message of a kind; each a little different."""
    words = {
        "spam": "cheap pills without any prescription, click here to order your pills now",
        "ham": "please find attached the minutes of our meeting, see you next week in Bern",
    }[kind]
    return (
        f"From: a{number}@{kind}.example\nSubject: {kind} {number}\n\n{words} {number}\n".encode()
    )


def taught(path: Path, spam: int, ham: int) -> Table:
    """A table that has learned so many messages."""
    table = Table.create(path)
    model = table.model()
    for number in range(max(spam, ham)):
        for kind, count in (("spam", spam), ("ham", ham)):
            if number < count:
                model.learn(features_of(parse(mail(kind, number))), kind == "spam")
    table.write(State(spam + ham, spam, ham), model.combiner)
    return table


class SymbolTests(SymbolCase):
    check = Classifier

    def found(self, case: str) -> dict[str, tuple[str, ...]]:
        """The symbols of a message of a kind, by a table that has learned both."""
        with closing(taught(Path(self.mktemp()), 40, 40)) as table:
            shared = Shared()
            shared.table = table
            found = run_check(Classifier, mail(case, 999), classifier=shared)
            shared.table = None
        return symbols_of(found)

    def test_symbols(self) -> None:
        self.compare({"BAYES_SPAM": (["spam"], ["ham"]), "BAYES_HAM": (["ham"], ["spam"])})


class ClassifierTests(SynchronousTestCase):
    def shared(self, spam: int, ham: int) -> Shared:
        """A table that has learned so many."""
        table = taught(Path(self.mktemp()), spam, ham)
        self.addCleanup(table.close)
        shared = Shared()
        shared.table = table
        self.addCleanup(setattr, shared, "table", None)
        return shared

    def found(self, shared: Shared, kind: str, **others: object) -> list[Finding]:
        """What the check finds in a message."""
        told = {"envelope": ENVELOPE, **others}
        return run_check(Classifier, mail(kind, 999), classifier=shared, **told)  # type: ignore[arg-type]

    def weight(self, shared: Shared, kind: str, symbol: str, **others: object) -> float:
        """The weight of the one symbol that fires."""
        hits = [one for one in self.found(shared, kind, **others) if isinstance(one, Hit)]
        self.assertEqual([hit.symbol for hit in hits], [symbol])
        return hits[0].weight

    def test_nothing_before_there_is_enough(self) -> None:
        for shared in (Shared(), self.shared(30, 19), self.shared(0, 30)):
            (note,) = self.found(shared, "spam")
            assert isinstance(note, Note)
            self.assertIn("ham learned, of 20 each", note.text)
        options = {"min_learns": 19}
        self.weight(self.shared(30, 19), "spam", "BAYES_SPAM", options=options)

    def test_spam(self) -> None:
        few, many = self.shared(20, 20), self.shared(60, 60)
        weights = [self.weight(shared, "spam", "BAYES_SPAM") for shared in (few, many)]
        self.assertLess(weights[0], 0.3)
        self.assertGreater(weights[1], weights[0])
        self.assertLessEqual(weights[1], 1.0)

    def test_options_tell(self) -> None:
        hit, note, *why = self.found(self.shared(40, 40), "spam")
        assert isinstance(hit, Hit) and isinstance(note, Note)
        self.assertRegex(hit.options[0], r"^(9|10)\d\.\d\d%$")
        self.assertEqual(hit.options[1], "learned 40 spam, 40 ham")
        self.assertRegex(note.text, "^joint .*, text .*, rest ")
        assert isinstance(why[0], Note)
        self.assertRegex(why[0].text, "^for spam: .*pills")

    def test_without_reasons(self) -> None:
        found = self.found(self.shared(40, 40), "spam", options={"reasons": False})
        self.assertEqual([type(one) for one in found], [Hit, Note])

    def test_ham_of_strangers_is_worth_little(self) -> None:
        shared = self.shared(80, 80)
        stranger = self.weight(shared, "ham", "BAYES_HAM")
        self.assertLessEqual(stranger, 1 / 3)
        for others in (
            {"hits": [Hit("R_DKIM_ALLOW")]},
            {"hits": [Hit("DMARC_POLICY_ALLOW")]},
            {"envelope": Envelope(listener="t", user="bob")},
            {"envelope": Envelope(listener="t", client_ip=ip_address("192.168.1.1"))},
        ):
            self.assertGreater(self.weight(shared, "ham", "BAYES_HAM", **others), stranger)
        for others in (
            {"hits": [Hit("R_SPF_ALLOW")]},
            {"envelope": Envelope(listener="t", client_ip=ip_address("203.0.113.1"))},
        ):
            self.assertEqual(self.weight(shared, "ham", "BAYES_HAM", **others), stranger)

    def test_unsure(self) -> None:
        shared = self.shared(0, 0)
        assert shared.table is not None
        shared.table.write(State(60, 30, 30), shared.table.model().combiner)
        self.assertEqual([type(one) for one in self.found(shared, "spam")], [Note])

    def test_bad_options(self) -> None:
        for options in ({"min_learns": 0}, {"hardened": 1}, {"reasons": 0}):
            with self.assertRaises(ValueError):
                run_check(Classifier, b"\n\n", options=options)
