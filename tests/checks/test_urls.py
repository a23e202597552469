"""URLs as replies tell them."""

from mailfilter.checks.urls import MOST, Urls
from mailfilter.mail.url_budget import UrlBudget
from mailfilter.scan.check import Finding, Note
from mailfilter.scan.verdict import Url
from mailfilter.testing.checks import run_check, scan_message

from .url_case import UrlCase, html, link, plain


class UrlsTests(UrlCase):
    check = Urls

    def urls(self, raw: bytes) -> list[Finding]:
        return run_check(Urls, raw)

    def test_told(self) -> None:
        """Once each, with host and registrable domain; addresses too, but no paths of disks."""
        raw = plain(
            "http://WWW.example.co.uk/a http://www.example.co.uk/a bob@Example.org file:///x"
        )
        self.assertEqual(
            self.urls(raw),
            [
                Url("http://www.example.co.uk/a", "www.example.co.uk", "example.co.uk", ("text",)),
                Url("mailto:bob@example.org", "example.org", "example.org", ("text",)),
            ],
        )
        self.assertEqual(self.urls(b""), [])

    def test_flags(self) -> None:
        for raw, expected in (
            (link("http://example.com/"), ()),
            (link("http://u@192.0.2.1:81/"), ("has_port", "has_user", "numeric")),
            (link("http://b\u00fccher.example/"), ("idn",)),
            (link("http://a@b@example.com/"), ("has_user", "obscured")),
            (link("http://exa\u200bmple.com/"), ("zw_spaces",)),
            (html("<img src=http://example.com/x>"), ("image",)),
            (plain("www.example.com"), ("schemaless", "text")),
            (plain("", "Subject: http://example.com\n"), ("subject",)),
        ):
            (url,) = self.urls(raw)
            assert isinstance(url, Url)
            self.assertEqual(url.flags, expected, raw)
        _, inner = self.urls(link("http://r.example/?http://example.com/"))
        self.assertEqual(
            inner, Url("http://example.com/", "example.com", "example.com", ("query",))
        )

    def test_reply(self) -> None:
        """What a reply lists as URLs and as addresses."""
        raw = plain("http://example.com/ bob@example.org")
        verdict = self.successResultOf(scan_message(raw, [Urls]))
        self.assertEqual([url.host for url in verdict.urls], ["example.com"])
        self.assertEqual(verdict.emails, ("bob@example.org",))

    def test_many(self) -> None:
        raw = plain(" ".join(f"http://example.com/{at}" for at in range(MOST + 1)))
        self.assertEqual(len(self.urls(raw)), MOST)
        raw = plain("http://example.com/ " * (UrlBudget().urls + 1))
        self.assertEqual(self.urls(raw)[1:], [Note("more URLs than are looked at")])
