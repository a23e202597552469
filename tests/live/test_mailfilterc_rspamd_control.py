"""mailfilterc has rspamd learn and tell figures, and prints what Debian's rspamc prints."""

import json
import re
from pathlib import Path
from typing import Any

from .both_case import HAM, BothCase, lot, new_kind
from .mailfilterc import Ran, masked
from .processes import wait_until
from .rspamd import CHANGE, LOOK


class LearnTests(BothCase):
    """What changes the classifier."""

    def test_bayes(self) -> None:
        """What has been learned is told apart afterwards."""
        spam, ham = new_kind(), new_kind()
        for number in range(6):
            for command, kind in (("learn_spam", spam), ("learn_ham", ham)):
                ran = self.learn(command, lot(kind, number))
                self.assertIn("\nsuccess = true;\n", ran.text)
        self.assertIn("BAYES_SPAM", self.symbols(lot(spam, 3)))
        self.assertIn("BAYES_HAM", self.symbols(lot(ham, 3)))

    def test_same(self) -> None:
        """Learned, and learned already, print as with rspamc."""
        for form in ((), ("--json",), ("--compact",), ("--ucl",), ("-z",), ("-c", "bayes")):
            for command in ("learn_spam", "learn_ham"):
                ours, theirs = lot(new_kind(), 1), lot(new_kind(), 1)
                for _ in range(2):
                    first = self.learn(*form, command, ours)
                    second = self.learn(*form, command, theirs, run=self.theirs)
                    self.assertEqual(masked(first.out), masked(second.out))
        self.assertIn("already learned", first.text)

    def test_class(self) -> None:
        """This rspamd knows no classes; its refusal is told."""
        ran = self.learn("learn_class:spam", lot(new_kind(), 1), code=1)
        self.assertIn("HTTP error: ", ran.text)

    def test_empty(self) -> None:
        """There is nothing to learn."""
        for run in (self.ours, self.theirs):
            self.assertIn("HTTP error: 400", self.learn("learn_spam", b"", run=run, code=1).text)

    def test_password(self) -> None:
        """None, a wrong one, one that may only look."""
        for password in ((), ("-P", "wrong"), ("-P", LOOK)):
            arguments = (*password, "learn_spam")
            server = self.controller
            message = lot(new_kind(), 1)
            text = self.check_same(*arguments, message=message, server=server, code=1)
            self.assertIn(b"HTTP error: 401", text)

    def learn(self, *arguments: Any, run: Any = None, code: int = 0) -> Ran:
        """Have something learned; the message is the last argument."""
        *words, message = arguments
        run = run or self.ours
        ran: Ran = run("-P", CHANGE, *words, message=message, code=code, server=self.controller)
        return ran


class FuzzyTests(BothCase):
    """The storage of fuzzy hashes."""

    def fuzzy(self, *arguments: str, message: bytes = b"", run: Any = None, code: int = 0) -> Ran:
        """Change it."""
        run = run or self.ours
        ran: Ran = run(
            "-P", CHANGE, "-f", "1", *arguments, message=message, code=code, server=self.controller
        )
        return ran

    def wait_found(self, message: bytes, is_found: bool) -> None:
        """Wait until a message is in the storage, or is gone."""
        wait_until(
            lambda: ("FUZZY_DENIED" in self.symbols(message)) is is_found,
            f"the storage to say {is_found}",
            60,
        )

    def test_add_and_delete(self) -> None:
        """By the message; both programs say the same."""
        message = lot(new_kind(), 1)
        for command, is_found in (("fuzzy_add", True), ("fuzzy_del", False)):
            for form in ((), ("--json",)):
                ours = self.fuzzy(*form, "-w", "10", command, message=message)
                theirs = self.fuzzy(*form, "-w", "10", command, message=message, run=self.theirs)
                self.assertEqual(masked(ours.out), masked(theirs.out))
            self.wait_found(message, is_found)

    def test_hash(self) -> None:
        """Added by the message, deleted by what it gave."""
        message = lot(new_kind(), 1)
        reply = json.loads(self.fuzzy("--json", "-w", "10", "fuzzy_add", message=message).out)
        self.wait_found(message, True)
        self.fuzzy("fuzzy_delhash", *reply["hashes"])
        self.wait_found(message, False)

    def test_wrong(self) -> None:
        """A flag that nobody knows, and no hash."""
        message = lot(new_kind(), 1)
        arguments = ("-P", CHANGE, "-f", "77", "fuzzy_add")
        text = self.check_same(*arguments, message=message, server=self.controller, code=1)
        self.assertIn(b"HTTP error: ", text)


class FiguresTests(BothCase):
    """What rspamd has counted."""

    def same(self, *arguments: str, hidden: str = r"(?!)", server: str = "") -> str:
        """What both print, but for what changes from one request to the next."""
        pattern = re.compile(hidden)
        server = server or self.controller
        ours, theirs = (
            pattern.sub("N", masked(run("-P", LOOK, *arguments, server=server).out).decode())
            for run in (self.ours, self.theirs)
        )
        self.assertEqual(ours, theirs)
        return ours

    def test_stat(self) -> None:
        """Totals, actions, classifiers, storages."""
        self.ours(message=HAM)
        text = self.same("stat", hidden=r"\d+")
        for line in ("Messages scanned: N", "Control connections count: N", "Total learns: N"):
            self.assertIn(f"{line}\n", text)
        self.assertIn("Statfile: BAYES_SPAM type: redis; ", text)
        for form in ("--json", "--compact", "--ucl"):
            self.same(form, "stat", hidden=r"[\d.]+|null")

    def test_reset(self) -> None:
        """Told once more, and begun anew; who may only look may not."""
        self.ours(message=HAM)
        for run in (self.ours, self.theirs):
            run("-P", LOOK, "stat_reset", server=self.controller, code=1)
        text = self.ours("-P", CHANGE, "stat_reset", server=self.controller).text
        self.assertGreater(_scanned(text), 0)
        text = self.ours("-P", CHANGE, "stat", server=self.controller).text
        self.assertEqual(_scanned(text), 0)

    def test_counters(self) -> None:
        """A table of the symbols, in any order."""
        for order in ((), ("--sort", "name"), ("--sort", "weight"), ("--sort", "hits")):
            text = self.same(*order, "counters", hidden=r"\d+\.\d{3}")
        self.assertRegex(text, r"\| \d+ +\| LIVE_ANY +\| +-0\.5 +\|")
        self.same("--json", "counters", hidden=r"(?<=y\": )[\d.]+|(?<=time\": )[\d.]+")

    def test_uptime(self) -> None:
        """With the version, both of which Debian's rspamc does not get to print."""
        text = self.ours("-P", LOOK, "uptime", server=self.controller).text
        self.assertRegex(text, r"\nRspamd version: 3\.\d+\nUptime: (\d+ \w+ ?)+\n")
        self.same("--json", "uptime", hidden=r"(?<=: )\d+")

    def test_password(self) -> None:
        """From a file; without one, refused."""
        path = Path(self.mktemp()).absolute()
        path.write_text(f"{LOOK}\n")
        self.assertIn("scanned", self.ours("-P", str(path), "stat", server=self.controller).text)
        self.assertIn("401", self.ours("uptime", server=self.controller, code=1).text)
        self.check_same("uptime", server=self.controller, code=1)


def _scanned(text: str) -> int:
    (count,) = re.findall(r"^Messages scanned: (\d+)$", text, re.MULTILINE)
    return int(count)
