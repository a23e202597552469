"""What kind of file octets are, by those that such files begin with."""

import re
from collections.abc import Mapping

HEAD = 34 * 1024
"""Octets from the beginning of a file that are looked at: images of disks tell late."""

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK00PK\x03\x04", "zip"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b\x08", "gz"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"LZIP\x01", "lz"),
    (b"]\x00\x00", "lzma"),
    (b"MSCF\x00\x00\x00\x00", "cab"),
    (b"\x60\xea", "arj"),
    (b"ALZ\x01", "alz"),
    (b"EGGA", "egg"),
    (b"\x7fELF", "elf"),
    (b"\xcf\xfa\xed\xfe", "macho"),
    (b"\xce\xfa\xed\xfe", "macho"),
    (b"\xca\xfe\xba\xbe", "class"),
    (b"L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F", "lnk"),
    (b"ITSF\x03\x00\x00\x00", "chm"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf", "rtf"),
    (b"%PDF-", "pdf"),
    (b"%!PS", "ps"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
)
"""What files begin with, and their kinds."""

_BY_FIRST: Mapping[int, tuple[tuple[bytes, str], ...]] = {
    first: tuple(item for item in _STARTS if item[0][0] == first)
    for first in {start[0] for start, _ in _STARTS}
}
_PICTURE_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif"))
"""What pictures of telephones say where films say what they are (ISO/IEC 23008-12)."""

_BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")
_LHA = re.compile(rb"[\s\S]{2}-l[hz][0-9sd]-")

MAX_BEFORE = 4096
"""Octets in which the first tag of a page begins."""

_BLANK = b" \t\r\n\f"
_TAG = re.compile(
    rb"<(?:(!doctype\s++html|html|head|body|script|iframe|title|meta)(?![a-z0-9])|\?xml\s)",
    re.IGNORECASE,
)

PROGRAMS = frozenset({"exe", "elf", "macho", "class", "lnk", "chm"})
"""Kinds that run when they are opened."""

_ARCHIVES = "zip rar 7z gz bz2 xz zst lz lzma tar cab arj ace alz egg lha iso udf"
ARCHIVES = frozenset(_ARCHIVES.split())
"""Kinds that files are packed in."""


def magic(data: bytes) -> str:
    """The kind of a file, such as `zip` or `exe`, or an empty text if it is not known.

    Looks at the first `HEAD` octets; takes neither name nor declared type into account.
    """
    if not data:
        return ""
    for start, kind in _BY_FIRST.get(data[0], ()):
        if data.startswith(start):
            return kind
    if data.startswith(b"MZ"):
        return "exe" if _is_program(data) else ""
    if data.startswith(b"RIFF"):
        return {b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}.get(data[8:12], "")
    if data.startswith(b"BM") and data[6:10] == bytes(4) and len(data) > 26:
        return "bmp"
    return _by_middle(data)


def markup(data: bytes) -> str:
    """`html` or `xml` for texts that begin as such pages do, else an empty text.

    Apart from `magic`, as such a text may be an archive as well.
    """
    data = data[:MAX_BEFORE].removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    while data.startswith(b"<!--") and b"-->" in data:
        data = data.partition(b"-->")[2].lstrip(_BLANK)
    found = _TAG.match(data)
    if found is None:
        return ""
    return "html" if found[1] else "xml"


def _is_program(data: bytes) -> bool:
    """Whether `MZ` is not just a text: the header of PE is where it says, or there are zeros.

    That header may be far behind, where it is not looked for.
    """
    if len(data) < 64:
        return False
    at = int.from_bytes(data[60:64], "little")
    return data[at : at + 2] in (b"PE", b"NE", b"LE", b"LX") or bytes(2) in data[:64]


def _by_middle(data: bytes) -> str:
    if _BZIP2.match(data):
        return "bz2"
    if data[257:262] == b"ustar":
        return "tar"
    if _LHA.match(data):
        return "lha"
    if data[7:14] == b"**ACE**":
        return "ace"
    if data[4:8] == b"ftyp":
        return "heif" if data[8:12] in _PICTURE_BRANDS else "mp4"
    if data[0x8001:0x8006] == b"CD001":
        return "iso"
    if data[0x8001:0x8006] == b"BEA01":
        return "udf"
    return "pdf" if b"%PDF-" in data[:1024] else ""
