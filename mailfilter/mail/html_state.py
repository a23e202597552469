"""What holds for the text within an element: whether it is seen, and why not."""

from typing import NamedTuple

from .css import (
    NOTHING,
    PICTURE,
    TRANSPARENT,
    Rgb,
    Sheet,
    Style,
    distance,
    over,
    read_colour,
    read_style,
)
from .html_elements import BACKGROUND, KINDS
from .html_tokens import Attributes

TINY = 2.0
"""Pixels; smaller letters cannot be read."""

ALIKE = 24
"""Colours whose parts differ by less cannot be told apart."""

MAX_SIZE = 1000.0
"""Pixels of letters, so that relative sizes within each other end somewhere."""

MAX_CLASSES = 16
"""Classes of one element that are looked up."""


class Look(NamedTuple):
    """How the text in an element looks."""

    why_all: str = ""
    """Why nothing within is seen, whatever it says of itself."""
    is_invisible: bool = False
    """By `visibility`, which elements within may undo."""
    size: float = 16.0
    """Of letters, in pixels."""
    colour: Rgb = (0, 0, 0)
    background: Rgb = (255, 255, 255)

    def within(self, style: Style) -> "Look":
        """How it looks in an element of a style."""
        background = style.background
        if background is None or background == TRANSPARENT:
            background = self.background
        is_invisible = self.is_invisible
        if style.visibility:
            is_invisible = style.visibility.startswith(("hidden", "collapse"))
        size = self.size
        if style.size is not None:
            size = style.size if style.size >= 0 else min(-style.size * size, MAX_SIZE)
        return Look(
            self.why_all or style.hidden,
            is_invisible,
            size,
            style.colour or self.colour,
            background,
        )

    def reason(self) -> str:
        """Why text is not seen; empty if it is."""
        if self.why_all:
            return self.why_all
        if self.is_invisible:
            return "visibility"
        if self.size < TINY:
            return "zero_size"
        return "same_colour" if distance(self.colour, self.background) < ALIKE else ""


class State:
    """A look and its reason. All elements that look alike share one, so that `is` compares it."""

    __slots__ = ("look", "why")

    def __init__(self, look: Look) -> None:
        self.look = look
        self.why = look.reason()
        """Why text is not seen; empty if it is."""


def style_of(name: str, attributes: Attributes, sheet: Sheet) -> Style:
    """What the sheet, an element's own style and the attributes of old say of it."""
    own = attributes.read("style")
    style = read_style(own) if own else NOTHING
    if sheet:
        style = over(_by_sheet(name, attributes, sheet), style)
    if style.background is None and "bgcolor" in attributes:
        style = style._replace(background=read_colour(attributes.read("bgcolor")))
    if KINDS.get(name, 0) & BACKGROUND and attributes.read("background").strip():
        style = style._replace(background=PICTURE)
    old = "color" if name == "font" else "text" if name == "body" else ""
    if style.colour is None and old in attributes:
        style = style._replace(colour=read_colour(attributes.read(old)))
    if not style.hidden and "hidden" in attributes:
        style = style._replace(hidden="display")
    return NOTHING if style == NOTHING else style


def _by_sheet(name: str, attributes: Attributes, sheet: Sheet) -> Style:
    """What the sheet says, the more exact selectors last."""
    found = sheet.get(name, NOTHING)
    for one in attributes.read("class").split()[:MAX_CLASSES]:
        for selector in (f".{one}", f"{name}.{one}"):
            if selector in sheet:
                found = over(found, sheet[selector])
    by_id = sheet.get("#" + attributes.read("id"))
    return found if by_id is None else over(found, by_id)
