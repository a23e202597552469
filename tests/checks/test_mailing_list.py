"""Mailing lists."""

from mailfilter.checks.mailing_list import MailingList

from .header_case import HeaderCase


class MailingListTests(HeaderCase):
    check = MailingList

    def test_symbols(self) -> None:
        name = "List-Id: The list <talk.example.org>"
        leave = "List-Unsubscribe: <mailto:x@example.org>"
        self.compare(
            {
                "MAILLIST": (
                    [
                        f"{name}\n{leave}\nPrecedence: list",
                        f"{name}\n{leave}\nList-Post: <mailto:y@example.org>",
                        f"{name}\nList-Help: <x>\nX-Mailman-Version: 2",
                    ],
                    [
                        f"{name}\n{leave}",
                        f"{name}\nPrecedence: list",
                        f"{leave}\nPrecedence: list\nX-BeenThere: x@y",
                        f"List-Id: talk\n{leave}\nPrecedence: list",
                        f"{name}\n{leave}\nPrecedence: first-class",
                        "X: y",
                    ],
                )
            }
        )

    def test_option(self) -> None:
        fields = "List-Id: <Talk.example.org>\nList-Help: <x>\nPrecedence: bulk"
        self.assertEqual(self.found(fields), {"MAILLIST": ("talk.example.org",)})
