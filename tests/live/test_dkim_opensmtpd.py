"""DKIM with OpenSMTPD, whose filter-rspamd puts what a reply has in `dkim-signature` on top."""

import functools
from typing import ClassVar

from . import signing_case
from .harness import Filter, shared_sink
from .opensmtpd import DOCUMENTED, FILTER, SMTPD, OpenSmtpd
from .opensmtpd_case import at_port
from .signing import DOMAIN, fields_of, signing_filter, verified
from .smtp import Client

UNREADABLE = frozenset({"eight-bit-name"})
"""Shapes that dkimpy does not take; nor does it take a blank before a colon."""
NOT_SIGNED = frozenset({"no-header", "nothing", "unix-from"})
"""No From, and a line below the trace of OpenSMTPD that is no field."""
TOO_LONG = frozenset({"chunk-edge", "no-colon"})
"""Not taken."""


@functools.cache
def own_filter(*selectors: str) -> Filter:
    """Signs mail of the host, as by default."""
    return signing_filter(*((DOMAIN, selector) for selector in selectors), settings="")


@functools.cache
def own_smtpd() -> OpenSmtpd:
    """With one key, and with two."""
    filters = {"both": at_port(own_filter("rsa", "ed").http)}
    return OpenSmtpd(at_port(own_filter("rsa").http), filters, shared_sink().port)


class OpenSmtpdTests(signing_case.SignedMailCase):
    """Mail of a program on the host."""

    needs: ClassVar = (str(SMTPD), str(FILTER))
    author = f"cron@{DOMAIN}"

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return own_filter("rsa")

    def setUp(self) -> None:
        """See `LiveCase.setUp`."""
        super().setUp()
        self.sink = shared_sink()
        self.out = f"opensmtpd-{self._testMethodName}@sink.test".lower()

    def connect(self, service: str = "") -> Client:
        """See `SignedMailCase`."""
        client = Client(own_smtpd().ports[service or DOCUMENTED], stranger=False)
        self.addCleanup(client.close)
        return client

    def test_signed(self) -> None:
        """Messages of every shape that OpenSMTPD takes."""
        every = {
            shape: message.replace(b" :", b":")
            for shape, message in signing_case.every_shape(self.author).items()
            if shape not in UNREADABLE
        }
        arrived = self.pass_all("", every, "one")
        self.assertEqual(every.keys() - arrived.keys(), TOO_LONG)
        for shape, message in arrived.items():
            self.assertEqual(verified(message), [] if shape in NOT_SIGNED else [True], shape)

    def test_two_keys(self) -> None:
        """filter-rspamd puts the first signature alone into the message."""
        (message,) = self.pass_all("both", {"ham": self.ham}).values()
        self.assertEqual(verified(message), [True])
        self.assertIn(b"a=rsa-sha256", fields_of(message, b"dkim-signature")[0])
