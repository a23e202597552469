"""Lines of maps: what is an entry, what a value, what a comment, and what is none of them."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.maps import parse, read_table
from mailfilter.maps.parse import TURN_LINES, MapError, key_and_value, read_lines


def entries(data: bytes) -> list[tuple[int, str, str]]:
    return [(line.number, *key_and_value(line)) for line in read_lines(data)]


class LineTests(SynchronousTestCase):
    """What is read of a file."""

    def test_forms(self) -> None:
        for data, expected in (
            (b"", []),
            (b"\n\n  \n\t\n", []),
            (b"# all\n  # comments\n#", []),
            (b"a", [(1, "a", "")]),
            (b"a\nb\n", [(1, "a", ""), (2, "b", "")]),
            (b"a\r\nb\r\n", [(1, "a", ""), (2, "b", "")]),
            (b"\xef\xbb\xbfa\n", [(1, "a", "")]),
            (b"  a  \n", [(1, "a", "")]),
            (b"a one two  \n", [(1, "a", "one two")]),
            (b"a\tone two\n", [(1, "a", "one two")]),
            (b"a \t one\n", [(1, "a", "one")]),
            (b"a # why\n", [(1, "a", "")]),
            (b"a\t# why\n", [(1, "a", "")]),
            (b"a one # why # more\n", [(1, "a", "one")]),
            (b"a#b@c one#two\n", [(1, "a#b@c", "one#two")]),
            ("\u00e4 \u00f6\n".encode(), [(1, "\u00e4", "\u00f6")]),
            (b"\n# x\n\na\n", [(4, "a", "")]),
        ):
            self.assertEqual(entries(data), expected, data)

    def test_refused(self) -> None:
        for data, line, text in (
            (b"a\nb\xff\n", 2, "UTF-8; octet 0xff"),
            (b"\xff", 1, "UTF-8"),
            (b"a\n\nb\0\n", 3, "U+0000"),
            (b"a\x1b[0m\n", 1, "U+001B"),
            (b"a\rb\n", 1, "U+000D"),
            ("a\nb\u2028c".encode(), 2, "U+2028"),
            (b"\x1f\x8b\x08\x00", 1, "UTF-8"),
            (b"a\n" + b"x" * 4097, 2, "at most 4096 characters"),
        ):
            with self.assertRaises(MapError) as caught:
                entries(data)
            self.assertEqual(caught.exception.line, line, data)
            self.assertIn(text, caught.exception.expected)
            self.assertTrue(str(caught.exception).startswith(f"line {line}: "))

    def test_turns(self) -> None:
        """Other threads have their turn while a large map is read, and while patterns are."""
        slept: list[float] = []
        self.patch(parse, "sleep", slept.append)
        entries(b"a\n" * (3 * TURN_LINES))
        self.assertEqual(len(slept), 3)
        read_table("patterns", b"/a/\n" * 5)
        self.assertEqual(len(slept), 3 + 5)

    def test_longest(self) -> None:
        self.assertEqual(len(entries(b"x" * 4096 + b"\n")), 1)
