"""Workers and health: what the page shows, and that it does so by itself."""

import os
import signal

from .harness import Filter
from .processes import wait_until
from .test_web_frame import ModuleCase
from .web_pages_case import EVIL, WebCase


class SectionCase(WebCase):
    """Base of tests that read parts of the page."""

    def section(self, title: str) -> str:
        """What is written in a part of the page."""
        script = """
            const titled = (one) => one.querySelector("h3").textContent === arguments[0];
            const found = Array.from(document.querySelectorAll(".workers section")).find(titled);
            return found.innerText;
        """
        return str(self.browser.run(script, title))


class WorkersTests(SectionCase):
    def test_shown(self) -> None:
        """Each process, each listener, and the state of the store."""
        self.show("/workers", "main tbody tr")
        told = self.section("Workers")
        for pid in self.filter.workers():
            self.assertIn(str(pid), told)
        self.assertEqual(2, told.count("serving"))
        listeners = self.section("Listeners")
        for port in (self.filter.milter, self.filter.http, self.filter.controller):
            self.assertIn(f"127.0.0.1:{port}", listeners)
        self.assertIn(self.filter.unix, listeners)
        self.assertIn("works", self.section("Store and waiting work"))
        self.assertIn("No listener has a certificate", self.section("Certificates"))
        self.check_page("workers")


class DeathTests(SectionCase):
    def make_filter(self) -> Filter:
        """One of our own."""
        made = Filter(workers=2)
        self.addCleanup(made.stop)
        return made

    def test_death(self) -> None:
        """A worker that is killed: the page tells it, and shows another, without being asked."""
        self.show("/workers", "main tbody tr")
        gone, stays = self.filter.workers()
        os.kill(gone, signal.SIGKILL)

        def look() -> bool:
            told = self.section("Workers")
            return str(gone) not in told and str(stays) in told and told.count("serving") == 2

        wait_until(look, "another worker on the page", 90)
        wait_until(lambda: "deaths" in self.section("What happened to processes"), "it told", 60)
        errors = "Last warnings and errors"
        wait_until(lambda: str(gone) in self.section(errors), "the error", 60)
        self.check_usable()
        self.check_fits()
        # What was asked of the one that was killed.
        self.check_quiet(r"/api/")


class RowsTests(ModuleCase):
    """Rows of what a filter in good health does not show."""

    def test_certificates(self) -> None:
        """By how long they still hold, and what is wrong with them."""
        body = """
            return module.certificateRows(given[0]).map(([name, light]) =>
              [name, light.className, light.textContent]);
        """
        told = {
            "good": {"days": 60, "expires": 0, "names": ["a"], "listeners": [], "trouble": ""},
            "soon": {"days": 3.2, "expires": 0, "names": [], "listeners": [], "trouble": ""},
            "over": {"days": -1, "expires": 0, "trouble": "", "expired": [EVIL]},
            "none": {"listeners": [], "trouble": "no such file"},
        }
        expected = [
            ["good", "light good", "valid"],
            ["soon", "light warn", "expires soon"],
            ["over", "light bad", EVIL],
            ["none", "light bad", "no such file"],
        ]
        self.assertEqual(sorted(expected), sorted(self.call("health_rows.js", body, told)))

    def test_store(self) -> None:
        """One that fails, and what has failed before."""
        body = """
            return module.storeRows(given[0], given[1]).map((row) =>
              row.map((cell) => cell.textContent ?? cell));
        """
        counters = {"store/timeout": 3, "history/dropped": 2, "scans": 9}
        now = {"gauges": {"store_failing": 2, "history_waiting": 7}, "counters": counters}
        before = {"counters": {"store/timeout": 1}}
        expected = [
            ["Store", "fails in 2 workers"],
            ["Messages that wait for the history", "7"],
            ["Trouble: timeout", "3 times, now"],
            ["Messages missing in the history", "2"],
        ]
        self.assertEqual(expected, self.call("health_rows.js", body, now, before))

    def test_errors(self) -> None:
        """Texts of strangers are text, and a message that is named leads to its trace."""
        body = """
            return module.errorRows(given[0]).map((row) =>
              row.slice(1).map((cell) => cell.outerHTML ?? cell));
        """
        told = {"ts": 1, "pid": 7, "type": "worker", "id": "a b", "module": "x"}
        rows = self.call("health_rows.js", body, [{**told, "level": "warn", "message": EVIL}])
        link = '<a href="#/history/a%20b">a b</a>'
        light = '<span class="light warn">warn</span>'
        self.assertEqual([[light, "worker 7", "x", link, EVIL]], rows)
