"""Scripts of letters and texts."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.scripts import MAX_LETTERS, script_of, scripts_of


class Scripts(SynchronousTestCase):
    """`script_of` and `scripts_of`."""

    def test_letters(self) -> None:
        """Single characters."""
        table = {
            "a": "Latin",
            "\u00e9": "Latin",
            "\uff41": "Latin",
            "\u0430": "Cyrillic",
            "\u03b1": "Greek",
            "\u05d0": "Hebrew",
            "\u0627": "Arabic",
            "\u0e01": "Thai",
            "\u4e2d": "Han",
            "\u3042": "Hiragana",
            "\uff71": "Katakana",
            "\ud55c": "Hangul",
            "\U0001d41a": "Symbols",
            "\u212a": "Latin",
            "1": "",
            " ": "",
            "\U0001f600": "",
            "\u0301": "",
            "\U00040000": "",
        }
        for character, script in table.items():
            with self.subTest(character=ascii(character)):
                self.assertEqual(script_of(character), script)

    def test_shares(self) -> None:
        """Shares of texts."""
        self.assertEqual(scripts_of("12 !"), {})
        self.assertEqual(scripts_of("Hello, you!"), {"Latin": 1.0})
        self.assertEqual(
            list(scripts_of("\u0430\u0431\u0432a").items()), [("Cyrillic", 0.75), ("Latin", 0.25)]
        )

    def test_bounded(self) -> None:
        """A long text is judged by its first letters beyond ASCII."""
        text = "\u0430" * MAX_LETTERS + "\u03b1" * 10
        self.assertEqual(scripts_of(text), {"Cyrillic": 1.0})
