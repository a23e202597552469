"""The real rspamc asks the controller; what it prints is read."""

import re
from typing import ClassVar

from .controller_case import CHANGE, HAM, LOOK, ControllerCase
from .harness import LiveCase, message_file
from .mailfilterc import ask_rspamc
from .processes import wait_until


def rspamc(port: int, *arguments: str, message: bytes = b"") -> tuple[int, str]:
    """Run it, perhaps with a message at its standard input: exit status, and what it prints."""
    return ask_rspamc(f"127.0.0.1:{port}", *arguments, message=message).outcome


class RspamcCase(ControllerCase):
    """Runs rspamc."""

    needs: ClassVar = ("rspamc",)

    def rspamc(self, *arguments: str, message: bytes = b"", code: int = 0) -> str:
        """What it prints when it ends with that status."""
        status, text = rspamc(self.filter.controller, *arguments, message=message)
        self.assertEqual(status, code, text)
        return text


class FiguresTests(RspamcCase):
    """What has been scanned."""

    def test_stat(self) -> None:
        """Totals and actions of all workers; no figure of it is missing."""
        before = self.actions()
        for name in ("ham", "gtube-reject", "gtube-add-header"):
            self.rspamc("-P", LOOK, "symbols", message=message_file(f"{name}.eml"))

        def look() -> bool:
            after = self.actions()
            names = ("reject", "add header", "no action")
            return all(after[name] > before[name] for name in names)

        wait_until(look, "workers to have told what they scanned")

    def actions(self) -> dict[str, int]:
        """How many messages had each action, as `rspamc stat` prints it."""
        text = self.rspamc("-P", LOOK, "stat")
        self.assertIn("Messages scanned: ", text)
        self.assertIn("Messages learned: 0", text)
        self.assertIn("Connections count: ", text)
        found = re.findall(r"^Messages with action ([a-z ]+): (\d+)", text, re.MULTILINE)
        names = {"reject", "soft reject", "rewrite subject", "add header", "greylist", "no action"}
        if int(self.scanned(text)):
            self.assertLessEqual(names, {name for name, _ in found}, text)
        return {name: int(dict(found).get(name, 0)) for name in names}

    def scanned(self, text: str) -> str:
        """The total in what it prints."""
        match = re.search(r"^Messages scanned: (\d+)", text, re.MULTILINE)
        assert match is not None, text
        return match[1]

    def test_stat_reset(self) -> None:
        """Only for whom may change things; it counts anew."""
        self.rspamc("-P", LOOK, "symbols", message=HAM)
        self.assertIn("401", self.rspamc("-P", LOOK, "stat_reset", code=1))
        wait_until(lambda: self.scanned(self.rspamc("-P", LOOK, "stat")) != "0", "a scan in stat")
        self.assertNotEqual(self.scanned(self.rspamc("-P", CHANGE, "stat_reset")), "0")
        self.assertEqual(self.scanned(self.rspamc("-P", LOOK, "stat")), "0")

    def test_counters(self) -> None:
        """A line for each symbol that was found, with weight and hits."""
        self.rspamc("-P", LOOK, "symbols", message=message_file("gtube-reject.eml"))
        text = self.rspamc("-P", LOOK, "counters")
        rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]
        who = [row for row in rows if "WHO" in row]
        self.assertEqual(len(who), 1, text)
        self.assertIn("1.0", "".join(who[0]))

    def test_uptime(self) -> None:
        """In words."""
        self.assertRegex(self.rspamc("-P", LOOK, "uptime"), r"Uptime: \d+ seconds?")

    def test_no_password(self) -> None:
        """Neither without nor with a wrong one."""
        for given in ([], ["-P", "wrong"]):
            for command in ("stat", "counters", "uptime"):
                self.assertIn("401", self.rspamc(*given, command, code=1))


class ScanTests(RspamcCase):
    """Scans by way of the controller."""

    def test_symbols(self) -> None:
        """As at a listener for scans, with the password."""
        text = self.rspamc("-P", LOOK, "symbols", message=message_file("gtube-reject.eml"))
        self.assertIn("Action: reject\n", text)
        self.assertIn("Symbol: GTUBE (0.00)", text)
        self.assertIn("Symbol: WHO (1.00)", self.rspamc("-P", LOOK, "symbols", message=HAM))

    def test_default_port(self) -> None:
        """Without a command it scans, too."""
        self.assertIn("Action: no action\n", self.rspamc("-P", CHANGE, message=HAM))

    def test_no_password(self) -> None:
        """A scan needs it like all else."""
        self.assertIn("401", self.rspamc("symbols", message=HAM, code=1))

    def test_compressed(self) -> None:
        """The message packed by zstd."""
        text = self.rspamc("-z", "-P", LOOK, "symbols", message=HAM)
        self.assertIn("Action: no action\n", text)


class LearnTests(RspamcCase):
    """Until there is a classifier."""

    def test_learn(self) -> None:
        """An error that says so, and status 1."""
        for command in ("learn_spam", "learn_ham"):
            text = self.rspamc("-P", CHANGE, command, message=HAM, code=1)
            self.assertIn("404", text)
            self.assertIn("no classifiers defined", text)

    def test_may_look_alone(self) -> None:
        """Learning changes something."""
        self.assertIn("401", self.rspamc("-P", LOOK, "learn_spam", message=HAM, code=1))

    def test_fuzzy(self) -> None:
        """There is no such module."""
        for command in ("fuzzy_add", "fuzzy_del"):
            text = self.rspamc("-P", CHANGE, "-f", "1", "-w", "1", command, message=HAM, code=1)
            self.assertIn("500", text)


class OpenTests(LiveCase):
    """Where no password is set."""

    needs: ClassVar = ("rspamc",)

    def test_on_this_machine(self) -> None:
        """Nobody here needs one, also for what changes something."""
        port = self.filter.controller
        for command in ("stat", "counters", "uptime", "stat_reset"):
            status, text = rspamc(port, command)
            self.assertEqual(status, 0, text)
        self.assertIn("no classifiers defined", rspamc(port, "learn_ham", message=HAM)[1])
