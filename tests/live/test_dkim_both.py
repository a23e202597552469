"""Mail that Postfix and Sendmail hand to each other: it is signed, verified, sealed on the way."""

import functools
from typing import ClassVar

import dkim  # type: ignore[import-untyped]

from . import signing_case
from .harness import Filter, shared_sink
from .postfix_keys import PASSWORD, USER
from .sendmail import DOCUMENTED, SENDMAIL, Sendmail
from .signing import DOMAIN, LIST, fields_of, published, signing_filter, verified
from .signing_case import BOTH, every_shape
from .smtp import Client
from .test_arc_list import ON_THE_LIST
from .test_dkim_postfix import own_filter, own_postfix

REFUSED = frozenset({"bare-lf", "bare-cr", "all-octets", "header-bare-lf"})
"""Shapes that Postfix mends and Sendmail would not take."""
ADDRESSES = (
    b"To: a@example.com,b@example.com,c@example.com\r\n"
    b"Cc: A. B. See <a@example.com>,\r\n        <b@example.com>\r\n"
    b"Reply-To: bob\r\n"
)


@functools.cache
def list_filter() -> Filter:
    """One that seals what Sendmail sends for a list."""
    return signing_filter((LIST, "arc"), settings=ON_THE_LIST)


@functools.cache
def own_sendmail() -> Sendmail:
    """A Sendmail with the filter, and with that of the list."""
    filters = {"sealing": f"S=inet:{list_filter().milter}@127.0.0.1"}
    return Sendmail(f"inet:{own_filter().milter}@127.0.0.1", filters, shared_sink().port)


class BothTests(signing_case.SignedMailCase):
    """A user of Postfix sends."""

    needs: ClassVar = ("master", str(SENDMAIL), "m4", "saslpasswd2")
    author = f"{USER}@{DOMAIN}"

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return own_filter()

    def setUp(self) -> None:
        """See `LiveCase.setUp`."""
        super().setUp()
        self.sink = shared_sink()
        self.out = f"both-{self._testMethodName}@sink.test".lower()

    def connect(self, service: str = "") -> Client:
        """See `SignedMailCase`."""
        if service in ("sendmail", "sealing"):
            port = own_sendmail().ports[DOCUMENTED if service == "sendmail" else service]
            client = Client(port, stranger=False)
        else:
            client = Client(own_postfix().ports[service or "sasl"])
        self.addCleanup(client.close)
        if not service:
            client.login(USER, PASSWORD)
        return client

    def test_verified(self) -> None:
        """What Postfix's filter has signed is good at Sendmail's, and at Postfix's again."""
        every = every_shape(self.author)
        messages = {shape: every[shape] for shape in every.keys() - REFUSED}
        for service in ("", "sendmail", "in"):
            messages = self.pass_all(service, messages, service or "signed")
            for shape, message in messages.items():
                self.assertEqual(verified(message), BOTH, f"{service}: {shape}")
                if service:
                    found = self.found(self.box_of(service, shape))
                    self.assertIn("R_DKIM_ALLOW", found, f"{service}: {shape}")

    def test_sealed(self) -> None:
        """A set of ARC is right for what Sendmail makes of addresses."""
        message = ADDRESSES + self.ham
        (arrived,) = self.pass_all("sealing", {"one": message}).values()
        self.assertEqual(len(fields_of(arrived, b"arc-seal")), 1)
        status, _, reason = dkim.arc_verify(arrived, dnsfunc=published)
        self.assertEqual(status, dkim.CV_Pass, reason)
