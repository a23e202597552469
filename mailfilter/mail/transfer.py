"""Content-Transfer-Encoding: base64, quoted-printable, uuencode (RFC 2045 6)."""

import binascii
import re
from typing import NamedTuple

from .anomaly import AnomalyKind

IDENTITY = frozenset({"", "7bit", "8bit", "binary"})
UUENCODE = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})

SAMPLE = 1024
"""Octets searched for characters that do not belong: broken encoders break early."""
SEGMENTS = 256
"""Pieces of one base64 body that end with padding of their own."""

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
_PADDING = re.compile(rb"=[=\s]*")
_BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_DROPPED = bytes(octet for octet in range(256) if octet not in _BASE64_ALPHABET)
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n)")
_SOFT_BREAK_CR = re.compile(rb"=\r(?!\n)")
_UU_BEGIN = re.compile(rb"^begin[ \t]+[0-7]{3,4}[ \t][^\n]*\n", re.MULTILINE)
_YENC_BEGIN = re.compile(rb"^=ybegin [^\n]*line=", re.MULTILINE)


class Octets(NamedTuple):
    """Decoded octets and what was odd about them."""

    data: bytes
    anomalies: tuple[AnomalyKind, ...] = ()
    lines: int = 0
    """Lines of uuencode that were decoded."""


def decode(body: bytes, encoding: str, most: int, most_lines: int) -> Octets:
    """Undo a transfer encoding (lower case); never raises.

    Characters outside of an encoding's alphabet are skipped or kept, as mail programs do; an
    unknown encoding leaves the octets as they are. Gives at most `most` octets, of at most
    `most_lines` lines of uuencode.
    """
    if encoding == "base64":
        return _base64(body, most)
    if encoding == "quoted-printable":
        return _quoted_printable(body, most)
    if encoding in UUENCODE:
        return _uuencoded(body, most, most_lines)
    known = () if encoding in IDENTITY else (AnomalyKind.UNKNOWN_ENCODING,)
    if len(body) > most:
        return Octets(body[:most], (*known, AnomalyKind.DECODED_CUT))
    return Octets(body, known)


def _base64(body: bytes, most: int) -> Octets:
    anomalies: tuple[AnomalyKind, ...] = ()
    # 4 characters give 3 octets; a fortieth more for the line ends.
    if len(body) // 4 * 3 > most + most // 40 + SAMPLE:
        body = body[: (most + most // 40) // 3 * 4]
        anomalies = (AnomalyKind.DECODED_CUT,)
    if _NOT_BASE64.search(body, 0, SAMPLE):
        anomalies = (*anomalies, AnomalyKind.BAD_BASE64)
    padding = body.find(b"=")
    if padding >= 0 and len(body) - padding > 2 and body[padding:].strip(b"= \t\r\n"):
        data = b"".join(map(_lenient_base64, _PADDING.split(body, SEGMENTS)))
        return Octets(data[:most], (*anomalies, AnomalyKind.DATA_AFTER_PADDING))
    try:
        data = binascii.a2b_base64(body)
    except binascii.Error:
        data = _lenient_base64(body)
        if not anomalies:
            anomalies = (AnomalyKind.BAD_BASE64,)
    return Octets(data[:most], anomalies)


def _lenient_base64(body: bytes) -> bytes:
    """Decode what is there: without padding, with up to three characters too many."""
    clean = body.translate(None, _DROPPED)
    rest = len(clean) % 4
    if rest == 1:
        clean = clean[:-1]
        rest = 0
    return binascii.a2b_base64(clean + b"=" * (-rest % 4))


def _quoted_printable(body: bytes, most: int) -> Octets:
    anomalies: tuple[AnomalyKind, ...] = ()
    if len(body) > 3 * most:
        body = body[: 3 * most]
        anomalies = (AnomalyKind.DECODED_CUT,)
    if _BAD_ESCAPE.search(body, 0, SAMPLE):
        anomalies = (*anomalies, AnomalyKind.BAD_QUOTED_PRINTABLE)
    if b"\r" in body and _SOFT_BREAK_CR.search(body):
        # binascii takes `=` CR for a soft line break and drops what follows up to the next LF.
        body = body.replace(b"=\r\n", b"=\n").replace(b"=\r", b"=3D\r")
    data = binascii.a2b_qp(body)
    if len(data) > most:
        data = data[:most]
        anomalies = (*anomalies, AnomalyKind.DECODED_CUT)
    return Octets(data, anomalies)


def _uuencoded(body: bytes, most: int, lines: int) -> Octets:
    """Decode the first file between `begin` and `end`, or all lines if there is no `begin`."""
    begin = _UU_BEGIN.search(body)
    at = begin.end() if begin else 0
    pieces: list[bytes] = []
    size = 0
    is_bad = begin is None
    is_cut = False
    while at < len(body):
        is_cut = size >= most or len(pieces) >= lines
        if is_cut:
            break
        stop = body.find(b"\n", at)
        stop = len(body) if stop < 0 else stop
        line = body[at : min(stop, at + 100)].rstrip(b"\r\n")
        at = stop + 1
        if line == b"end":
            break
        piece = _uu_line(line)
        if piece is None:
            is_bad = True
            piece = b""
        pieces.append(piece)
        size += len(piece)
    anomalies: list[AnomalyKind] = []
    if is_cut:
        anomalies.append(AnomalyKind.DECODED_CUT)
    if is_bad:
        anomalies.append(AnomalyKind.BAD_UUENCODE)
    return Octets(b"".join(pieces)[:most], tuple(anomalies), len(pieces))


def _uu_line(line: bytes) -> bytes | None:
    """Decode one line, `None` if it is none; spaces may have been stripped from its end."""
    if not line:
        return b""
    length = (line[0] - 32) & 63
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        pass
    try:
        # Some encoders write more characters than the length asks for.
        return binascii.a2b_uu(line[: 1 + (length * 4 + 2) // 3])
    except binascii.Error:
        return None


def inline_anomalies(body: bytes) -> tuple[AnomalyKind, ...]:
    """Files written into a text the way it was done before MIME."""
    if b"begin " not in body:
        return ()
    found: tuple[AnomalyKind, ...] = ()
    if _UU_BEGIN.search(body):
        found = (AnomalyKind.INLINE_UUENCODE,)
    if _YENC_BEGIN.search(body):
        found = (*found, AnomalyKind.YENC)
    return found
