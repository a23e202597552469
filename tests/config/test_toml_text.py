"""TOML written as text."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.toml_text import key_text, parse_key, printable, string_text, value_text

from .case import EXAMPLES

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    TEXT,
    st.datetimes(),
    st.dates(),
    st.times(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=8,
)


class WritingTests(SynchronousTestCase):
    """What is written can be read back and harms no terminal."""

    @EXAMPLES
    @given(VALUES)
    def test_values(self, value: object) -> None:
        """Every value is read back as it was, and is in one printable line."""
        text = value_text(value)
        self.assertEqual(tomllib.loads("key = " + text)["key"], value)
        self.assertTrue(text.isprintable())

    @EXAMPLES
    @given(st.lists(TEXT, min_size=1, max_size=4))
    def test_keys(self, parts: list[str]) -> None:
        """Every key path is read back, by us and by tomllib."""
        text = key_text(tuple(parts))
        self.assertTrue(text.isprintable())
        self.assertEqual(parse_key(text), tuple(parts))
        found: object = tomllib.loads(f"{text} = 1")
        for part in parts:
            assert isinstance(found, dict)
            found = found[part]
        self.assertEqual(found, 1)

    def test_element(self) -> None:
        """An element of a list has its number."""
        self.assertEqual(key_text(("profiles", "a b", "networks", 2)), 'profiles."a b".networks[2]')

    def test_escapes(self) -> None:
        """Control characters, and those that turn the direction of text."""
        self.assertEqual(
            string_text('a"\\\n\x1b\u202e\U000e0001'), r'"a\"\\\n\u001B\u202E\U000E0001"'
        )
        self.assertEqual(printable('a"\\\n\x1b\u202e'), 'a"\\\\n\\u001B\\u202E')

    def test_no_key(self) -> None:
        """What is not a key is told from what is."""
        for text in ("", "a.", ".a", "a b", "a=1", '"a', "'a", '"\\x"', "a..b", "[a]", "a.b "):
            self.assertIs(parse_key(text), None, text)
        self.assertEqual(
            parse_key("""a . "b.c" . 'd\\e'."\\u0041" """.strip()), ("a", "b.c", "d\\e", "A")
        )
