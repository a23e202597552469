"""What a walk over a document comes by: links, images, forms, hidden text."""

import re
from typing import TypeVar

from .html import Hidden, HtmlForm, HtmlImage, HtmlLink
from .html_elements import ADDRESSES
from .html_tokens import Attributes

T = TypeVar("T")

MAX_LINKS = 10_240
"""Links, images and pieces of hidden text of a part that are kept, of each so many."""

MAX_ADDRESS = 64 * 1024
"""Characters of an address that are kept. A host may stand behind a very long user name, and what
is longer than this no program follows."""

MAX_DATA = 8192
"""The same of an address that is data."""

MAX_BASE = 2048
"""Characters of a host and of a path that addresses are joined with: of many that is much."""

MAX_COMMENT = 2000
"""Characters of a comment that are kept."""

MAX_FIELDS = 100
"""Input elements of all forms that are kept."""

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*+:")
_BASE = re.compile(r"(([a-zA-Z][a-zA-Z0-9+.-]*+:)[\\/]{2}[^\\/?#]++)([^?#]*+)")
_IMPORT = re.compile(r"""@import\s*+(?:url\(\s*+)?["']?([^"')\s;]++)""", re.IGNORECASE)


class Collector:
    """Lists that only grow, each up to its cap."""

    def __init__(self) -> None:
        self.title = ""
        self.base = ""
        self.hidden: list[Hidden] = []
        self.images: list[HtmlImage] = []
        self.data_uris: list[str] = []
        self.stylesheets: list[str] = []
        self.traits: set[str] = set()
        self.is_cut = False
        self._links: list[HtmlLink] = []
        self._forms: list[tuple[str, str, list[str]]] = []
        self._fields = 0
        self._open = False
        """An element `a` with an address is open; it is the last of its kind in the list."""
        self._open_link = 0
        self._open_at = 0
        """Pieces of visible text before it."""

    def start(self, name: str, attributes: Attributes, seen: int) -> None:
        """An element that may have addresses, before which there are so many pieces of text."""
        if name == "meta":
            return self._meta(attributes)
        if name == "base":
            self.base = self.base or attributes.read("href").strip()[:MAX_ADDRESS]
            return None
        if name == "form":
            self._form(attributes)
        elif name == "input":
            self._input(attributes)
        elif name == "link" and "stylesheet" in attributes.read("rel").lower():
            self._append(self.stylesheets, attributes.read("href").strip()[:MAX_ADDRESS])
        for attribute in ADDRESSES.get(name, ()):
            if attribute in attributes:
                self._address(name, attributes.read(attribute), attributes, seen)
        return None

    def end_link(self, pieces: list[str]) -> None:
        """The element `a` that is open ends, if there is one."""
        if self._open:
            self._open = False
            text = " ".join("".join(pieces[self._open_at :]).split())
            self._links[self._open_link] = self._links[self._open_link]._replace(text=text)

    def sheet(self, content: str) -> None:
        """A style sheet."""
        if "@import" in content.lower():
            for address in _IMPORT.findall(content):
                self._append(self.stylesheets, address[:MAX_ADDRESS])

    def comment(self, text: str) -> None:
        """A comment; those that some programs read as conditions are none."""
        text = " ".join(text[:MAX_COMMENT].split())
        if text and not text.startswith(("[if", "[endif", "<![")):
            self.hide(Hidden(text, "comment"))

    def hide(self, hidden: Hidden) -> None:
        """Keep hidden text."""
        self._append(self.hidden, hidden)

    def all_links(self) -> tuple[HtmlLink, ...]:
        """The links, joined with the base."""
        base = _BASE.match(self.base)
        if base is None:
            return tuple(self._links)
        host, scheme, path = base.groups()
        if len(host) > MAX_BASE:
            host = f"{scheme}//{host.rpartition('@')[2][:MAX_BASE]}"
        folder = path[: path.rfind("/") + 1][:MAX_BASE] or "/"
        return tuple(
            link._replace(href=_join(host, scheme, folder, link.href)) for link in self._links
        )

    def all_forms(self) -> tuple[HtmlForm, ...]:
        """The forms, each with its input elements."""
        return tuple(
            HtmlForm(action, method, tuple(fields)) for action, method, fields in self._forms
        )

    def _append(self, found: list[T], value: T) -> None:
        if not value:
            return
        if len(found) < MAX_LINKS:
            found.append(value)
        else:
            self.is_cut = True

    def _address(self, name: str, value: str, attributes: Attributes, seen: int) -> None:
        value = value.strip()
        if not value:
            return
        is_data = value[:5].lower() == "data:"
        value = value[: MAX_DATA if is_data else MAX_ADDRESS]
        if len(self._links) >= MAX_LINKS:
            self.is_cut = True
            return
        self._links.append(HtmlLink(value, "", name))
        if name == "a":
            self._open, self._open_link, self._open_at = True, len(self._links) - 1, seen
        elif name == "img":
            self._image(value, attributes)
        if is_data:
            self._append(self.data_uris, value)

    def _image(self, src: str, attributes: Attributes) -> None:
        width, height = _length(attributes.read("width")), _length(attributes.read("height"))
        self.images.append(HtmlImage(src, width, height, attributes.read("alt")))
        if self._open:
            self.traits.add("linked_image")

    def _form(self, attributes: Attributes) -> None:
        if self._fields >= MAX_FIELDS:
            self.is_cut = True
            return
        self._fields += 1
        action = attributes.read("action").strip()[:MAX_ADDRESS]
        method = attributes.read("method").strip()[:20].lower() or "get"
        self._forms.append((action, method, []))

    def _input(self, attributes: Attributes) -> None:
        kind = attributes.read("type").strip()[:20].lower() or "text"
        if kind == "password":
            self.traits.add("password")
        if self._forms and self._fields < MAX_FIELDS:
            self._fields += 1
            self._forms[-1][2].append(kind)

    def _meta(self, attributes: Attributes) -> None:
        if attributes.read("http-equiv").strip().lower() != "refresh":
            return
        content = attributes.read("content")[:MAX_ADDRESS]
        _, found, address = content.partition("=")
        address = address.strip(" \t\r\n'\"")
        if found and address:
            self.traits.add("refresh")
            self._append(self._links, HtmlLink(address, "", "meta"))


def _join(host: str, scheme: str, folder: str, href: str) -> str:
    """An address that may be relative to a document's base."""
    if href.startswith("#") or _SCHEME.match(href):
        return href
    if href.startswith(("//", "\\\\")):
        return scheme + href
    return host + href if href.startswith(("/", "\\")) else host + folder + href


def _length(value: str) -> int | None:
    """Pixels, if an attribute tells them."""
    digits = value.strip().removesuffix("px")
    return int(digits) if len(digits) < 7 and digits.isascii() and digits.isdigit() else None
