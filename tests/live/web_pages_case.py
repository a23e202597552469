"""Our own pages of messages, symbols, the configuration, maps and scans, in a browser."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from .browser_case import BrowserCase
from .controller_case import ask
from .harness import Filter, LiveCase
from .processes import wait_until

MAP = "192.0.2.0/24 documentation\n198.51.100.7\n"

EVIL = "<img src=x onerror=window.pwned=1>"
"""What a page that reads HTML would act on."""
EVIL_WORD = "</script><img/src=x/onerror=window.pwned=1>"
"""The same without blanks."""
TURNED = "\u202egpj.exe"
"""What turns the text behind it around."""

SECONDS = 60.0


@functools.cache
def web_filter() -> Filter:
    """One that whoever is on this machine may change, with a map."""
    made = Filter(start=False, server='drain_timeout = "3s"\nstop_timeout = "3s"')
    path = made.home / "partners.map"
    path.write_text(MAP)
    made.configure(
        f'[maps.partners]\nkind = "networks"\nfile = "{path}"\ndescription = "whom we know"\n'
    )
    made.start()
    return made


class WebCase(BrowserCase, LiveCase):
    """Base of these tests. What one has saved is taken back at its end."""

    needs: ClassVar[tuple[str, ...]] = ("chromedriver",)
    tolerated = ("favicon",)

    def setUp(self) -> None:
        """A filter, and a tab that nobody has used."""
        LiveCase.setUp(self)
        BrowserCase.setUp(self)

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return web_filter()

    # The filter.

    def api(self, path: str, body: str | None = None, **headers: str) -> Any:
        """What the controller says beside the pages."""
        reply = ask(self.filter.controller, f"/api/{path}", body, headers)
        self.assertEqual(200, reply.status, reply)
        return reply.value

    def scan(self, message: bytes, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The verdict on a message that comes as any other."""
        reply = ask(self.filter.controller, "/checkv2", message, headers or {})
        self.assertEqual(200, reply.status, reply)
        found: dict[str, Any] = reply.value
        return found

    def wait_history(self, query: str, count: int = 1) -> list[dict[str, Any]]:
        """The rows that are found by something, when there are so many."""
        rows: list[dict[str, Any]] = []

        def look() -> bool:
            rows[:] = self.api(f"history?limit=200&{query}")["rows"]
            return len(rows) >= count

        wait_until(look, f"{count} rows of {query}", SECONDS)
        return rows

    def undo_all(self) -> None:
        """Take back all that is saved."""
        for _ in range(20):
            keys = [entry["key"] for entry in self.api("saved")["entries"]]
            if not keys:
                return
            names = ",".join(f'"{key}"' for key in keys)
            self.api("undo", f'{{"keys":[{names}]}}')
        self.fail("there is no end of what is saved")

    # The page.

    def show(self, address: str, selector: str = "main h2") -> WebElement:
        """Go to a page by what follows the #, and wait for an element of it."""
        # What follows the # alone would load nothing anew.
        self.browser.driver.get("about:blank")
        self.browser.open(f"http://127.0.0.1:{self.filter.controller}/web/#{address}")
        return self.browser.wait(selector)

    def click(self, selector: str, text: str = "") -> None:
        """Click the first element of a kind, with a text in it."""
        element = self.browser.wait(selector, text)
        self.browser.run("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def fill(self, selector: str, text: str) -> WebElement:
        """Type a text in place of what is there."""
        element = self.browser.wait(selector)
        element.send_keys(Keys.CONTROL, "a")
        element.send_keys(Keys.DELETE, text)
        return element

    def texts(self, selector: str) -> list[str]:
        """What is written in all elements of a kind, also in hidden ones."""
        script = (
            "return Array.from(document.querySelectorAll(arguments[0]),"
            " (element) => element.textContent)"
        )
        found: list[str] = self.browser.run(script, selector)
        return found

    def wait_notice(self, text: str) -> None:
        """Wait until the page says something of what was done."""
        self.browser.wait("main .notice", text)

    def tab_to(self, selector: str, most: int = 60) -> None:
        """Press the tab key until such an element has the focus."""
        for _ in range(most + 1):
            if self.browser.run("return document.activeElement.matches(arguments[0])", selector):
                return
            self.browser.press(Keys.TAB)
        self.fail(f"no way to {selector} by {most} tab keys")

    def check_harmless(self) -> None:
        """Fail if anything of the hostile texts has become more than text."""
        self.assertIsNone(self.browser.run("return window.pwned ?? null"))
        script = "return document.querySelectorAll('main img, main script, main iframe').length"
        self.assertEqual(0, self.browser.run(script))
        self.check_quiet()

    def check_page(self, name: str, search: str = "") -> None:
        """What holds for all pages: usable by all, as wide as the window, with pictures.

        `search` is typed before these are made, so that they show less.
        """
        self.check_usable()
        self.check_fits()
        if search:
            self.fill("form.search input", search)
        self.picture(name)
        self.check_quiet()


def message(subject: str = "hello", fields: str = "", body: str = "hi") -> bytes:
    """A message in UTF-8, with more header fields, each ending in CRLF."""
    head = f"From: alice@example.net\r\nTo: bob@example.org\r\nSubject: {subject}\r\n{fields}"
    return f"{head}Message-ID: <1@example.net>\r\n\r\n{body}\r\n".encode()


def temporary_file(folder: Path, octets: bytes) -> str:
    """The path of a file with that in it."""
    path = folder / "dropped.eml"
    path.write_bytes(octets)
    return str(path)
