"""Whatever is in the files, the answer is a configuration or a ConfigError."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mailfilter.config import Config, ConfigError, load
from mailfilter.config.toml_text import part_text, value_text

from .bad_files import EVERYTHING
from .case import EXAMPLES, ConfigCase
from .test_toml_text import TEXT, VALUES

WORDS = sorted(set(re.findall(r"[a-z_]+", EVERYTHING)))
KEYS = st.one_of(st.sampled_from(WORDS), TEXT)
TREES = st.recursive(
    st.one_of(VALUES, st.sampled_from(WORDS)),
    lambda inner: st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
TABLES = st.dictionaries(
    st.sampled_from(("scan", "actions", "listeners", "profiles", "checks", "groups")), TREES
)


class FuzzTests(ConfigCase):
    """Random files."""

    @EXAMPLES
    @given(st.binary(max_size=100))
    def test_octets(self, data: bytes) -> None:
        """Any octets."""
        self.check(data)

    @EXAMPLES
    @given(TABLES, TABLES)
    def test_trees(self, main: dict[str, object], fragment: dict[str, object]) -> None:
        """Any values under names that exist and others, in two files."""
        self.write("conf.d/x.toml", _document(fragment))
        self.check(_document(main).encode())

    @EXAMPLES
    @given(st.lists(st.sampled_from([*"[]{}=.,\"'#\n \\", *WORDS]), max_size=30).map("".join))
    def test_texts(self, text: str) -> None:
        """TOML's own characters in any order."""
        self.check(text.encode())

    @EXAMPLES
    @given(st.integers(0, len(EVERYTHING) - 1), st.integers(1, 5), st.sampled_from("[]{}=.\"'\n\0"))
    def test_damage(self, at: int, count: int, character: str) -> None:
        """A file with a hole in it."""
        self.check((EVERYTHING[:at] + character + EVERYTHING[at + count :]).encode())

    def check(self, data: bytes) -> None:
        """Load a file of these octets."""
        try:
            loaded = load(self.write("m.toml", data))
        except ConfigError as error:
            self.assertTrue(error.problems)
            self.assertTrue(str(error).replace("\n", "").isprintable())
            return
        self.assertIsInstance(loaded.config, Config)


def _document(tree: dict[str, object]) -> str:
    return "".join(f"{part_text(key)} = {value_text(value)}\n" for key, value in tree.items())
