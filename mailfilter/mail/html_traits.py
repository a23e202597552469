"""Short names of what is odd or telling about an HTML part."""

from collections.abc import Mapping

from .html_collect import Collector

_BY_TAG: Mapping[str, str] = {
    "form": "form",
    "script": "script",
    "iframe": "iframe",
    "frame": "iframe",
    "object": "object",
    "embed": "object",
    "applet": "object",
    "base": "base",
    "svg": "svg",
    "math": "math",
    "style": "style",
    "table": "table",
    "map": "map",
    "marquee": "marquee",
    "blink": "marquee",
}

TRAITS: Mapping[str, str] = {
    "form": "a form",
    "password": "an input element for a password",
    "script": "a script",
    "iframe": "a frame",
    "object": "an object of a plugin",
    "base": "an element base",
    "refresh": "a meta element that leads elsewhere",
    "stylesheet": "a style sheet elsewhere",
    "style": "a style sheet",
    "svg": "a drawing",
    "math": "a formula",
    "table": "a table",
    "map": "an image with areas to click at",
    "marquee": "text that moves or blinks",
    "data_uri": "an address that is data",
    "hidden": "text that is not seen; comments do not count",
    "linked_image": "an image in a link",
    "tiny_image": "an image of at most one pixel in one direction",
    "remote_image": "an image that is loaded over the network",
}
"""Trait -> what a part has that has it."""


def traits_of(tags: Mapping[str, int], found: Collector) -> frozenset[str]:
    """The traits of a part."""
    traits = {trait for tag, trait in _BY_TAG.items() if tag in tags}
    traits |= found.traits
    if found.stylesheets:
        traits.add("stylesheet")
    if found.data_uris:
        traits.add("data_uri")
    if any(hidden.why != "comment" for hidden in found.hidden):
        traits.add("hidden")
    for image in found.images:
        if image.is_tiny:
            traits.add("tiny_image")
        if image.src[:5].lower() in ("http:", "https"):
            traits.add("remote_image")
    return frozenset(traits)
