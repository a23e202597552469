"""Names and addresses that are not ASCII, through OpenSMTPD: none gets mail past the filter."""

import smtplib

from .filter_rspamd import CONNECT, ask_filter, message
from .harness import SENDER, message_file
from .opensmtpd_case import OpenSmtpdCase, at_port

GTUBE = message_file("gtube-reject.eml")
ODD = ("€", "é", "a\x01b", "a\x7fb", "a\tb")
"""What OpenSMTPD takes neither for a name nor in an address."""


class OpenSmtpdNamesTests(OpenSmtpdCase):
    """A client that calls itself and others as it likes."""

    def codes(self, helo: str, sender: str, box: str, encoding: str = "utf-8") -> list[int]:
        """The codes of the replies to EHLO, MAIL, RCPT and DATA with spam."""
        with smtplib.SMTP("127.0.0.1", self.smtpd.ports[self.service], timeout=60) as client:
            client.command_encoding = encoding
            commands = f"EHLO {helo}", f"MAIL FROM:<{sender}>", f"RCPT TO:<{box}>", "DATA"
            codes = [client.docmd(command)[0] for command in commands]
            if codes[-1] == 354:
                client.send(GTUBE + b".\r\n")
                codes[-1] = client.getreply()[0]
            return codes

    def test_refused(self) -> None:
        """OpenSMTPD itself refuses all of them."""
        for odd in ODD:
            self.assertEqual(self.codes(odd, SENDER, self.box), [501, 503, 503, 503], odd)
            self.assertEqual(self.codes("a.test", f"{odd}@example.org", self.box)[1], 553, odd)
            self.assertEqual(self.codes("a.test", f"a@{odd}.example", self.box)[1], 553, odd)
            self.assertEqual(self.codes("a.test", SENDER, f"{odd}{self.box}")[2], 501, odd)
        self.assertEqual(self.codes("\xff\xfe", SENDER, self.box, "latin_1")[0], 501)
        self.check_arrived(0)
        self.assertEqual(self.filter.records(self.mark), [])

    def test_nul(self) -> None:
        """For it a HELO ends with a NUL; what is before it reaches the filter."""
        self.assertEqual(self.codes("a\x00b", SENDER, self.box), [250, 250, 250, 550])
        self.filter.wait_record(self.mark, helo="a", recipients=[self.box])

    def answer(self, helo: str, box: str) -> str:
        """What filter-rspamd makes of spam with these, told as smtpd never would."""
        events = [*CONNECT[:2], f"link-identify|s1|EHLO|{helo}", *message(box, GTUBE)]
        return ask_filter(at_port(self.filter.http), events)[-1]

    def test_filter(self) -> None:
        """It sends UTF-8, and defers what HTTP cannot carry."""
        scanned = "filter-result|s1|t2|reject|550 Gtube pattern"
        deferred = "filter-result|s1|t2|reject|421 server internal error"
        for odd, expected in (("€", scanned), ("a\x01b", deferred), ("a\x7fb", deferred)):
            self.assertEqual(self.answer(odd, self.box), expected)
            self.assertEqual(self.answer("a.test", f"{odd}{self.box}"), expected)
        helos = {record["helo"] for record in self.filter.records(self.mark)}
        self.assertEqual(helos, {"€", "a.test"})
