"""mailfilterc asks the controller."""

import json
import re
from typing import Any

from .client_case import GTUBE, HAM, ClientCase
from .controller_case import CHANGE, LOOK, ControllerCase
from .mailfilterc import Ran, mailfilterc, on_terminal
from .processes import wait_until


class ControlTests(ControllerCase, ClientCase):
    """What is the controller's."""

    def control(self, *arguments: str, password: str = LOOK, code: int = 0, **more: Any) -> Ran:
        """Ask the controller."""
        words = (*(("-P", password) if password else ()), *arguments)
        server = f"127.0.0.1:{self.filter.controller}"
        return self.run_client(*words, code=code, server=server, **more)

    def test_scan(self) -> None:
        """It scans, too."""
        self.assertIn("\nAction: reject\n", self.control("symbols", message=GTUBE).text)

    def test_stat(self) -> None:
        """Figures, and beginning anew."""
        before = self.scanned(self.control("stat").text)
        self.control("symbols", message=HAM)
        wait_until(lambda: self.scanned(self.control("stat").text) > before, "a scan counted", 30)
        self.assertIn("scanned", json.loads(self.control("stat", "--json").out))
        self.control("stat_reset", code=1)
        self.control("stat_reset", password=CHANGE)
        self.assertLess(self.scanned(self.control("stat").text), before + 1)

    def scanned(self, text: str) -> int:
        """The total in what is printed."""
        (count,) = re.findall(r"^Messages scanned: (\d+)$", text, re.M)
        return int(count)

    def test_counters(self) -> None:
        """A table of symbols."""
        text = self.control("counters").text
        self.assertRegex(text, r"\| \d+ +\| FORCE_ONE +\|")
        names = {item["symbol"] for item in json.loads(self.control("counters", "-j").out)}
        self.assertLessEqual({"FORCE_ONE", "GTUBE"}, names)

    def test_uptime(self) -> None:
        """How long it has been running."""
        self.assertRegex(self.control("uptime").text, r"\nUptime: \d+ ")

    def test_passwords(self) -> None:
        """From the command line and from a file; a wrong one, or none, is refused."""
        path = self.folder() / "password"
        path.write_text(f"{LOOK}\n")
        for flags in (("-P", str(path)), (f"-P{LOOK}",), (f"--password={LOOK}",)):
            self.assertIn("scanned", self.control(*flags, "stat", password="").text)
        where = ("-h", f"127.0.0.1:{self.filter.controller}", "-t", "60")
        ran = on_terminal(*where, "stat", "-P", typed=f"{LOOK}\n".encode())
        self.assertEqual(ran.code, 0, ran)
        self.assertIn(b"scanned", ran.out)
        self.assertNotIn(LOOK.encode(), ran.out)
        self.assertIn("401", self.control("stat", password="wrong", code=1).text)
        self.assertIn("401", self.control("stat", password="", code=1).text)

    def test_learning(self) -> None:
        """There is no classifier and no storage yet; that is told."""
        for command in ("learn_spam", "learn_ham", "learn_class:junk"):
            ran = self.control(command, password=CHANGE, message=HAM, code=1)
            self.assertIn("no classifiers defined", ran.text)
        for command in ("fuzzy_add", "fuzzy_del"):
            flags = ("-f", "1", "-w", "1", command)
            ran = self.control(*flags, password=CHANGE, message=HAM, code=1)
            self.assertIn("HTTP error: ", ran.text)
        self.control("fuzzy_delhash", "ab" * 64, password=CHANGE, code=1)
        self.control("learn_spam", message=HAM, code=1)

    def test_explain(self) -> None:
        """How a verdict came about, as a table and as JSON."""
        self.control("symbols", message=GTUBE)
        trace = self.filter.wait_record(self.mark)["trace"]
        wait_until(lambda: self.known(trace), "the scan to be remembered", 30)
        text = self.control("explain", trace).text
        self.assertIn(trace, text)
        self.assertIn("GTUBE", text)
        self.assertIn(trace, json.dumps(json.loads(self.control("explain", "-j", trace).out)))
        self.assertIn("0" * 12, str(self.control("explain", "0" * 12, code=1)))

    def known(self, trace: str) -> bool:
        """Whether the history has it."""
        where = ("-h", f"127.0.0.1:{self.filter.controller}", "-t", "60", "-P", LOOK)
        return mailfilterc(*where, "explain", trace).code == 0

    def test_trace(self) -> None:
        """What each check finds in a message, and what decides."""
        path = str(self.folder(spam=GTUBE) / "spam")
        text = self.control("scan", "--trace", path).text
        self.assertIn("GTUBE", text)
        self.assertIn("gtube", text)
        found = json.loads(self.control("scan", "--trace", "--json", path).out)
        self.assertIn("GTUBE", json.dumps(found))
