"""Texts of links, and where the links lead."""

from mailfilter.checks.phishing import Phishing
from mailfilter.scan.check import Hit

from .url_case import UrlCase, html, link, plain

WRAPPED = "https://urldefense.com/v3/__{}__;!!x"
AUTHENTIC = (Hit("DMARC_POLICY_ALLOW"),)


class PhishingTests(UrlCase):
    check = Phishing

    def test_symbols(self) -> None:
        strange, listed = link("http://evil.com/", "bank.com"), {"exceptions": ["evil.com"]}
        self.compare(
            {
                "PHISHING": (
                    [
                        link("http://evil.com/", "https://www.bank.com/login"),
                        link("http://evil.com/", " <b>www.bank.com</b> "),
                        link("http://evil.com/", "bank.com"),
                        link("http://evil.com/", "bank&#8203;.com"),
                        link("http://evil.com/", "ba&shy;nk.com"),
                        link("http://evil.com/", "Go to https://www.bank.com/login now"),
                        link("http://bank.com.evil.com/", "http://bank.com/"),
                        link("http://bank.com@evil.com/", "http://bank.com/"),
                        link("http://198.41.0.4/", "http://bank.com/"),
                        link("http://evil.com/?u=http://bank.com", "http://bank.com/"),
                        link(WRAPPED.format("http://evil.com/"), "http://bank.com/"),
                    ],
                    [
                        link("http://evil.com/", "Bank"),
                        link("http://evil.com/", "our site bank.com"),
                        link("http://www.bank.com/", "https://login.bank.com"),
                        link("http://evil.com/", "setup.py"),
                        link("http://evil.com/", "v1.2"),
                        link("http://evil.com/", "bob@bank.com"),
                        link("mailto:bob@evil.com", "bank.com"),
                        link(WRAPPED.format("http://bank.com/"), "http://bank.com/"),
                        link(
                            "https://eur01.safelinks.protection.outlook.com/"
                            "?url=http%3A%2F%2Fwww.bank.com%2F&amp;data=x",
                            "http://bank.com/",
                        ),
                        link("http://bit.ly/x", "http://bank.com/"),
                        html('<img src="http://evil.com/x" alt="http://bank.com/">'),
                        plain("http://bank.com/ http://evil.com/"),
                    ],
                ),
                "REDIRECTOR_FALSE": (
                    [
                        link("https://shop.us1.list-manage.com/track/click?u=1", "shop.com"),
                        link("https://bit.ly/x", "shop.com"),
                        link("https://urldefense.com/v2/url?u=http-3A__shop.com", "shop.com"),
                    ],
                    [link("https://list-manage.com.evil.com/", "shop.com")],
                ),
                "HTTP_TO_HTTPS": (
                    [
                        link("http://bank.com/", "https://bank.com/"),
                        link("https://bank.com/", "http://bank.com/"),
                    ],
                    [link("https://bank.com/", "bank.com"), link("http://a.com", "https://b.com")],
                ),
                "HTTP_TO_IP": (
                    [link("http://198.41.0.4/"), link("http://0x7f.1/")],
                    [
                        html('<img src="http://198.41.0.4/x.png">'),
                        plain("http://198.41.0.4/"),
                        link("ftp://198.41.0.4/"),
                    ],
                ),
                "PHISHED_WHITELISTED": (
                    [(strange, listed)],
                    [(strange, {}), (link("http://bank.com/", "bank.com"), listed)],
                ),
            }
        )

    def test_exceptions(self) -> None:
        """Domains that an operator lets pass, and redirectors that he knows."""
        raw = link("http://click.tracker.com/x", "bank.com")
        self.assertEqual(self.found(raw), {"PHISHING": ("bank.com->tracker.com",)})
        for options, expected in (
            ({"exceptions": ["tracker.com"]}, "PHISHED_WHITELISTED"),
            ({"redirectors": ["click.tracker.com"]}, "REDIRECTOR_FALSE"),
            ({"redirectors": ["clack.tracker.com"]}, "PHISHING"),
        ):
            self.assertEqual(set(self.found(raw, options)), {expected}, options)
        with self.assertRaisesRegex(ValueError, "exceptions: expected a list of texts"):
            self.found(raw, {"exceptions": "tracker.com"})

    def test_newsletter(self) -> None:
        """Who sends all of many links through one domain counts clicks there."""
        for own, strange, away, expected in (
            (9, 1, 0, "REDIRECTOR_FALSE"),
            (9, 1, 5, "REDIRECTOR_FALSE"),
            (8, 1, 0, "PHISHING"),
            (7, 3, 0, "PHISHING"),
            (9, 1, 6, "PHISHING"),
            (1, 1, 30, "PHISHING"),
        ):
            body = "".join(f'<a href="http://evil.com/{n}">More</a>' for n in range(own))
            body += "".join(f'<a href="http://evil.com/s{n}">b.com</a>' for n in range(strange))
            body += "".join(f'<a href="http://else.com/{n}">More</a>' for n in range(away))
            self.assertEqual(set(self.found(html(body))), {expected}, body)

    def test_authentic(self) -> None:
        """Who is who he says may count the clicks on links to himself, and to nobody else."""
        own = html('<a href="http://tracker.com/">www.shop.com</a>', "From: a@mail.shop.com\n")
        other = html('<a href="http://tracker.com/">www.bank.com</a>', "From: a@mail.shop.com\n")
        self.assertEqual(set(self.found(own)), {"PHISHING"})
        self.assertEqual(set(self.found(own, hits=AUTHENTIC)), {"REDIRECTOR_FALSE"})
        self.assertEqual(set(self.found(other, hits=AUTHENTIC)), {"PHISHING"})
