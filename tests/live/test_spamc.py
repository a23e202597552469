"""The real spamc asks the filter: every command, and what it makes of every answer."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from . import peers
from .delivered import header_lines, values
from .harness import LiveCase, body_of, message_file, wish
from .lines import LinesFilter, lines_filter
from .processes import free_port
from .shapes import DATED
from .threads import Threads

HAM = message_file("ham.eml")
GTUBE = message_file("gtube-reject.eml")
MBOX = b"From alice@example.org Fri Nov 27 10:00:00 2026\r\n"
SCORES = re.compile(rb"-?\d+\.\d/15\.0\n")
BIG = DATED + b"\r\n" + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 11_000
"""More than the 500 KB that spamc sends by itself."""
LARGE = BIG * 17
"""10 MB."""
EX_UNAVAILABLE = 69
EX_IOERR = 74


@dataclass(frozen=True, slots=True)
class Ran:
    """What spamc did."""

    code: int
    output: bytes


class SpamcCase(LiveCase):
    """Runs spamc."""

    needs: ClassVar[Sequence[str]] = ("spamc",)
    filter: LinesFilter

    def make_filter(self) -> LinesFilter:
        """See `LiveCase`."""
        return lines_filter()

    def spamc(self, *options: str, message: bytes = HAM, where: Sequence[str] = ()) -> Ran:
        """Run it on a message, at the filter's port unless it is to ask elsewhere."""
        server = where or ("-d", "127.0.0.1", "-p", str(self.filter.spamd))
        done = subprocess.run(
            [str(peers.find("spamc")), "-F", "/dev/null", *server, "-t", "60", *options],
            env=peers.environment(),
            input=message,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout)


class SpamcCommandTests(SpamcCase):
    """Commands that answer with facts about a message."""

    def test_check(self) -> None:
        """Score and threshold; the exit status says whether it is spam."""
        ham = self.spamc("-c")
        self.assertEqual(ham.code, 0)
        self.assertRegex(ham.output, rb"\A-?\d\.\d/15\.0\n\Z")
        spam = self.spamc("-c", message=GTUBE)
        self.assertEqual(spam.code, 1)
        self.assertRegex(spam.output, rb"\A\d+\.\d/15\.0\n\Z")

    def test_actions(self) -> None:
        """Spam is what would be refused or marked; the score is on the right side."""
        for action, code, low in (
            ("reject", 1, False),
            ("discard", 1, False),
            ("quarantine", 1, True),
            ("rewrite subject", 1, True),
            ("add header", 1, True),
            ("soft reject", 0, True),
            ("greylist", 0, True),
            ("no action", 0, True),
        ):
            for score in ("0.1", "14.96", "30"):
                message = wish([("Action", action), ("Symbol", f"FORCE_ONE {score}")])
                ran = self.spamc("-c", message=message)
                told, threshold = map(float, ran.output.split(b"/"))
                self.assertEqual((ran.code, told < threshold), (code, low), (action, score))

    def test_report(self) -> None:
        """Scores, then the report; -E makes spam an exit status."""
        message = wish([("Action", "add header"), ("Symbol", "FORCE_ONE 4.25 a b")])
        for options, code in ((("-R",), 0), (("-R", "-E"), 1)):
            ran = self.spamc(*options, message=message)
            self.assertEqual(ran.code, code)
            self.assertRegex(ran.output, SCORES)
            self.assertIn(b"FORCE_ONE", ran.output)
            self.assertIn(b"asked for by the test message", ran.output)
        self.assertRegex(self.spamc("-R").output, SCORES)

    def test_report_if_spam(self) -> None:
        """The report of spam alone, without the scores: the word is Yes here, and not True."""
        spam = self.spamc("-r", message=GTUBE)
        self.assertTrue(spam.output.startswith(b"Score "), spam)
        self.assertIn(b"GTUBE", spam.output)
        self.assertEqual(self.spamc("-r"), Ran(0, b""))

    def test_symbols(self) -> None:
        """Their names, with commas."""
        message = wish([("Symbol", "FORCE_ONE 1"), ("Symbol", "FORCE_TWO 2")])
        ran = self.spamc("-y", message=message)
        self.assertEqual(ran.code, 0)
        names = ran.output.rstrip(b"\n").split(b",")
        self.assertLessEqual({b"FORCE_ONE", b"FORCE_TWO"}, set(names))
        self.assertEqual(self.spamc("-y", "-E", message=GTUBE).code, 1)

    def test_gtube(self) -> None:
        """The four test patterns."""
        for name, code in (
            ("reject", 1),
            ("add-header", 1),
            ("rewrite-subject", 1),
            ("no-action", 0),
        ):
            ran = self.spamc("-c", message=message_file(f"gtube-{name}.eml"))
            self.assertEqual(ran.code, code, name)

    def test_ping(self) -> None:
        """It is there."""
        self.assertEqual(self.spamc("-K"), Ran(0, b"SPAMD/1.5 0\n"))

    def test_learn(self) -> None:
        """It does not learn, and says so; spamc does not read that, and fails."""
        for kind in ("spam", "ham", "forget"):
            for options in ((), ("-x",)):
                self.assertEqual(self.spamc("-L", kind, *options), Ran(EX_IOERR, b""), kind)
        for kind in ("report", "revoke"):
            self.assertEqual(self.spamc("-C", kind, "-x").code, EX_IOERR, kind)
            self.assertEqual(self.spamc("-C", kind), Ran(0, HAM), kind)
        self.assertEqual(self.filter.records(self.mark), [])

    def test_user(self) -> None:
        """The name of a user is no login, and decides nothing."""
        self.assertEqual(self.spamc("-u", "alice@example.org", "-c").code, 0)
        (record,) = self.filter.records(self.mark)
        self.assertIsNone(record["user"])
        self.assertEqual((record["sender"], record["recipients"]), (None, []))
        self.assertEqual(record["ip"], None)


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


class SpamcServerTests(SpamcCase):
    """Where it asks, and what it does if nobody answers."""

    def test_unix(self) -> None:
        """A unix socket, to which Exim's other variant and HTTP may speak, too."""
        where = ("-U", self.filter.lines)
        self.assertEqual(self.spamc("-c", message=GTUBE, where=where).code, 1)
        self.assertEqual(self.spamc("-x", where=where), Ran(0, HAM))
        self.assertEqual(self.spamc("-K", where=where).code, 0)

    def test_scan_port(self) -> None:
        """The port where HTTP is spoken, too."""
        where = ("-d", "127.0.0.1", "-p", str(self.filter.http))
        self.assertEqual(self.spamc("-c", message=GTUBE, where=where).code, 1)
        self.assertEqual(self.spamc("-x", where=where), Ran(0, HAM))

    def test_down(self) -> None:
        """The message comes back as it was, unless -x says that this is a failure."""
        where = ("-d", "127.0.0.1", "-p", str(free_port()), "--connect-retries", "1")
        self.assertEqual(self.spamc(message=GTUBE, where=where), Ran(0, GTUBE))
        self.assertEqual(self.spamc("-c", message=GTUBE, where=where), Ran(0, b"0/0\n"))
        for options in (("-x",), ("-c", "-x"), ("-R", "-x")):
            ran = self.spamc(*options, message=GTUBE, where=where)
            self.assertIn(ran.code, (EX_UNAVAILABLE, EX_IOERR), options)
        self.assertNotEqual(self.spamc("-K", where=where).code, 0)

    def test_two(self) -> None:
        """Of several servers the next one is asked."""
        where = ("-d", "127.0.0.1,127.0.0.1", "-p", str(self.filter.spamd))
        self.assertEqual(self.spamc("-x", "-c", message=GTUBE, where=where).code, 1)

    def test_cannot_scan(self) -> None:
        """No verdict by the deadline: ham, or an error, by `on_failure`."""
        slow = wish({"Delay": "15"})
        where = {
            policy: ("-d", "127.0.0.1", "-p", str(port))
            for policy, port in self.filter.hasty.items()
        }
        self.assertEqual(self.spamc("-x", message=slow, where=where["accept"]).code, 0)
        self.assertEqual(
            self.spamc("-c", "-x", message=slow, where=where["accept"]), Ran(0, b"0.0/15.0\n")
        )
        for policy in ("tempfail", "reject"):
            self.assertEqual(
                self.spamc("-x", message=slow, where=where[policy]), Ran(EX_IOERR, b"")
            )
            self.assertEqual(self.spamc(message=slow, where=where[policy]), Ran(0, slow))
