"""The page that scans a message which is pasted or dropped."""

from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.file_detector import UselessFileDetector

from .web_pages_case import EVIL, EVIL_WORD, TURNED, WebCase, message, temporary_file

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

_DROP = """\
const dropped = new DataTransfer();
const octets = Uint8Array.from(arguments[0]);
dropped.items.add(new File([octets], "dropped.eml", {type: "message/rfc822"}));
const event = new DragEvent("drop", {dataTransfer: dropped, bubbles: true, cancelable: true});
document.querySelector(".drop").dispatchEvent(event);
"""


class ScanTests(WebCase):
    def setUp(self) -> None:
        super().setUp()
        self.show("/scan", "textarea")

    def scan_now(self) -> None:
        """Press the button, and wait for what is found."""
        self.click("main button.primary")
        self.browser.wait("article.trace")

    def test_paste(self) -> None:
        """By keyboard alone: the message, the envelope, then the verdict has the focus."""
        self.tab_to("textarea")
        text = message("pasted", "X-Test-Symbol: FORCE_ONE 2.5 quoted\r\n").decode()
        self.browser.press(text.replace("\r\n", "\n"))
        self.tab_to("input[name=From]")
        self.browser.press("j\u00f6rg@example.net")
        self.tab_to("input[name=Rcpt]")
        self.browser.press("bob@example.org, carol@example.org")
        self.tab_to("input[name=IP]")
        self.browser.press("192.0.2.9", Keys.ENTER)
        self.browser.wait("article.trace")
        facts = self.texts(".facts dd")
        for expected in ("pasted", "j\u00f6rg@example.net", "bob@example.org, carol@example.org"):
            self.assertIn(expected, facts)
        self.assertIn("192.0.2.9", " ".join(facts))
        self.assertEqual("H3 Result", self.browser.focused())
        self.browser.wait("article.trace tr", "FORCE_ONE")
        self.click("details summary", "/checkv2")
        self.assertIn('"required_score"', self.browser.wait("details pre").text)
        self.wait_history("from=j%C3%B6rg@example.net")
        self.check_page("scan")

    def test_again(self) -> None:
        """Another message in place of the first."""
        self.fill("textarea", "Subject: one\n\nhi\n")
        self.scan_now()
        self.fill("textarea", f"Subject: two\n\n{GTUBE}\n")
        self.click("main button.primary")
        self.browser.wait(".verdict .action", "reject")
        self.assertEqual(1, len(self.browser.all("article.trace")))
        self.check_quiet()

    def test_file(self) -> None:
        """The octets of a file go as they are."""
        octets = b"Subject: caf\xe9 \xff\r\n\r\n\x00\x80body\r\n"
        path = temporary_file(self.filter.home, octets)
        with self.browser.driver.file_detector_context(UselessFileDetector):
            self.browser.wait("input[type=file]").send_keys(path)
        self.wait_notice(f"dropped.eml: {len(octets)} octets")
        self.scan_now()
        self.assertIn(f"{len(octets)} octets", self.texts(".facts dd"))

    def test_drop(self) -> None:
        """A file that is dropped; what is typed later counts in its place."""
        octets = b"Subject: dropped \xff\n\nhi\n"
        self.browser.run(_DROP, list(octets))
        self.wait_notice("dropped.eml")
        self.scan_now()
        self.assertIn(f"{len(octets)} octets", self.texts(".facts dd"))
        self.fill("textarea", "Subject: typed\n\nhi\n")
        self.click("main button.primary")
        self.browser.wait(".facts dd", "typed")

    def test_unlogged(self) -> None:
        """No trace is left of it, if that is wanted."""
        self.fill("textarea", "Subject: secret\n\nhi\n")
        self.fill("input[name=From]", "nobody@secret.example")
        self.click("input[name=unlogged]")
        self.scan_now()
        self.scan(message(), {"From": "after@secret.example"})
        rows = self.wait_history("address=@secret.example")
        self.assertEqual(["after@secret.example"], [row["sender_smtp"] for row in rows])

    def test_empty(self) -> None:
        self.click("main button.primary")
        self.wait_notice("There is no message")
        self.assertEqual("TEXTAREA ", self.browser.focused())
        self.check_quiet()

    def test_hostile(self) -> None:
        """What a message holds is text."""
        fields = f"X-Test-Symbol: FORCE_ONE 1 {EVIL_WORD} {TURNED}\n"
        self.fill(
            "textarea", f"From: {EVIL} <a@b.example>\nSubject: {EVIL}{TURNED}\n{fields}\nhi\n"
        )
        self.fill("input[name=Helo]", EVIL)
        self.scan_now()
        text = self.browser.text()
        for expected in (EVIL, EVIL_WORD, "\\u{202e}gpj.exe"):
            self.assertIn(expected, text)
        self.check_harmless()
