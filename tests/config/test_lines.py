"""The line of every key, in each form that TOML has for it."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.lines import MAX_DEPTH, MAX_PLAIN, scan_lines
from mailfilter.config.toml_text import KeyPath, key_text, part_text, value_text

from .case import EXAMPLES
from .test_toml_text import TEXT, VALUES

FORMS = Path(__file__).with_name("forms.toml")
"""A document with every form of keys and values."""

EXPECTED = {
    "top": 2,
    "a": 4,
    "a.one": 5,
    'a."two words"': 6,
    'a."three.four"': 7,
    "a.dotted": 8,
    "a.dotted.key": 8,
    "a.dotted.key.deep": 8,
    "a.dotted.key.other": 9,
    "b": 11,
    'b."c d"': 11,
    'b."c d".text': 12,
    'b."c d".literal': 16,
    'b."c d".after': 20,
    'b."c d".list': 21,
    'b."c d".list[0]': 22,
    'b."c d".list[1]': 24,
    'b."c d".list[1][0]': 24,
    'b."c d".list[1][1]': 25,
    'b."c d".list[2]': 26,
    'b."c d".list[2].x': 26,
    'b."c d".list[2].y': 26,
    'b."c d".list[2].y.z': 26,
    'b."c d".list[2].y.z[0]': 27,
    'b."c d".behind': 29,
    'b."c d".behind.p': 29,
    'b."c d".behind.q': 29,
    "tables": 31,
    "tables[0]": 31,
    "tables[0].name": 32,
    "tables[0].sub": 33,
    "tables[0].sub.x": 34,
    "tables[1]": 35,
    "tables[1].name": 36,
    "tables[1].sub": 37,
    "tables[1].sub.x": 38,
    "tables[1].more": 39,
    "tables[1].more[0]": 39,
    "tables[1].more[0].y": 40,
}


def paths_in(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every key path in what tomllib gives."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key)
            yield from paths_in(item, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield (*path, at)
            yield from paths_in(item, (*path, at))


TABLES = st.dictionaries(TEXT, st.dictionaries(TEXT, VALUES, max_size=4), max_size=4)


class LineTests(SynchronousTestCase):
    """Keys and their lines."""

    def test_every_form(self) -> None:
        """Tables, dotted and quoted keys, lists, inline tables, texts over several lines."""
        text = FORMS.read_text("utf-8")
        lines = scan_lines(text).of
        self.assertEqual({key_text(path): line for path, line in lines.items()}, EXPECTED)
        self.assertEqual(set(lines), set(paths_in(tomllib.loads(text))))

    def test_nearest(self) -> None:
        """A key that is not there is looked for in the table around it."""
        lines = scan_lines("[a]\nb = [\n1]\n")
        self.assertEqual(lines.find(("a", "b", 0)), 3)
        self.assertEqual(lines.find(("a", "b", 7)), 2)
        self.assertEqual(lines.find(("a", "c", "d")), 1)
        self.assertIs(lines.find(("x",)), None)

    @EXAMPLES
    @given(TABLES, st.booleans())
    def test_made_documents(self, tables: dict[str, dict[str, object]], dotted: bool) -> None:
        """The line of each key of made up tables, written in both ways."""
        lines: list[str] = []
        expected: dict[KeyPath, int] = {}
        for name, table in tables.items():
            if not dotted:
                lines.append(f"[{part_text(name)}]")
                expected[(name,)] = len(lines)
            for key, value in table.items():
                prefix = f"{part_text(name)}." if dotted else ""
                lines.append(f"{prefix}{part_text(key)} = {value_text(value)}")
                expected.setdefault((name,), len(lines))
                expected[(name, key)] = len(lines)
        text = "\n".join(lines)
        found = scan_lines(text)
        self.assertEqual({path: found.of[path] for path in expected}, expected)
        self.assertEqual(set(found.of), set(paths_in(tomllib.loads(text))))
        self.assertEqual(found.duplicates, [])

    @EXAMPLES
    @given(st.text(st.sampled_from("ab.=\"'[]{},#\n\\ 1_"), max_size=40))
    @example('a = """"""\nb = 1')
    @example("a = ''''''''\nb = 1")
    @example('a = ["""\n"]""", 1]\nb = 1')
    def test_whatever_is_valid(self, text: str) -> None:
        """Whatever tomllib takes, the scan finds all keys of it; it raises on nothing."""
        lines = scan_lines(text)
        try:
            value = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return
        self.assertEqual(set(lines.of), set(paths_in(value)))


class LimitTests(SynchronousTestCase):
    """Documents that would exhaust the stack, or digits that take forever."""

    def test_depth(self) -> None:
        """Each way to go deep is told with its line."""
        many = 5000
        for text, line in (
            ("a = " + "[" * many, 1),
            ("\na = " + "{a=" * many, 2),
            ("a = [\n\n" + "[" * many, 3),
            ("[" + "a." * many + "a]", 1),
            ("a." * many + "a = 1", 1),
            ("[x]\n" + "a." * (MAX_DEPTH - 1) + "a = 1", 2),
            ("[[" + "a." * many + "a]]", 1),
        ):
            fault = scan_lines(text).fault
            assert fault is not None
            self.assertEqual(fault[0], line)
            self.assertIn("in each other", fault[1])
        deepest = "a." * (MAX_DEPTH - 1) + "a = 1"
        self.assertIs(scan_lines(deepest).fault, None)

    def test_digits(self) -> None:
        """A number longer than any."""
        fault = scan_lines("a = 1\nb = " + "9" * (MAX_PLAIN + 1)).fault
        assert fault is not None
        self.assertEqual(fault[0], 2)
        self.assertIs(scan_lines("a = " + "9" * MAX_PLAIN + " " * 300 + "# x").fault, None)


class DuplicateTests(SynchronousTestCase):
    """Keys that are set twice."""

    def test_found(self) -> None:
        """All of them, however they are written, with both lines."""
        for text, key, line, first_line in (
            ("a = 1\na = 2", "a", 2, 1),
            ("a.b = 1\n\n'a'.\"b\" = 2", "a.b", 3, 1),
            ("a.b = 1\na = 2", "a", 2, 1),
            ("[a]\nx = 1\n[a]\n", "a", 3, 1),
            ("a = 1\n[a]", "a", 2, 1),
            ("a = []\n[[a]]", "a", 2, 1),
            ("[a.b]\n[a]\nb = 1", "a.b", 3, 1),
            ("x = {a = 1, a = 2}", "x.a", 1, 1),
            ("[[t]]\na = 1\n[[t]]\na = 1\na = 2", "t[1].a", 5, 4),
        ):
            self.assertRaises(tomllib.TOMLDecodeError, tomllib.loads, text)
            (found,) = scan_lines(text).duplicates
            lines = (found.line, found.first_line)
            self.assertEqual((key_text(found.path), *lines), (key, line, first_line))

    def test_none(self) -> None:
        """What only looks like it."""
        for text in ("[a.b]\n[a]", "[[a]]\nx=1\n[[a]]\nx=1", "a.b=1\na.c=1", "a={x=1}\nb={x=1}"):
            tomllib.loads(text)
            self.assertEqual(scan_lines(text).duplicates, [])
