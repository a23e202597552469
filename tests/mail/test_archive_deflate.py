"""Undoing deflate within bounds."""

import gzip
import random
import zlib

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.archive import ArchiveBudget, Found
from mailfilter.mail.archive_deflate import RAW, gzip_name, unpack

MIB = 1024 * 1024


class UnpackTests(SynchronousTestCase):
    def unpack(self, data: bytes, most: int = MIB) -> tuple[bytes, str]:
        found = Found("gz", self.budget)
        return unpack(data, most, found), found.cut

    def setUp(self) -> None:
        self.budget = ArchiveBudget()

    def test_whole(self) -> None:
        for data in (b"", b"x", random.Random(1).randbytes(200_000), b"abc" * 100_000):
            self.assertEqual(self.unpack(gzip.compress(data)), (data, ""))

    def test_raw(self) -> None:
        packer = zlib.compressobj(wbits=RAW)
        packed = packer.compress(b"hello") + packer.flush()
        found = Found("zip", self.budget)
        self.assertEqual((unpack(packed, 100, found, form=RAW), found.cut), (b"hello", ""))

    def test_most(self) -> None:
        self.assertEqual(self.unpack(gzip.compress(b"x" * 200), 100), (b"x" * 100, "octets"))

    def test_budget(self) -> None:
        self.budget.unpacked = 150
        data = gzip.compress(b"x" * 100)
        self.assertEqual(self.unpack(data), (b"x" * 100, ""))
        self.assertEqual(self.unpack(data), (b"x" * 50, "octets"))
        self.assertEqual(self.unpack(data), (b"", "octets"))

    def test_time_is_shared(self) -> None:
        before = self.budget.seconds
        self.unpack(gzip.compress(bytes(MIB)))
        self.assertLess(self.budget.seconds, before)

    def test_time(self) -> None:
        self.budget.seconds = -1.0
        self.assertEqual(self.unpack(gzip.compress(b"x")), (b"", "time"))

    def test_ratio(self) -> None:
        data, why = self.unpack(gzip.compress(bytes(20 * MIB)), 20 * MIB)
        self.assertEqual((len(data), why), (MIB, "ratio"))

    def test_broken(self) -> None:
        packed = gzip.compress(b"hello hello hello" * 100)
        self.assertEqual(self.unpack(packed[:-20])[1], "truncated")
        self.assertEqual(self.unpack(packed[:10] + b"\xff" * 20)[1], "broken")
        self.assertEqual(self.unpack(b"")[1], "truncated")


class NameTests(SynchronousTestCase):
    def test_names(self) -> None:
        start = b"\x1f\x8b\x08%c" + bytes(6)
        for data, expected in (
            (start % 8 + b"a.txt\0", "a.txt"),
            (start % 12 + b"\x02\0zza.txt\0", "a.txt"),
            (start % 0 + b"a.txt\0", ""),
            (start % 8 + b"a.txt", ""),
            (start % 12, ""),
            (b"\x1f\x8b", ""),
        ):
            self.assertEqual(gzip_name(data), expected)
