"""Texts and HTML that differ."""

from mailfilter.checks.parts_differ import PartsDiffer
from mailfilter.scan.check import Hit
from mailfilter.testing.checks import run_check

from .mime_case import mixed, part
from .url_case import UrlCase


def both(plain: str, html: str) -> bytes:
    return mixed(part("text/plain", plain), part("text/html", html), kind="alternative")


class PartsDifferTests(UrlCase):
    check = PartsDiffer

    def test_symbols(self) -> None:
        self.compare(
            {
                "R_PARTS_DIFFER": (
                    [
                        both(
                            "one two three four five six seven eight",
                            "<p>red blue green white black brown pink grey",
                        ),
                        both(
                            "one two three four five six seven eight",
                            "<p>" + "red blue green white black brown pink grey " * 8,
                        ),
                    ],
                    [
                        both(
                            "one two three four five six seven eight",
                            "<p>one two <b>three</b> four five six seven",
                        ),
                        both("one two", "<p>red blue green white black brown pink grey"),
                        mixed(
                            part("text/plain", "one two three four five six seven eight"),
                            part("text/html", "<p>red blue green white black brown pink grey"),
                        ),
                        b"",
                    ],
                ),
            }
        )

    def test_weight(self) -> None:
        """By how many of the words are not there."""
        words = "one two three four five six seven eight"
        others = "<p>red blue green white black brown"
        for same, hit in (
            ("nine ten", Hit("R_PARTS_DIFFER", 1.0, ("100%",))),
            ("one two", Hit("R_PARTS_DIFFER", 0.5, ("75%",))),
        ):
            self.assertEqual(list(run_check(PartsDiffer, both(words, f"{others} {same}"))), [hit])
