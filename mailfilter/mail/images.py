"""The size of a picture as its header tells it. Pictures are never decoded."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

MAX_SEGMENTS = 256
"""Segments of a JPEG file before the one that tells its size."""

_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start of frame (ITU T.81 B.1.1.3); the others are tables."""

_JPEG_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))
"""Markers without a segment."""


class ImageSize(NamedTuple):
    """Pixels, as told."""

    width: int
    height: int


def image_size(kind: str, data: bytes) -> ImageSize | None:
    """The size of a picture of a kind (of `magic`); None if it is no picture or does not tell."""
    reader = _READERS.get(kind)
    size = reader(data) if reader is not None else None
    return size if size is not None and size.width > 0 and size.height > 0 else None


def _png(data: bytes) -> ImageSize | None:
    if len(data) < 24 or data[12:16] != b"IHDR":
        return None
    return ImageSize(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))


def _gif(data: bytes) -> ImageSize | None:
    return _pair(data, 6, 2)


def _bmp(data: bytes) -> ImageSize | None:
    """The height is negative where the first line is the top one."""
    if int.from_bytes(data[14:18], "little") == 12:
        return _pair(data, 18, 2)
    if len(data) < 26:
        return None
    width, height = (int.from_bytes(data[at : at + 4], "little", signed=True) for at in (18, 22))
    return ImageSize(width, abs(height))


def _webp(data: bytes) -> ImageSize | None:
    if len(data) < 30:
        return None
    form = data[12:16]
    if form == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return ImageSize(width, height)
    if form == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return ImageSize((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    size = _pair(data, 26, 2) if form == b"VP8 " else None
    return ImageSize(size.width & 0x3FFF, size.height & 0x3FFF) if size else None


def _pair(data: bytes, at: int, octets: int) -> ImageSize | None:
    if len(data) < at + 2 * octets:
        return None
    width, height = data[at : at + octets], data[at + octets : at + 2 * octets]
    return ImageSize(int.from_bytes(width, "little"), int.from_bytes(height, "little"))


def _jpeg(data: bytes) -> ImageSize | None:
    at = 2
    for _ in range(MAX_SEGMENTS):
        if at + 9 > len(data) or data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _JPEG_SIZES:
            height, width = data[at + 5 : at + 7], data[at + 7 : at + 9]
            return ImageSize(int.from_bytes(width, "big"), int.from_bytes(height, "big"))
        at += 2
        if marker not in _JPEG_ALONE:
            at += max(int.from_bytes(data[at : at + 2], "big"), 2)
    return None


_READERS: Mapping[str, Callable[[bytes], ImageSize | None]] = {
    "png": _png,
    "gif": _gif,
    "bmp": _bmp,
    "webp": _webp,
    "jpeg": _jpeg,
}
