"""Names that are meant to be misread."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.url_looks import is_mixed, looks_of, scripts_of

LOOKS: tuple[tuple[str, set[str]], ...] = (
    ("example.com", set()),
    ("bücher.example", set()),
    # One script for each label, or those that are written together.
    ("пример.example.com", set()),
    ("яндекс.com", set()),
    ("google例え.jp", set()),
    ("ラーメン屋.jp", set()),
    ("サッカーfan.jp", set()),
    ("2024год.com", set()),
    # Cyrillic, Greek, Armenian beside Latin.
    ("ex\u0430mple.com", {"mixed", "homograph"}),
    ("g\u03bfogle.com", {"mixed", "homograph"}),
    ("g\u0585\u0585gle.com", {"mixed", "homograph"}),
    ("shop\u0416.com", {"mixed"}),
    ("www.ex\u0430mple.co.uk", {"mixed", "homograph"}),
    # Nothing but letters that are read as Latin, below a Latin suffix only.
    ("\u0430\u0440\u0440\u04cf\u0435.com", {"homograph"}),
    ("\u0441\u043e\u0440\u0430.\u0440\u0444", set()),
    ("\u0430\u043e.com", set()),
    # Cyrillic and Greek.
    ("\u0436\u03c9.com", {"mixed"}),
    # Phonetic letters.
    ("\u0261oogle.com", {"homograph"}),
    ("\u1d00pple.com", {"homograph"}),
    # Turkish is no phonetic alphabet.
    ("ışık.example", set()),
)


class LooksTests(SynchronousTestCase):
    def test_looks(self) -> None:
        for name, expected in LOOKS:
            self.assertEqual(set(looks_of(name)), expected, name)

    def test_scripts(self) -> None:
        """Digits and signs are of no script."""
        self.assertEqual(scripts_of("a-1_b"), {"Latin"})
        self.assertEqual(scripts_of("2024"), frozenset())
        self.assertEqual(scripts_of("aж"), {"Latin", "Cyrillic"})

    def test_mixed(self) -> None:
        self.assertTrue(is_mixed("pаypal"))
        self.assertFalse(is_mixed("paypal"))
        self.assertFalse(is_mixed("日本の"))
