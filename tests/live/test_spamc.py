"""The real spamc asks the filter: every command, and what it makes of every answer."""

import re

from .harness import message_file, wish
from .lines import lines_filter
from .processes import free_port
from .spamc_case import EX_IOERR, EX_UNAVAILABLE, GTUBE, HAM, Ran, SpamcCase

SCORES = re.compile(rb"-?\d+\.\d/15\.0\n")


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


class SpamcServerTests(SpamcCase):
    """Where it asks, and what it does if nobody answers."""

    def test_unix(self) -> None:
        """A unix socket, to which Exim's other variant and HTTP may speak, too."""
        where = ("-U", lines_filter().lines)
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
            for policy, port in lines_filter().hasty.items()
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
