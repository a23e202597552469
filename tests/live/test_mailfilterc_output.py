"""mailfilterc and Debian's rspamc print the same of the same replies.

Times are masked. What differs on purpose is not among the replies, or a test of its own.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.client.rspamc import replies

from . import peers
from .canned import Canned, numbered
from .mailfilterc import Ran, mailfilterc, masked, on_terminal, rspamc

FORMS: tuple[tuple[str, ...], ...] = ((), ("--json",), ("--compact",), ("--ucl",), ("-v",))
FIELDS = ("name", "weight", "frequency", "time", "hits", "score", "other")
ORDERS = (*FIELDS, *(f"{name}:asc" for name in FIELDS), "name:desc", "weight:desc")


class OutputCase(SynchronousTestCase):
    """With a server whose answers are known."""

    def setUp(self) -> None:
        """Start it."""
        if peers.find("rspamc") is None:
            raise SkipTest("needs Debian's rspamc: make peers")
        self.server = Canned()
        self.addCleanup(self.server.close)
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()

    def answer(self, documents: Iterable[Any]) -> tuple[str, ...]:
        """Have these as answers; return names of files with messages that get them, in order."""
        # Of the escapes of JSON, rspamc does not know that two may be one character.
        self.server.bodies = [json.dumps(it, ensure_ascii=False).encode() for it in documents]
        names = tuple(f"mail-{number}" for number in range(len(self.server.bodies)))
        for number, name in enumerate(names):
            (self.folder / name).write_bytes(numbered(number))
        return names

    def both(self, *words: str) -> tuple[Ran, Ran]:
        """Run both, one message after the other; what each did, ours first."""
        given = ("-h", self.server.address, "-t", "60", "-n", "1", *words)
        folder = str(self.folder)
        return mailfilterc(*given, cwd=folder), rspamc(*given, cwd=folder)

    def check(self, *words: str) -> bytes:
        """Both print the same; what that is."""
        ours, theirs = self.both(*words)
        self.assertEqual(ours.code, theirs.code, (ours, theirs))
        self.assertEqual(masked(ours.out), masked(theirs.out))
        return ours.out

    def check_each(self, documents: Mapping[str, Any], command: str, *words: str) -> None:
        """The same, for a command without messages."""
        for document in documents.values():
            self.answer([document])
            self.check(command, *words)


class ScanTests(OutputCase):
    """Verdicts."""

    def test_forms(self) -> None:
        """All replies in all forms."""
        names = self.answer(replies.SCANS.values())
        for form in FORMS:
            out = self.check(*form, *names)
            self.assertIn(b"Spam message rejected", out)

    def test_extended_urls(self) -> None:
        """URLs with more about each."""
        names = self.answer(replies.SCANS[name] for name in ("full", "urls", "odd urls"))
        self.check("--extended-urls", *names)

    def test_orders(self) -> None:
        """Symbols in all orders, those that are none included."""
        fields = {it["symbol"]: {**it, "score": it["weight"]} for it in replies.COUNTERS}
        names = self.answer([{"symbols": fields}])
        for order in ORDERS:
            self.check("--sort", order, *names)

    def test_profile(self) -> None:
        """How long checks took; the order of rspamc is none that anybody could mean."""
        costs = {"A": 3, "B": 1e-7, "C": 1234567.891, "D": 0.5, "E": -0.0, "F": "x", "G": 1e16}
        names = self.answer([{"action": "no action", "profile": costs}])
        ours, theirs = (masked(ran.out).split(b"\n") for ran in self.both(*names))
        self.assertEqual(sorted(ours), sorted(theirs))

    def test_headers(self) -> None:
        """Fields of HTTP; rspamc has them in the order of a hash table."""
        self.server.headers = ("Date: Fri, 27 Nov 2026 00:00:00 GMT", "X-One: 1", "server: x")
        names = self.answer([replies.FULL])
        for form in FORMS:
            ours, theirs = self.both("--headers", *form, *names)
            found, expected = (masked(ran.out).split(b"\n\n", 1) for ran in (ours, theirs))
            self.assertEqual(found[1], expected[1])
            self.assertEqual(sorted(found[0].split(b"\n")), sorted(expected[0].split(b"\n")))

    def test_body(self) -> None:
        """A rewritten message; behind JSON, only if it is asked for."""
        document = json.dumps(replies.SCANS["ham"]).encode()
        self.server.headers = (f"Message-Offset: {len(document)}",)
        names = self.answer([{}])
        self.server.bodies = [document + b"Subject: new\r\n\r\nnew\r\n"]
        for words in (names, ("--ucl", *names)):
            self.assertIn(b"\nNew body:\nSubject: new\r\n", self.check(*words))
        for form in ("--json", "--compact"):
            ours, theirs = self.both(form, *names)
            json.loads(ours.out)
            self.assertEqual(
                masked(ours.out), masked(theirs.out.partition(b"\nNew body")[0]) + b"\n"
            )

    def test_errors(self) -> None:
        """Refusals, in JSON with what was answered."""
        self.server.status = "500 the server is tired"
        names = self.answer([{"error": "the server is tired"}])
        for form in FORMS:
            out = self.check("--headers", *form, *names)
            self.assertIn(b"HTTP error: 500, the server is tired\n", out)

    def test_empty(self) -> None:
        """No message, and standard input."""
        self.answer([replies.FULL])
        for form in ((), ("--json",)):
            self.check("-E", *form)
            self.check(*form)
            self.check("report", *form)


class ControlTests(OutputCase):
    """Replies of controllers."""

    def test_learned(self) -> None:
        """Learning and fuzzy hashes; what was not done is a failure for us alone."""
        names = self.answer(replies.LEARNS.values())
        add = ("fuzzy_add", "-f", "1", "-w", "2")
        forms = ((*add, *form) for form in FORMS[1:4])
        for words in (("learn_spam",), ("learn_ham",), ("fuzzy_del",), *forms):
            ours, theirs = self.both(*words, *names)
            self.assertEqual(masked(ours.out), masked(theirs.out))
            self.assertEqual((ours.code, theirs.code), (1, 0), (ours, theirs))

    def test_known(self) -> None:
        """What was learned before is no failure."""
        self.server.status = "208 known"
        names = self.answer([{"error": "<x> has been already learned as spam, ignore it"}])
        self.check("learn_spam", *names)
        self.check("learn_spam", "--json", *names)

    def test_hashes(self) -> None:
        """Hashes that are deleted."""
        self.answer([{"success": True}])
        for form in FORMS[:3]:
            self.check("fuzzy_delhash", *form, "ab" * 64)

    def test_statistics(self) -> None:
        """Statistics."""
        self.check_each(replies.STATS, "stat")
        self.answer([replies.STAT])
        self.check("stat_reset")
        for form in FORMS[1:4]:
            self.check("stat", *form)

    def test_counters(self) -> None:
        """Hits and costs of symbols."""
        self.check_each(replies.COUNTER_LISTS, "counters")
        self.answer([replies.COUNTERS])
        for form in FORMS[1:4]:
            self.check("counters", *form)

    def test_counter_orders(self) -> None:
        """Counters in all orders."""
        self.answer([replies.COUNTERS])
        for order in ORDERS:
            self.check("counters", "--sort", order)

    def test_uptime(self) -> None:
        """How long a server has been running; rspamc prints `%s` of what it means to print."""
        for seconds in (1, 60, 7261, 180000):
            self.answer([{"version": "3.4", "uptime": seconds}])
            ours, theirs = self.both("uptime")
            meant = theirs.out.replace(b": %s", b": 3.4").replace(b"%s", b"")
            self.assertEqual(masked(ours.out), masked(meant))
        self.check("uptime", "--json")
        self.check("uptime", "--ucl")

    def test_errors(self) -> None:
        """Refusals."""
        self.server.status = "401 Unauthorized"
        self.answer([{"error": "Unauthorized"}])
        for command in ("stat", "counters", "uptime"):
            self.check(command)
        self.check("stat", "--json")


class TerminalTests(SynchronousTestCase):
    """On a terminal."""

    def setUp(self) -> None:
        """A server whose answers are full of what terminals obey."""
        self.server = Canned(json.dumps({"action": "reject", "subject": "a\x1b[2J\x9b"}).encode())
        self.addCleanup(self.server.close)

    def test_terminal(self) -> None:
        """There are colours, and nothing else that it obeys."""
        ran = on_terminal("-h", self.server.address, "-t", "60", message=numbered(0))
        self.assertEqual(ran.code, 0, ran)
        self.assertIn(b"\x1b[1;31mreject", ran.out)
        self.assertIn(b"a\\u001b[2J\\u009b", ran.out)

    def test_json(self) -> None:
        """JSON is JSON."""
        ran = on_terminal("-h", self.server.address, "-t", "60", "--json", message=numbered(0))
        self.assertEqual(json.loads(ran.out)["subject"], "a\ufffd[2J\x9b")
        self.assertNotIn(b"\x1b", ran.out)
