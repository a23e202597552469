"""The pages of messages: searched, looked through, and one with its trace."""

from urllib.parse import quote

from selenium.webdriver.common.keys import Keys

from .web_pages_case import EVIL, EVIL_WORD, TURNED, WebCase, message

SLOW = "X-Test-Delay: 0.02\r\nX-Test-Symbol: FORCE_ONE 2.5 quoted\r\n"

KINDS = (
    ("carol@partner", "Minutes of the meeting on Thursday", ""),
    ("news@shop", "Everything must go: 20 % off until Sunday", "X-Test-Symbol: FORCE_ONE 4.5\r\n"),
    ("prize@lottery", "YOU HAVE WON! CLAIM YOUR PRIZE NOW", "X-Test-Symbol: FORCE_TWO 16\r\n"),
    ("dave@home", "Holiday pictures", "X-Test-Symbol: FORCE_ONE -1.5\r\n"),
    ("billing@hosting", "Your invoice 2026-1187", "X-Test-Symbol: FORCE_TWO 6.5\r\n"),
    ("erin@partner", "Re: Minutes of the meeting on Thursday", ""),
    ("noreply@bank", "Your account is locked", "X-Test-Action: reject\r\n"),
    ("frank@school", "Parents' evening", "X-Test-Action: greylist\r\n"),
)
"""Who writes, of what, and what the filter makes of it."""


class SearchTests(WebCase):
    def remember(self, who: str, fields: str = "", subject: str = "hello") -> None:
        """Have a message of somebody scanned, and wait until it is in the history."""
        self.scan(message(subject, fields), {"From": who, "Rcpt": "bob@example.org"})
        self.wait_history(f"from={who}")

    def test_search(self) -> None:
        """By what is typed, with the enter key; the address of the page says what was asked."""
        self.remember("ann@find.example", "X-Test-Action: reject\r\n")
        self.remember("ben@find.example", "X-Test-Symbol: FORCE_TWO 1\r\n")
        self.show("/history", "main tbody tr")
        self.fill("input[name=address]", "@find.example").send_keys(Keys.ENTER)
        self.wait_notice("2 messages")
        self.click("select[name=action] option[value=reject]")
        self.click("form.search button")
        self.wait_notice("1 message.")
        self.assertIn("address=%40find.example&action=reject", self.browser.driver.current_url)
        self.browser.driver.refresh()
        self.browser.wait("main tbody td", "ann@find.example")
        self.assertEqual(1, len(self.browser.all("main tbody tr")))
        self.browser.driver.back()
        self.wait_notice("2 messages")
        self.fill("input[name=symbol]", "FORCE_TWO").send_keys(Keys.ENTER)
        self.browser.wait("main tbody td", "ben@find.example")
        self.wait_notice("1 message.")
        self.check_quiet()

    def test_time(self) -> None:
        """From and until a minute."""
        self.remember("time@search.example")
        for query, expected in (
            ("since=2020-01-01T00:00", "1 message."),
            ("until=2020-01-01T00:00", "No message found"),
        ):
            self.show(f"/history?address=time%40search.example&{query}")
            self.wait_notice(expected)

    def test_wrong(self) -> None:
        """What cannot be looked for is told."""
        self.show("/history?ip=nowhere")
        self.wait_notice("expected the address of a client")
        self.check_quiet(r"/api/history\?")

    def test_pages(self) -> None:
        """Older ones come below, each once, and the focus goes on with them."""
        for _ in range(60):
            self.scan(message(), {"From": "many@search.example", "Log-Tag": "x"})
        self.wait_history("from=many@search.example", 60)
        self.show("/history?address=many%40search.example")
        self.wait_notice("50 messages, and there are older ones")
        self.browser.wait("button.more").send_keys(Keys.ENTER)
        self.wait_notice("60 messages.")
        script = "return Array.from(document.querySelectorAll('tbody a'), (one) => one.hash)"
        links = self.browser.run(script)
        self.assertEqual((60, 60), (len(links), len(set(links))))
        self.assertEqual(links[50], self.browser.run("return document.activeElement.hash"))

    def test_looks(self) -> None:
        """With messages of many kinds."""
        for number, (who, subject, fields) in enumerate(KINDS):
            head = f"{fields}Date: Thu, 26 Nov 2026 10:00:00 +0000\r\n"
            client = {"From": f"{who}.example", "Rcpt": "bob@looks.example"}
            self.scan(message(subject, head), {**client, "IP": f"198.51.100.{number}"})
        self.wait_history("to=bob@looks.example", len(KINDS))
        self.show("/history?address=bob%40looks.example", "main tbody tr")
        self.wait_notice(f"{len(KINDS)} messages")
        self.check_page("history")


class TraceTests(WebCase):
    def test_click(self) -> None:
        """From the list to all that is known of a message, and back."""
        self.scan(
            message("slowly", SLOW),
            {"From": "slow@trace.example", "IP": "192.0.2.7", "Queue-Id": "4TRACE"},
        )
        (row,) = self.wait_history("from=slow@trace.example")
        self.show("/history?address=slow%40trace.example", "main tbody tr")
        self.tab_to("tbody a")
        self.browser.press(Keys.ENTER)
        self.browser.wait("article.trace dd", "slowly")
        facts = " ".join(self.texts(".facts dd"))
        for text in ("slow@trace.example", "192.0.2.7", "4TRACE", row["trace_id"]):
            self.assertIn(text, facts)
        found = self.browser.wait("article.trace table tr", "FORCE_ONE").text
        self.assertIn("quoted", found)
        self.check_timeline(row["trace_id"])
        self.check_page("trace")
        self.browser.driver.back()
        self.browser.wait("form.search")

    def check_timeline(self, trace_id: str) -> None:
        """A bar for each check, as long as it took; the table says the same."""
        runs = self.api(f"trace?id={trace_id}")["detail"]["checks"]
        self.assertEqual(len(runs), len(self.browser.all("svg.timeline rect.bar")))
        titles = self.texts("svg.timeline title")
        self.assertTrue(any(title.startswith("force (main)") for title in titles), titles)
        script = """
            const bars = Array.from(document.querySelectorAll("svg.timeline .run"));
            return bars.map((bar) => [bar.querySelector("title").textContent.split(" ")[0],
              Number(bar.querySelector("rect").getAttribute("width"))])
        """
        widths = dict(self.browser.run(script))
        self.assertEqual("force", max(widths, key=widths.__getitem__))
        self.click("details summary", "Checks as a table")
        self.browser.wait("details td", "FORCE_ONE")
        name = self.browser.run(
            "const svg = document.querySelector('svg.timeline');"
            "return document.getElementById(svg.getAttribute('aria-labelledby')).textContent"
        )
        self.assertIn("table below", name)

    def test_by_line(self) -> None:
        """By a line of the log that is pasted."""
        self.scan(message("pasted"), {"From": "paste@trace.example"})
        (row,) = self.wait_history("from=paste@trace.example")
        self.show("/history", "form.search")
        self.click("form.search summary")
        line = f"550 rejected (trace {row['trace_id']})"
        self.fill("input[name=trace]", line).send_keys(Keys.ENTER)
        self.browser.wait("article.trace dd", "pasted")
        self.check_quiet()

    def test_unknown(self) -> None:
        self.show("/history/aaaaaaaaaaaa")
        self.wait_notice("no scan aaaaaaaaaaaa is remembered")
        self.check_quiet("/api/trace")

    def test_trouble(self) -> None:
        """A check that gave no answer is told as that."""
        self.complaints_expected = True
        self.scan(message("broken", "X-Test-Raise: x\r\n"), {"From": "broken@trace.example"})
        (row,) = self.wait_history("from=broken@trace.example")
        self.show(f"/history/{row['trace_id']}", "svg.timeline .trouble")
        self.assertIn("gave no answer", self.texts(".legend li"))


class HostileTests(WebCase):
    def test_hostile(self) -> None:
        """Subjects, addresses, names and options of symbols are texts, and hide nothing."""
        fields = f"X-Test-Symbol: FORCE_ONE 1 {EVIL_WORD} {TURNED}\r\n"
        sender = f'"{EVIL_WORD}"@evil.example'
        headers = {"From": sender, "Helo": EVIL, "Queue-Id": EVIL, "User": EVIL, "Hostname": EVIL}
        subject = f"{EVIL} {TURNED}"
        sent = {name: value.encode().decode("latin-1") for name, value in headers.items()}
        self.scan(message(subject, fields), sent)
        rows = self.wait_history(f"from={quote(sender)}")
        self.show("/history?address=%40evil.example", "main tbody tr")
        cell = self.browser.wait("main tbody td", EVIL).text
        self.assertIn("\\u{202e}gpj.exe", cell)
        self.check_harmless()
        self.show(f"/history/{rows[0]['trace_id']}", "article.trace table")
        text = self.browser.text()
        self.assertIn(EVIL, text)
        self.assertIn(EVIL_WORD, text)
        self.assertIn("\\u{202e}gpj.exe", text)
        self.assertNotIn("\u202e", text)
        self.check_harmless()
        self.check_fits()

    def test_address(self) -> None:
        """What is in the address of a page is text, too."""
        for address in (f"/history/{quote(EVIL)}", f"/history?symbol={quote(EVIL)}", f"/{EVIL}"):
            self.show(address, "main *")
            self.assertIsNone(self.browser.run("return window.pwned ?? null"))
            self.assertEqual([], self.browser.all("main img"))
