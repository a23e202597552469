"""Authors and recipients of HTML mail."""

from mailfilter.checks.html_people import HtmlPeople

from .mime_case import mixed, part
from .url_case import UrlCase, html, plain

ITSELF = "From: a@example.com\nTo: <A@example.com>\n"
AWAY = "From: a@example.com\nReply-To: a@example.org\n"
THREAD = "In-Reply-To: <a@example.com>\n"


class HtmlPeopleTests(UrlCase):
    check = HtmlPeople

    def test_symbols(self) -> None:
        subject = "To: jane@example.org\nSubject: Jane@example.org, your parcel\n"
        self.compare(
            {
                "SUBJECT_HAS_RECIPIENT": (
                    [plain("hi", subject), html("<p>hi", subject)],
                    [
                        plain("hi", subject + THREAD),
                        plain("hi", "To: jane@example.org\nSubject: joe@example.org, hi\n"),
                        plain("hi", "To: a@b\nSubject: a@b.example\n"),
                        plain("hi", "Subject: jane@example.org\n"),
                        plain("hi", "To: jane@example.org\n"),
                    ],
                ),
                "HTML_TO_ITSELF": (
                    [html("<p>hi", ITSELF)],
                    [
                        plain("hi", ITSELF),
                        html("<p>hi", ITSELF + THREAD),
                        html("<p>hi", "From: a@example.com\nTo: b@example.com\n"),
                        html("<p>hi", "From: a\nTo: a\n"),
                    ],
                ),
                "HTML_ANSWER_ELSEWHERE": (
                    [html("<p>hi", AWAY)],
                    [
                        plain("hi", AWAY),
                        mixed(part("text/plain"), part("text/html"), fields=AWAY),
                        html("<p>hi", AWAY.replace("a@example.org", "b@a.test, a@example.com")),
                        html("<p>hi", AWAY + "References: <a@example.com>\n"),
                        html("<p>hi", "From: a@example.com\nReply-To: a@mail.example.com\n"),
                        html("<p>hi", "From: a@example.com\n"),
                    ],
                ),
            }
        )
