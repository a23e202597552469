"""The overview, before the first mail, and with a past."""

import functools
import subprocess
import sys

from selenium.webdriver.common.keys import Keys

from . import peers
from .controller_case import ask
from .harness import Filter
from .processes import wait_until
from .test_web_history import KINDS
from .web_pages_case import EVIL, WebCase, message
from .web_past import SYMBOLS

PLOTLY = "plotly"
SERVED = r"(?s)plotly\.min\.js.*Applying inline style violates"
"""The library has a style for maps in it, which our policy refuses; we have no maps."""
DRAWN = ".plot .main-svg"
ACTIONS, CHECKS, FREQUENT = (f".charts section:nth-child({place}) tbody" for place in (1, 2, 3))


@functools.cache
def busy_filter() -> Filter:
    """One with a year behind it."""
    made = Filter(start=False)
    subprocess.run(
        [sys.executable, "-m", "tests.live.web_past", made.state],
        cwd=peers.CHECKOUT,
        check=True,
        timeout=120,
    )
    made.start()
    return made


class NewTests(WebCase):
    """A filter that has not seen any mail."""

    def make_filter(self) -> Filter:
        """One of our own."""
        made = Filter(workers=1)
        self.addCleanup(made.stop)
        return made

    def test_first_steps(self) -> None:
        """It says where to send mail, and when there has been some shows it by itself."""
        self.show("/overview", ".first")
        text = self.browser.text()
        for port in (self.filter.milter, self.filter.http, self.filter.spamd):
            self.assertIn(f"127.0.0.1:{port}", text)
        self.assertIn(f"smtpd_milters = inet:127.0.0.1:{self.filter.milter}", text)
        self.assertIn("mailfilteradm mta NAME", text)
        self.check_page("first")
        self.scan(message("the first one"))
        self.browser.wait(".latest tbody td", "the first one")
        self.browser.wait(DRAWN)
        self.assertEqual([], self.browser.all(".first"))
        self.check_quiet(SERVED)


class BusyTests(WebCase):
    def make_filter(self) -> Filter:
        """See `WebCase`."""
        return busy_filter()

    def test_ranges(self) -> None:
        """All of them by keys alone; the figures are those of the controller."""
        self.show("/overview", DRAWN)
        self.tab_to(".segments input")
        for name in ("day", "week", "month", "year"):
            self.browser.press(Keys.ARROW_RIGHT)
            self.wait_url(f"range={name}")
            told = self.api(f"series?range={name}")["actions"]["rewrite subject"]
            total = f"{sum(count or 0 for count in told):,}"
            self.browser.wait(f"{ACTIONS} td", total)
            self.browser.wait(f"{FREQUENT} tr", next(iter(SYMBOLS)))
        self.browser.driver.refresh()
        self.browser.wait(DRAWN)
        chosen = "return document.querySelector('.segments input:checked').value"
        self.assertEqual("year", self.browser.run(chosen))
        self.check_quiet(SERVED)

    def wait_url(self, text: str) -> None:
        """Wait until the address of the page has a text in it."""
        wait_until(lambda: text in self.browser.driver.current_url, text, 30)

    def test_said(self) -> None:
        """Each plot says in words what it shows."""
        self.show("/overview?range=day", DRAWN)
        said = self.browser.run(
            "return Array.from(document.querySelectorAll('.plot'), (one) => one.ariaLabel)"
        )
        self.assertRegex(said[0], r"Messages by action in the last day: no action [\d,]{5,}, ")
        self.assertRegex(said[1], "Time that scans took in the last day: at most .* ms")
        self.assertRegex(said[2], "Symbols in the last day, .*: MIME_GOOD, ")

    def test_links(self) -> None:
        """From an action and a symbol to the messages that had it."""
        self.show("/overview?range=week", f"{ACTIONS} a")
        self.click(f"{ACTIONS} a", "reject")
        self.wait_url("#/history?action=reject")
        self.browser.wait("main h2", "History")

    def test_without_library(self) -> None:
        """Where plots cannot be drawn, tables and small lines tell the rest."""
        self.browser.cdp("Network.enable")
        self.browser.cdp("Network.setBlockedURLs", urls=["*plotly*"])
        self.addCleanup(self.browser.cdp, "Network.setBlockedURLs", urls=[])
        self.show("/overview?range=day", f"{ACTIONS} .spark")
        self.browser.wait(".charts .hint", "Not drawn")
        self.check_quiet("plotly")

    def test_live(self) -> None:
        """What is scanned now, a few seconds later."""
        self.show("/overview?range=live", ".tile")

        def look() -> bool:
            self.scan(message("live", "X-Test-Action: reject\r\n"))
            return any("reject" in text for text in self.texts(f"{ACTIONS} tr"))

        wait_until(look, "a rejected message", 60)
        self.browser.wait(DRAWN)
        self.assertRegex(" ".join(self.texts(f"{ACTIONS} tr")), r"reject[\d.]+/s")
        self.check_quiet(SERVED)

    def test_hostile(self) -> None:
        """Subjects and senders are text."""
        self.scan(message(EVIL), {"From": "<img/src=x/onerror=pwned=1>@example.org"})
        self.show("/overview", ".latest")
        self.browser.wait(".latest tbody td", EVIL)
        self.assertIsNone(self.browser.run("return window.pwned ?? null"))
        self.assertEqual([], self.browser.all("main img"))
        self.check_quiet(SERVED)

    def test_focus(self) -> None:
        """It stays where it is while figures change around it."""
        self.show("/overview?range=hour", f"{ACTIONS} a")
        self.tab_to(f"{ACTIONS} a")
        here = "return document.activeElement.getAttribute('href')"
        before = self.browser.run(here)
        cells = self.texts(f"{ACTIONS} tr")

        def look() -> bool:
            self.scan(message("focus"))
            return self.texts(f"{ACTIONS} tr") != cells

        wait_until(look, "other figures", 90)
        self.assertEqual(before, self.browser.run(here))

    def test_looks(self) -> None:
        """With mail of many kinds."""
        for number, (who, subject, fields) in enumerate(KINDS):
            client = {"From": f"{who}.example", "IP": f"198.51.100.{number}"}
            self.scan(message(subject, fields), client)
        self.wait_history("from=frank@school.example")
        self.show("/overview?range=day", DRAWN)
        self.browser.wait(".latest tbody td", KINDS[-1][1])
        # The second look, after which there is a course to be seen.
        self.browser.wait(".tile .spark")
        self.check_usable()
        self.check_fits()
        self.picture("overview")
        self.check_quiet(SERVED)


class LibraryTests(WebCase):
    def make_filter(self) -> Filter:
        """See `WebCase`."""
        return busy_filter()

    def test_only_where_it_plots(self) -> None:
        """No page but the overview loads the library; there it comes once for each version."""
        loaded = "return performance.getEntriesByType('resource').map((one) => one.name)"
        for page in ("history", "symbols", "maps", "config", "scan", "workers"):
            self.show(f"/{page}")
            self.assertEqual([], [name for name in self.browser.run(loaded) if PLOTLY in name])
        self.show("/overview", DRAWN)
        self.assertEqual(1, len([name for name in self.browser.run(loaded) if PLOTLY in name]))
        reply = ask(self.filter.controller, "/web/lib/plotly.min.js")
        there = ask(self.filter.controller, f"/web/lib/{reply.headers['location']}")
        self.assertIn("immutable", there.headers["cache-control"])
