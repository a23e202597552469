"""Links disguised in text."""

from mailfilter.checks.url_obfuscated import MAX_TEXT, UrlObfuscated

from .url_case import UrlCase, html, plain


class UrlObfuscatedTests(UrlCase):
    check = UrlObfuscated

    def test_symbols(self) -> None:
        hitting = (
            "go to hxxp://evil.example/x",
            "HXXPS[:]//evil.example",
            "h**p://evil.example",
            "h t t p : / / evil.example",
            "evil[.]com",
            "pills (dot) net",
            "evil{punkt}de and more",
            "www.evil[.]co[.]uk",
            "www . evil . com",
            "WWW dot evil dot com",
        )
        others = (
            "http://example.com/",
            "bob (at) example (dot) com",
            "bob [at] lists [dot] example [dot] org",
            "bob@example[.]com",
            "the dot com bubble",
            "array[.] (dot) product",
            "www. The end. A point.",
            "see [.com]",
            "",
        )
        self.compare(
            {
                "URL_OBFUSCATED_TEXT": (
                    [*map(plain, hitting), html("<b>evil</b>[.]com")],
                    map(plain, others),
                )
            }
        )

    def test_options(self) -> None:
        raw = plain("hxxp://a.example evil[.]com www . bb . com")
        expected = ("evil[.]com", "www . bb .", "hxxp:")
        self.assertEqual(self.found(raw), {"URL_OBFUSCATED_TEXT": expected})

    def test_end(self) -> None:
        """A long text is judged by its beginning."""
        self.assertEqual(self.found(plain("a " * MAX_TEXT + "evil[.]com")), {})
