"""Looks for odd octets and characters that do not change the structure."""

import re

from .anomaly import AnomalyKind, AnomalyLog
from .headers import Headers
from .source import Source

_BARE_CR = re.compile(rb"\r(?!\n)")
_BARE_LF = re.compile(rb"\n(?<!\r\n)")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064\ufeff]"
)


def check_characters(log: AnomalyLog, text: str, where: str) -> None:
    """Note characters that turn the direction of text, or that cannot be seen."""
    if text.isascii():
        return
    if _BIDI.search(text):
        log.add(AnomalyKind.BIDI_CONTROL, where)
    if _INVISIBLE.search(text):
        log.add(AnomalyKind.INVISIBLE_CHARACTER, where)


def check_lines(source: Source, headers: Headers) -> None:
    """Note odd line ends and zero octets, and odd names in the header."""
    raw, log = source.raw, source.log
    if b"\r" in raw:
        if _BARE_CR.search(raw):
            log.add(AnomalyKind.BARE_CR)
        if b"\r\n" in raw and _BARE_LF.search(raw):
            log.add(AnomalyKind.MIXED_NEWLINES)
    if b"\x00" in raw:
        log.add(AnomalyKind.NUL)
    if raw and not raw.endswith(b"\n"):
        log.add(AnomalyKind.NO_FINAL_NEWLINE)
    if not headers:
        log.add(AnomalyKind.NO_HEADERS)
    if headers.has_space_before_colon():
        log.add(AnomalyKind.SPACE_BEFORE_COLON)
    if headers.has_8bit_name():
        log.add(AnomalyKind.EIGHT_BIT_NAME)
