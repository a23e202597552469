"""The web interface of Debian's rspamd, in Chromium, at our controller."""

import functools
import re
from typing import Any, ClassVar
from urllib.parse import urlsplit

from twisted.trial.unittest import SkipTest

from . import browser, rspamd_www
from .controller_case import CHANGE, HAM, LOOK, NETWORKS, READER, ask, make_controlled
from .harness import Filter, LiveCase, message_file, wish
from .rspamd_ui import RspamdUi
from .scan_client import Connection, with_length

ASKS_WHETHER_OPEN = "401 /stat"
LEARNS = ("404 /learnspam", "404 /learnham", "500 /fuzzyadd")
HOSTILE = "<img src=x onerror=hacked=1><script>hacked=1</script>"
"""What a sender, or the text of an error, may hold."""
MAY_BE_SAID = re.compile(
    r"Failed to load resource: the server responded with a status of"
    r'|jquery\.min\.js .* The specified value "null" cannot be parsed'
)
"""On the console: requests that failed, which are looked at apart; and of fields for numbers that a
threshold is not set."""
RACE = "Cannot read properties of undefined (reading 'sortValue')"
"""After a reset the interface fills its table of errors anew, while it still takes it down."""


@functools.cache
def ui_filter() -> Filter:
    """One with passwords that serves the interface."""
    made = make_controlled()
    made.configure(f'[controller]\nstatic_dir = "{rspamd_www.folder()}"\n')
    made.start()
    return made


class UiCase(LiveCase):
    """A window of the interface for each test."""

    needs: ClassVar = ("chromedriver",)
    expected: tuple[str, ...] = (ASKS_WHETHER_OPEN,)
    """Requests that may fail in a test: status and path."""
    said: str | None = None
    """What else may be on the console."""

    def setUp(self) -> None:
        """Open a window."""
        super().setUp()
        if why := browser.why_missing() or rspamd_www.why_missing():
            raise SkipTest(why)
        self.window = browser.shared_browser()
        self.window.fresh()
        self.ui = RspamdUi(self.window.driver, f"http://127.0.0.1:{self.filter.controller}/")
        self.ui.open()
        self.addCleanup(self.check_troubles)

    def check_troubles(self) -> None:
        """No exception in a script, and no request that failed but those that are expected."""
        failed = {f"{one.why} {urlsplit(one.url).path}" for one in self.window.failed()}
        self.assertLessEqual(failed, set(self.expected))
        console = [text for text in self.window.console() if not MAY_BE_SAID.search(text)]
        if self.said is not None:
            console = [text for text in console if self.said not in text]
        self.assertEqual(console, [])

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return ui_filter()

    def look(self, path: str, headers: dict[str, str] | None = None) -> Any:
        """What the controller tells."""
        return ask(self.filter.controller, path, None, {**READER, **(headers or {})}).value

    def scan(self, message: bytes = HAM) -> None:
        """Have the filter scan a message."""
        connection = Connection(self.filter.http)
        connection.scan(with_length(message, [("IP", "192.0.2.9"), ("From", "a@example.org")]))
        connection.close()


class LoginTests(UiCase):
    """Who gets in, and to what."""

    expected = (ASKS_WHETHER_OPEN, "401 /auth")

    def test_read_only(self) -> None:
        """The password that may look alone: what changes something is not offered."""
        self.ui.login(LOOK)
        for name in ("status", "throughput", "configuration", "symbols", "scan", "history"):
            self.ui.show(name)
        self.assertFalse(self.ui.is_shown("#selectors_nav"))
        for name in ("#saveActionsBtn", "#resetHistory", "[data-upload=spam]", "#updateErrors"):
            self.assertFalse(self.ui.is_shown(name), name)
        self.assertEqual(self.ui.notes(), [])

    def test_enable(self) -> None:
        """The other password: all tabs, and no note of an error."""
        self.ui.login(CHANGE)
        for name in self.ui.tabs:
            self.ui.show(name)
        self.ui.show("configuration")
        self.assertTrue(self.ui.is_shown("#saveActionsBtn"))
        self.ui.show("history")
        self.assertTrue(self.ui.is_shown("#updateErrors"))
        self.assertEqual(self.ui.notes(), [])

    def test_wrong(self) -> None:
        """Said in the dialog, where the next try may be right."""
        self.ui.type_password("wrong")
        # Its text of the reason is "undefined": a slip of the interface.
        self.ui.wait_note("Request failed")
        self.assertFalse(self.ui.is_shown("#mainUI"))
        self.ui.login(LOOK)

    def test_disconnect(self) -> None:
        """The password is asked for again."""
        self.ui.login(LOOK)
        self.ui.disconnect()


class LookTests(UiCase):
    """What is shown."""

    def test_status(self) -> None:
        """Figures as they are in /stat, and a chart of them."""
        count = self.look("/stat")["scanned"]
        self.scan()
        self.scan(message_file("gtube-reject.eml"))
        self.ui.wait(lambda: self.look("/stat")["scanned"] >= count + 2, "workers to tell of them")
        self.ui.login(LOOK)
        self.ui.show("status")
        self.ui.wait(lambda: bool(self.ui.all("#statWidgets .stat-box")), "figures")
        told = self.look("/stat")
        boxes = self.ui.texts("#statWidgets .stat-box")
        for name, count in (("scanned", told["scanned"]), ("reject", told["actions"]["reject"])):
            self.assertIn(f"{count}{name}", "".join(boxes))
        self.assertIn(told["version"], "".join(boxes))
        rows = self.ui.texts("#clusterTable tbody tr")
        self.assertEqual(len(rows), 2)
        self.assertIn(told["config_id"][:8], rows[1])
        self.assertTrue(self.ui.is_shown("#chart svg"))

    def test_throughput(self) -> None:
        """A graph for each range, with a line for each action."""
        self.scan()
        self.ui.login(LOOK)
        self.ui.show("throughput")
        for name in ("day", "week", "month", "year"):
            self.ui.fill("#selData", name)
            self.ui.wait_idle()
            self.ui.wait(lambda: self.ui.is_shown("#graph svg path"), "a graph")
            self.ui.wait(lambda: len(self.ui.all("#rrd-table tbody tr")) >= 6, "six actions")
        self.assertEqual(self.ui.notes(), [])

    def test_symbols(self) -> None:
        """All that there are, by group, over pages."""
        self.ui.login(LOOK)
        self.ui.show("symbols")
        self.ui.wait(lambda: bool(self.ui.all("#symbolsTable tbody tr input")), "symbols")
        self.ui.fill("#symbolsTable select", "live")
        self.ui.wait(lambda: len(self.ui.all("#symbolsTable tbody tr")) == 2, "a group of two")
        names = {element.get_attribute("id") for element in self.ui.all("#symbolsTable input")}
        self.assertLessEqual({"_sym_WHO", "_sym_LISTED"}, names)
        self.assertEqual(self.ui.one("#_sym_LISTED").get_attribute("value"), "2.000")

    def test_map(self) -> None:
        """A map, in a window of its own."""
        self.ui.login(LOOK)
        self.ui.show("configuration")
        self.ui.wait(lambda: bool(self.ui.all("#listMaps .map-link")), "maps")
        (row,) = self.ui.texts("#listMaps tr")
        self.assertIn("whom we know", row)
        self.assertNotIn("Write", row)
        self.ui.click(".map-link")
        self.ui.wait(lambda: self.ui.is_shown("#editor"), "the map")
        self.assertIn("192.0.2.0/24", self.ui.texts("#editor")[0])
        self.assertFalse(self.ui.is_shown("#modalSave"))

    def test_history(self) -> None:
        """Messages, newest first; what senders write is text."""
        subject = f"Subject: {HOSTILE}\r\nMessage-ID: <{HOSTILE}@example.org>\r\n"
        self.scan(subject.encode() + b"From: " + HOSTILE.encode() + b"\r\n" + HAM)
        self.scan(message_file("gtube-reject.eml"))
        self.ui.login(LOOK)
        self.ui.show("history")
        rows = "#historyTable_history tbody tr"
        self.ui.wait(lambda: len(self.ui.all(rows)) >= 2, "messages")
        text = "".join(self.ui.texts(rows))
        self.assertIn("hacked=1", text)
        self.assertIn("reject", text)
        self.assertIn("192.0.2.9", text)
        self.assertIn("a@example.org", text)
        self.check_not_hacked()

    def test_errors(self) -> None:
        """Warnings and errors of the workers; their texts are not run."""
        self.complaints_expected = True
        self.scan(wish({"Raise": f"it fails {HOSTILE}"}))
        self.ui.login(CHANGE)
        self.ui.show("history")
        self.ui.wait(lambda: bool(self.ui.all("#errorsLog tbody tr")), "errors")
        self.ui.wait(lambda: "it fails" in "".join(self.ui.texts("#errorsLog tbody tr")), "ours")
        self.check_not_hacked()

    def check_not_hacked(self) -> None:
        """No script of theirs has run, nor is one in the page."""
        script = "return [typeof hacked, document.querySelectorAll('td img, td script').length]"
        self.assertEqual(self.ui.driver.execute_script(script), ["undefined", 0])


class ChangeTests(UiCase):
    """What is changed is saved, and in all workers."""

    def setUp(self) -> None:
        """Log in."""
        super().setUp()
        self.addCleanup(self.filter.adm, "saved", "undo", "--all")
        self.ui.login(CHANGE)

    def test_actions(self) -> None:
        """Thresholds; an order that makes no sense is refused before it is sent."""
        self.ui.show("configuration")
        self.ui.wait(lambda: len(self.ui.all("#actionsFormField input")) == 4, "thresholds")
        fields = self.ui.all("#actionsFormField input")
        for field, value in zip(fields, ("3", "5", "7", "9"), strict=True):
            field.clear()
            field.send_keys(value)
        self.ui.click("#saveActionsBtn")
        self.ui.wait_note("Request completed")
        told = {item["action"]: item["value"] for item in self.look("/actions")}
        self.assertEqual(
            [told[name] for name in ("greylist", "add header", "rewrite subject", "reject")],
            [3.0, 5.0, 7.0, 9.0],
        )

    def test_cluster(self) -> None:
        """The button for all servers, of which we are the only one."""
        self.ui.show("configuration")
        self.ui.wait(lambda: len(self.ui.all("#actionsFormField input")) == 4, "thresholds")
        for field, value in zip(
            self.ui.all("#actionsFormField input"), ("3", "5", "7", "8.5"), strict=True
        ):
            field.clear()
            field.send_keys(value)
        self.ui.click("#saveActionsClusterBtn")
        self.ui.wait_note("Request completed")
        told = {item["action"]: item["value"] for item in self.look("/actions")}
        self.assertEqual(told["reject"], 8.5)

    def test_symbols(self) -> None:
        """The interface sends all scores of its page, of which one is another."""
        self.ui.show("symbols")
        self.ui.wait(lambda: bool(self.ui.all("#symbolsTable tbody tr input")), "symbols")
        self.ui.fill("#symbolsTable select", "live")
        self.ui.wait(lambda: len(self.ui.all("#symbolsTable tbody tr")) == 2, "a group of two")
        self.ui.fill("#_sym_LISTED", "3.25")
        self.ui.click("#symbolsTable button[data-save]")
        self.ui.wait_note("Symbols successfully saved")
        groups = {group["group"]: group["rules"] for group in self.look("/symbols")}
        weights = {rule["symbol"]: rule["weight"] for rule in groups["live"]}
        self.assertEqual(weights, {"WHO": 1.0, "LISTED": 3.25})
        saved = self.filter.adm("saved", "list").stdout
        self.assertIn("symbols.LISTED.score", saved)
        self.assertNotIn("symbols.WHO.score", saved)

    def test_map(self) -> None:
        """In either editor."""
        for mode, network in (("basic", "198.51.100.0/24"), ("advanced", "203.0.113.0/24")):
            self.ui.show("configuration")
            self.ui.click(f"#btnGroupEditor input[value={mode}]")
            self.ui.wait(lambda: bool(self.ui.all("#listMaps .map-link")), "maps")
            self.ui.click(".map-link")
            self.ui.wait(lambda: self.ui.is_shown("#modalSave"), "the map")
            self.ui.wait_window("#modalDialog")
            self.type_map(mode, f"{network} documentation\n")
            self.ui.click("#modalSave")
            self.ui.wait_note("Map data successfully saved")
            self.ui.wait(lambda: not self.ui.is_shown("#modalDialog"), "the window to close")
            (found,) = self.look("/maps")
            headers = {**READER, "Map": str(found["map"])}
            reply = ask(self.filter.controller, "/getmap", None, headers)
            self.assertEqual(reply.body.decode(), f"{network} documentation\n")
            # A page that is loaded anew asks for the password again.
            self.ui.open()
            self.ui.login(CHANGE)
        self.assertEqual((self.filter.home / "partners.map").read_text(), NETWORKS)

    def type_map(self, mode: str, text: str) -> None:
        """Put a text in place of the map's."""
        if mode == "basic":
            self.ui.fill("#editor", text)
            return
        self.ui.driver.execute_script(
            "arguments[0].textContent = arguments[1]", self.ui.one("#editor"), text
        )

    def test_reset_history(self) -> None:
        """After a question."""
        self.scan()
        self.ui.show("history")
        rows = "#historyTable_history tbody tr"
        self.ui.wait(lambda: bool(self.ui.all(rows)), "messages")
        self.ui.driver.execute_script("window.confirm = () => true")
        self.ui.click("#resetHistory")
        self.ui.wait_idle()
        self.ui.wait(lambda: self.look("/history")["rows"] == [], "no message")
        self.said = RACE


class ScanTests(UiCase):
    """Messages that are pasted."""

    expected = (ASKS_WHETHER_OPEN, *LEARNS)

    def setUp(self) -> None:
        """Log in, and show the page."""
        super().setUp()
        self.ui.login(CHANGE)
        self.ui.show("scan")

    def test_scan(self) -> None:
        """The verdict with its symbols, for a client that is named."""
        self.ui.fill(
            "#scanMsgSource", wish({"Action": "add header", "Symbol": "FORCE_ONE 2"}).decode()
        )
        self.ui.click("#scanOptionsToggle")
        self.ui.fill("#scan-opt-ip", "192.0.2.9")
        self.ui.fill("#scan-opt-from", "someone@example.org")
        self.ui.fill("#scan-opt-rcpt", "b@example.net")
        self.ui.click("[data-upload=scan]")
        self.ui.wait_note("Data successfully scanned")
        self.ui.wait(lambda: bool(self.ui.all("#historyTable_scan tbody tr")), "the verdict")
        text = "".join(self.ui.texts("#historyTable_scan"))
        self.assertIn("add header", text)
        self.assertIn("FORCE_ONE", text)
        self.assertIn("LISTED", text)
        self.assertIn("192.0.2.0/24", text)

    def test_hostile(self) -> None:
        """What is in the message is text."""
        text = f"Message-ID: <{HOSTILE}@example.org>\r\nSubject: {HOSTILE}\r\n\r\nx\r\n"
        self.ui.fill("#scanMsgSource", text)
        self.ui.click("[data-upload=scan]")
        self.ui.wait_note("Data successfully scanned")
        self.ui.wait(lambda: bool(self.ui.all("#historyTable_scan tbody tr")), "the verdict")
        self.assertEqual(self.ui.driver.execute_script("return typeof hacked"), "undefined")

    def test_learn(self) -> None:
        """Until there is a classifier: an error that says so."""
        for name in ("spam", "ham"):
            self.ui.fill("#scanMsgSource", HAM.decode())
            self.ui.click(f"[data-upload={name}]")
            self.ui.wait_idle()
            self.ui.wait_note("no classifiers defined")
        self.ui.click("[data-upload=fuzzy]")
        self.ui.wait_note("Module disabled")


class OpenTests(UiCase):
    """Where no password is set."""

    expected = ()

    def make_filter(self) -> Filter:
        """A filter without passwords."""
        return open_filter()

    def test_before_all_scans(self) -> None:
        """A filter that has scanned nothing has a graph, too."""
        self.ui.show("throughput")
        self.ui.wait(lambda: len(self.ui.all("#rrd-table tbody tr")) >= 6, "six actions")
        self.assertEqual(self.ui.notes(), [])

    def test_no_login(self) -> None:
        """Nobody on this machine is asked for one, and everybody may change things."""
        self.assertTrue(self.ui.is_shown("#mainUI"))
        self.ui.show("scan")
        self.ui.fill("#scanMsgSource", HAM.decode())
        self.ui.click("[data-upload=scan]")
        self.ui.wait_note("Data successfully scanned")
        self.ui.show("configuration")
        self.ui.wait(lambda: len(self.ui.all("#actionsFormField input")) == 4, "thresholds")
        self.assertTrue(self.ui.is_shown("#saveActionsBtn"))


@functools.cache
def open_filter() -> Filter:
    """One that lets in all of this machine."""
    made = Filter(start=False, workers=2)
    made.configure(f'[controller]\nstatic_dir = "{rspamd_www.folder()}"\n')
    made.start()
    return made
