"""Keys: what mail brings never gets into one, and different things have different ones."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.store.keys import key

PART = st.one_of(
    st.binary(max_size=12),
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.sampled_from(["", "\0", "\r\n", ":", "a:b", "a", "b", "e\u0301", "\u00e9", "\ud800"]),
)
PARTS = st.lists(PART, min_size=1, max_size=5)


def as_octets(parts: list[str | bytes]) -> list[bytes]:
    """Text and its octets in UTF-8 are the same part."""
    return [
        part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts
    ]


class KeyTests(SynchronousTestCase):
    """Keys of parts."""

    @given(PARTS)
    def test_plain(self, parts: list[str | bytes]) -> None:
        """Whatever the parts, a key is short and has nothing of them in it."""
        self.assertRegex(key("greylist", *parts), rb"\Agreylist:[0-9a-f]{32}\Z")
        self.assertEqual(key("greylist", *parts), key("greylist", *parts))

    @given(PARTS, PARTS)
    def test_distinct(self, one: list[str | bytes], other: list[str | bytes]) -> None:
        """Different lists of parts have different keys, the same ones the same."""
        is_same = as_octets(one) == as_octets(other)
        self.assertEqual(key("a", *one) == key("a", *other), is_same)
        self.assertNotEqual(key("a", *one), key("b", *one))

    @given(PARTS, st.integers(0, 5))
    def test_borders(self, parts: list[str | bytes], at: int) -> None:
        """Where one part ends and the next begins makes a difference."""
        octets = as_octets(parts)
        joined = b"".join(octets)
        if octets != [joined]:
            self.assertNotEqual(key("a", *octets), key("a", joined))
        split = [joined[:at], joined[at:]]
        self.assertEqual(key("a", *octets) == key("a", *split), octets == split)
        self.assertNotEqual(key("a", *octets), key("a", *octets, b""))

    def test_large(self) -> None:
        """An id of a megabyte is a key like any other."""
        large = b"x" * 2**20
        self.assertEqual(len(key("a", large)), 34)
        self.assertNotEqual(key("a", large), key("a", large + b"x"))

    def test_spaces(self) -> None:
        """Names of key spaces are ours, and plain."""
        self.assertEqual(key("history"), b"history")
        for space in ("", "A", "a b", "a:b", "a\n", "\u00e9", "a" * 33, "1a"):
            self.assertRaises(ValueError, key, space, "x")
