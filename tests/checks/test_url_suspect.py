"""URLs that are written to be misread."""

from mailfilter.checks.url_suspect import SUSPICIOUS_TLDS, UrlSuspect

from .url_case import UrlCase, html, link, plain

ORDINARY = (
    link("https://www.example.com/a/b?c=d&e=f#g"),
    link("http://bücher.example/"),
    link("mailto:bob@example.com"),
    link("file:///C:\\x"),
    plain("See http://example.com/, www.example.org and bob@example.net."),
    plain("nothing"),
)


class UrlSuspectTests(UrlCase):
    check = UrlSuspect

    def test_ordinary(self) -> None:
        for raw in ORDINARY:
            self.assertEqual(self.found(raw), {}, raw)

    def test_symbols(self) -> None:
        """What hits, and what is near to it."""
        self.compare(
            {
                "URL_BACKSLASH_PATH": (
                    [link("http:\\\\example.com\\x"), plain("http://example.com\\x")],
                    [link("http://example.com/?a\\b")],
                ),
                "URL_BAD_UNICODE": (
                    [
                        link("http://example.com/\ufffd"),
                        link("http://xn--a.example/"),
                        link("http://exam\ufffdple.com/"),
                        link("http://exam%ffple.com/"),
                    ],
                    [link("http://exämple.com/ä"), link("http://exam ple.com/%ff")],
                ),
                "URL_EXCESSIVE_DOTS": (
                    [link("http://a.b.c.d.e.f.g.h.example.com/")],
                    [link("http://a.b.c.d.e.f.g.example.com/"), link("http://a.b/........./")],
                ),
                "URL_HOMOGRAPH_ATTACK": (
                    [
                        link("http://p\u0430ypal.com/"),
                        link("http://\u0430\u0440\u0440\u04cf\u0435.com/"),
                    ],
                    [link("http://пример.рф/"), link("http://paypal.com/\u0430")],
                ),
                "URL_MULTIPLE_AT_SIGNS": (
                    [link("http://bank.example@a@evil.example/")],
                    [link("http://a@evil.example/"), link("http://evil.example/@a@b")],
                ),
                "URL_NO_TLD": (
                    [link("http://intranet/x")],
                    [link("http://localhost/"), link("http://192.0.2.1/"), link("http://a.b/")],
                ),
                "URL_NUMERIC_IP": (
                    [
                        link("http://198.41.0.4/"),
                        link("http://0xc6.0x29.4/"),
                        link("http://[2001:500:2::c]/"),
                    ],
                    [link("http://10.0.0.1/"), link("http://u@198.41.0.4/"), link("http://1.a.b/")],
                ),
                "URL_NUMERIC_IP_USER": (
                    [link("http://www.bank.example@198.41.0.4/")],
                    [link("http://198.41.0.4/@u"), link("http://u@example.com/")],
                ),
                "URL_NUMERIC_PRIVATE_IP": (
                    [link("http://192.168.1.1/"), link("http://127.1/"), link("http://[fd00::1]/")],
                    [link("http://198.41.0.4/")],
                ),
                "URL_QUERY_MULTIPLE_URLS": (
                    [link("http://r.example/?a=http://b.example&c=http%3A%2F%2Fd.example")],
                    [link("http://r.example/?a=http://b.example&c=http")],
                ),
                "URL_RTL_OVERRIDE": (
                    [link("http://example.com/\u202efdp.exe")],
                    [link("http://example.com/\u200f\u05d0"), plain("\u202ahttp://a.com/\u202c")],
                ),
                "URL_SUSPICIOUS_TLD": (
                    [link("http://example.tk/"), plain("www.example.GQ")],
                    [link("http://tk.example/"), plain("see sendmail.cf")],
                ),
                "URL_USER_LONG": (
                    [link(f"http://{'a' * 129}@example.com/")],
                    [
                        link(f"http://{'a' * 128}@example.com/"),
                        link(f"http://{'a' * 257}@example.com/"),
                    ],
                ),
                "URL_USER_PASSWORD": (
                    [link("http://bank.example@evil.example/"), link("http://a:b@evil.example/")],
                    [link("http://example.com/a@b"), link("mailto:bob@example.com")],
                ),
                "URL_USER_VERY_LONG": (
                    [link(f"http://{'a' * 257}@example.com/")],
                    [link(f"http://{'a' * 256}@example.com/")],
                ),
                "URL_VERY_LONG": (
                    [
                        link(f"http://example.com/{'a' * 2048}"),
                        link(f"http://{'a' * 60_000}@example.com/"),
                    ],
                    [link(f"http://example.com/{'a' * 2000}")],
                ),
                "URL_ZERO_WIDTH_SPACES": (
                    [link("http://exa\u200bmple.com/"), plain("http://exa\u2060mple.com/")],
                    [link("http://exa\u00admple.com/"), plain("http://example.com/\u200b")],
                ),
            }
        )

    def test_options(self) -> None:
        """A hit tells the hosts, a few of them."""
        many = html("".join(f'<a href="http://u@{at}.example/">x</a>' for at in "abcdefgh"))
        hosts = tuple(f"{at}.example" for at in "abcde")
        self.assertEqual(self.found(many), {"URL_USER_PASSWORD": hosts})

    def test_tlds(self) -> None:
        """An operator's suffixes take the place of ours."""
        options = {"suspicious_tlds": ["Example", ".test"]}
        for host, expected in (("a.example", True), ("a.test", True), ("a.tk", False)):
            found = self.found(link(f"http://{host}/"), options)
            self.assertIs("URL_SUSPICIOUS_TLD" in found, expected, host)
        self.assertIn("tk", SUSPICIOUS_TLDS)
        for wrong in ("tk", [1]):
            with self.assertRaisesRegex(ValueError, "suspicious_tlds: expected a list of texts"):
                self.found(b"", {"suspicious_tlds": wrong})
