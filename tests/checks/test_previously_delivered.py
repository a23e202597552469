"""Mail that was delivered before."""

from mailfilter.checks.previously_delivered import PreviouslyDelivered

from .header_case import HeaderCase, envelope


class PreviouslyDeliveredTests(HeaderCase):
    check = PreviouslyDelivered

    def test_symbols(self) -> None:
        hop = "Received: from a by b with SMTP for <List@b.example>; x"
        to = "To: list@b.example"
        self.compare(
            {
                "PREVIOUSLY_DELIVERED": (
                    [f"{hop}\n{to}", (f"{hop}\n{to}", envelope("", "ann@c.example"))],
                    [
                        hop,
                        to,
                        f"{hop}\nTo: ann@b.example",
                        (f"{hop}\n{to}", envelope("", "list@b.example")),
                        "X: y",
                    ],
                )
            }
        )
