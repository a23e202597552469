"""opensmtpd-filter-rspamd reads replies to verdicts that no check of ours gives."""

from dataclasses import replace
from typing import ClassVar

from mailfilter.scan.verdict import Action, AddHeader, RemoveHeader

from .client_case import MAIL
from .every_case import EveryCase, EveryTests
from .opensmtpd import FilterRspamd
from .outcome import Fate
from .verdicts import PLAIN, SHAPES, SIGNATURE
from .wire import Broken

FATES: dict[str, Fate] = {
    "no action": "accepted",
    "greylist": "accepted",
    "add header": "marked",
    "rewrite subject": "marked",
    "soft reject": "deferred",
    "reject": "refused",
    "discard": "accepted",
    "quarantine": "accepted",
}

REQUEST = (
    b"POST /checkv2 HTTP/1.1\r\n"
    b"Host: 127.0.0.1:11333\r\n"
    b"User-Agent: Go-http-client/1.1\r\n"
    b"Content-Length: 3\r\n"
    b"From: \r\n"
    b"Helo: h\r\n"
    b"Hostname: <unknown>\r\n"
    b"Ip: 192.0.2.1\r\n"
    b"Mta-Name: mx.example.net\r\n"
    b"Pass: All\r\n"
    b"Queue-Id: 1\r\n"
    b"Rcpt: b@c\r\n"
    b"Rcpt: d@e\r\n"
    b"Accept-Encoding: gzip\r\n"
    b"\r\n"
    b"a\nb"
)
"""As recorded."""


class FilterRspamdTests(EveryTests, EveryCase):
    client = FilterRspamd()
    fates = FATES
    error: ClassVar[Fate] = "accepted"

    def scanned(self, raw: bytes) -> bytes:
        """Its lines are parted by LF."""
        return b"\n".join(raw.removesuffix(b"\r\n").split(b"\r\n"))

    def test_request(self) -> None:
        """The emulator sends what the filter sends."""
        mail = replace(
            MAIL,
            raw=b"a\r\nb\r\n",
            sender="",
            helo="h",
            hostname="<unknown>",
            queue_id="1",
            recipients=("b@c", "d@e"),
        )
        self.assertEqual(self.client.requests(mail), [REQUEST])
        self.tell(PLAIN)
        self.client.outcome(self.ask(REQUEST))
        envelope, raw = self.asked()
        self.assertEqual((envelope.sender, envelope.hostname, raw), ("", None, b"a\nb"))

    def test_forged_results(self) -> None:
        """Are removed by the name as the message spells it, and ours is added."""
        outcome = self.outcome(
            SHAPES["forged results"],
            replace(MAIL, raw=b"AUTHENTICATION-results: a\r\nauthentication-results : b\r\n\r\n"),
        )
        self.assertEqual(outcome.values("Authentication-Results"), ["mx.example.net;\n\tspf=pass"])
        self.assertLessEqual(
            {"Authentication-Results", "AUTHENTICATION-results", "authentication-results "},
            set(outcome.removed),
        )

    def test_many_occurrences(self) -> None:
        """An array would defer the mail for ever."""
        edits = tuple(RemoveHeader("X-A", n) for n in range(1, 5))
        self.assertEqual(self.outcome(replace(PLAIN, edits=edits)).removed, ("X-A",))

    def test_signatures(self) -> None:
        """One at most: older ones of the filter could not read an array."""
        for name in ("one signature", "two signatures"):
            found = self.outcome(SHAPES[name]).values("DKIM-Signature")
            self.assertEqual(list(found), [SIGNATURE])

    def test_no_subject(self) -> None:
        """Of rewrite subject: the old one is told, since none would blank it."""
        verdict = replace(PLAIN, action=Action.REWRITE_SUBJECT)
        self.assertEqual(self.outcome(verdict).subject, "hi")

    def test_another_style_breaks_it(self) -> None:
        """If header_style is set to it."""
        self.settings = {"header_style": "rspamd"}
        self.assertRaises(Broken, self.outcome, SHAPES["forged results"])
        verdict = replace(PLAIN, edits=(AddHeader("X-A", "1"),))
        self.assertRaises(Broken, self.outcome, verdict)
