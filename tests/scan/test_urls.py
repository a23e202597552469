"""URLs and addresses that checks tell of."""

from typing import Any

from mailfilter.scan.findings import MAX_OPTION_CHARS, MAX_PROPERTIES, MAX_URL_CHARS
from mailfilter.scan.tally import MAX_URLS
from mailfilter.scan.verdict import Url

from .case import ScanCase, finding


class UrlTests(ScanCase):
    def test_collected(self) -> None:
        """In their order; addresses apart and each once."""
        one = Url("https://example.org/a", "example.org", "example.org", ("phished",))
        two = Url("https://example.net/", "example.net")
        joe = Url("mailto:joe@example.org", "example.org")
        verdict = self.scan(finding("first", one, joe), finding("second", joe, two))
        self.assertEqual((one, two), verdict.urls)
        self.assertEqual(("joe@example.org",), verdict.emails)

    def test_wrong(self) -> None:
        """What is none fails its check."""
        wrong: Any
        for wrong in (
            Url(b"https://a", "a"),  # type: ignore[arg-type]
            Url("https://a", None),  # type: ignore[arg-type]
            Url("https://a", "a", flags="x"),  # type: ignore[arg-type]
            Url("https://a", "a", flags=(1,)),  # type: ignore[arg-type]
        ):
            verdict = self.scan(finding("one", wrong))
            self.assertEqual(((), ["ONE_FAIL"]), (verdict.urls, self.names(verdict)))
        self.flushLoggedErrors()

    def test_bounds(self) -> None:
        long = Url("u" * (MAX_URL_CHARS + 1), "h" * (MAX_URL_CHARS + 1))
        verdict = self.scan(finding("one", long), *[finding(f"c{n}", *[long] * 600) for n in "ab"])
        self.assertEqual(MAX_URLS, len(verdict.urls))
        self.assertEqual(Url("u" * MAX_URL_CHARS, "h" * MAX_URL_CHARS), verdict.urls[0])
        flags = ("f" * (MAX_OPTION_CHARS + 1), *"g" * MAX_PROPERTIES)
        cut = ("f" * MAX_OPTION_CHARS, *"g" * (MAX_PROPERTIES - 1))
        told = self.scan(finding("one", Url("u", "h", flags=flags))).urls
        self.assertEqual((Url("u", "h", flags=cut),), told)
