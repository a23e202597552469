"""Mailings that readers can leave by one click."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks._mailing import is_own_mailing
from mailfilter.mail import parse

TO = "List-Unsubscribe: <https://news.example.com/u/1>, <mailto:u@example.com>\n"
POST = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
FROM = "From: News <news@mail.example.com>\n"
OWN = "https://click.example.com/a"


def mailing(fields: str, *links: str) -> bool:
    """Whether HTML with such fields and links is one."""
    source = "".join(f'<a href="{link}">x</a>' for link in links)
    raw = f"{fields}Content-Type: text/html\n\n<p>Good day</p>{source}"
    return is_own_mailing(parse(raw.encode()))


class IsOwnMailingTests(SynchronousTestCase):
    def test_own(self) -> None:
        self.assertTrue(mailing(FROM + TO + POST, OWN))
        self.assertTrue(mailing(FROM + TO + POST.lower(), OWN, "mailto:info@example.org"))
        self.assertTrue(mailing(FROM + TO + POST, OWN, "https://a.list-manage.com/track"))

    def test_fields(self) -> None:
        for fields in (
            FROM + TO,
            FROM + POST,
            TO + POST,
            FROM + FROM + TO + POST,
            FROM + TO + TO + POST,
            FROM + TO + POST + POST,
            FROM + "List-Unsubscribe: <mailto:u@example.com>\n" + POST,
            FROM + TO + "List-Unsubscribe-Post: yes\n",
            "From: news@localhost\n" + TO + POST,
        ):
            self.assertFalse(mailing(fields, OWN), fields)

    def test_links(self) -> None:
        self.assertFalse(mailing(FROM + TO + POST))
        self.assertFalse(mailing(FROM + TO + POST, OWN, "https://example.net/"))
        self.assertFalse(mailing(FROM + TO + POST, "https://example.com.example.net/"))
