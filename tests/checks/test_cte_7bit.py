"""Text that is not 7bit."""

from mailfilter.checks.cte_7bit import MAX_OCTETS, Cte7bit

from .mime_case import alone, mixed, part
from .url_case import UrlCase

SEVEN = "Content-Transfer-Encoding: 7bit\n"


class Cte7bitTests(UrlCase):
    check = Cte7bit

    def test_symbols(self) -> None:
        self.compare(
            {
                "R_BAD_CTE_7BIT": (
                    [
                        alone("text/plain; charset=utf-8", "gr\u00fcn", SEVEN),
                        mixed(part("text/html", "gr\u00fcn", fields=SEVEN)),
                    ],
                    [
                        alone("text/plain", "green", SEVEN),
                        alone("text/plain", "gr\u00fcn"),
                        alone("text/plain", "gr\u00fcn", "Content-Transfer-Encoding: 8bit\n"),
                        mixed(part("text/plain", "gr\u00fcn", "a.txt", SEVEN)),
                        b"",
                    ],
                ),
            }
        )

    def test_bound(self) -> None:
        for filled, found in ((MAX_OCTETS - 1, True), (MAX_OCTETS, False)):
            raw = alone("text/plain", "a" * filled + "\u00fc", SEVEN)
            self.assertEqual(bool(self.found(raw)), found)
