"""Debian's Chromium without a screen, driven with Selenium: what a page shows, and its troubles."""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import ChromeOptions, Remote
from selenium.webdriver.chrome.remote_connection import ChromeRemoteConnection
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.command import Command
from selenium.webdriver.remote.webelement import WebElement

from . import npm, peers
from .processes import Child, accepts, free_port, private_directory, wait_until

CHROMIUM = peers.DEBIAN / "usr/lib/chromium/chromium"
SIZES: Mapping[str, tuple[int, int]] = {
    "phone": (360, 740),
    "tablet": (820, 1180),
    "wide": (1440, 900),
}
"""Pixels of CSS: width and height."""
SECONDS = 30.0
"""Until a page shows what is waited for; the machine may be busy."""
PAGE_SECONDS = 90.0

Theme = Literal["light", "dark"]
THEMES: Sequence[Theme] = ("light", "dark")

_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""
_OPTIONS = (
    "--headless=new",
    # Chromium has a sandbox that root, and many containers, cannot have.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    # Nothing but the pages under test is asked for.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    # It ends when the driver does.
    "--remote-debugging-pipe",
)
_AXE = """\
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(
  (found) => done(found.violations.map(({id, impact, help, nodes}) =>
    ({id, impact, help, nodes: nodes.map((node) => [node.html, node.failureSummary])}))),
  (error) => done([{id: "axe", impact: "critical", help: String(error), nodes: []}]),
);
"""


_DRAWN = """\
const done = arguments[arguments.length - 1];
requestAnimationFrame(() => setTimeout(() => requestAnimationFrame(done), 300));
"""


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that did not get what it asked for."""

    url: str
    why: str
    """The status, or the browser's name for the error."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something by which a page keeps people out, as axe-core names it."""

    rule: str
    impact: str
    text: str


def why_missing() -> str:
    """Why there is no browser, or an empty string."""
    if not CHROMIUM.exists():
        return f"no {CHROMIUM}: run `python -m tests.live.peers fetch`"
    return peers.why_missing("chromedriver")


class Browser:
    """One browser; `fresh` makes it forget what pages have kept."""

    def __init__(self, *options: str) -> None:
        """`options` are Chromium's; of the same one twice the last counts."""
        self._more = options
        self._home = private_directory()
        port = free_port()
        driver = str(peers.find("chromedriver"))
        command = [driver, f"--port={port}", "--allowed-ips=127.0.0.1"]
        self._child = Child(command, self._home / "driver.log", self._environment(), self._home)
        self._child.wait_ready(lambda: accepts(("127.0.0.1", port)))
        self._requests: dict[str, str] = {}
        connection = ChromeRemoteConnection(f"http://127.0.0.1:{port}", ignore_proxy=True)
        self.driver = Remote(command_executor=connection, options=self._options())
        self.driver.set_page_load_timeout(PAGE_SECONDS)
        self.driver.set_script_timeout(PAGE_SECONDS)

    def _environment(self) -> dict[str, str]:
        fonts = self._home / "fonts.conf"
        folder = peers.DEBIAN / "usr/share/fonts"
        fonts.write_text(_FONTS.format(fonts=folder, cache=self._home / "fonts"))
        libraries = sorted({path.parent for path in (peers.DEBIAN / "usr/lib").rglob("*.so*")})
        return {
            **peers.environment(),
            "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
            "FONTCONFIG_FILE": str(fonts),
            "HOME": str(self._home),
            "TZ": "UTC",
        }

    def _options(self) -> ChromeOptions:
        options = ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for option in (
            *_OPTIONS,
            *self._more,
            f"--user-data-dir={self._home / 'profile'}",
            "--lang=en-GB",
        ):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        return options

    def fresh(self, size: str = "wide", theme: Theme = "light") -> None:
        """A new tab in place of all others, with nothing kept and no trouble noted."""
        old = self.driver.window_handles
        self.driver.switch_to.new_window("tab")
        new = self.driver.current_window_handle
        for handle in old:
            self.driver.switch_to.window(handle)
            self.cdp("Storage.clearDataForOrigin", origin="*", storageTypes="all")
            self.driver.close()
        self.driver.switch_to.window(new)
        self.resize(size)
        self.theme(theme)
        self.console()
        self.failed()

    def resize(self, size: str) -> None:
        """Make the page as large as that of `SIZES`."""
        width, height = SIZES[size]
        self._metrics(width, height)

    def _metrics(self, width: int, height: int) -> None:
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def theme(self, theme: Theme) -> None:
        """What the system of whoever looks prefers."""
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.cdp("Emulation.setEmulatedMedia", features=features)

    def cdp(self, command: str, **arguments: Any) -> Any:
        """A command of the browser's own protocol."""
        return self.driver.execute("executeCdpCommand", {"cmd": command, "params": arguments})

    def open(self, url: str, shows: str = "body") -> None:
        """Go to a page, and wait until it has an element by a CSS selector."""
        self.driver.get(url)
        self.wait(shows)

    def all(self, selector: str) -> list[WebElement]:
        """All elements by a CSS selector."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def wait(self, selector: str, text: str = "") -> WebElement:
        """Wait for a visible element by a CSS selector, with a text in it. AssertionError."""
        found: list[WebElement] = []

        def look() -> bool:
            found.clear()
            try:
                found.extend(e for e in self.all(selector) if e.is_displayed() and text in e.text)
            except WebDriverException:
                # The page has put another in its place meanwhile.
                return False
            return bool(found)

        try:
            wait_until(look, f"{selector} {text!r}", SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}; the page shows:\n{self.text()[:3000]}") from None
        return found[0]

    def text(self) -> str:
        """All that is visible on the page."""
        return str(self.run("return document.body.innerText"))

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page; what it returns."""
        return self.driver.execute_script(script, *arguments)

    def press(self, *keys: str) -> None:
        """Press keys one after the other, wherever the focus is."""
        actions = ActionChains(self.driver)
        for key in keys:
            actions.send_keys(key)
        actions.perform()

    def focused(self) -> str:
        """The element that has the focus, in short: its tag and text."""
        script = "const e = document.activeElement; return `${e.tagName} ${e.innerText ?? ''}`"
        return str(self.run(script))

    def console(self) -> list[str]:
        """Errors and warnings on the console since this was last asked, exceptions among them."""
        entries = self._log("browser")
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    def failed(self) -> list[Failed]:
        """Requests that have failed since this was last asked."""
        return list(self._failed())

    def _failed(self) -> Iterator[Failed]:
        for entry in self._log("performance"):
            event = json.loads(entry["message"])["message"]
            about = event["params"]
            if event["method"] == "Network.requestWillBeSent":
                self._requests[about["requestId"]] = about["request"]["url"]
            elif event["method"] == "Network.responseReceived":
                if about["response"]["status"] >= 400:
                    yield Failed(about["response"]["url"], str(about["response"]["status"]))
            elif event["method"] == "Network.loadingFailed" and not about.get("canceled"):
                yield Failed(self._requests.get(about["requestId"], "?"), about["errorText"])

    def _log(self, kind: str) -> Any:
        return self.driver.execute(Command.GET_LOG, {"type": kind})["value"]

    def overflow(self) -> list[str]:
        """Elements that stick out to the right, if the page as a whole scrolls sideways."""
        found: list[str] = self.run("""
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return [];
            return Array.from(document.body.querySelectorAll("*"))
              .filter((one) => one.getBoundingClientRect().right > width + 1)
              .filter((one) => !one.closest("nav ul, .table-box table"))
              .map((one) => one.outerHTML.slice(0, 120)).slice(0, 10).concat("scrolls");
        """)
        return found

    def faults(self, impacts: Sequence[str] = ("serious", "critical")) -> list[Fault]:
        """What axe-core finds on the page."""
        # As a debugger does it: the page's policy lets no script in but its own.
        self.cdp("Runtime.evaluate", expression=npm.AXE.read_text())
        found = self.driver.execute_async_script(_AXE)
        return [
            Fault(one["id"], one["impact"], f"{one['help']}: {one['nodes'][:5]}")
            for one in found
            if one["impact"] in impacts
        ]

    def screenshot(self, path: Path, size: tuple[int, int] | None = None) -> None:
        """Write a PNG of the page, all of it, or the upper part of a size."""
        ask = "return [innerWidth, innerHeight, document.documentElement.scrollHeight]"
        width, height, whole = self.run(ask)
        self._metrics(*(size or (width, whole)))
        # What is drawn by scripts fits itself in.
        self.driver.execute_async_script(_DRAWN)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(path))
        self._metrics(width, height)

    def close(self) -> None:
        """End it."""
        self._child.kill()


@functools.cache
def shared_browser() -> Browser:
    """The browser that all tests use."""
    return Browser()
