"""What a message says to its reader: the visible text of all parts, its lines and words."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import islice

import regex  # type: ignore[import-untyped]

from . import scripts
from .html import Hidden
from .lazy import lazy
from .part import Part

MAX_VISIBLE = 512 * 1024
"""Characters of visible text."""

MAX_WORDS = 50_000
"""Words that are kept."""

MAX_OF_WORDS = 256 * 1024
"""Characters of a text whose words are read; a quarter of them, if they are not all ASCII."""

MAX_WORD = 64
"""Characters of one word that are kept."""

SAME = 0.9
"""Share of the words of one alternative that another one has if it says the same."""

_UNSEEN_TYPES = frozenset(
    ("text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/css", "text/javascript")
)
"""Parts that programs show in a form of their own, or not at all."""

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e007f]++"
)
"""Characters without any width, bidi marks among them."""

_WORD = regex.compile(r"[\p{L}\p{N}\p{M}]++(?:'[\p{L}\p{N}\p{M}]++)*+")
_NO_WORD = regex.compile(r"[^\p{L}\p{N}\p{M}]")
_LIGATURES = re.compile("[\ufdfa\ufdfb]")
"""Characters that stand for whole sentences, and would make a text of them 18 times as long."""

_MARKS = regex.compile(r"(\p{M}{30})\p{M}++")
_MARK = regex.compile(r"\p{M}")

_ASCII = bytes(range(128))
_APART = bytes(
    octet if octet > 127 or chr(octet).isalnum() or octet == ord("'") else ord(" ")
    for octet in range(256)
)
"""What stands between words of ASCII becomes a blank, what is beyond ASCII stays."""

MAX_SIGNS = 64
"""Different signs beyond ASCII that are looked for one by one."""


def normal_form(text: str) -> str:
    """Text in lower case and as of `without_unseen`, with one kind of apostrophe."""
    if text.isascii():
        return text.lower()
    return without_unseen(text.replace("\u2019", "'")).lower()


def without_unseen(text: str) -> str:
    """Text in NFKC, without characters that nobody sees.

    Of more than 30 combining marks in a row (UAX 15, 13) the rest is left out: sorting them
    takes quadratic time.
    """
    # Most texts have few characters beyond ASCII, and each kind of them many times.
    odd = _beyond_ascii(text)
    if _INVISIBLE.search(odd):
        text = _INVISIBLE.sub("", text)
    if _MARK.search(odd):
        text = _MARKS.sub(r"\1", text)
    if _LIGATURES.search(odd):
        text = _LIGATURES.sub(" ", text)
    return unicodedata.normalize("NFKC", text)


def words_of(text: str, most: int = MAX_WORDS) -> tuple[str, ...]:
    """The words of a text in their normal form: letters, digits, and apostrophes within."""
    text = text[:MAX_OF_WORDS]
    text = normal_form(text if text.isascii() else text[: MAX_OF_WORDS // 4])
    signs = _NO_WORD.findall(_beyond_ascii(text)) if not text.isascii() else []
    if len(signs) > MAX_SIGNS:
        return tuple(match[0][:MAX_WORD] for match in islice(_WORD.finditer(text), most))
    for sign in signs:
        text = text.replace(sign, " ")
    # To split at blanks takes a tenth of what an expression for words does.
    text = text.encode("utf-8", "replace").translate(_APART).decode()
    found = (_without_quotes(text) if "'" in text else text).split(None, most)
    del found[most:]
    if max(map(len, found), default=0) > MAX_WORD:
        found = [word[:MAX_WORD] for word in found]
    return tuple(found)


def _beyond_ascii(text: str) -> str:
    """Each character of a text that is not ASCII, once."""
    return "".join(set(text.encode("utf-8", "replace").translate(None, _ASCII).decode()))


def _without_quotes(text: str) -> str:
    """Letters, digits and blanks with a blank for each apostrophe that is not within a word."""
    before, *rest = text.split("'")
    pieces = [before]
    for piece in rest:
        is_within = before[-1:].strip() and piece[:1].strip()
        pieces.append("'" if is_within else " ")
        pieces.append(piece)
        before = piece
    return "".join(pieces)


class Text:
    """The text of one message, read only; each thing is worked out once, when it is asked for."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = tuple(part for part in parts if part.type not in _UNSEEN_TYPES)

    @lazy
    def plain(self) -> str:
        """The text parts that are no HTML, as sent but for line ends, which are LF."""
        texts = (part.text for part in self._parts if part.html is None)
        return "\n".join(_lines(text) for text in texts if text)[:MAX_VISIBLE]

    @lazy
    def html(self) -> str:
        """The visible text of the HTML parts."""
        views = (part.html for part in self._parts)
        return "\n".join(view.text for view in views if view is not None and view.text)[
            :MAX_VISIBLE
        ]

    @lazy
    def plain_words(self) -> tuple[str, ...]:
        """The words of `plain`."""
        return words_of(self.plain)

    @lazy
    def html_words(self) -> tuple[str, ...]:
        """The words of `html`."""
        return words_of(self.html)

    @lazy
    def _is_twice(self) -> bool:
        """Whether the HTML says what the plain text says."""
        if not self.plain or not self.html:
            return False
        plain = set(self.plain_words)
        return len(plain & set(self.html_words)) >= SAME * len(plain)

    @lazy
    def visible(self) -> str:
        """What a reader sees; plain text that the HTML says as well is left out."""
        if self._is_twice or not self.plain:
            return self.html
        return f"{self.plain}\n{self.html}"[:MAX_VISIBLE] if self.html else self.plain

    @lazy
    def lines(self) -> tuple[str, ...]:
        """The lines of `visible`."""
        return tuple(self.visible.split("\n"))

    @lazy
    def words(self) -> tuple[str, ...]:
        """The words of `visible`, as `words_of` gives them."""
        if self._is_twice or not self.plain:
            return self.html_words
        return (self.plain_words + self.html_words)[:MAX_WORDS]

    @lazy
    def scripts(self) -> Mapping[str, float]:
        """The share of each script in the letters of `visible`, the largest first."""
        return scripts.scripts_of(self.visible)

    @lazy
    def hidden(self) -> tuple[Hidden, ...]:
        """What no reader of the HTML parts sees, but for comments."""
        views = [part.html for part in self._parts if part.html is not None]
        return tuple(one for view in views for one in view.hidden if one.why != "comment")

    @property
    def has_hidden(self) -> bool:
        """Whether there is any of it."""
        return bool(self.hidden)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
