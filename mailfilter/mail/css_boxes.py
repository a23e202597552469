"""Whether declarations leave anything of an element's box to be seen."""

import re
from collections.abc import Mapping

FAR = 500
"""Pixels beyond the edge of a page at which nothing of a text is seen."""

FARTHER = 1000
"""For margins, with which pages are also put in the middle."""

NUMBER = re.compile(r"\s*+([+-]?(?:\d++(?:\.\d*+)?|\.\d++))\s*+([a-z%]*+)")
PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78}
"""Pixels of each absolute unit."""

_ABOUT = PIXELS | {"em": 10.0, "rem": 10.0, "ex": 5.0, "vw": 5.0, "vh": 5.0, "%": 5.0}
"""Of relative units those that they have at least, or nearly."""

_CALL = re.compile(r"([a-z0-9]++)\(([^()]*+)\)")
_BETWEEN = re.compile(r"[\s,]++")
_SCALES = frozenset(("scale", "scale3d", "scalex", "scaley"))
_MOVES = frozenset(("translate", "translate3d", "translatex", "translatey"))


def why_hidden(found: Mapping[str, str]) -> str:
    """Why nothing of an element is seen, as `Hidden.why`; empty if something may be.

    Takes names and values of declarations in lower case.
    """
    if found.get("display", "").startswith("none"):
        return "display"
    if (opacity := number_of(found.get("opacity"))) is not None and opacity < 0.05:
        return "opacity"
    is_cut = found.get("overflow", "").startswith(("hidden", "clip"))
    for name in ("max-height", "height", "max-width", "width"):
        if is_cut and (length := pixels(found.get(name))) is not None and length <= 1:
            return "zero_size"
    is_apart = found.get("position", "").startswith(("absolute", "fixed"))
    if (is_apart and _is_far_away(found)) or _is_outdented(found):
        return "off_screen"
    if is_apart and "clip" in found and _is_empty_rect(found["clip"]):
        return "clipped"
    if "clip-path" in found and _is_empty_path(found["clip-path"]):
        return "clipped"
    return _by_transform(found)


def _is_far_away(found: Mapping[str, str]) -> bool:
    names = ("left", "top", "right", "bottom")
    return any(name in found and _is_below(found[name], -FAR) for name in names)


def _is_outdented(found: Mapping[str, str]) -> bool:
    if "text-indent" in found and _is_below(found["text-indent"], -FAR):
        return True
    # Half a page to the left of its middle is how pages are put there.
    for name, place in (("margin-left", "left"), ("margin-top", "top")):
        is_centred = "%" in found.get(place, "")
        if name in found and not is_centred and _is_below(found[name], -FARTHER):
            return True
    sides = found["margin"].split() if "-" in found.get("margin", "") else []
    # Top, right, bottom, left; what is left out is as the side across.
    to_left = sides[3:4] or sides[1:2] or sides[:1]
    return any(_is_below(side, -FARTHER) for side in sides[:1] + to_left)


def _is_below(text: str, limit: int) -> bool:
    found = NUMBER.match(text)
    return found is not None and float(found[1]) * _ABOUT.get(found[2], 0) <= limit


def _is_empty_rect(value: str) -> bool:
    """Whether `rect(top, right, bottom, left)` has nothing within."""
    call = _CALL.match(value)
    if call is None or call[1] != "rect":
        return False
    edges = [pixels(text) for text in _arguments(call)]
    if len(edges) != 4:
        return False
    top, right, bottom, left = edges
    is_flat = top is not None and bottom is not None and bottom - top <= 1
    return is_flat or (right is not None and left is not None and right - left <= 1)


def _is_empty_path(value: str) -> bool:
    call = _CALL.match(value)
    if call is None:
        return False
    arguments = _arguments(call)
    if call[1] in ("circle", "ellipse"):
        radius = arguments[0] if arguments else ""
        return number_of(radius) == 0
    if call[1] == "inset":
        found = NUMBER.match(arguments[0]) if len(arguments) == 1 else None
        return found is not None and found[2] == "%" and float(found[1]) >= 50
    return call[1] == "polygon" and len(set(call[2].split(","))) == 1


def _by_transform(found: Mapping[str, str]) -> str:
    if "scale" in found and number_of(found["scale"]) == 0:
        return "zero_size"
    for call in _CALL.finditer(found.get("transform", "")):
        arguments = _arguments(call)
        if call[1] in _SCALES and any(number_of(text) == 0 for text in arguments):
            return "zero_size"
        if call[1] in _MOVES and any(_is_below(text, -FARTHER) for text in arguments):
            return "off_screen"
    return ""


def _arguments(call: re.Match[str]) -> list[str]:
    return _BETWEEN.split(call[2].strip())


def number_of(text: str | None) -> float | None:
    """The number that a value begins with, whatever its unit."""
    found = NUMBER.match(text) if text else None
    return float(found[1]) if found else None


def pixels(text: str | None) -> float | None:
    """An absolute length; None for a relative one, but 0 is 0 in any unit."""
    found = NUMBER.match(text) if text else None
    if found is None:
        return None
    number = float(found[1])
    if number == 0:
        return 0.0
    return number * PIXELS[found[2]] if found[2] in PIXELS else None
