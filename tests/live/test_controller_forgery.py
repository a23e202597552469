"""A page of somebody else in the browser of an administrator, whose address is let in."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from twisted.trial.unittest import SkipTest

from .browser import SECONDS, Browser, why_missing
from .controller_case import HAM, ask
from .harness import Filter, LiveCase
from .processes import wait_until

ELSEWHERE = "filter.test"
"""A name of this machine that the browser trusts without TLS less than `localhost`."""
RULES = f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
CHANGES = ("/statreset", "/historyreset")
HIDDEN = "/hidden"
"""What the page asks its own server for in the way it asks the filter."""
TELLING = ("Origin", "Referer", "Sec-Fetch-Site")


class Page(BaseHTTPRequestHandler):
    """The site of somebody else: a page with images that are none, and hide who wants them."""

    images: ClassVar[list[str]] = []
    heard: ClassVar[list[dict[str, str]]] = []
    """Headers of requests for `HIDDEN`."""

    def do_GET(self) -> None:
        """Answer with the page, whatever was asked for."""
        if self.path == HIDDEN:
            self.heard.append(dict(self.headers))
        tags = [f'<img referrerpolicy="no-referrer" src="{url}">' for url in self.images]
        body = f"<!DOCTYPE html><title>Kittens</title>{''.join(tags)}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class ForgeryTests(LiveCase):
    """Without TLS, at an address that is not the browser's own machine."""

    def make_filter(self) -> Filter:
        """One that lets in by address alone."""
        made = Filter(start=False)
        made.configure(f'[controller]\nsecure_ip = ["127.0.0.1"]\nhosts = ["{ELSEWHERE}"]\n')
        made.start()
        self.addCleanup(made.stop)
        return made

    def setUp(self) -> None:
        """Serve the page."""
        if why := why_missing():
            raise SkipTest(why)
        super().setUp()
        server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.port = server.server_port

    def counted(self) -> tuple[int, int]:
        """Messages of the counters, and rows of the history."""
        port = self.filter.controller
        return ask(port, "/stat").value["scanned"], len(ask(port, "/history").value["rows"])

    def test_hidden(self) -> None:
        """Nothing is changed by it; who is no browser is let in as before."""
        self.assertEqual(ask(self.filter.http, "/checkv2", HAM).status, 200)
        wait_until(lambda: self.counted() == (1, 1), "the message to be counted", SECONDS)
        site = f"http://{ELSEWHERE}:{self.filter.controller}"
        Page.images = [
            f"http://{ELSEWHERE}:{self.port}{HIDDEN}",
            *(site + path for path in CHANGES),
        ]
        browser = Browser(RULES)
        self.addCleanup(browser.close)
        browser.fresh()
        browser.open(f"http://127.0.0.1:{self.port}/", "body")
        done = "return [...document.images].every((image) => image.complete)"
        wait_until(lambda: bool(browser.run(done)), "all images to be answered", SECONDS)
        # As soon as browsers tell more, this is no longer what it tests.
        self.assertEqual([name for name in TELLING if name in Page.heard[0]], [])
        # The browser keeps from the page what was said, but tells us that something was.
        failed = {failed.url: failed.why for failed in browser.failed()}
        for path in CHANGES:
            self.assertIn("ERR_BLOCKED_BY_RESPONSE", failed[site + path])
        self.assertEqual(self.counted(), (1, 1))
        for path in CHANGES:
            self.assertEqual(ask(self.filter.controller, path).status, 200)
        wait_until(lambda: self.counted() == (0, 0), "all to be reset", SECONDS)
