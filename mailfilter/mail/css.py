"""What styles say of whether text can be seen: declarations, sizes and colours.

Only what hides text in mail is read: no cascade, no media queries, selectors of one tag, class or
id. What mail programs differ in counts as visible.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from .css_boxes import NUMBER, PIXELS, number_of, why_hidden

REMEMBERED = 512
"""Characters of declarations up to which what they say is remembered for other messages."""

MAX_VALUE = 200
"""Characters of one value that are read."""

MAX_ESCAPES = 16
"""Escapes in the declarations of one element that are read: honest mail has none."""

MAX_SHEET = 64 * 1024
"""Octets of the style sheets of one part that are read."""

MAX_RULES = 500
"""Rules of them that are kept."""

Rgb = tuple[int, int, int]

_DECLARATION = re.compile(r"[\s;]*+([a-zA-Z-]++)\s*+:\s*+([^;]*+)")
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|([\s\S]))")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_SELECTOR = re.compile(r"(?:[a-z][a-z0-9]*+)?(?:[.#][A-Za-z0-9_-]++)?\Z")
_ALL_MEDIA = re.compile(r"@media\s++(?:only\s++)?(?:screen|all)\s*+\Z", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*+(\d{1,3})[\s,]++(\d{1,3})[\s,]++(\d{1,3})(.*)")
_ALPHA = re.compile(r"\s*+[,/]\s*+([\d.]++)")

_RELATIVE = {"em": 1.0, "rem": 1.0, "%": 0.01, "ex": 0.5}

_NAMED: Mapping[str, Rgb] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "silver": (192, 192, 192),
    "navy": (0, 0, 128),
    "maroon": (128, 0, 0),
    "purple": (128, 0, 128),
    "orange": (255, 165, 0),
    "lime": (0, 255, 0),
    "aqua": (0, 255, 255),
    "cyan": (0, 255, 255),
    "teal": (0, 128, 128),
    "fuchsia": (255, 0, 255),
    "magenta": (255, 0, 255),
    "olive": (128, 128, 0),
    "whitesmoke": (245, 245, 245),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
}

TRANSPARENT: Rgb = (-1, -1, -1)
"""The colour of what lies below shows."""

PICTURE: Rgb = (-1000, -1000, -1000)
"""A picture or gradient, whose colours nobody knows here; it is far from any colour of letters."""


class Style(NamedTuple):
    """What the styles of one element say; None where they say nothing."""

    hidden: str = ""
    """Why the element and all in it cannot be seen."""
    visibility: str = ""
    size: float | None = None
    """Of letters: pixels, or below 0 the part of the size around it."""
    colour: Rgb | None = None
    background: Rgb | None = None


NOTHING = Style()

Sheet = Mapping[str, Style]
"""Selector (`tag`, `.class`, `#id`, `tag.class`) -> what it says."""


def read_style(text: str) -> Style:
    """Read declarations, as those of a style attribute."""
    return _remembered(text) if len(text) <= REMEMBERED else _read_style(text)


def _read_style(text: str) -> Style:
    if "\\" in text or "/*" in text:
        text = _COMMENT.sub(" ", _ESCAPE.sub(_letter, text, count=MAX_ESCAPES))
    found = {}
    for name, value in _DECLARATION.findall(text):
        value = value.strip()[:MAX_VALUE].lower()
        if name == "mso-hide" or value.startswith("inherit"):
            continue
        found[name.lower()] = value.removesuffix("!important").rstrip()
    if not found:
        return NOTHING
    size = read_size(found["font-size"]) if "font-size" in found else None
    colour = read_colour(found["color"]) if "color" in found else None
    background = _background(found)
    hidden = why_hidden(found)
    if colour == TRANSPARENT:
        hidden = hidden or "same_colour"
    return Style(hidden, found.get("visibility", ""), size, colour, background)


def _letter(escape: re.Match[str]) -> str:
    """What an escape stands for, or `_`: no sign that is written so divides anything."""
    code = int(escape[1], 16) if escape[1] else ord(escape[2])
    is_of_names = code < 128 and (chr(code).isalnum() or code == ord("-"))
    return chr(code) if is_of_names else "_"


_remembered = lru_cache(maxsize=4096)(_read_style)


def _background(found: Mapping[str, str]) -> Rgb | None:
    value = found.get("background", "")
    pictures = value + found.get("background-image", "")
    if "url(" in pictures or "gradient(" in pictures:
        return PICTURE
    if "background-color" in found:
        return read_colour(found["background-color"])
    if not value:
        return None
    return read_colour(value) or read_colour(value.split(" ", 1)[0])


def read_size(text: str) -> float | None:
    """A size of letters as of `Style.size`."""
    found = NUMBER.match(text)
    if found is None:
        return None
    number, unit = abs(float(found[1])), found[2]
    if number == 0:
        return 0.0
    if unit in PIXELS:
        return number * PIXELS[unit]
    return -number * _RELATIVE[unit] if unit in _RELATIVE else None


def read_colour(text: str) -> Rgb | None:
    """A colour; None if it is none that is known."""
    text = text.strip()[:MAX_VALUE].lower()
    if text in _NAMED:
        return _NAMED[text]
    if text == "transparent":
        return TRANSPARENT
    if text.startswith("rgb"):
        return _read_rgb(text)
    digits = text.removeprefix("#")
    try:
        number = int(digits, 16) if digits.isascii() and digits.isalnum() else -1
    except ValueError:
        return None
    if number < 0:
        return None
    if len(digits) in (3, 4):
        red, green, blue = (int(digit * 2, 16) for digit in digits[:3])
        return red, green, blue
    if len(digits) in (6, 8):
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
    return None


def _read_rgb(text: str) -> Rgb | None:
    found = _RGB.match(text)
    if found is None:
        return None
    alpha = _ALPHA.match(found[4])
    if alpha and (strength := number_of(alpha[1])) is not None and strength < 0.05:
        return TRANSPARENT
    return min(int(found[1]), 255), min(int(found[2]), 255), min(int(found[3]), 255)


def distance(one: Rgb, other: Rgb) -> int:
    """How far apart two colours are: the largest difference of their parts, 0 to 255."""
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]), abs(one[2] - other[2]))


@lru_cache(maxsize=64)
def read_sheet(text: str) -> Sheet:
    """The rules of a style sheet by selector: `tag`, `.class`, `#id`, `tag.class`.

    Rules within others, as those of media queries, are left out, but for those of any screen.
    """
    found: dict[str, Style] = {}
    text = _COMMENT.sub(" ", text[:MAX_SHEET]).replace("<!--", " ").replace("-->", " ")
    for selectors, declarations in _rules(text):
        style = read_style(declarations)
        if style == NOTHING:
            continue
        for selector in selectors.rpartition(";")[2].split(","):
            selector = selector.strip()
            if selector and _SELECTOR.match(selector):
                if len(found) >= MAX_RULES:
                    return found
                found[selector] = over(found.get(selector, NOTHING), style)
    return found


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations of the rules that stand in no other."""
    at = depth = start = 0
    selectors = ""
    for mark in re.finditer(r"[{}]", text):
        at = mark.start()
        if mark[0] == "{":
            depth += 1
            if depth == 1:
                selectors = text[start:at]
                start = at + 1
                if _ALL_MEDIA.search(selectors):
                    depth = 0
        elif depth:
            depth -= 1
            if depth == 0:
                if "{" not in text[start:at]:
                    yield selectors.strip(), text[start:at]
                start = at + 1
        else:
            start = at + 1


def over(one: Style, other: Style) -> Style:
    """Two styles of the same selector, the later one over the earlier."""
    return Style(
        other.hidden or one.hidden,
        other.visibility or one.visibility,
        one.size if other.size is None else other.size,
        one.colour if other.colour is None else other.colour,
        one.background if other.background is None else other.background,
    )
