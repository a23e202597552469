"""Octets to characters, by an allow-list of charsets.

A name that came in a mail is looked up in our own table, never in Python's registry of codecs:
that one also knows `rot13`, `zlib_codec`, `idna`, `unicode_escape` and whatever a library adds.
"""

import re
from typing import NamedTuple

from . import detect
from .anomaly import AnomalyKind
from .detect import Guess

LONGEST_NAME = 40
"""Characters of a charset's name; IANA's limit (RFC 2978 2.3)."""

# Python codec -> names, reduced to letters and digits. Mail programs read the older sets as
# their supersets (WHATWG Encoding 4.2), so we do as well.
_NAMES = {
    "ascii": "ascii usascii ansix341968 iso646us us 646 7bit default",
    "utf_8": "utf8 unicode11utf8 utf8mb4 unicodeutf8 utf8bom csutf8",
    "utf_7": "utf7 unicode11utf7 csutf7",
    "utf_16": "utf16 ucs2 iso10646ucs2 unicode csunicode utf16bom",
    "utf_16_le": "utf16le unicodelittle",
    "utf_16_be": "utf16be unicodebig",
    "utf_32": "utf32 ucs4 iso10646ucs4",
    "utf_32_le": "utf32le",
    "utf_32_be": "utf32be",
    "cp1252": "windows1252 cp1252 iso88591 latin1 l1 iso885911987 isoir100 8859 88591 ibm819 cp819"
    " ansi xansi win1252 csisolatin1 iso8859",
    "cp1250": "windows1250 cp1250 win1250",
    "cp1251": "windows1251 cp1251 win1251 ansi1251",
    "cp1253": "windows1253 cp1253",
    "cp1254": "windows1254 cp1254 iso88599 latin5 l5 iso885991989",
    "cp1255": "windows1255 cp1255",
    "cp1256": "windows1256 cp1256",
    "cp1257": "windows1257 cp1257",
    "cp1258": "windows1258 cp1258",
    "cp874": "windows874 cp874 tis620 iso885911 dos874 tis62025332533",
    "iso8859_2": "iso88592 latin2 l2 iso885921987",
    "iso8859_3": "iso88593 latin3 l3",
    "iso8859_4": "iso88594 latin4 l4",
    "iso8859_5": "iso88595 cyrillic",
    "iso8859_6": "iso88596 arabic ecma114 asmo708",
    "iso8859_7": "iso88597 greek greek8 ecma118 elot928",
    "iso8859_8": "iso88598 iso88598i iso88598e hebrew visual logical",
    "iso8859_10": "iso885910 latin6 l6",
    "iso8859_13": "iso885913 latin7",
    "iso8859_14": "iso885914 latin8",
    "iso8859_15": "iso885915 latin9 latin0 l9",
    "iso8859_16": "iso885916 latin10",
    "koi8_r": "koi8r koi8 koi cskoi8r",
    "koi8_u": "koi8u koi8ru",
    "koi8_t": "koi8t",
    "kz1048": "kz1048 rk1048",
    "ptcp154": "ptcp154 pt154 cp154",
    "mac_roman": "macintosh macroman xmacroman mac",
    "mac_cyrillic": "maccyrillic xmaccyrillic",
    "mac_greek": "macgreek xmacgreek",
    "mac_turkish": "macturkish xmacturkish",
    "mac_latin2": "maccentraleurope xmacce",
    "cp437": "cp437 ibm437 437",
    "cp850": "cp850 ibm850 850",
    "cp852": "cp852 ibm852 852",
    "cp855": "cp855 ibm855 855",
    "cp858": "cp858 ibm858",
    "cp862": "cp862 ibm862 862 dos862",
    "cp866": "cp866 ibm866 866 dos866",
    "gb18030": "gb18030 gbk gb2312 gb231280 chinese csgb2312 euccn cp936 ms936 windows936 xgbk"
    " gb180302000",
    "hz": "hz hzgb2312 hzgb",
    "big5hkscs": "big5 big5hkscs big5tw big5eten xxbig5 cnbig5 csbig5 cp950 ms950 windows950",
    "cp932": "shiftjis sjis mskanji xsjis ms932 cp932 windows31j csshiftjis shiftjisms",
    "euc_jp": "eucjp xeucjp ujis cseucpkdfmtjapanese",
    "iso2022_jp_ext": "iso2022jp csiso2022jp iso2022jp1 iso2022jp3 iso2022jpms cp50220 cp50221",
    "iso2022_jp_2": "iso2022jp2",
    "cp949": "euckr ksc56011987 ksc5601 ksc56011989 ksx1001 uhc cp949 ms949 windows949 korean"
    " cseuckr xwindows949",
    "iso2022_kr": "iso2022kr csiso2022kr",
    "johab": "johab cp1361",
}
_CODECS = {name: codec for codec, names in _NAMES.items() for name in names.split()}

_ESCAPING = frozenset({"utf_7", "hz", "iso2022_jp_ext", "iso2022_jp_2", "iso2022_kr"})
"""Charsets that write other characters with ASCII octets."""
_WIDE = frozenset({"utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be"})
_NOT_ASCII = _ESCAPING | _WIDE
_UNHELPFUL = frozenset({"ascii", "utf_8"})
"""Charsets that 8-bit octets which are not UTF-8 cannot be in."""
_ISO_2022_JP = b"\x1b$"
"""The escape sequence that begins two-octet characters."""

_PUNCTUATION = re.compile(r"[^a-z0-9]+")


class Decoded(NamedTuple):
    """Characters, the codec that gave them, and what was odd."""

    text: str
    codec: str
    anomaly: AnomalyKind | None = None


def find_codec(name: str) -> str | None:
    """The Python codec for a charset's name as written in a mail, `None` if not allowed."""
    codec = _CODECS.get(name)
    if codec is not None or len(name) > LONGEST_NAME:
        return codec
    return _CODECS.get(_PUNCTUATION.sub("", name.lower()))


def decode(
    data: bytes, declared: str | None, is_cut: bool = False, guess: Guess = detect.guess
) -> Decoded:
    """Decode octets of the declared charset (as written); never raises.

    Undeclared, unknown and wrong declarations (8-bit octets in US-ASCII, no zero octet in
    UTF-16) lead to detection. Invalid octets become U+FFFD; no surrogates come out. With
    `is_cut` the last character may be incomplete, which is not taken for an error.
    """
    codec = find_codec(declared) if declared else None
    if declared and codec is None:
        return Decoded(undeclared(data, is_cut, guess).text, "", AnomalyKind.UNKNOWN_CHARSET)
    if codec not in _NOT_ASCII and data.isascii() and (codec or _ISO_2022_JP not in data):
        return Decoded(data.decode("ascii"), codec or "ascii")
    if codec is None or codec == "ascii":
        found = undeclared(data, is_cut, guess)
        return Decoded(found.text, found.codec, AnomalyKind.UNDECLARED_8BIT)
    if codec in _WIDE and 0 not in data:
        return Decoded(undeclared(data, is_cut, guess).text, "", AnomalyKind.CHARSET_MISMATCH)
    return _decode_as(data, codec, is_cut)


def undeclared(data: bytes, is_cut: bool = False, guess: Guess = detect.guess) -> Decoded:
    """Decode octets that nobody labelled.

    UTF-8 if they are valid, else what an HTML text says of itself, else what they look like.
    """
    if data.isascii() and _ISO_2022_JP in data:
        return _decode_as(data, "iso2022_jp_ext", is_cut)
    attempt = _decode_as(data, "utf_8", is_cut)
    if attempt.anomaly is None:
        return attempt
    name = detect.named_within(data)
    codec = find_codec(name) if name else None
    if codec is not None and codec not in _NOT_ASCII | _UNHELPFUL:
        attempt = _decode_as(data, codec, is_cut)
        if attempt.anomaly is None:
            return attempt
    return _decode_as(data, find_codec(guess(data)) or "cp1252", is_cut)


def decode_header(data: bytes, hint: str | None, guess: Guess = detect.guess) -> str:
    """Decode raw 8-bit octets of a header field: UTF-8, the body's charset, or detection."""
    attempt = _decode_as(data, "utf_8", False)
    if attempt.anomaly is None:
        return attempt.text
    codec = find_codec(hint) if hint else None
    if codec is not None and codec not in _NOT_ASCII | _UNHELPFUL:
        hinted = _decode_as(data, codec, False)
        if hinted.anomaly is None:
            return hinted.text
    return undeclared(data, guess=guess).text


def _decode_as(data: bytes, codec: str, is_cut: bool) -> Decoded:
    """Decode with a codec of the table."""
    try:
        text = data.decode(codec)
        anomaly = None
    except UnicodeError as error:
        text = data.decode(codec, "replace")
        anomaly = AnomalyKind.CHARSET_MISMATCH
        if is_cut and isinstance(error, UnicodeDecodeError) and error.start >= len(data) - 8:
            text = text.rstrip("\ufffd")
            anomaly = None
    if codec == "utf_7":
        # Alone among the codecs it lets lone surrogates through.
        text = text.encode("utf_8", "replace").decode("utf_8")
    if text[:1] == "\ufeff":
        text = text[1:]
    return Decoded(text, codec, anomaly)
