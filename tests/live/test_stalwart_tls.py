"""Stalwart with `tls = true`, at the first listener of docs/tls.md, but for milter."""

import functools
import ssl

from . import test_stalwart
from .harness import message_file
from .stalwart import Stalwart
from .tls_page import OURS, SERVER, PageFilter, block, here


@functools.cache
def milter_filter() -> PageFilter:
    """One that takes everybody."""
    changes = {'protocol = "scan"': 'protocol = "milter"'}
    return PageFilter(here(block(OURS, "toml"), changes))


class StalwartTlsTests(test_stalwart.MessageTests):
    """All messages, encrypted."""

    filter: PageFilter

    def make_filter(self) -> PageFilter:
        """See `LiveCase`."""
        return milter_filter()

    def connect(self, version: int) -> Stalwart:
        """See `StalwartCase`."""
        return Stalwart(self.filter.tls["11443"], version, self.filter.context(), SERVER)

    def test_gtube(self) -> None:
        """Spam is refused."""
        outcome = self.deliver(message_file("gtube-reject.eml"))
        self.assertEqual(outcome.reply, b"554 5.7.1 Gtube pattern\r\n")

    def test_untrusted(self) -> None:
        """It trusts whom the system trusts, unless it is told otherwise."""
        port = self.filter.tls["11443"]
        system = ssl.create_default_context()
        self.assertRaises(ssl.SSLCertVerificationError, Stalwart, port, 6, system, SERVER)
