"""Does HTML show pictures instead of text?"""

from ..mail.html import HtmlImage, HtmlView
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

_SHORT = (
    (1024, "HTML_SHORT_LINK_IMG_1"),
    (1536, "HTML_SHORT_LINK_IMG_2"),
    (2048, "HTML_SHORT_LINK_IMG_3"),
)
"""Characters of markup below which each fires."""

EMPTY = 16
"""Characters of visible text; less is none."""

MIN_SIDES, MAX_SIDES = 100, 3000
"""Pixels of width and height together of pictures that may show text; icons have less, photographs
more."""

WORD = 100
"""Pixels of width and height together that take the place of a word."""

MAX_WORDS = 1000
"""Words of a text that are counted."""


class HtmlImages(Check):
    """Looks at each HTML part: its size, its visible text, and its pictures.

    Pictures outweigh a text if they take the place of more words than it has, and one of them is in
    a link; more so, the fewer words there are.
    """

    name = "html_images"
    symbols = {
        "HTML_SHORT_LINK_IMG_1": Symbol(2.0, "html", "HTML under 1K with a linked image"),
        "HTML_SHORT_LINK_IMG_2": Symbol(1.0, "html", "HTML 1-1.5K with a linked image"),
        "HTML_SHORT_LINK_IMG_3": Symbol(0.5, "html", "HTML 1.5-2K with a linked image"),
        "R_EMPTY_IMAGE": Symbol(2.0, "html", "empty text plus an image"),
        "R_SUSPICIOUS_IMAGES": Symbol(5.0, "html", "images far outweigh text"),
    }

    def run(self, task: Task) -> Findings:
        found: dict[str, float] = {}
        for part in task.message.text_parts:
            view = part.html
            if view is None or not view.images:
                continue
            if "linked_image" in view.traits:
                size = len(part.text)
                found |= dict.fromkeys([name for most, name in _SHORT if size < most][:1], 1.0)
            if len(view.text) < EMPTY and any(not image.is_tiny for image in view.images):
                found["R_EMPTY_IMAGE"] = 1.0
            elif "linked_image" in view.traits and (excess := _excess(view)) > 0:
                found["R_SUSPICIOUS_IMAGES"] = max(excess, found.get("R_SUSPICIOUS_IMAGES", 0))
        return [Hit(symbol, round(weight, 2)) for symbol, weight in found.items()]


def _excess(view: HtmlView) -> float:
    """By how much of all its words and pictures a text has less than its half, from -1 to 1."""
    words = len(view.text.split(None, MAX_WORDS))
    sides = (_sides(image) for image in view.images)
    shown = sum(length for length in sides if MIN_SIDES < length < MAX_SIDES) / WORD
    return (shown - words) / max(shown + words, 1)


def _sides(image: HtmlImage) -> int:
    return (image.width or 0) + (image.height or 0)
