"""What tests of checks that look at header fields are made of: tables of fields and envelopes."""

from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.testing.checks import ENVELOPE, run_check, symbols_of

from .symbol_case import SymbolCase

Case = str | tuple[str, Envelope]
"""Header fields, and an envelope if it matters."""


def envelope(sender: str | None = None, *recipients: str) -> Envelope:
    """An envelope with a sender and recipients."""
    return Envelope(
        listener="test",
        sender=sender,
        recipients=tuple(Recipient(address) for address in recipients),
    )


class HeaderCase(SymbolCase):
    """A test of fields that hit, and of fields that do not."""

    def found(self, case: Case) -> dict[str, tuple[str, ...]]:
        """The symbols of a message with such fields, with their options."""
        fields, told = (case, ENVELOPE) if isinstance(case, str) else case
        raw = f"{fields}\n\ntext\n".encode("utf-8", "surrogateescape")
        return symbols_of(run_check(self.check, raw, told))
