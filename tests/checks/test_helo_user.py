"""Clients that call themselves User."""

from mailfilter.checks.helo_user import HeloUser
from mailfilter.scan.envelope import Envelope

from .header_case import HeaderCase


class HeloUserTests(HeaderCase):
    check = HeloUser

    def test_symbols(self) -> None:
        other = "Received: from a.example (a.example [192.0.2.1]) by b.example with SMTP; x"
        self.compare(
            {
                "RCVD_HELO_USER": (
                    [
                        ("X: y", Envelope(listener="test", helo="USER")),
                        f"{other}\nReceived: from User (c.example [192.0.2.2]) by a.example; x",
                        "Received: from User by a.example with SMTP; x",
                        "Received: from c.example ([192.0.2.2] helo=User) by a.example; x",
                    ],
                    [
                        "X: y",
                        other,
                        "Received: from user.example (user [192.0.2.2]) by a.example; x",
                        ("X: y", Envelope(listener="test", helo="user.example")),
                    ],
                )
            }
        )
