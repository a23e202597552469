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

MIN_AREA = 100_000
"""Pixels of all pictures that take more room than a logo, such as 400 by 250."""

MAX_WORDS = 40
"""Words of a text that such pictures outweigh."""

MAX_SIDE = 4096
"""Pixels of one side that are counted."""


class HtmlImages(Check):
    """Looks at each HTML part: its size, its visible text, and its pictures."""

    name = "html_images"
    symbols = {
        "HTML_SHORT_LINK_IMG_1": Symbol(2.0, "html", "HTML under 1K with a linked image"),
        "HTML_SHORT_LINK_IMG_2": Symbol(1.0, "html", "HTML 1-1.5K with a linked image"),
        "HTML_SHORT_LINK_IMG_3": Symbol(0.5, "html", "HTML 1.5-2K with a linked image"),
        "R_EMPTY_IMAGE": Symbol(2.0, "html", "empty text plus an image"),
        "R_SUSPICIOUS_IMAGES": Symbol(5.0, "html", "images far outweigh text"),
    }

    def run(self, task: Task) -> Findings:
        found: dict[str, None] = {}
        for part in task.message.text_parts:
            view = part.html
            if view is None or not view.images:
                continue
            if "linked_image" in view.traits:
                size = len(part.text)
                found |= dict.fromkeys([name for most, name in _SHORT if size < most][:1])
            found |= dict.fromkeys(_instead_of_text(view))
        return [Hit(symbol) for symbol in found]


def _instead_of_text(view: HtmlView) -> list[str]:
    if len(view.text) < EMPTY and any(not _is_tiny(image) for image in view.images):
        return ["R_EMPTY_IMAGE"]
    area = sum(_area(image) for image in view.images)
    if area >= MIN_AREA and len(view.text.split(None, MAX_WORDS)) < MAX_WORDS:
        return ["R_SUSPICIOUS_IMAGES"]
    return []


def _is_tiny(image: HtmlImage) -> bool:
    return image.width in (0, 1) or image.height in (0, 1)


def _area(image: HtmlImage) -> int:
    return min(image.width or 0, MAX_SIDE) * min(image.height or 0, MAX_SIDE)
