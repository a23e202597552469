"""Base of the tests that send through OpenSMTPD."""

import functools
from collections.abc import Mapping, Sequence
from typing import ClassVar

from .delivered import values
from .harness import shared_filter, shared_sink
from .opensmtpd import DOCUMENTED, FILTER, SMTPD, OpenSmtpd
from .scan_mta import ScanMtaCase, classic_port, dressed_filter


class OpenSmtpdCase(ScanMtaCase):
    """Starts or reuses the shared OpenSMTPD; what it delivers is in the sink."""

    needs: ClassVar[Sequence[str]] = (str(SMTPD), str(FILTER))
    service = DOCUMENTED
    soft_reject = "{}"
    default_soft_reject = "try again later"
    away = 421

    def setUp(self) -> None:
        """See `LiveCase.setUp`."""
        super().setUp()
        self.sink = shared_sink()
        self.smtpd = self.make_smtpd()
        self.box = self.address(self._testMethodName)

    def make_smtpd(self) -> OpenSmtpd:
        """The OpenSMTPD under test; the shared one unless a class needs its own."""
        return shared_smtpd()

    @property
    def ports(self) -> Mapping[str, int]:
        """See `MtaCase`."""
        return self.smtpd.ports

    def wait_idle(self) -> None:
        """See `ScanMtaCase`."""
        self.smtpd.wait_idle()

    def is_marked(self, message: bytes) -> bool:
        """Whether it has the fields that filter-rspamd adds."""
        scores = values(message, "X-Spam-Score")
        return values(message, "X-Spam") == ["yes"] and scores == ["6 / 15"]


def at_port(port: int) -> str:
    """The address of a filter, as filter-rspamd takes it."""
    return f"http://127.0.0.1:{port}"


@functools.cache
def shared_smtpd() -> OpenSmtpd:
    """An OpenSMTPD that asks the shared filter as documented, and others on other ports."""
    dressed = dressed_filter()
    filters = {
        "dressed": at_port(dressed.http),
        "classic": at_port(classic_port()),
        "lost": f"{at_port(dressed.http)}/nowhere",
    }
    return OpenSmtpd(at_port(shared_filter().http), filters, shared_sink().port)
