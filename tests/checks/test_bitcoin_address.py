"""Addresses of Bitcoin."""

from mailfilter.checks.bitcoin_address import MAX_TEXT, MAX_TRIED, BitcoinAddress

from .url_case import UrlCase, html, plain

GOOD = (
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
)
"""Of the first block, and of BIP 173 and 350."""

BAD = (
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLz",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
    "3" + "z" * 33,
    "1" * 34,
)


class BitcoinAddressTests(UrlCase):
    check = BitcoinAddress

    def test_symbols(self) -> None:
        self.compare(
            {
                "BITCOIN_ADDR": (
                    [plain(f"Send to {address}.") for address in GOOD]
                    + [html(f"<p>{GOOD[0]}</p>"), plain(GOOD[0]), plain(f"-{GOOD[0]}")],
                    [plain(f"Send to {address}.") for address in BAD]
                    + [plain(f"x{GOOD[0]}"), plain(f"{GOOD[0]}x"), plain("hi"), b""],
                ),
            }
        )

    def test_many(self) -> None:
        """What looks like an address is tried so often and no more."""
        near = " ".join([BAD[0]] * MAX_TRIED)
        self.assertEqual(self.found(plain(f"{near} {GOOD[0]}")), {})
        self.assertEqual(
            self.found(plain(f"{GOOD[0]} {near} {GOOD[0]}")), {"BITCOIN_ADDR": (GOOD[0],)}
        )

    def test_far_behind(self) -> None:
        for filled, found in ((MAX_TEXT - 64, True), (MAX_TEXT, False)):
            raw = plain("a " * (filled // 2) + GOOD[0])
            self.assertEqual(bool(self.found(raw)), found)
