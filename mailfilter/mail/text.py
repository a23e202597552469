"""What a message says to its reader: the visible text of all parts, its lines and words."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

import regex  # type: ignore[import-untyped]

from . import scripts
from .html import Hidden
from .lazy import lazy
from .part import Part

MAX_VISIBLE = 512 * 1024
"""Characters of visible text."""

MAX_WORDS = 50_000
"""Words that are kept."""

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

_ASCII_WORD = re.compile(r"[a-z0-9]++(?:'[a-z0-9]++)*")
_WORD = regex.compile(r"[\p{L}\p{N}\p{M}]++(?:'[\p{L}\p{N}\p{M}]++)*+")
_LIGATURES = re.compile("[\ufdfa\ufdfb]")
"""Characters that stand for whole sentences, and would make a text of them 18 times as long."""

_MARKS = regex.compile(r"(\p{M}{30})\p{M}++")


def normal_form(text: str) -> str:
    """Text in lower case and NFKC, without characters that nobody sees.

    Of more than 30 combining marks in a row (UAX 15, 13) the rest is left out: sorting them
    takes quadratic time.
    """
    if text.isascii():
        return text.lower()
    text = _MARKS.sub(r"\1", _INVISIBLE.sub("", text))
    text = _LIGATURES.sub(" ", text)
    return unicodedata.normalize("NFKC", text.replace("\u2019", "'")).lower()


def words_of(text: str, most: int = MAX_WORDS) -> tuple[str, ...]:
    """The words of a text in their normal form: letters, digits, and apostrophes within."""
    text = normal_form(text)
    pattern = _ASCII_WORD if text.isascii() else _WORD
    found = []
    for match in pattern.finditer(text):
        found.append(match[0][:MAX_WORD])
        if len(found) >= most:
            break
    return tuple(found)


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
