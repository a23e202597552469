"""Texts that are not sent as they stand."""

from .case import ConfigCase

LEFT_OUT = "these codes are left out: expected some of class"
ALONE = "one code alone is text: expected two, as"
NOT_ASCII = "what is not printable ASCII is sent as a question mark"


class TextRuleTests(ConfigCase):
    """What is warned of, and where."""

    def warnings(self, key: str, text: str, table: str = "texts") -> list[str]:
        """What is said of a text, without its place and itself."""
        found = self.load(f"[{table}]\n{key} = {text}").warnings
        self.assertEqual({item.key for item in found} - {f"{table}.{key}"}, set())
        self.assertEqual({item.line for item in found} - {2}, set())
        return [item.expected for item in found]

    def test_table(self) -> None:
        """Codes of the wrong class, half of the codes, and other characters."""
        for key, text, expected in (
            ("reject", "'no'", []),
            ("reject", "'550 5.7.1 no'", []),
            ("reject", "'550 5.7.1'", []),
            ("reject", "'12 of 20 points'", []),
            ("reject", '"550 5.7.1 one\\ntwo\\tthree"', []),
            ("reject", "'450 4.7.1 busy'", [f"{LEFT_OUT} 5, as 550 5.7.1"]),
            ("reject", "'550 4.7.1 busy'", [f"{LEFT_OUT} 5, as 550 5.7.1"]),
            ("soft_reject", "'550 5.7.1 no'", [f"{LEFT_OUT} 4, as 450 4.7.1"]),
            ("soft_reject", "'450 4.7.1 no'", []),
            ("reject", "'550 no'", [f"{ALONE} 550 5.7.1"]),
            ("reject", '"550\\nno"', [f"{ALONE} 550 5.7.1"]),
            ("reject", "'550-5.7.1 no'", [f"{ALONE} 550 5.7.1"]),
            ("reject", "'5.7.1 no'", [f"{ALONE} 550 5.7.1"]),
            ("soft_reject", "' 450 no'", [f"{ALONE} 450 4.7.1"]),
            ("quarantine", "'550 5.7.1 no'", ["codes are left out of a reason"]),
            ("quarantine", "'550 no'", []),
            ("quarantine", "'\u00e4'", [NOT_ASCII]),
            ("reject", '"550 \u00e4\\u0007"', [f"{ALONE} 550 5.7.1", NOT_ASCII]),
        ):
            self.assertEqual(self.warnings(key, text), expected, text)
            self.assertEqual(self.warnings(key, text, "profiles.a.texts"), expected, text)

    def test_default(self) -> None:
        """Of the usual texts nothing is said."""
        self.assertEqual(self.load("").warnings, ())
