"""Verdicts for people and scripts; the texts are what rspamc 3.4 prints."""

import json

from twisted.trial.unittest import SynchronousTestCase

from .replies import COUNTERS, FULL, SCANS, outcome, printed

FULL_TEXT = """\
Results for file: mail (0.25 seconds)
[Metric: default]
Action: rewrite subject
Spam: true
Subject: *** SPAM *** hello
Score: 7.50 / 15.00
Symbol: ARC_NA (0.00)
Symbol: BAYES_SPAM (5.10)[99.99%, a, b]]
Symbol: MIME_GOOD (-0.10)[text/plain]
Symbol: R_SPF_NA (0.00)[]
Message-ID: 1@example.org
Queue-ID: 4XyZ
Urls: ["example.org","example.net"]
Emails: ["user@example.org"]
Message - smtp_message: Spam message rejected
Message - other: {"a":[1,null]}
DKIM-Signature: v=1; a=rsa-sha256;\r
\tb=Zm9v

"""

BEGIN = "Results for file: mail (0.25 seconds)\n[Metric: default]\n"

TEXTS = {
    "nothing": "",
    "array": "",
    "skipped": "Action: no action\nSpam: false\nScore: 0.00 / 15.00\n",
    "soft reject": "Action: soft reject\nSpam: true\nMessage - smtp_message: Try again later\n",
    "greylist": "Action: greylist\nSpam: false\nScore: 4.50 / 15.00\n",
    "underscores": "Action: Rewrite_Subject\nSpam: true\n",
    "own action": "Action: discard\n",
    "no score": "Action: reject\nSpam: true\n",
    "odd scores": "Score: 0.00 / 0.00\nSymbol: A (0.00)\n",
    "odd symbols": "Symbol: A \nSymbol: B \nSymbol: C \nSymbol: D \nSymbol: E \n",
    "odd options": "Symbol: A (1.00)\nSymbol: B \n",
    "empty options": "Symbol: A (1.00)[, ]\n",
    "other name": "Symbol: A (1.00)\n",
    "characters": "Subject: =?\u202e \x07\x7f\x80\u2028\n"
    "Symbol: N\u00c4ME (1.00)[\u00e9\u20ac\U0001f600, a\nb\x1bc]\n"
    'Message-ID: a\tb\x0b\x0c\x01\nUrls: ["a\\"b\\\\/\\uFFFD"]\n'
    'Message - a\nb: c\r\nd\nMessage - \u00e9: /\\"\n',
    "scores": "Symbol: -0.001 (-0.00)\nSymbol: 0.125 (0.12)\nSymbol: 1.005 (1.00)\n"
    "Symbol: 1e+16 (10000000000000000.00)\nSymbol: 2.675 (2.67)\n",
    "urls": 'Urls: [{"url":"http://example.org/","tld":"example.org","flags":["text"]},"x",1]\n'
    "Emails: []\n",
    "odd urls": 'Urls: null\nEmails: {"a":1}\n',
    "error": "Scan error: the server is tired\n",
    "signatures": "DKIM-Signature: v=1; a=rsa\nDKIM-Signature: v=1; a=ed25519\n",
    "odd signature": "",
    "long message": f'Message - a: ["{"x" * 58}\nMessage - b: {"y" * 80}\n'
    f'Message - c: ["{chr(233) * 29}\n',
    "profile": "Action: no action\nSpam: false\nProfile data:\n\tA: 1.25 usec\n",
    "old layout": "Message-ID: 1@example.org\n",
}


class ScanTests(SynchronousTestCase):
    """`scan_text`."""

    def test_full(self) -> None:
        """Everything, also in verbose."""
        self.assertEqual(printed(outcome(FULL)), FULL_TEXT)
        self.assertEqual(printed(outcome(FULL), "-v"), FULL_TEXT)

    def test_texts(self) -> None:
        """What is missing, odd or of another layout."""
        for name, text in TEXTS.items():
            self.assertEqual(printed(outcome(SCANS[name])), f"{BEGIN}{text}\n", name)

    def test_broken(self) -> None:
        """What rspamc crashes on, or cuts: there, it is what was answered."""
        for document, text in (
            ({"action": None}, "Action: null"),
            ({"action": 5, "subject": ["x"]}, 'Action: 5\nSubject: ["x"]'),
            ({"symbols": {"A": {"options": ["a", 5, None]}}}, "Symbol: A [a, 5, null]"),
            ({"symbols": [{"score": 1}], "profile": [1]}, "Profile data:"),
            ({"symbols": {"A\0B": {}}}, "Symbol: A\ufffdB "),
            ({"dkim-signature": ["a", 5]}, "DKIM-Signature: a\nDKIM-Signature: 5"),
            ({"score": 10**400, "required_score": -(10**400)}, "Score: inf / -inf"),
            ({"": 1, "error": {}}, "Scan error: {}"),
        ):
            self.assertEqual(printed(outcome(document)), f"{BEGIN}{text}\n\n")

    def test_extended_urls(self) -> None:
        """URLs with more about each are on several lines."""
        text = printed(outcome({"urls": [{"url": "x"}], "emails": []}), "--extended-urls")
        shown = 'Urls: [\n    {\n        "url": "x"\n    }\n]\nEmails: []\n'
        self.assertEqual(text, f"{BEGIN}{shown}\n")

    def test_profile(self) -> None:
        """The slowest first, with as many digits as there are."""
        costs = {"A": 3, "B": 1e-7, "C": 1234567.891, "D": "x", "E": 1e16}
        text = printed(outcome({"profile": costs}))
        self.assertEqual(
            text.partition("data:\n")[2],
            "\tE: 1e+16 usec\n\tC: 1234567.891 usec\n\tA:   3 usec\n\tB: 1e-07 usec\n"
            "\tD:   0 usec\n\n",
        )


class OrderTests(SynchronousTestCase):
    """`--sort`."""

    def order(self, sort: str) -> list[str]:
        """Names as they come."""
        fields = {it["symbol"]: {**it, "score": it["weight"]} for it in COUNTERS[:6]}
        lines = printed(outcome({"symbols": fields}), "--sort", sort).split("\n")
        return [line.split()[1] for line in lines if line.startswith("Symbol")]

    def test_orders(self) -> None:
        """Names go up, numbers down, scores by their size; `:asc` turns that around."""
        for sort, names in (
            ("name", "A1 B C Z_ a aa"),
            ("name:asc", "aa a Z_ C B A1"),
            ("weight", "A1 C B Z_ aa a"),
            ("weight:asc", "a aa Z_ B C A1"),
            ("score", "A1 a C B Z_ aa"),
            ("hits", "C Z_ a aa A1 B"),
            ("time:asc", "B C Z_ a aa A1"),
            ("frequency", "Z_ a A1 C aa B"),
        ):
            self.assertEqual(self.order(sort), names.split(), sort)

    def test_as_it_came(self) -> None:
        """Orders that are none."""
        for sort in ("other", "name:desc", "weight:", ":asc", "NAME"):
            self.assertEqual(self.order(sort), ["B", "a", "C", "aa", "Z_", "A1"], sort)


REPORT = """\
7.50/0.00/0.00/15.00,action=2:rewrite subject,spam=1,skipped=0
Content analysis details:   (7.50 points, 15.00 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
 0.0 ARC_NA
 5.1 BAYES_SPAM             [99.99%,a, b]]
-0.1 MIME_GOOD              Known content-type [text/plain]
 0.0 R_SPF_NA               []

Domains found: ["example.org","example.net"]
Emails found: ["user@example.org"]

"""


class ReportTests(SynchronousTestCase):
    """`--human`."""

    def test_full(self) -> None:
        """A verdict."""
        self.assertEqual(printed(outcome(FULL), "--human"), REPORT)

    def test_first_line(self) -> None:
        """For programs: scores, action, spam and skipped."""
        zero = "0.00/0.00/0.00/0.00"
        for document, line in (
            ({"score": -1.005}, "-1.00/0.00/0.00/0.00,spam=0,skipped=0"),
            ({"action": "x", "is_skipped": True}, f"{zero},action=5:x,spam=0,skipped=1"),
            ({"action": "Reject"}, f"{zero},action=0:Reject,spam=1,skipped=0"),
            ({"is_spam": True, "greylist_score": 4}, "0.00/4.00/0.00/0.00,spam=1,skipped=0"),
        ):
            self.assertEqual(printed(outcome(document), "-R").partition("\n")[0], line)

    def test_wrapped(self) -> None:
        """Long lines go on below their descriptions."""
        options = [f"option-{number}" for number in range(12)] + ["x" * 90]
        text = printed(outcome({"symbols": {"A": {"options": options}}, "error": "x"}), "-R")
        lines = text.split("\n")[5:-4]
        self.assertEqual(len(lines), 5)
        self.assertTrue(all(len(line) <= 78 for line in lines), lines)
        self.assertTrue(all(line.startswith(" " * 28) for line in lines[1:]))
        found = "".join(line[28:] for line in lines)
        self.assertEqual(found, f"[{','.join(options)}]")
        self.assertTrue(text.endswith("\n\nScan error: x\n\n"))

    def test_other_forms(self) -> None:
        """Programs get no report; other commands no headline."""
        json.loads(printed(outcome(FULL), "-R", "--json"))
        text = printed(outcome({"uptime": 1}), "-R", "uptime")
        self.assertEqual(text, "Uptime: 1 second\n\n")
