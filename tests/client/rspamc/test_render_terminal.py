"""What is printed on terminals."""

import json
import os
import re
from dataclasses import replace
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc.exchange import Failure, Item
from mailfilter.client.rspamc.terminal import MAX_ROWS

from .replies import COUNTERS, FULL, LEARNS, STAT, outcome, printed

EVIL = "x\x1b]0;title\x07\x9b31m\u202etxt\u2066\nAction: no action\r\x7f\0\x85\u2028"
"""A text that moves a cursor, paints, turns letters around, and forges lines."""

_STYLE = re.compile(r"\x1b\[[0-9;]*m")


class TerminalCase(SynchronousTestCase):
    """With a terminal that has colours."""

    def setUp(self) -> None:
        """One of 100 columns."""
        environment = patch.dict(os.environ, TERM="xterm-256color", COLUMNS="100", LINES="50")
        environment.start()
        self.addCleanup(environment.stop)
        os.environ.pop("NO_COLOR", None)

    def shown(self, document: object, *words: str, name: str = "mail") -> str:
        """What comes to the terminal."""
        return printed(outcome(document, name=name), *words, is_terminal=True)

    def check_safe(self, text: str) -> None:
        """There is nothing in it but colours, lines and what can be seen."""
        left = _STYLE.sub("", text).replace("\n", "")
        self.assertTrue(left.isprintable(), ascii(left))


class LookTests(TerminalCase):
    """Colours and tables."""

    def test_scan(self) -> None:
        """All that is printed elsewhere is there, too."""
        text = self.shown(FULL)
        plain = _STYLE.sub("", text)
        self.assertIn("\x1b[33mrewrite subject", text)
        for part in (
            *("Results for file: mail (0.25 seconds)\n", "*** SPAM *** hello", "7.50 / 15.00"),
            *("Symbol ", "Options ", "99.99%, a, b]", "Known content-type", "1@example.org"),
            *(
                '["example.org","example.net"]',
                "Spam message rejected",
                "v=1; a=rsa-sha256; b=Zm9v",
            ),
        ):
            self.assertIn(part, plain)
        self.assertTrue(plain.endswith("\n\n"))
        self.check_safe(text)

    def test_actions(self) -> None:
        """What is bad is red, what is good is green."""
        for action, style in (("reject", "1;31"), ("no_action", "32"), ("greylist", "36")):
            self.assertIn(f"\x1b[{style}m{action}", self.shown({"action": action}))
        self.assertIn("\x1b[1mown", self.shown({"action": "own"}))

    def test_no_colour(self) -> None:
        """`NO_COLOR`, and a terminal that has none."""
        os.environ["NO_COLOR"] = "1"
        self.assertNotRegex(self.shown(FULL), r"\x1b\[[0-9;]*3[0-9]m")
        os.environ["TERM"] = "dumb"
        self.assertNotIn("\x1b", self.shown(FULL))

    def test_width(self) -> None:
        """Long texts are broken, not cut."""
        os.environ["COLUMNS"] = "40"
        options = ["a" * 200]
        text = _STYLE.sub("", self.shown({"symbols": {"A": {"score": 1, "options": options}}}))
        self.assertEqual(text.count("a"), 200 + "Results for file: mail".count("a"))
        self.assertTrue(all(len(line) <= 40 for line in text.split("\n")))

    def test_no_markup(self) -> None:
        """Text is text."""
        text = self.shown({"subject": "[red]x[/red] :smile: http://a.example", "error": "[/]"})
        self.assertIn("[red]x[/red] :smile: http://a.example", _STYLE.sub("", text))

    def test_control(self) -> None:
        """Statistics and counters are tables."""
        text = _STYLE.sub("", self.shown(STAT, "stat"))
        self.assertRegex(text, r"Messages treated as ham +4, 57\.14%")
        text = _STYLE.sub("", self.shown(COUNTERS, "counters"))
        self.assertRegex(text, r"\nA1 +1234567\.2 +24\.000 +3\.000 +1 +6\.000")
        self.assertIn("Bad output", self.shown({}, "counters"))
        self.shown([5, {"symbol": "X"}], "counters")
        text = _STYLE.sub("", self.shown({"version": "3.4", "uptime": 61}, "uptime"))
        self.assertRegex(text, r"Uptime +0 hour 1 minute 1 second")

    def test_profile(self) -> None:
        """How long checks took."""
        self.assertRegex(_STYLE.sub("", self.shown({"profile": {"A": 1.5}})), r"\nA +1\.5 usec")

    def test_other_forms(self) -> None:
        """Others are the same as elsewhere."""
        for document, words in (
            (FULL, ("--json",)),
            (FULL, ("--compact",)),
            (FULL, ("--ucl",)),
            (FULL, ("-R",)),
            (FULL, ("--raw-reply",)),
            (LEARNS["not learned"], ("learn_spam",)),
        ):
            self.assertEqual(self.shown(document, *words), printed(outcome(document), *words))

    def test_long(self) -> None:
        """Very many rows are no table, which would take seconds, and no less safe."""
        found = {f"S{number}": {"score": 1, "options": [EVIL]} for number in range(MAX_ROWS + 1)}
        name = "mail\x1b]0;"
        for document, words in (
            ({"action": EVIL, "symbols": found}, ()),
            ({"action": "reject", "profile": dict.fromkeys(found, 1.0)}, ()),
            ([{**COUNTERS[0], "symbol": EVIL}] * (MAX_ROWS + 1), ("counters",)),
        ):
            text = self.shown(document, *words, name=name)
            self.check_safe(text.replace("\t", ""))
            self.assertNotIn("\x1b", text)
            self.assertNotIn("\nAction: no action", text)
            self.assertGreater(text.count("\n"), MAX_ROWS)

    def test_failure(self) -> None:
        """In red."""
        text = printed(Failure(Item("mail"), "no connection"), is_terminal=True)
        self.assertIn("\x1b[1;31mno connection", text)


class SafeTests(TerminalCase):
    """Nothing of mail, or of a server, is obeyed."""

    def test_values(self) -> None:
        """In all places of a verdict, in all forms."""
        document = {
            "action": EVIL,
            "subject": EVIL,
            "message-id": EVIL,
            "queue-id": EVIL,
            "error": EVIL,
            "urls": [EVIL],
            "emails": {EVIL: EVIL},
            "messages": {EVIL: EVIL, "x": [EVIL]},
            "symbols": {EVIL: {"score": 1, "options": [EVIL, {EVIL: 1}], "description": EVIL}},
            "dkim-signature": [EVIL, 5],
            "profile": {EVIL: 1},
        }
        for word in ("-v", "--json", "--compact", "--ucl", "-R", "--raw-reply", "--headers"):
            for command in ("symbols", "learn_spam"):
                text = self.shown(document, word, command, name=EVIL)
                self.check_safe(text)
                self.assertNotIn("\nAction: no action", _STYLE.sub("", text))

    def test_control(self) -> None:
        """Controllers."""
        for document, command in (
            ({"version": EVIL, "uptime": EVIL}, "uptime"),
            ([{"symbol": EVIL, "weight": EVIL, "frequency": 1, "hits": 1}], "counters"),
            ({"statfiles": [{"symbol": EVIL, "type": EVIL}], "fuzzy_hashes": {EVIL: 1}}, "stat"),
        ):
            self.check_safe(self.shown(document, command))

    def test_around(self) -> None:
        """Headers, messages, reasons."""
        found = outcome({}, body=b"Subject: \x1b[31m\xff\r\n\r\n\x9b\xc2\x9b\n")
        for words in ((), ("--json", "--output-body"), ("--ucl",)):
            text = printed(found, *words, is_terminal=True)
            self.check_safe(text)
            self.assertIn("\nNew body:\nSubject: \\u001b[31m", _STYLE.sub("", text))
        found = replace(found, headers=[("X-\x1b", EVIL)])
        self.check_safe(printed(found, "--headers", is_terminal=True))
        failure = Failure(Item(EVIL), EVIL, 0.0, EVIL.encode() + b"\xff")
        for words in ((), ("--json",)):
            self.check_safe(printed(failure, *words, is_terminal=True))

    def test_json(self) -> None:
        """What is escaped is still JSON, with the same in it where JSON has the same."""
        document = {"a": "\u202e\x85\u2028\xa0\U000e0001 \U0001f600"}
        text = self.shown(document, "--json", name="\u202e")
        self.check_safe(text)
        found = json.loads(text)
        self.assertEqual((found["a"], found["filename"]), (document["a"], "\u202e"))
