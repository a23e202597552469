"""The page of symbols: sorted, filtered, and a score that is changed and taken back."""

from typing import Any

from selenium.webdriver.common.keys import Keys

from .controller_case import LOOK, ask, controlled_filter
from .harness import Filter
from .processes import wait_until
from .web_pages_case import SECONDS, WebCase, message

FIRES = "X-Test-Symbol: FORCE_TWO 1\r\n"
SCORE = "symbols.FORCE_TWO.score"


class SymbolCase(WebCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self.undo_all)

    def names(self) -> list[str]:
        """The symbols that are shown, in order."""
        return self.texts("main tbody th")

    def wait_score(self, expected: float) -> None:
        """Wait until the filter gives that for the symbol; workers need a moment."""

        def look() -> bool:
            found: dict[str, Any] = self.scan(message(fields=FIRES))["symbols"]["FORCE_TWO"]
            return float(found["score"]) == expected

        wait_until(look, f"the score {expected}", SECONDS)


class ListTests(SymbolCase):
    def test_hits(self) -> None:
        """Hits, and the share of them in spam."""
        self.scan(message(fields="X-Test-Symbol: FORCE_TWO 50\r\n"))
        self.scan(message(fields=FIRES))

        def cells() -> list[str]:
            self.show("/symbols?name=FORCE_TWO", "main tbody tr")
            return self.texts("main tbody td")

        before = cells()
        self.assertRegex(before[3], r"\A[0-9.]+ %\Z")
        self.assertAlmostEqual(100, sum(float(text.rstrip(" %")) for text in before[3:5]), 0)

    def test_sort(self) -> None:
        """By a click on a head, and by another the other way around; what is sorted is told."""
        self.show("/symbols", "main tbody tr")
        self.click("th .sort", "Symbol")
        up = self.names()
        self.assertEqual(sorted(up), up)
        self.assertEqual(
            "ascending", self.browser.wait("th[aria-sort]", "Symbol").get_attribute("aria-sort")
        )
        self.click("th .sort", "Symbol")
        self.browser.wait("th[aria-sort=descending]", "Symbol")
        self.assertEqual(up[::-1], self.names())
        self.click("th .sort", "Score")
        self.browser.wait("th[aria-sort=descending]", "Score")
        scores = [float(text) for text in self.texts("button.value")]
        self.assertEqual(sorted(scores, reverse=True), scores)
        self.check_quiet()

    def test_filter(self) -> None:
        """By name, meaning, group, and what has fired."""
        self.scan(message(fields=FIRES))
        self.show("/symbols", "main tbody tr")
        self.fill("input[name=name]", "force_t")
        self.browser.wait(".count", "1 of")
        self.assertEqual(["FORCE_TWO"], self.names())
        self.fill("input[name=name]", "asked for by the test")
        self.browser.wait(".count", "2 of")
        self.fill("input[name=name]", "")
        self.click("select[name=group] option[value=failures]")
        symbols = self.api("symbols")["symbols"]
        failures = [entry["symbol"] for entry in symbols if entry["group"] == "failures"]
        self.browser.wait(".count", f"{len(failures)} of")
        self.assertEqual(sorted(failures), sorted(self.names()))
        self.click("select[name=group] option[value='']")
        self.click("select[name=only] option[value=saved]")
        self.browser.wait(".count", "0 of")

    def test_looks(self) -> None:
        self.api("save", '{"changes":{"symbols.SUBJ_ALL_CAPS.score":2}}')
        self.show("/symbols", "main tbody tr")
        self.check_page("symbols", "subject")


class ChangeTests(SymbolCase):
    def test_change_and_undo(self) -> None:
        """By keyboard; the next message is scanned with it, until it is taken back."""
        self.show("/symbols?name=FORCE_TWO", "main tbody tr")
        self.tab_to("button.value")
        self.browser.press(Keys.ENTER)
        self.browser.wait("form.edit input")
        self.browser.press("3.25", Keys.ENTER)
        self.wait_notice("The score of FORCE_TWO is saved as 3.25")
        self.wait_score(3.25)
        self.assertEqual(["3.25"], self.texts("button.value"))
        self.assertEqual("BUTTON 3.25", self.browser.focused())
        self.tab_to("button.undo", 1)
        self.browser.press(Keys.ENTER)
        self.wait_notice("is taken back")
        self.wait_score(1.0)
        self.check_quiet()

    def test_escape(self) -> None:
        """The escape key changes nothing."""
        self.show("/symbols?name=FORCE_TWO", "main tbody tr")
        self.click("button.value")
        self.browser.wait("form.edit input")
        self.browser.press("9", Keys.ESCAPE)
        self.browser.wait("button.value", "1")
        self.assertEqual("BUTTON 1", self.browser.focused())
        self.assertEqual([], self.api("saved")["entries"])

    def test_refused(self) -> None:
        """What cannot be saved is told, and nothing is."""
        self.show("/symbols?name=FORCE_TWO", "main tbody tr")
        self.click("button.value")
        self.browser.wait("form.edit input")
        self.browser.press("1e9", Keys.ENTER)
        self.browser.wait("main .notice .error", SCORE)
        self.assertEqual([], self.api("saved")["entries"])
        self.check_quiet("/api/save")


class ReaderTests(WebCase):
    """Whoever may only look."""

    def make_filter(self) -> Filter:
        return controlled_filter()

    def test_reader(self) -> None:
        """Nothing is there that would change something, on no page."""
        self.show("/symbols", "dialog input")
        self.browser.press(LOOK, Keys.ENTER)
        self.browser.wait("main tbody tr")
        self.browser.wait("#account", "looks only")
        self.assertEqual([], self.browser.all("button.value"))
        for address, shown in (
            ("/config", "form.thresholds"),
            ("/maps/partners", "main textarea"),
        ):
            self.show(address, shown)
            buttons = [button.text for button in self.browser.all("main button.primary")]
            self.assertEqual([""], buttons)
        self.assertTrue(self.browser.wait("textarea").get_attribute("readonly"))
        reply = ask(
            self.filter.controller, "/api/undo", '{"keys":["x"]}', {"Password": "look-at-it"}
        )
        self.assertEqual(401, reply.status)
        self.check_quiet("/api/session")
