"""Sizes of pictures by their headers."""

from struct import pack

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.images import ImageSize, image_size


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x06"


def jpeg(width: int, height: int, before: bytes = b"") -> bytes:
    frame = pack(">BBHBHH", 0xFF, 0xC0, 17, 8, height, width)
    return b"\xff\xd8" + pack(">BBH", 0xFF, 0xE0, 16) + b"JFIF".ljust(14) + before + frame


def webp(form: bytes, rest: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + form + b"\0\0\0\0" + rest.ljust(20, b"\0")


SIZES = (
    ("png", png(640, 480), (640, 480)),
    ("png", png(65535, 65535), (65535, 65535)),
    ("gif", b"GIF89a" + pack("<HH", 640, 480), (640, 480)),
    ("jpeg", jpeg(640, 480), (640, 480)),
    ("jpeg", jpeg(640, 480, b"\xff\xff\xff\xc4\x00\x04ab\xff\x01"), (640, 480)),
    ("jpeg", jpeg(640, 480, b"\xff\xc4\0\0"), (640, 480)),
    ("bmp", b"BM" + bytes(12) + pack("<Iii", 40, 640, -480), (640, 480)),
    ("bmp", b"BM" + bytes(12) + pack("<IHH", 12, 640, 480), (640, 480)),
    ("webp", webp(b"VP8 ", bytes(6) + pack("<HH", 640, 480)), (640, 480)),
    ("webp", webp(b"VP8L", b"\x2f" + pack("<I", 639 | 479 << 14)), (640, 480)),
    ("webp", webp(b"VP8X", bytes(4) + pack("<I", 639)[:3] + pack("<I", 479)[:3]), (640, 480)),
)


class SizeTests(SynchronousTestCase):
    def test_sizes(self) -> None:
        for kind, data, expected in SIZES:
            found = image_size(kind, data)
            self.assertEqual(found, expected and ImageSize(*expected), (kind, data))

    def test_none(self) -> None:
        for kind, data in (
            ("png", png(0, 480)),
            ("png", png(640, 0)),
            ("png", b"\x89PNG\r\n\x1a\n" + bytes(50)),
            ("jpeg", b"\xff\xd8" + b"\xff\xe0\x00\x02" * 300 + jpeg(1, 1)[2:]),
            ("jpeg", b"\xff\xd8" + b"\xff" * 500),
            ("jpeg", b"\xff\xd8no marker here"),
            ("webp", webp(b"else", b"")),
            ("pdf", b"%PDF"),
            ("", b""),
        ):
            self.assertIsNone(image_size(kind, data), (kind, data))

    def test_truncated(self) -> None:
        for kind, data, _ in SIZES:
            for size in range(len(data)):
                image_size(kind, data[:size])
