"""Links in the subject."""

from mailfilter.checks.url_in_subject import UrlInSubject

from .url_case import UrlCase, plain


class UrlInSubjectTests(UrlCase):
    check = UrlInSubject

    def test_symbols(self) -> None:
        hitting = (
            "http://example.com",
            "see www.example.com!",
            "bit.ly/x",
            "=?utf-8?q?http=3A//a.com?=",
        )
        others = (
            "",
            "example.com is down",
            "[lists.example.com] x",
            "bob@example.com",
            "Re: http:",
        )
        self.compare(
            {
                "URL_IN_SUBJECT": (
                    [plain("x", f"Subject: {subject}\n") for subject in hitting],
                    [plain("http://example.com", f"Subject: {subject}\n") for subject in others],
                )
            }
        )

    def test_answers(self) -> None:
        """Who answers did not write the subject; who only seems to answer did."""
        for fields, is_hit in (
            ("Subject: Re: http://a.example/\nIn-Reply-To: <1@a.example>\n", False),
            ("Subject: AW: http://a.example/\nReferences: <1@a.example>\n", False),
            ("Subject: Re: http://a.example/\n", True),
            ("Subject: http://a.example/\nReferences: <1@a.example>\n", True),
        ):
            found = self.found(plain("x", fields))
            self.assertEqual("URL_IN_SUBJECT" in found, is_hit, fields)

    def test_option(self) -> None:
        raw = plain("x", "Subject: a b.com http://WWW.example.com/x http://c.example/\n")
        self.assertEqual(self.found(raw), {"URL_IN_SUBJECT": ("www.example.com",)})
