"""Maps of names: which entry a domain, a mailbox or a word finds."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.maps import Found, MapError
from mailfilter.maps.names import Names


def made(*lines: str) -> Names:
    return Names("\n".join(lines).encode())


class NameTests(SynchronousTestCase):
    """What is found."""

    def test_forms(self) -> None:
        table = made(
            *("example.org exact", ".example.org below", ".mail.example.org mail"),
            *("Ann@Example.NET one", "example.net all", "Gutschein word", ".com", "trailing.dot."),
        )
        self.assertEqual(table.size, 8)
        for value, expected in (
            ("example.org", Found("example.org", "exact")),
            ("EXAMPLE.ORG.", Found("example.org", "exact")),
            ("a.example.org", Found(".example.org", "below")),
            ("a.b.example.org", Found(".example.org", "below")),
            ("a.mail.example.org", Found(".mail.example.org", "mail")),
            ("mail.example.org", Found(".mail.example.org", "mail")),
            ("notexample.org", None),
            ("ann@example.net", Found("ann@example.net", "one")),
            ("bob@example.net", Found("example.net", "all")),
            ("bob@a.example.net", None),
            ("bob@a.example.org", Found(".example.org", "below")),
            ("x@y@example.net", Found("example.net", "all")),
            ("gutschein", Found("gutschein", "word")),
            ("com", Found(".com", "")),
            ("shop.com", Found(".com", "")),
            ("trailing.dot", Found("trailing.dot", "")),
            *(("", None), (".", None), ("@", None), ("..", None), ("org", None), ("\0", None)),
            ("\ud800.org", None),
        ):
            self.assertEqual(table.find(value), expected, repr(value))
        self.assertIsNone(table.find(None))

    def test_international(self) -> None:
        """A domain in ASCII and the same in its own script find each other."""
        table = made("b\u00fccher.example 1", ".xn--4gbrim.example 2", "stra\u00dfe.example 3")
        for value, expected in (
            ("B\u00dcCHER.example", "1"),
            ("xn--bcher-kva.example", "1"),
            ("bu\u0308cher.example", "1"),
            ("a.\u0645\u0648\u0642\u0639.example", "2"),
            ("ann@xn--strae-oqa.example", "3"),
        ):
            found = table.find(value)
            self.assertEqual(found and found.value, expected, value)
        for value in (
            "xn--.example",
            "xn--\u00fc.example",
            "xn--99999999999.example",
            "xn--a" * 90,
        ):
            self.assertIsNone(table.find(value), value)

    def test_refused(self) -> None:
        for text in (".", "@", "..", ".@.", "x" * 513):
            with self.assertRaises(MapError) as caught:
                made("a", text)
            self.assertEqual(caught.exception.line, 2)

    def test_hostile(self) -> None:
        """What is longer than any name is not found, nor what is nothing but dots."""
        table = made(".example.org", "b\u00fccher.example")
        self.assertIsNone(table.find("a." * 200_000 + "example.org"))
        self.assertIsNone(table.find("a@" * 255))
        self.assertIsNone(table.find("." * 511))
        self.assertIsNone(table.find("xn--" * 127))
