"""The real spamc gives messages back, marked by the filter."""

from .delivered import header_lines, values
from .harness import body_of, message_file, wish
from .shapes import DATED
from .spamc_case import EX_IOERR, HAM, Ran, SpamcCase
from .threads import Threads

MBOX = b"From alice@example.org Fri Nov 27 10:00:00 2026\r\n"
BIG = DATED + b"\r\n" + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 11_000
"""More than the 500 KB that spamc sends by itself."""
LARGE = BIG * 17
"""10 MB."""


class SpamcFilterTests(SpamcCase):
    """Commands that give the message back."""

    def passed(self, message: bytes, *options: str) -> bytes:
        """What it makes of a message."""
        ran = self.spamc(*options, "-x", message=message)
        self.assertEqual(ran.code, 0)
        return ran.output

    def test_ham(self) -> None:
        """Every octet as it was, with both line ends, with and without a line of an mbox."""
        for message in (HAM, MBOX + HAM):
            for text in (message, message.replace(b"\r\n", b"\n")):
                for options in ((), ("--headers",)):
                    self.assertEqual(self.passed(text, *options), text)

    def test_shapes(self) -> None:
        """8-bit, dots, no body, no end of line, and 500 KB.

        Of a mark that somebody else made nothing is left.
        """
        messages = [
            message_file(name)
            for name in ("eight-bit.eml", "latin-1.eml", "dots.eml", "bounce.eml", "folded.eml")
        ]
        messages += [
            DATED,
            DATED + b"\r\n",
            DATED + b"\r\nThe end",
            DATED + b"\r\none\ntwo\rthree\r\n",
            BIG[:500_000],
        ]
        for message in messages:
            for options in ((), ("--headers",)):
                passed = self.passed(message, *options)
                self.assertEqual(passed, message.replace(b"X-Spam: No\r\n", b""), message[-40:])

    def test_no_header(self) -> None:
        """A mark is all that a header has if there was none."""
        message = b"\r\nOnly a body here.\r\n"
        self.assertEqual(self.passed(message), b"X-Spam: Yes\r\n" + message)

    def test_octets(self) -> None:
        """All octets; not with --headers, with which spamc 4.0.1 loses what follows a NUL."""
        message = DATED + b"\r\n" + bytes(range(256)) * 3
        self.assertEqual(self.passed(message), message)

    def test_marks(self) -> None:
        """The mark of spam; what others wrote there is gone. Line ends are the message's own."""
        message = b"X-Spam: No\r\n" + wish([("Action", "add header")])
        for top in (b"", MBOX):
            for end in (b"\r\n", b"\n"):
                text = (top + message).replace(b"\r\n", end)
                for options in ((), ("--headers",)):
                    marked = self.passed(text, *options)
                    self.assertTrue(marked.startswith(top.replace(b"\r\n", end)))
                    self.assertIn(b"X-Spam: Yes" + end, marked)
                    self.assertNotIn(b"X-Spam: No", marked)
                    self.assertEqual(marked.count(b"\n"), marked.count(end))
                    self.assertEqual(marked.partition(end * 2)[2], text.partition(end * 2)[2])

    def test_stronger(self) -> None:
        """Of stronger actions spamc knows none: they mark, too."""
        for action in ("reject", "discard", "quarantine"):
            marked = self.passed(wish({"Action": action}))
            self.assertEqual(values(marked, "X-Spam"), ["Yes"], action)
        for action in ("soft reject", "greylist", "no action"):
            message = wish({"Action": action})
            self.assertEqual(self.passed(message), message, action)

    def test_subject(self) -> None:
        """A new subject."""
        marked = self.passed(message_file("gtube-rewrite-subject.eml"))
        self.assertEqual(values(marked, "Subject"), ["*** SPAM *** Test of the filter"])
        marked = self.passed(
            wish([("Action", "rewrite subject"), ("Subject", "=?utf-8?Q?Pr=C3=BCfung?=")])
        )
        self.assertEqual(values(marked, "Subject"), ["Prüfung"])

    def test_edits(self) -> None:
        """Fields are added, changed and removed as through a milter."""
        wishes = [
            ("Add", "X-A: 1"),
            ("Add", "X-Top: first @0"),
            ("Remove", "X-Twice @1"),
            ("Change", "X-Twice: other @2"),
        ]
        message = wish(wishes, "folded.eml")
        marked = self.passed(message)
        self.assertEqual(header_lines(marked)[0], b"X-Top: first")
        self.assertEqual(header_lines(marked)[-1], b"X-A: 1")
        self.assertEqual(len(values(marked, "X-Twice")), 2)
        self.assertIn("other", values(marked, "X-Twice"))
        self.assertEqual(body_of(marked), body_of(message))

    def test_exit_status(self) -> None:
        """With -E the message and the status."""
        message = message_file("gtube-add-header.eml")
        ran = self.spamc("-E", message=message)
        self.assertEqual((ran.code, values(ran.output, "X-Spam")), (1, ["Yes"]))
        self.assertEqual(self.spamc("-E"), Ran(0, HAM))

    def test_big(self) -> None:
        """What is larger than 500 KB is not sent; with -s it is."""
        message = wish({"Action": "add header"}) + BIG
        self.assertEqual(self.spamc(message=message), Ran(0, message))
        self.assertEqual(self.filter.records(self.mark), [])
        self.assertEqual(self.spamc("-c", message=message).output, b"0/0\n")
        marked = self.passed(message, "-s", "1000000")
        self.assertEqual(values(marked, "X-Spam"), ["Yes"])
        self.assertEqual(len(self.filter.records(self.mark)), 1)

    def test_large(self) -> None:
        """10 MB, both ways."""
        message = wish({"Action": "add header"}) + LARGE
        marked = self.passed(message, "-s", "20000000")
        self.assertEqual(values(marked, "X-Spam"), ["Yes"])
        self.assertEqual(marked.partition(b"\r\n\r\n")[2], message.partition(b"\r\n\r\n")[2])
        self.assertEqual(self.passed(LARGE, "-s", "20000000"), LARGE)

    def test_oversize(self) -> None:
        """What the filter does not take comes back as it was, or is a failure; -c says ham."""
        options = ("-s", "20000000")
        message = LARGE + LARGE[:2_000_000]
        self.assertEqual(self.spamc(*options, message=message), Ran(0, message))
        self.assertEqual(self.spamc(*options, "-x", message=message), Ran(EX_IOERR, b""))
        checked = self.spamc(*options, "-c", "-x", message=message)
        self.assertEqual(checked, Ran(0, b"0.0/15.0\n"))

    def test_load(self) -> None:
        """200 messages, 20 at the same time: each comes back, with its own mark."""

        def run(client: int) -> None:
            for number in range(client, 200, 20):
                action = "add header" if number % 2 else "no action"
                message = wish([("Action", action), ("Number", str(number))])
                ran = self.spamc("-x", "-E", message=message)
                assert ran.code == number % 2, (number, ran)
                assert values(ran.output, "X-Spam") == ["Yes"] * (number % 2), (number, ran)
                assert values(ran.output, "X-Test-Number") == [str(number)], (number, ran)

        Threads(20, run).join()
        self.assertEqual(len(self.filter.records(self.mark)), 200)
