"""Lists of tar archives."""

import tarfile

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.archive import ArchiveBudget, ArchiveListing, Found, Member
from mailfilter.mail.archive_tar import looks_like_tar, read_tar

from .archive_shapes import tar_of

LONG = "folder/" * 40 + "a.exe"


def read(data: bytes) -> ArchiveListing:
    found = Found("tar", ArchiveBudget())
    read_tar(data, found)
    return found.listing()


def block(name: bytes, size: bytes = b"0", kind: bytes = b"0", more: bytes = b"") -> bytes:
    """A header with a right sum."""
    head = name.ljust(100, b"\0") + b"0000644\0" * 3 + size.ljust(12, b"\0") + b"0".ljust(12, b"\0")
    tail = (kind.ljust(101, b"\0") + more).ljust(356, b"\0")
    total = sum(head) + sum(tail) + 8 * 0x20
    return head + b"%06o\0 " % total + tail


class TarTests(SynchronousTestCase):
    def test_members(self) -> None:
        listing = read(tar_of({"a": b"x" * 600, "b.exe": b""}))
        self.assertEqual(listing.members, (Member("a", 600, 600), Member("b.exe")))
        self.assertEqual((listing.traits, listing.cut), (frozenset(), ""))

    def test_long_names(self) -> None:
        for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
            listing = read(tar_of({LONG: b"x", "b": b""}, form))
            self.assertEqual([member.name for member in listing.members], [LONG, "b"])

    def test_prefix_of_name(self) -> None:
        listing = read(block(b"a.exe", more=b"ustar\x0000".ljust(88, b"\0") + b"folder"))
        self.assertEqual(listing.members[0].name, "folder/a.exe")

    def test_folder(self) -> None:
        listing = read(block(b"a/") + block(b"b", kind=b"5"))
        self.assertEqual([member.is_folder for member in listing.members], [True, True])

    def test_sparse(self) -> None:
        """More blocks tell of the holes of a file."""
        first = block(b"a", b"1000", b"S", bytes(225) + b"\1")
        more = bytes(504) + b"\1" + bytes(7)
        listing = read(first + more + bytes(512) + bytes(512) + block(b"b"))
        self.assertEqual([member.name for member in listing.members], ["a", "b"])

    def test_sizes(self) -> None:
        """Large ones are binary; negative ones are none."""
        large = (1 << 95 | 1 << 40).to_bytes(12, "big")
        self.assertEqual(read(block(b"a", large)).members[0].size, 1 << 40)
        for size in (b"\xff" * 12, b"-1", b"9", b"0x10"):
            listing = read(block(b"a", size))
            self.assertEqual((listing.members, listing.cut), ((), "broken"))

    def test_broken(self) -> None:
        whole = tar_of({"a": b"x"})
        self.assertEqual(read(whole[:1024]).cut, "truncated")
        self.assertEqual(read(whole[:1024] + b"x" * 512).cut, "broken")

    def test_many_without_members(self) -> None:
        listing = read(block(b"a", b"0", b"L") * 7000)
        self.assertEqual((listing.members, listing.cut), ((), "members"))

    def test_looks(self) -> None:
        self.assertTrue(looks_like_tar(block(b"a")))
        self.assertFalse(looks_like_tar(bytes(512)))
        self.assertFalse(looks_like_tar(b"a" * 512))
        self.assertFalse(looks_like_tar(block(b"a")[:500]))
