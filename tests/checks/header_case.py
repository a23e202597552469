"""What tests of checks that look at header fields are made of: tables of fields and envelopes."""

from collections.abc import Iterable, Mapping

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.scan.check import Check
from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.testing.checks import ENVELOPE, run_check, symbols_of

Case = str | tuple[str, Envelope]
"""Header fields, and an envelope if it matters."""


def envelope(sender: str | None = None, *recipients: str) -> Envelope:
    """An envelope with a sender and recipients."""
    return Envelope(
        listener="test",
        sender=sender,
        recipients=tuple(Recipient(address) for address in recipients),
    )


class HeaderCase(SynchronousTestCase):
    """A test of fields that hit, and of fields that do not."""

    check: type[Check]

    def found(self, case: Case) -> dict[str, tuple[str, ...]]:
        """The symbols of a message with such fields, with their options."""
        fields, told = (case, ENVELOPE) if isinstance(case, str) else case
        raw = f"{fields}\n\ntext\n".encode("utf-8", "surrogateescape")
        return symbols_of(run_check(self.check, raw, told))

    def compare(self, expected: Mapping[str, tuple[Iterable[Case], Iterable[Case]]]) -> None:
        """Every symbol of the check hits the first of its cases, and not the second ones."""
        self.assertEqual(set(expected), set(self.check.symbols))
        for symbol, (hitting, others) in expected.items():
            for case in hitting:
                self.assertIn(symbol, self.found(case), case)
            for case in others:
                self.assertNotIn(symbol, self.found(case), case)
