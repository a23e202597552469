"""Where receipts go."""

from mailfilter.checks.receipts import Receipts

from .header_case import HeaderCase, envelope


class ReceiptsTests(HeaderCase):
    check = Receipts

    def test_symbols(self) -> None:
        ann = "From: Ann <ann@example.com>\n"
        asks = ann + "Disposition-Notification-To: {}"
        confirm = ann + "X-Confirm-Reading-To: {}"
        ann_sent = envelope("Ann@example.com")
        self.compare(
            {
                "HEADER_FORGED_MDN": (
                    [
                        (asks.format("Eve <eve@example.net>"), ann_sent),
                        (asks.format("eve@example.net, ann@example.com"), ann_sent),
                        "Return-Path: <ann@example.com>\n" + asks.format("eve@example.net"),
                        ("Disposition-Notification-To: eve@example.net", ann_sent),
                    ],
                    [
                        (asks.format("ANN@example.com"), ann_sent),
                        (asks.format("ann@example.com"), envelope("list@example.org")),
                        (asks.format("eve@example.net") + "\nList-Id: <x.example>", ann_sent),
                        (asks.format("eve@example.net"), envelope("eve@example.net")),
                        (asks.format("eve@example.net"), envelope("")),
                        ("Return-Path: <x@y.example>\n" + asks.format("e@a.test"), envelope("")),
                        (asks.format(""), ann_sent),
                        asks.format("eve@example.net"),
                        (ann, ann_sent),
                    ],
                ),
                "HEADER_RCONFIRM_MISMATCH": (
                    [confirm.format("eve@example.net"), confirm.format("Eve <Eve@example.net>")],
                    [
                        confirm.format("Ann@Example.com"),
                        confirm.format("nobody"),
                        confirm.format(""),
                        "X-Confirm-Reading-To: eve@example.net",
                        ann,
                    ],
                ),
            }
        )
