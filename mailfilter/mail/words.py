"""Encoded words of header fields (RFC 2047)."""

import binascii
import re

from . import charset, detect
from .anomaly import AnomalyKind, AnomalyLog
from .detect import Guess

# charset (with RFC 2231's *language), encoding, text. Spaces in the text are wrong and common.
_WORD = re.compile(r"=\?([^?\s]++)\?([bBqQ])\?([^?]*+)\?=")
_LEFT_OVER = re.compile(r"=\?[^?\s]+\?[bBqQ]\?")


def decode(text: str, log: AnomalyLog, most: int, guess: Guess = detect.guess) -> str:
    """Decode the encoded words of an unfolded field; at most `most` of them.

    Adjacent words of one charset are joined before decoding, since many programs split a
    character between them. What words decode to is never decoded again.
    """
    if "=?" not in text:
        return text
    out: list[str] = []
    octets: list[bytes] = []
    name = ""
    last = 0
    for count, word in enumerate(_WORD.finditer(text)):
        if count >= most:
            log.add(AnomalyKind.HEADER_CUT, "encoded words")
            break
        gap = text[last : word.start()]
        is_adjacent = bool(octets) and not gap.strip(" \t")
        charset_name = word[1].partition("*")[0].lower()
        if octets and not (is_adjacent and charset_name == name):
            out.append(_characters(octets, name, log, guess))
            octets = []
        if not is_adjacent:
            out.append(gap)
        octets.append(_octets(word[2], word[3], log))
        name = charset_name
        last = word.end()
    if octets:
        out.append(_characters(octets, name, log, guess))
    rest = text[last:]
    if "=?" in rest and _LEFT_OVER.search(rest):
        log.add(AnomalyKind.BAD_ENCODED_WORD)
    out.append(rest)
    return "".join(out)


def _octets(encoding: str, text: str, log: AnomalyLog) -> bytes:
    data = text.encode("utf_8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    try:
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4))
    except binascii.Error:
        log.add(AnomalyKind.BAD_ENCODED_WORD)
        usable = len(data) // 4 * 4
        try:
            return binascii.a2b_base64(data[:usable])
        except binascii.Error:
            return b""


def _characters(octets: list[bytes], name: str, log: AnomalyLog, guess: Guess) -> str:
    decoded = charset.decode(b"".join(octets), name, guess=guess)
    if decoded.anomaly is not None:
        log.add(decoded.anomaly, "encoded word")
    if "=?" in decoded.text and _WORD.search(decoded.text):
        log.add(AnomalyKind.NESTED_ENCODED_WORD)
    return decoded.text
