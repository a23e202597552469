"""The pages of the configuration and of maps: where values come from, saved ones, taken back."""

from selenium.webdriver.common.keys import Keys

from .web_pages_case import EVIL, MAP, WebCase


class ConfigCase(WebCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self.undo_all)

    def shown(self) -> dict[str, str]:
        """The configuration as `mailfilteradm` has it: key and what follows its #."""
        lines = self.filter.adm("config", "show").stdout.splitlines()
        pairs = (line.partition("   # ") for line in lines)
        return {before.partition(" = ")[0]: after for before, _, after in pairs}

    def saved(self) -> dict[str, object]:
        """What is saved, by key."""
        return {entry["key"]: entry["value"] for entry in self.api("saved")["entries"]}


class ConfigTests(ConfigCase):
    def test_origins(self) -> None:
        """Every key with where its value comes from; search finds by all of it."""
        self.show("/config", ".config tbody code")
        self.fill("input[name=search]", "mailfilter.toml workers")
        row = self.browser.wait(".config tbody tr", "server.workers").text
        self.assertRegex(row, r"server\.workers\s+2\s+\S+/mailfilter\.toml:[0-9]+")
        self.fill("input[name=search]", "listeners.controller.protocol")
        self.browser.wait(".count", "1 of")
        self.fill("input[name=search]", "no such thing")
        self.browser.wait(".count", "0 of")
        self.click("select[name=only] option[value=set]")
        self.fill("input[name=search]", "listeners.")
        self.browser.wait(".config tbody tr", "listeners.controller.endpoint")
        self.assertNotIn("default", self.texts(".config tbody td:last-child"))
        self.check_quiet()

    def test_thresholds(self) -> None:
        """Saved by keyboard, shown with who did it, and taken back."""
        self.show("/config", "input[name=reject]")
        self.fill("input[name=reject]", "17.5")
        self.fill("input[name=greylist]", "").send_keys(Keys.ENTER)
        self.wait_notice("The thresholds are saved")
        self.assertEqual({"actions.reject": 17.5, "actions.greylist": None}, self.saved())
        self.assertIn("saved by loopback", self.shown()["actions.reject"])
        self.fill("input[name=search]", "actions.reject")
        self.browser.wait(".config tr.saved", "saved by loopback")
        row = self.browser.wait(".config tbody tr", "Undo").text
        self.assertIn("loopback", row)
        self.click("button[aria-label='Undo the last change of actions.reject']")
        self.wait_notice("The last change of actions.reject is taken back")
        self.assertEqual({"actions.greylist": None}, self.saved())
        self.check_quiet()

    def test_refused(self) -> None:
        """Thresholds out of order are refused with words; what was typed stays."""
        self.show("/config", "input[name=reject]")
        self.fill("input[name=reject]", "1").send_keys(Keys.ENTER)
        self.browser.wait("main .notice .error", "reject")
        self.assertEqual({}, self.saved())
        self.assertEqual("1", self.browser.wait("input[name=reject]").get_attribute("value"))
        self.check_quiet("/api/save")

    def test_unchanged(self) -> None:
        self.show("/config", "input[name=reject]")
        self.click("form.thresholds button")
        self.wait_notice("Nothing was changed")
        self.assertEqual({}, self.saved())

    def test_looks(self) -> None:
        self.api("save", '{"changes":{"actions.reject":20}}')
        self.show("/config", ".config tr.saved")
        self.check_page("config", "actions.")


class MapTests(ConfigCase):
    def test_edit_and_undo(self) -> None:
        """From the list into a map; what is saved is used until it is taken back."""
        self.show("/maps", "main tbody tr")
        row = self.browser.wait("main tbody tr", "partners").text
        for text in ("networks", "2", "as its file has it", "whom we know"):
            self.assertIn(text, row)
        self.tab_to("main tbody a")
        self.browser.press(Keys.ENTER)
        area = self.browser.wait("main textarea")
        self.assertEqual(MAP, area.get_property("value"))
        area.send_keys(Keys.CONTROL, Keys.END)
        area.send_keys(Keys.NULL, "203.0.113.0/24 another")
        self.click("main button.primary")
        self.wait_notice("The map is saved and in use")
        self.browser.wait(".facts dd", "saved here")
        self.assertEqual(f"{MAP}203.0.113.0/24 another", self.api("map?name=partners")["text"])
        self.assertEqual({"maps.partners"}, set(self.saved()))
        self.click("main button", "Undo the last change")
        self.wait_notice("taken back")
        self.assertEqual(MAP, self.browser.wait("main textarea").get_property("value"))
        self.check_quiet()

    def test_refused(self) -> None:
        """A line that is none is told by its number; the map goes on, and what was typed stays."""
        self.show("/maps/partners", "main textarea")
        self.fill("main textarea", f"192.0.2.1\n{EVIL}\n")
        self.click("main button.primary")
        self.browser.wait("main .notice .error", "2")
        self.assertEqual(MAP, self.api("map?name=partners")["text"])
        self.assertIn(EVIL, self.browser.wait("main textarea").get_property("value"))
        self.assertIsNone(self.browser.run("return window.pwned ?? null"))
        self.check_quiet("/api/save")

    def test_unknown(self) -> None:
        self.show("/maps/none")
        self.wait_notice("no such map")
        self.check_quiet("/api/map")

    def test_looks(self) -> None:
        self.show("/maps", "main tbody tr")
        self.check_page("maps")
        self.show("/maps/partners", "main textarea")
        self.check_page("map")
