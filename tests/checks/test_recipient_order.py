"""The order of recipients."""

from mailfilter.checks.recipient_order import RecipientOrder

from .header_case import HeaderCase

SORTED = "ann@a.example, bob@a.example, cid@a.example, dan@a.example, eve@a.example, fay@a.example"
SERIES = ", ".join(f"abc{letter}@{letter}.example.com" for letter in "cdefghij")
ALIKE = "info@a.example, info@b.example, infos@c.example, info@d.example, eve@e.example"


class RecipientOrderTests(HeaderCase):
    check = RecipientOrder

    def test_symbols(self) -> None:
        turned = ", ".join(reversed(SORTED.split(", ")))
        self.compare(
            {
                "SORTED_RECIPS": (
                    [
                        f"To: {SORTED}",
                        f"To: {SORTED}\nCc: ann@a.example",
                        f"To: {SORTED.upper()}",
                        f"To: {SERIES}",
                    ],
                    [
                        f"To: {turned}",
                        f"Cc: {SORTED}",
                        f"To: {SORTED}, ann@a.example",
                        f"To: {SORTED.partition(', ')[2]}",
                        "To: ann, bob, cid, dan, eve, fay",
                        "To: " + ", ".join(["ann@a.example"] * 9),
                        "Subject: x",
                    ],
                ),
                "SUSPICIOUS_RECIPS": (
                    [
                        f"To: {ALIKE}",
                        f"To: {SERIES}",
                        f"Cc: {ALIKE}",
                        f"To: x1234@a.example, {ALIKE.rpartition(', ')[0]}\nCc: InFx@x.y",
                    ],
                    [
                        f"To: {SORTED}",
                        f"To: {ALIKE.rpartition(', ')[0]}",
                        f"To: {ALIKE}, fay@a.example",
                        "To: info@a.example",
                        "To: " + ", ".join(f"it@{name}.example" for name in "bacdef"),
                        "Subject: x",
                    ],
                ),
            }
        )
