"""Texts for replies that MTAs would not get as they stand."""

import re
from collections.abc import Iterator

from ..syntax import NOT_PRINTABLE, REPLY_CODES
from .complaint import Complaint, Place, told
from .model import Config, ProfileTexts, Texts
from .problem import Problem
from .toml_text import KeyPath, string_text

_CODES = {"reject": "550 5.7.1", "soft_reject": "450 4.7.1", "quarantine": ""}
"""Key -> codes that such a text may begin with, for example."""

_HALF = re.compile(r"(?:[2-5][0-9]{2}|[245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[ -]|$)")
"""One of the two codes."""


def text_warnings(config: Config, place: Place) -> Iterator[Problem]:
    """What is not sent as it stands."""
    yield from told(_changed(config.texts, ("texts",)), place)
    for name, profile in config.profiles.items():
        yield from told(_changed(profile.texts, ("profiles", name, "texts")), place)


def _changed(texts: Texts | ProfileTexts, table: KeyPath) -> Iterator[Complaint]:
    for key, codes in _CODES.items():
        text: str | None = getattr(texts, key)
        for expected in _faults(text or "", codes):
            yield Complaint((*table, key), string_text(text or ""), expected)


def _faults(text: str, codes: str) -> Iterator[str]:
    """What happens to a text that may begin with such codes."""
    start = re.split(r"[\r\n]", text.lstrip("\r\n\t "), maxsplit=1)[0]
    found = REPLY_CODES.match(start)
    if found and not codes:
        yield "codes are left out of a reason"
    elif found and not found[1] == found[2] == codes[0]:
        yield f"these codes are left out: expected some of class {codes[0]}, as {codes}"
    elif codes and not found and _HALF.match(start):
        yield f"one code alone is text: expected two, as {codes}"
    if NOT_PRINTABLE.search(re.sub(r"[\r\n\t]", "", text)):
        yield "what is not printable ASCII is sent as a question mark"
