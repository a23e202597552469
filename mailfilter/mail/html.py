"""An HTML part as its reader sees it: visible and hidden text, links, images, forms."""

from collections import Counter
from typing import NamedTuple

CLICKED = frozenset(("a", "area", "form", "button"))
"""Elements whose addresses a reader goes to; those of others are loaded by programs."""


class HtmlLink(NamedTuple):
    """An address, and what stands for it."""

    href: str
    """Without white space around it, at most `html_collect.MAX_ADDRESS` characters; relative ones
    are joined with the document's base if it has one."""
    text: str
    """The visible text within, on one line."""
    tag: str
    """The element; `style` for addresses in style attributes."""

    @property
    def is_clicked(self) -> bool:
        """Whether a reader goes there by a click; else a program loads it."""
        return self.tag in CLICKED


class Hidden(NamedTuple):
    """Text that nobody sees."""

    text: str
    """On one line."""
    why: str
    """display, visibility, opacity, zero_size, off_screen, clipped, same_colour, template,
    comment."""


class HtmlImage(NamedTuple):
    """A picture; sizes are pixels, None if they are not told."""

    src: str
    width: int | None
    height: int | None
    alt: str

    @property
    def is_tiny(self) -> bool:
        """At most one pixel in one direction, as pictures by which mailings count readers."""
        return self.width in (0, 1) or self.height in (0, 1)


class HtmlForm(NamedTuple):
    """A form."""

    action: str
    method: str
    """In lower case, `get` if it is not told."""
    fields: tuple[str, ...]
    """Types of its input elements, `text` if one is not told."""


class HtmlView(NamedTuple):
    """One HTML part."""

    text: str
    """What is seen: blocks end lines, white space is one blank, there are no empty lines."""
    title: str
    hidden: tuple[Hidden, ...]
    links: tuple[HtmlLink, ...]
    images: tuple[HtmlImage, ...]
    forms: tuple[HtmlForm, ...]
    tags: Counter[str]
    """How often each element occurs."""
    traits: frozenset[str]
    """Those of `html_traits.TRAITS` that it has."""
    data_uris: tuple[str, ...]
    """Addresses that are data, cut like all others."""
    stylesheets: tuple[str, ...]
    """Addresses of style sheets elsewhere."""
    base: str
    """What addresses are relative to."""
    is_cut: bool
    """There is more than was looked at."""
