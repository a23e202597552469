"""The base of tests in a browser."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from . import npm, peers
from .browser import SIZES, THEMES, shared_browser, why_missing

IMAGES = peers.CHECKOUT / "docs/images"
IMAGE = (1200, 800)
IMAGES_OF = {"overview": (1365, 600), "trace": (1200, 1350)}
"""Pixels: of most pages, and of those that show too little in so many."""
MOST_OCTETS = 150_000
"""Of an image, since all are in the repository."""


class BrowserCase(SynchronousTestCase):
    """Base of tests in the browser: at the end there must be nothing on the console."""

    tolerated: ClassVar[Sequence[str]] = ()
    """Patterns of messages and addresses that are no trouble."""
    size: ClassVar[str] = "wide"

    def setUp(self) -> None:
        """A tab that nobody has used."""
        if why := why_missing():
            raise SkipTest(why)
        self.browser = shared_browser()
        self.browser.fresh(self.size)

    def check_quiet(self, *tolerated: str) -> None:
        """Fail if the console or a request tells of trouble that matches none of the patterns."""
        known = [re.compile(pattern) for pattern in (*self.tolerated, *tolerated)]
        told = self.browser.console()
        told += [f"{failed.url}: {failed.why}" for failed in self.browser.failed()]
        left = [text for text in told if not any(pattern.search(text) for pattern in known)]
        self.assertEqual([], left)

    def check_usable(self) -> None:
        """Fail on what axe-core finds serious, in both themes."""
        if not npm.AXE.exists():
            raise SkipTest(f"no {npm.AXE}: run `python -m tests.live.peers fetch`")
        for theme in THEMES:
            self.browser.theme(theme)
            self.assertEqual([], self.browser.faults(), theme)
        self.browser.theme("light")

    def check_fits(self) -> None:
        """Fail if the page scrolls sideways on any of the sizes."""
        for size in SIZES:
            self.browser.resize(size)
            self.assertEqual([], self.browser.overflow(), size)
        self.browser.resize(self.size)

    def picture(self, name: str) -> None:
        """Write screenshots in all sizes and both themes where `MAILFILTER_PICTURES` says; that
        of docs/ is written with `MAILFILTER_SCREENSHOTS`."""
        if folder := os.environ.get("MAILFILTER_PICTURES"):
            for size in SIZES:
                self.browser.resize(size)
                for theme in THEMES:
                    self.browser.theme(theme)
                    self.browser.screenshot(Path(folder) / f"{name}-{size}-{theme}.png")
            self.browser.resize(self.size)
            self.browser.theme("light")
        if os.environ.get("MAILFILTER_SCREENSHOTS"):
            path = IMAGES / f"{name}.png"
            self.browser.run("scrollTo(0, 0)")
            self.browser.screenshot(path, IMAGES_OF.get(name, IMAGE))
            self.assertLess(path.stat().st_size, MOST_OCTETS, path)
