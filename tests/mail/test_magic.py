"""Kinds of files by their first octets."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import parse
from mailfilter.mail.magic import MAX_BEFORE, magic, markup

ISO = bytes(0x8001)


class MagicTests(SynchronousTestCase):
    def test_kinds(self) -> None:
        for data, expected in (
            (b"PK\3\4rest", "zip"),
            (b"Rar!\x1a\x07\x00", "rar"),
            (b"7z\xbc\xaf\x27\x1c", "7z"),
            (b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0", "exe"),
            (b"MZ is how this text begins, and it goes on for much longer than sixty four", ""),
            (b"MZ" + bytes(58) + b"\0\0\0\x10", "exe"),
            (b"MZ" + b"x" * 58 + b"\x40\0\0\0PE\0\0", "exe"),
            (b"MZ", ""),
            (b"\x7fELF", "elf"),
            (b"%PDF-1.7", "pdf"),
            (b"\xef\xbb\xbf \n%PDF-1.7", "pdf"),
            (b"\x89PNG\r\n\x1a\n", "png"),
            (b"RIFF....WEBP", "webp"),
            (b"RIFF....else", ""),
            (b"BM....\0\0\0\0" + bytes(20), "bmp"),
            (b"BMW is a car, and this is a text", ""),
            (b"BZh91AY&SY", "bz2"),
            (b"BZh9 is a text", ""),
            (bytes(257) + b"ustar", "tar"),
            (b"\x22\x10-lh5-", "lha"),
            (bytes(7) + b"**ACE**", "ace"),
            (b"\0\0\0\x18ftypmp42", "mp4"),
            (b"\0\0\0\x18ftypheic", "heif"),
            (ISO + b"CD001", "iso"),
            (ISO + b"BEA01", "udf"),
            (b"", ""),
            (b"P", ""),
            (b"text", ""),
        ):
            self.assertEqual(magic(data), expected, data[:20])

    def test_markup(self) -> None:
        """By the first tag, behind comments."""
        for data, expected in (
            (b"<!DOCTYPE html><p>", "html"),
            (b"\xef\xbb\xbf\r\n<HTML>", "html"),
            (b"<!-- a -- b --><!----> <body class=x>", "html"),
            (b"<?xml version='1.0'?>", "xml"),
            (b"<headline>", ""),
            (b"hi <html>", ""),
            (b"<!-- <html>", ""),
            (b"<!--" * 9999, ""),
            (b" " * MAX_BEFORE + b"<html>", ""),
            (b"", ""),
        ):
            self.assertEqual(markup(data), expected, data[:20])


class PartTests(SynchronousTestCase):
    def test_head(self) -> None:
        """The rest of a large file is not decoded for it."""
        for encoding, body, size in (
            ("base64", b"UEsDBAAA\n" * 100_000, 34816),
            ("base64", b"UEsDBAAA\n", 6),
            ("base64", b" " * 200_000 + b"UEsDBAAA\n", 6),
            ("quoted-printable", b"PK=03=04" * 100_000, 34816),
            ("7bit", b"PK\3\4" * 100_000, 34816),
            ("x-uuencode", b"begin 644 a\n$4$L#! \nend\n", 4),
        ):
            fields = f"Content-Transfer-Encoding: {encoding}\n"
            part = parse(f"{fields}Content-Type: application/zip\n\n".encode() + body).root
            self.assertEqual((part.magic, len(part.head)), ("zip", size), encoding)
