"""The web interface of Rspamd in a browser: what somebody does who uses it."""

from collections.abc import Callable

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Remote
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from .processes import wait_until

SECONDS = 60.0
"""Until what was asked for is there: the machine may be busy with other tests."""


class RspamdUi:
    """One window of it."""

    tabs = ("status", "throughput", "configuration", "symbols", "scan", "selectors", "history")

    def __init__(self, driver: Remote, url: str) -> None:
        self.driver = driver
        self.url = url

    def open(self) -> None:
        """Load it, and wait until it knows whether it needs a password."""
        self.driver.get(self.url)
        self.wait(lambda: self.is_shown("#connectDialog") or self.is_shown("#mainUI"), "a page")
        self.wait_idle()

    def login(self, password: str) -> None:
        """Type a password; it must be right."""
        self.type_password(password)
        self.wait(lambda: self.is_shown("#mainUI"), "the interface after the login")
        self.wait(lambda: not self.is_shown("#connectDialog"), "the dialog to close")
        self.wait_idle()

    def type_password(self, password: str) -> None:
        """Type one and send it."""
        self.wait_window("#connectDialog")
        field = self.one("#connectPassword")
        field.clear()
        field.send_keys(password)
        self.one("#connectForm button").click()

    def disconnect(self) -> None:
        """Log out."""
        self.press("#disconnect")
        self.wait(lambda: self.is_shown("#connectDialog"), "the dialog")

    def press(self, selector: str) -> None:
        """Click something in the bar at the top, which ignores that while it is at work."""
        self.wait(lambda: self.is_free(selector), f"{selector} to be free")
        self.click(selector)

    def show(self, tab: str) -> None:
        """Click one of the tabs."""
        self.press(f"#{tab}_nav")
        self.wait(lambda: self.is_shown(f"#{tab}"), f"tab {tab}")
        self.wait_idle()

    def wait_window(self, selector: str) -> None:
        """Wait until a window has come up: while it moves it cannot be closed."""
        self.wait(lambda: bool(self.driver.execute_script(_STANDS, selector)), selector)

    def is_free(self, selector: str) -> bool:
        """Whether it can be clicked: the interface disables what would disturb it."""
        return self.one(selector).get_attribute("disabled") is None

    def is_shown(self, selector: str) -> bool:
        """Whether there is such an element, and it is to be seen."""
        return any(element.is_displayed() for element in self.all(selector))

    def one(self, selector: str) -> WebElement:
        """The first element of a kind."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        """All elements of a kind."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector: str) -> None:
        """Click the first element of a kind, wherever notes lie over it."""
        element = self.one(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        self.driver.execute_script("arguments[0].click()", element)

    def fill(self, selector: str, value: str) -> None:
        """Put a text into a field, however long, as if it were pasted."""
        self.driver.execute_script(
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('input', {bubbles: true}));"
            "arguments[0].dispatchEvent(new Event('change', {bubbles: true}));",
            self.one(selector),
            value,
        )

    def texts(self, selector: str) -> list[str]:
        """What is written in all elements of a kind, also in hidden ones."""
        script = (
            "return Array.from(document.querySelectorAll(arguments[0]),"
            " (element) => element.textContent)"
        )
        found: list[str] = self.driver.execute_script(script, selector)
        return found

    def notes(self) -> list[str]:
        """The notes that are shown now; they vanish after some seconds."""
        return self.texts(".notification-area .alert strong, .alert-modal strong")

    def wait_note(self, text: str) -> None:
        """Wait until a note says something."""
        self.wait(lambda: any(text in note for note in self.notes()), f"the note {text!r}")

    def wait_idle(self) -> None:
        """Wait until it asks for nothing."""
        self.wait(lambda: bool(self.driver.execute_script(_IDLE)), "answers to all requests")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until something holds."""

        def look() -> bool:
            try:
                return condition()
            except (NoSuchElementException, StaleElementReferenceException):
                return False

        wait_until(look, what, SECONDS)


_IDLE = "return typeof jQuery === 'function' && jQuery.active === 0"
_STANDS = """\
const modal = jQuery(arguments[0]);
return modal.is(":visible") && modal.data("bs.modal")?._isTransitioning === false;
"""
