"""Pieces of structured fields: which values can be written as they are."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.field_text import MAX_TEXT, is_field_text


class FieldTextTests(SynchronousTestCase):
    def test_can_be_written(self) -> None:
        for text in ("a", "a.test; none", "a.test;\n\tspf=pass;\n\tdkim=fail (x)", "a" * 990):
            self.assertTrue(is_field_text(text), text)

    def test_cannot(self) -> None:
        for text in (
            "",
            " a",
            "a\nb: c",
            "a\n\t\n\tb",
            "a\r\n\tb",
            "a\n",
            "a\0",
            "\u00fc",
            "a" * 991,
            "a" + "\n\ta" * MAX_TEXT,
        ):
            self.assertFalse(is_field_text(text), text)
