"""What holds for the text within an element: whether it is seen, and why not."""

from collections.abc import Mapping

from .css import NOTHING, TRANSPARENT, Rgb, Sheet, Style, distance, over, read_colour, read_style

TINY = 2.0
"""Pixels; smaller letters cannot be read."""

ALIKE = 24
"""Colours whose parts differ by less cannot be told apart."""

MAX_SIZE = 1000.0
"""Pixels of letters, so that relative sizes within each other end somewhere."""

MAX_CLASSES = 16
"""Classes of one element that are looked up."""


class State:
    """Immutable but for `inner`, which remembers the states of elements within."""

    __slots__ = ("background", "colour", "inner", "is_invisible", "size", "why", "why_all")

    def __init__(
        self,
        why_all: str = "",
        is_invisible: bool = False,
        size: float = 16.0,
        colour: Rgb = (0, 0, 0),
        background: Rgb = (255, 255, 255),
    ) -> None:
        self.why_all = why_all
        """Why nothing within is seen, whatever it says of itself."""
        self.is_invisible = is_invisible
        """By `visibility`, which elements within may undo."""
        self.size = size
        """Of letters, in pixels."""
        self.colour = colour
        self.background = background
        self.inner: dict[tuple[str, str], State] = {}
        """By the name and attributes of an element, as written."""
        self.why = why_all or self._reason()
        """Why text is not seen; empty if it is."""

    def _reason(self) -> str:
        if self.is_invisible:
            return "visibility"
        if self.size < TINY:
            return "zero_size"
        return "same_colour" if distance(self.colour, self.background) < ALIKE else ""

    def within(
        self,
        name: str,
        attributes: Mapping[str, str],
        sheet: Sheet,
        known: dict[tuple[object, ...], "State"],
    ) -> "State":
        """What holds in an element; this object if nothing changes.

        Known states are those made before, by what holds in them.
        """
        style = _style(name, attributes, sheet)
        colour, background = _colours(name, attributes, style)
        why_all = self.why_all or style.hidden or ("display" if "hidden" in attributes else "")
        if style is NOTHING and colour is background is None and why_all == self.why_all:
            return self
        if background is None or background == TRANSPARENT:
            background = self.background
        is_invisible = self.is_invisible
        if style.visibility:
            is_invisible = style.visibility.startswith(("hidden", "collapse"))
        size = self.size
        if style.size is not None:
            size = style.size if style.size >= 0 else min(-style.size * size, MAX_SIZE)
        what = (why_all, is_invisible, size, colour or self.colour, background)
        state = known.get(what)
        if state is None:
            state = known[what] = State(*what)
        return state


def _style(name: str, attributes: Mapping[str, str], sheet: Sheet) -> Style:
    """What the sheet and the element itself say of it."""
    own = attributes.get("style")
    style = read_style(own) if own else NOTHING
    if not sheet:
        return style
    found = sheet.get(name, NOTHING)
    for one in attributes.get("class", "").split()[:MAX_CLASSES]:
        for selector in (f".{one}", f"{name}.{one}"):
            if selector in sheet:
                found = over(found, sheet[selector])
    if (by_id := sheet.get("#" + attributes.get("id", ""))) is not None:
        found = over(found, by_id)
    return style if found is NOTHING else over(found, style)


def _colours(
    name: str, attributes: Mapping[str, str], style: Style
) -> tuple[Rgb | None, Rgb | None]:
    """Colours of letters and of what is below them, by style or the attributes of old."""
    colour, background = style.colour, style.background
    if background is None and "bgcolor" in attributes:
        background = read_colour(attributes["bgcolor"])
    old = "color" if name == "font" else "text" if name == "body" else ""
    if colour is None and old in attributes:
        colour = read_colour(attributes[old])
    return colour, background
