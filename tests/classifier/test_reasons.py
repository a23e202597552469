"""Reasons in words."""

from unittest import TestCase

from mailfilter.classifier.features import features_of
from mailfilter.classifier.model import Model, new_columns, new_combiner
from mailfilter.classifier.reasons import MOST, Reason, reasons
from mailfilter.mail import Message, parse

SPAM = """From: "Best Pills" <a7@pills.example>
Subject: wonderful pills number {}

Buy our wonderful pills without prescription today at http://shop.example/pills number {}
"""
HAM = """From: "Ann Lee" <ann@office.example>
Subject: minutes of meeting {}
In-Reply-To: <1@office.example>

Please find the minutes of our meeting attached and tell me what is wrong number {}
"""


def mail(form: str, number: int) -> Message:
    """One of a kind."""
    return parse(form.format(number, number).encode())


class ReasonTests(TestCase):
    def setUp(self) -> None:
        self.model = Model(new_columns(), new_combiner())
        for number in range(20):
            for form in (SPAM, HAM):
                self.model.learn(features_of(mail(form, number)), form is SPAM)

    def found(self, message: Message) -> list[Reason]:
        """The reasons for a message."""
        return reasons(message, features_of(message), self.model)

    def test_spam(self) -> None:
        found = self.found(mail(SPAM, 99))
        texts = [reason.text for reason in found if reason.weight > 0]
        self.assertLessEqual(len(texts), MOST)
        self.assertTrue(any("pills" in text for text in texts), texts)
        weights = [abs(reason.weight) for reason in found]
        self.assertEqual(weights, sorted(weights, reverse=True))

    def test_ham(self) -> None:
        found = [reason for reason in self.found(mail(HAM, 99)) if reason.weight < 0]
        self.assertTrue(found)
        self.assertTrue(any("office.example" in one.text or "minutes" in one.text for one in found))

    def test_nothing_known(self) -> None:
        empty = Model(new_columns(), new_combiner())
        message = mail(SPAM, 1)
        self.assertEqual(reasons(message, features_of(message), empty), [])

    def test_odd_messages(self) -> None:
        for raw in (
            b"",
            b"\n\n" + b"x" * 9000,
            b"\n\n" + "\u00e9 ".encode() * 3000,
            b"From: @:\n\n",
        ):
            self.found(parse(raw))

    def test_parts_add_up(self) -> None:
        """All reasons together, without a bound, are the logit where no floor holds."""
        message = mail(SPAM, 99)
        features = features_of(message)
        logits = self.model.logits(features)
        self.assertGreater(min(logits), 0)
        told = sum(reason.weight for reason in self.found(message))
        self.assertGreater(told, 0)
        self.assertLess(told, self.model.combined(logits) + 1)
