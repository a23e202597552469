"""Lists of archives of all kinds."""

import gzip
import random

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import parse
from mailfilter.mail.archive import ArchiveBudget, ArchiveListing, Member
from mailfilter.mail.archives import MAX_NESTED, kind_of, list_archive

from .archive_shapes import LZMA, SMALL, STORED, central, local, rar4, tar_of, zip_of, zip_with

PROGRAM = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0" + bytes(200)


def listed(data: bytes, name: str = "", budget: ArchiveBudget | None = None) -> ArchiveListing:
    listing = list_archive(data, budget or ArchiveBudget(), name)
    assert listing is not None
    return listing


def names(data: bytes, name: str = "") -> list[tuple[str, str]]:
    return [(member.name, member.within) for member in listed(data, name).members]


class KindTests(SynchronousTestCase):
    def test_kinds(self) -> None:
        zipped = zip_of({"a": b"b"})
        for data, expected in (
            (zipped, "zip"),
            (b"anything" + zipped, "zip"),
            (PROGRAM + zipped, "zip"),
            (PROGRAM + rar4(), "rar"),
            (PROGRAM, ""),
            (b"%PDF-1.4" + zipped, ""),
            (tar_of({"a": b"b"}), "tar"),
            (gzip.compress(b"x"), "gz"),
            (b"text", ""),
            (b"", ""),
        ):
            self.assertEqual(kind_of(data), expected, data[:20])

    def test_by_name(self) -> None:
        """What begins as a picture is an archive to who opens it as one."""
        data = b"\xff\xd8\xff" + zip_of({"a": b"b"})
        self.assertEqual([kind_of(data, name) for name in ("a.jpg", "A.ZIP")], ["", "zip"])

    def test_no_archive(self) -> None:
        self.assertIsNone(list_archive(b"text", ArchiveBudget()))

    def test_not_read(self) -> None:
        """What is not listed is no empty archive."""
        for data, kind in ((b"\xfd7zXZ\x00..", "xz"), (b"\x28\xb5\x2f\xfd..", "zst")):
            self.assertEqual(listed(data), ArchiveListing(kind, (), frozenset(), "unknown"))


class NestedTests(SynchronousTestCase):
    def test_in_zip(self) -> None:
        inner = zip_of({"c.exe": b"x", "deep.zip": zip_of({"d.exe": b"x"})})
        expected = [("a.zip", ""), ("c.exe", "a.zip"), ("deep.zip", "a.zip")]
        self.assertEqual(names(zip_of({"a.zip": inner})), expected)
        self.assertEqual(names(zip_of({"a.zip": inner}, method=STORED)), expected)

    def test_other_kinds_in_zip(self) -> None:
        data = zip_of({"a.tar": tar_of({"b": b""}), "c.7z": b"no archive"})
        self.assertEqual(names(data), [("a.tar", ""), ("c.7z", ""), ("b", "a.tar")])

    def test_one_level(self) -> None:
        data = zip_of({"a.gz": gzip.compress(zip_of({"c.exe": b""}))})
        self.assertEqual(names(data), [("a.gz", ""), ("a", "a.gz")])

    def test_not_unpacked(self) -> None:
        self.assertEqual(listed(zip_of({"a.zip": b"x" * 100}, method=LZMA)).cut, "unknown")

    def test_shared_octets(self) -> None:
        """Members with the same octets use the budget up, each by itself."""
        stored = tar_of({"x": b"a" * 90_000})
        first = local(b"0.tar", stored)
        size = len(stored)
        data = zip_with(first, *[central(b"%d.tar" % number, size) for number in range(9)])
        budget = ArchiveBudget(unpacked=2 * size + 1)
        listing = listed(data, budget=budget)
        within = [member.within for member in listing.members if member.within]
        self.assertEqual(within, ["0.tar", "1.tar"])
        self.assertEqual((listing.cut, budget.unpacked), ("octets", 0))

    def test_many(self) -> None:
        inner = zip_of({"x": b""})
        listing = listed(zip_of({f"{number}.zip": inner for number in range(MAX_NESTED + 1)}))
        self.assertEqual((len(listing.members), listing.cut), (2 * MAX_NESTED + 1, "members"))

    def test_traits(self) -> None:
        self.assertEqual(listed(zip_of({"a.zip": zip_of({"../x": b""})})).traits, {"above"})
        hidden = rar4(flags=0x80)
        self.assertEqual(listed(zip_of({"a.rar": hidden})).traits, {"encrypted"})


class PartTests(SynchronousTestCase):
    def test_texts(self) -> None:
        """A text that is no file is none, whatever it looks like."""
        body = b"PK\5\6" + bytes(18)
        self.assertIsNone(parse(b"Content-Type: text/plain\n\n" + body).root.archive)
        named = parse(b"Content-Type: text/plain; name=a\n\n" + body)
        self.assertEqual(named.root.archive, ArchiveListing("zip", (), frozenset(), ""))


class GzipTests(SynchronousTestCase):
    def test_file(self) -> None:
        data = gzip.compress(b"x" * 500)
        self.assertEqual(
            listed(data, "report.txt.gz").members[0], Member("report.txt", 500, len(data))
        )

    def test_tar(self) -> None:
        large = {"a": random.Random(1).randbytes(100_000), "b.exe": b""}
        listing = listed(gzip.compress(tar_of(large)))
        self.assertEqual((listing.kind, listing.cut), ("tar", ""))
        self.assertEqual([member.name for member in listing.members], ["a", "b.exe"])

    def test_archive(self) -> None:
        data = gzip.compress(zip_of({"b.exe": b""}))
        self.assertEqual(names(data, "a.zip.gz"), [("a.zip", ""), ("b.exe", "a.zip")])

    def test_large_tar(self) -> None:
        """What lies behind the quota is not looked at, and this is told."""
        budget = ArchiveBudget(unpacked=200_000)
        data = tar_of({"a": random.Random(1).randbytes(300_000), "b.exe": b""})
        listing = listed(gzip.compress(data), budget=budget)
        self.assertEqual(([member.name for member in listing.members]), ["a"])
        self.assertEqual(listing.cut, "octets")

    def test_bomb(self) -> None:
        """A thousand to one: a little is unpacked, the rest of it is what the end tells."""
        budget = ArchiveBudget()
        left = budget.unpacked
        listing = listed(gzip.compress(bytes(5_000_000)), "a.gz", budget)
        self.assertEqual(listing.members[0].size, 5_000_000)
        self.assertLess(left - budget.unpacked, 100_000)


class HostileTests(SynchronousTestCase):
    def test_every_truncation(self) -> None:
        for kind, data in SMALL.items():
            for octets in (data, gzip.compress(data)):
                for size in range(len(octets)):
                    list_archive(octets[:size], ArchiveBudget(), kind)

    def test_every_octet(self) -> None:
        for data in SMALL.values():
            for at in range(len(data)):
                for octet in (0, 0xFF):
                    changed = data[:at] + bytes([octet]) + data[at + 1 :]
                    list_archive(changed, ArchiveBudget())

    def test_lists_take_time(self) -> None:
        """What is spent on a long list is not there to unpack what is in it."""
        budget = ArchiveBudget()
        before = budget.seconds
        listed(zip_of({f"{number}.txt": b"" for number in range(100)}), budget=budget)
        self.assertLess(budget.seconds, before)
        budget.seconds = 0.0
        self.assertEqual(listed(zip_of({"a.zip": zip_of({"b": b""})}), budget=budget).cut, "time")

    def test_budget_is_shared(self) -> None:
        """By all archives of a message, those in archives included."""
        budget = ArchiveBudget(members=3)
        data = zip_of({"a": b"", "b.zip": zip_of({"c": b"", "d": b""})})
        listing = listed(data, budget=budget)
        self.assertEqual((len(listing.members), listing.cut), (3, "members"))
        listing = listed(data, budget=budget)
        self.assertEqual((len(listing.members), listing.cut), (0, "members"))
