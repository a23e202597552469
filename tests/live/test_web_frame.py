"""What all our own pages have in common: the frame, logging in, colours, keys, and modules."""

from typing import Any

from selenium.webdriver.common.keys import Keys

from .browser import SIZES
from .controller_case import CHANGE, LOOK, controlled_filter
from .harness import Filter
from .processes import wait_until
from .web_pages_case import WebCase

PASSWORD = "dialog input[type=password]"
REFUSED = r"/api/\S* - Failed to load resource: the server responded with a status of 401|: 401$"
OFFLINE = r"ERR_INTERNET_DISCONNECTED"


class ModuleCase(WebCase):
    """Base of tests of a module, in a page that is otherwise left alone."""

    def setUp(self) -> None:
        """A page that asks for nothing again and again."""
        super().setUp()
        self.show("/scan")

    def call(self, module: str, body: str, *arguments: Any) -> Any:
        """What an async function says that is given a module and `arguments`."""
        script = f"""
            const [done, base] = [arguments[arguments.length - 1], document.baseURI];
            const given = Array.from(arguments).slice(0, -1);
            import(new URL("js/{module}", base)).then(async (module) => {{ {body} }})
              .then(done, (error) => done("threw " + error));
        """
        return self.browser.driver.execute_async_script(script, *arguments)


class LoginTests(WebCase):
    """Where nobody is let in without a password."""

    def make_filter(self) -> Filter:
        """One that has passwords."""
        return controlled_filter()

    def log_in(self, password: str) -> None:
        """Type a password."""
        self.fill(PASSWORD, password).send_keys(Keys.ENTER)

    def test_login(self) -> None:
        """A wrong password is told, a right one lasts, and goes when somebody logs out."""
        self.show("/overview", PASSWORD)
        self.check_usable()
        self.log_in("wrong")
        self.browser.wait("dialog [role=alert]", "not right")
        self.log_in(LOOK)
        self.browser.wait("#account", "looks only")
        self.browser.wait("main h2", "Overview")
        self.browser.driver.refresh()
        self.browser.wait("#account", "looks only")
        self.click("#account button", "Log out")
        self.browser.wait(PASSWORD)
        self.assertEqual("", self.browser.run("return document.getElementById('main').innerText"))
        self.log_in(CHANGE)
        self.browser.wait("#account", "may change")
        self.check_quiet(REFUSED, "plotly")

    def test_tab(self) -> None:
        """Another tab has to ask once more: the password is not kept for longer than this one."""
        self.show("/symbols", PASSWORD)
        self.log_in(CHANGE)
        self.browser.wait("#account", "may change")
        self.assertNotIn(CHANGE, str(self.browser.run("return JSON.stringify({...localStorage})")))
        self.assertEqual("", self.browser.run("return document.cookie"))
        self.browser.fresh()
        self.show("/symbols", PASSWORD)

    def test_fits(self) -> None:
        """The window is as wide as a phone."""
        self.show("/overview", PASSWORD)
        self.check_fits()


class FrameTests(WebCase):
    def test_keys(self) -> None:
        """The first key leads past the links, or along them; each page then has the focus."""
        self.show("/scan")
        self.browser.press(Keys.TAB)
        self.assertIn("Skip to content", self.browser.focused())
        self.browser.press(Keys.ENTER)
        self.assertIn("MAIN", self.browser.focused())
        self.show("/scan")
        self.tab_to("#nav a[href='#/workers']")
        self.browser.press(Keys.ENTER)
        self.browser.wait("main h2", "Workers and health")
        self.assertIn("MAIN", self.browser.focused())
        self.assertIn("Workers and health", self.browser.driver.title)
        current = self.texts("#nav [aria-current=page]")
        self.assertEqual(["Workers and health"], current)
        self.browser.driver.back()
        self.browser.wait("main h2", "Scan")
        self.check_quiet()

    def test_unknown(self) -> None:
        """A page that is not there."""
        self.show("/%3Cimg%20src=x%20onerror=window.pwned=1%3E", "main .failed")
        self.browser.wait("main .failed", "There is no page <img")
        self.check_harmless()

    def test_theme(self) -> None:
        """What somebody has chosen lasts, whatever the system prefers."""
        self.show("/scan")
        script = "return getComputedStyle(document.documentElement).backgroundColor"
        light = self.browser.run(script)
        self.browser.theme("dark")
        dark = self.browser.run(script)
        self.assertNotEqual(light, dark)
        self.click("#theme option[value=light]")
        self.assertEqual(light, self.browser.run(script))
        self.browser.driver.refresh()
        self.browser.wait("main h2")
        self.assertEqual(light, self.browser.run(script))
        self.click("#theme option[value=auto]")
        self.assertEqual(dark, self.browser.run(script))

    def test_links_on_a_phone(self) -> None:
        """Where the links have no room they scroll, and the one of the page is in sight."""
        self.browser.resize("phone")
        self.show("/workers")
        place = "return document.querySelector('#nav [aria-current]').getBoundingClientRect().right"
        self.assertLessEqual(self.browser.run(place), SIZES["phone"][0] + 1)

    def test_offline(self) -> None:
        """The pages say when the filter does not answer, and go on when it does."""
        self.show("/workers", "main tbody tr")
        self.network(offline=True)
        self.addCleanup(self.network, offline=False)
        self.browser.wait("main .notice", "The filter does not answer")
        self.network(offline=False)
        gone = "return document.querySelector('main .notice').innerText"
        wait_until(lambda: self.browser.run(gone) == "", "the notice to go", 90)
        self.check_quiet(OFFLINE)

    def network(self, *, offline: bool) -> None:
        """Cut the browser off, or let it in again."""
        self.browser.cdp("Network.enable")
        self.browser.cdp(
            "Network.emulateNetworkConditions",
            offline=offline,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )

    def test_prefix(self) -> None:
        """No path of the pages begins at the root, so that they work behind a prefix."""
        self.show("/overview", "main .tile")
        script = """
            return Array.from(document.querySelectorAll("[href], [src]"))
              .map((one) => one.getAttribute("href") ?? one.getAttribute("src"))
              .filter((path) => path.startsWith("/"))
        """
        self.assertEqual([], self.browser.run(script))


class DomTests(ModuleCase):
    def test_text(self) -> None:
        """Whatever a text is, it becomes text."""
        body = """
            const made = module.el("p", {title: given[0]}, given[0], [given[0], 1, null]);
            return [made.title, made.textContent, made.childElementCount];
        """
        evil = "<img src=x onerror=alert(1)>"
        self.assertEqual([evil, f"{evil}{evil}1", 0], self.call("dom.js", body, evil))

    def test_forbidden(self) -> None:
        """Nothing that a browser would run or take as a style gets in as an attribute."""
        for name in ("onclick", "ONLOAD", "style", "srcdoc"):
            body = "return module.el('p', {[given[0]]: 'x'}).outerHTML"
            self.assertIn("threw", self.call("dom.js", body, name), name)
        for link in ("javascript:alert(1)", " javascript:alert(1)", "java\nscript:x", "data:x,y"):
            body = "return module.el('a', {href: given[0]}).getAttribute('href')"
            self.assertEqual("#", self.call("dom.js", body, link), link)
        for link in ("#/history/1", "web/", "https://example.org/", "../x"):
            body = "return module.el('a', {href: given[0]}).getAttribute('href')"
            self.assertEqual(link, self.call("dom.js", body, link))


class PollTests(ModuleCase):
    def test_hidden(self) -> None:
        """Nothing is asked while nobody looks, but at once when somebody does."""
        body = """
            const end = new AbortController();
            let isHidden = true, asked = 0;
            Object.defineProperty(document, "hidden", {get: () => isHidden, configurable: true});
            module.every(0.01, async () => { asked += 1; }, () => {}, end.signal);
            await new Promise((go) => setTimeout(go, 300));
            const hidden = asked;
            isHidden = false;
            document.dispatchEvent(new Event("visibilitychange"));
            const first = asked;
            while (asked < 3) await new Promise((go) => setTimeout(go, 10));
            end.abort();
            const last = asked;
            await new Promise((go) => setTimeout(go, 100));
            return [hidden, first, asked - last];
        """
        self.assertEqual([0, 1, 0], self.call("poll.js", body))

    def test_errors(self) -> None:
        """After an error it goes on, and tells each."""
        body = """
            const end = new AbortController();
            const told = [];
            let asked = 0;
            const ask = async () => { asked += 1; if (asked < 3) throw new Error(asked); };
            module.every(0.01, ask, (error) => told.push(error.message), end.signal);
            while (asked < 5) await new Promise((go) => setTimeout(go, 10));
            end.abort();
            return told;
        """
        self.assertEqual(["1", "2"], self.call("poll.js", body))


class SeriesTests(ModuleCase):
    def test_quantile(self) -> None:
        """Within a class of a histogram, in the open one, and of nothing."""
        for counts, part, expected in (
            ([10, 0, 0], 0.5, 0.5),
            ([5, 5, 0], 0.9, 1.8),
            ([0, 0, 4], 0.5, 2),
            ([0, 0, 0], 0.5, None),
        ):
            body = "return module.quantile({bounds: [1, 2], counts: given[0]}, given[1])"
            self.assertEqual(expected, self.call("series.js", body, counts, part), counts)

    def test_live(self) -> None:
        """From look to look; a gap, and another master, are nothing that is known."""
        status = [
            (100, 1, {"action/reject": 1}, [1, 0]),
            (102, 1, {"action/reject": 5, "action/greylist": 2}, [3, 4]),
            (200, 1, {"action/reject": 9}, [9, 4]),
            (201, 2, {"action/reject": 1}, [1, 0]),
        ]
        told = [
            {
                "now": now,
                "pid": pid,
                "counters": counters,
                "histograms": {"scan_seconds": {"bounds": [1.0], "counts": counts, "total": 0.0}},
            }
            for now, pid, counters, counts in status
        ]
        body = """
            const live = new module.Live();
            for (const one of given[0]) live.push(one);
            return [live.rates(), live.series()];
        """
        rates, series = self.call("series.js", body, told)
        self.assertEqual([3, None], rates)
        self.assertEqual({"reject": [2, None], "greylist": [1, None]}, series["actions"])
        self.assertEqual([100, 102], series["times"])

    def test_address(self) -> None:
        """Parts and filters of an address; odd ones are read as they are."""
        body = """
            const {name, args, query} = module.readAddress(given[0]);
            return [name, args, query.toString()];
        """
        for hash_, expected in (
            ("", ["", [], ""]),
            ("#/history/a%2Fb?limit=3&x=%3F", ["history", ["a/b"], "limit=3&x=%3F"]),
            ("#/a/%zz?b?c=d", ["a", ["%zz"], "b%3Fc=d"]),
        ):
            self.assertEqual(expected, self.call("router.js", body, hash_), hash_)
