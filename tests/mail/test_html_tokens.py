"""HTML cut into pieces."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.html_tokens import (
    LONG,
    MANY,
    MAX_ATTRIBUTES,
    cut_tags,
    read_attributes,
    read_text,
    tokens,
)


def attributes(text: str) -> dict[str, str]:
    """Attributes of a tag."""
    found = read_attributes(text)
    return {name: found.read(name) for name in found}


class Tokens(SynchronousTestCase):
    """`tokens`."""

    def test_pieces(self) -> None:
        """Pieces without what is empty."""
        table: dict[str, list[tuple[str, ...]]] = {
            "": [()],
            "a": [("a",), ()],
            "a<b>c</b >d": [("a", "b"), ("c", "b"), ("d",), ()],
            "<a b='>'>c": [("a", " b='>'"), ("c",), ()],
            '<a b=">': [("a", ' b=">'), ()],
            "<a b=c'd>e": [("a", " b=c'd"), ("e",), ()],
            "<a =b>c": [("a", " =b"), ("c",), ()],
            "<a\u00a0b=c>": [("a\u00a0b=c",), ()],
            "1 < 2 <3": [("1 < 2 <3",), ()],
            "<!-- a -> b -->c": [(" a -> b ",), ("c",), ()],
            "<!-->a<!--->b": [(), ("a",), ("b",), ()],
            "<!DOCTYPE html>a<?b?></ c>": [(), ("a",), (), ()],
            "<style x>a<b></style>": [("style", " x", "a<b>"), ("style",), ()],
            "<title>a": [("title", "a"), ()],
            "<titles>a": [("titles",), ("a",), ()],
        }
        for source, pieces in table.items():
            with self.subTest(source=source):
                found = [tuple(filter(None, token)) for token in tokens(source)]
                self.assertEqual(found, pieces)

    def test_nothing_lost(self) -> None:
        """Behind more values than honest tags have, a tag ends with the next sign."""
        found = tokens("<a" + " b=c" * MANY + " d='>'>e")
        self.assertEqual(found[1][0], "'>e")

    def test_cut(self) -> None:
        """A document up to so many tags."""
        self.assertEqual(cut_tags("a<b>c<d>e", 2), "a<b>c<d>e")
        self.assertEqual(cut_tags("a<b>c<d>e", 1), "a<b>c")
        self.assertEqual(cut_tags("a<b>c<d>e", 0), "a")


class Attributes(SynchronousTestCase):
    """`read_attributes`."""

    def test_forms(self) -> None:
        """How attributes may be written."""
        table: dict[str, dict[str, str]] = {
            "": {},
            " a": {"a": ""},
            " A=b c = 'd e'\nf=\"g\"/": {"a": "b", "c": "d e", "f": "g"},
            " a=b a=c": {"a": "b"},
            " a=": {"a": ""},
            " a=b/": {"a": "b/"},
            " /a/b=c": {"a": "", "b": "c"},
            " =a=b": {"=a": "b"},
            " a='b": {"a": "b"},
            " a='b'c=d": {"a": "b", "c": "d"},
        }
        for text, found in table.items():
            with self.subTest(text=text):
                self.assertEqual(attributes(text), found)

    def test_references(self) -> None:
        """Character references in addresses: what looks like one may be a name of a parameter."""
        table = {
            "?a=1&copy=2": "?a=1&copy=2",
            "?a=1&amp;copy=2": "?a=1&copy=2",
            "?a&copyb": "?a&copyb",
            "?a&copy": "?a\u00a9",
            "?a&copy;b": "?a\u00a9b",
            "java&#115;cript&colon;": "javascript:",
            "&#106avascript": "javascript",
            "&nosuch;&&;": "&nosuch;&&;",
            "&#" + "9" * 5000: "\ufffd",
        }
        for value, read in table.items():
            with self.subTest(value=value[:20]):
                self.assertEqual(attributes(f" a='{value}'"), {"a": read})

    def test_many(self) -> None:
        """Only so many are read."""
        for count in (MAX_ATTRIBUTES + 1, LONG):
            text = "".join(f" a{number}=b" for number in range(count))
            self.assertEqual(len(attributes(text)), MAX_ATTRIBUTES)


class References(SynchronousTestCase):
    """`read_text`."""

    def test_once(self) -> None:
        """What is read is not read again."""
        self.assertEqual(read_text("&amp;nbsp;&nbsp;&ampamp;"), "&nbsp; &amp;")
