"""DKIM with Postfix: mail that we sign verifies when it is delivered, and that of others does when
it comes."""

import functools
from typing import ClassVar

from . import signing_case
from .harness import Filter, PostfixCase, shared_sink
from .postfix import Postfix
from .postfix_cf import Smtpd
from .postfix_keys import PASSWORD, SASL_OPTIONS, USER
from .shapes import DATED
from .signing import DOMAIN, SIGNS, signing_filter, verified
from .signing_case import BOTH, UNSIGNABLE
from .smtp import Client

WHOLE = b"x" * 998 + b"\r\n"
"""The longest line that SMTP knows (RFC 5321 4.5.3.1.6), and that Postfix leaves whole."""
LIMIT = "smtp_line_length_limit = 998\n"
"""As it is by default."""


@functools.cache
def own_filter() -> Filter:
    """Signs by two keys."""
    return signing_filter((DOMAIN, "rsa"), (DOMAIN, "ed"), more=SIGNS)


@functools.cache
def own_postfix(more: str = "") -> Postfix:
    """Postfix as its users log in, and as the world sees it."""
    milter = f"inet:127.0.0.1:{own_filter().milter}"
    services = {
        "sasl": Smtpd(milter, options=SASL_OPTIONS),
        "old": Smtpd(milter, protocol=2, options=SASL_OPTIONS),
        "in": Smtpd(milter),
    }
    return Postfix(services, shared_sink().port, more=more)


class DkimPostfixCase(signing_case.SignedMailCase, PostfixCase):
    """A filter and a Postfix of our own."""

    needs: ClassVar = ("master", "saslpasswd2")
    author = f"{USER}@{DOMAIN}"

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return own_filter()

    def setUp(self) -> None:
        """See `LiveCase.setUp`."""
        super().setUp()
        self.postfix = own_postfix()
        self.out = f"{type(self).__name__}-{self._testMethodName}@sink.test".lower()

    def connect(self, service: str = "") -> Client:
        """See `SignedMailCase`."""
        client = Client(self.postfix.ports[service or "sasl"])
        self.addCleanup(client.close)
        if service != "in":
            client.login(USER, PASSWORD)
        return client


class PostfixSigningTests(signing_case.SigningCases, DkimPostfixCase):
    """Also with the oldest version of the protocol, in which values are not told as they are."""

    services = ("sasl", "old")
    not_signed = frozenset()

    def test_long_lines(self) -> None:
        """Lines that Postfix breaks after we have seen them take the signatures with them."""
        self.postfix = own_postfix(LIMIT)
        messages = {"whole": DATED + b"\r\n" + WHOLE, "broken": DATED + b"\r\nx" + WHOLE}
        messages = {
            name: message.replace(b"a@example.org", self.author.encode())
            for name, message in messages.items()
        }
        arrived = self.pass_all("sasl", messages)
        self.assertEqual(verified(arrived["whole"]), BOTH)
        self.assertEqual(verified(arrived["broken"]), [False, False])


class PostfixVerifyingTests(signing_case.VerifyingCases, DkimPostfixCase):
    """What Postfix has taken from outside."""

    broken = UNSIGNABLE | {"bare-lf", "bare-cr", "all-octets", "header-bare-lf"}
