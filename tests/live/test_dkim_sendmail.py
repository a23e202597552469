"""DKIM with Sendmail, which rewrites addresses after a filter has seen them."""

import functools
from typing import ClassVar

from . import signing_case
from .harness import Filter, shared_sink
from .sendmail import DOCUMENTED, PASSWORD, REALM, USER, Sendmail
from .sendmail_case import SendmailCase
from .signed_odd import addressed
from .signing import DOMAIN, signing_filter, verified
from .signing_case import BOTH, UNSIGNABLE
from .smtp import Client

# Its logins have no domain.
SIGNS = """
[checks.dkim_signing.options]
sign_local = false
allow_username_mismatch = true
"""


@functools.cache
def own_filter() -> Filter:
    """Signs by two keys."""
    return signing_filter((DOMAIN, "rsa"), (DOMAIN, "ed"), more=SIGNS)


@functools.cache
def own_sendmail() -> Sendmail:
    """A Sendmail that asks it, and with the documented configuration."""
    address = f"inet:{own_filter().milter}@127.0.0.1"
    filters = {"unix": f"S=local:{own_filter().unix}, F=T"}
    return Sendmail(address, filters, shared_sink().port)


class DkimSendmailCase(signing_case.SignedMailCase, SendmailCase):
    """A filter and a Sendmail of our own."""

    author = f"{USER}@{REALM}"

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return own_filter()

    def make_sendmail(self) -> Sendmail:
        """See `SendmailCase`."""
        return own_sendmail()

    def connect(self, service: str = "") -> Client:
        """See `SignedMailCase`."""
        port = self.sendmail.ports["unix" if service == "unix" else DOCUMENTED]
        client = Client(port, stranger=False)
        self.addCleanup(client.close)
        if service != "in":
            client.login(USER, PASSWORD)
        return client


class SendmailSigningTests(signing_case.SigningCases, DkimSendmailCase):
    """What leaves verifies, with what Sendmail itself has made of it."""

    services = (DOCUMENTED, "unix")
    not_signed: ClassVar = frozenset({"no-header", "nothing", "begins-with-blank"})

    def test_addresses(self) -> None:
        """Lists of addresses and names, however they are written."""
        fields = {
            "close": b"To: a@example.com,b@example.com,c@example.com",
            "commas": b"To: a@example.com ,  b@example.com,, c@example.com,",
            "fold": b"To: a@example.com\r\n ,b@example.com",
            "many": b"To: "
            + b",\r\n        ".join(b"Person %d <p%d@example.com>" % (n, n) for n in range(30)),
            "semicolon": b"To: a@example.com ; b@example.com",
            "group": b"To: friends: a@example.com,b@example.com;",
            "nobody": b"To: undisclosed-recipients:;",
            "dots": b"To: A. B. See <a@example.com>",
            "name": b"To: bob",
            "route": b"To: <@relay.example:a@example.com>",
            "cc": b"Cc: a@example.com,b@example.com",
            "reply": b"Reply-To: a@example.com,b@example.com",
            "empty": b"Cc:\r\nReply-To: ",
            "eight-bit": "To: J\u00fcrgen K. \u00c4 <a@example.com>".encode(),
            "encoded": b"To: =?utf-8?q?J=C3=BCrgen?=\r\n =?utf-8?q?_X=2E?=\r\n <a@example.com>",
            "bcc": b"Bcc: hidden@example.com",
            "resent": b"Resent-From: x@example.com,y@example.com\r\nResent-To: z@example.com",
            "return-path": b"Return-Path: <x@example.com>\r\nContent-Length: 5",
        }
        messages = {name: field + b"\r\n" + self.plain() for name, field in fields.items()}
        self.check_all(messages)

    def test_any_addresses(self) -> None:
        """A signature verifies, or there is none, whatever addresses are like; here by chance."""
        messages = {str(n): m for n, m in enumerate(addressed(self.author, 150, seed=12))}
        arrived = self.pass_all(DOCUMENTED, messages, "any")
        self.assertEqual(arrived.keys(), messages.keys())
        found = {name: verified(message) for name, message in arrived.items()}
        wrong = [messages[name] for name, one in found.items() if one not in ([], BOTH)]
        self.assertEqual(wrong, [])
        self.assertGreater(list(found.values()).count(BOTH), len(messages) // 2)

    def test_authors(self) -> None:
        """From is in every signature, also when Sendmail puts a name in quotes."""
        author = self.author.encode()
        names = {
            "bare": b"%b",
            "angle": b"<%b>",
            "name": b"Alice <%b>",
            "close": b"Alice<%b>",
            "dot": b"Alice B. See <%b>",
            "quoted": b'"Alice, B. See" <%b>',
            "at": b"alice@home via List <%b>",
            "brackets": b"Alice [home] <%b>",
            "semicolon": b"Alice; x <%b>",
            "apostrophe": b"O'Neil <%b>",
            "eight-bit": "J\u00fcrgen K. \u00c4 <%b>".encode(),
            "encoded": b"=?utf-8?q?J=2E?= <%b>",
            "comment": b"%b (Alice  B. See)",
            "blanks": b"  Alice   B.\r\n  See   <%b>  ",
        }
        messages = {
            name: b"From: %b\r\n" % (text % author) + self.plain(has_from=False)
            for name, text in names.items()
        }
        # What are two addresses to some, of whom one is no author, is not signed.
        self.check_all(messages, frozenset({"at", "semicolon"}))

    def test_missing(self) -> None:
        """Fields that Sendmail adds when there are none."""
        message = self.plain()
        lacks = {
            "date": message.replace(b"Date:", b"X-Date:"),
            "message-id": message.replace(b"Message-ID:", b"X-Id:"),
            "both": message.replace(b"Date:", b"X-Date:").replace(b"Message-ID:", b"X-Id:"),
            "to": message.replace(b"Subject:", b"X-Subject:"),
        }
        self.check_all(lacks)

    def plain(self, has_from: bool = True) -> bytes:
        """A message, perhaps without From."""
        author = f"From: {self.author}\r\n" if has_from else ""
        date = "Date: Fri, 27 Nov 2026 10:00:00 +0000\r\n"
        return f"{author}Subject: x\r\n{date}Message-ID: <1@live.test>\r\n\r\nx\r\n".encode()

    def check_all(
        self, messages: dict[str, bytes], not_signed: frozenset[str] = frozenset()
    ) -> None:
        """Both signatures of all but some verify when they arrive."""
        arrived = self.pass_all(DOCUMENTED, messages)
        self.assertEqual(arrived.keys(), messages.keys())
        for name, message in arrived.items():
            self.assertEqual(verified(message), [] if name in not_signed else BOTH, name)


class SendmailVerifyingTests(signing_case.VerifyingCases, DkimSendmailCase):
    """What Sendmail has taken from outside; it refuses bare CR and LF."""

    broken = UNSIGNABLE | {"bare-lf", "bare-cr", "all-octets", "header-bare-lf"}
