"""Lists of RAR archives, and what 7z tells."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.archive import ArchiveBudget, ArchiveListing, Found, Member
from mailfilter.mail.archive_rar import MAX_RECORDS, read_7z, read_rar

from .archive_shapes import block4, block5, file4, file5, rar4, rar5, seven, vint


def read(data: bytes) -> ArchiveListing:
    found = Found("rar", ArchiveBudget())
    read_rar(data, found)
    return found.listing()


class Rar4Tests(SynchronousTestCase):
    def test_members(self) -> None:
        listing = read(rar4(file4(b"a.exe"), file4(b"d", 0xE0), file4(b"b\0packed", 0x204)))
        self.assertEqual(
            listing.members,
            (
                Member("a.exe", 9, 1),
                Member("d", 9, 1, is_folder=True),
                Member("b", 9, 1, is_encrypted=True),
            ),
        )
        self.assertEqual((listing.traits, listing.cut), ({"encrypted"}, ""))

    def test_dictionary(self) -> None:
        """Its size is told by the bits that together mean a folder."""
        self.assertFalse(read(rar4(file4(b"a", 0x60))).members[0].is_folder)

    def test_large(self) -> None:
        """Sizes beyond 32 bits are in eight more octets."""
        plain = file4(b"\x01\0\0\0\x02\0\0\0name", 0x100)
        block = plain[:26] + (4).to_bytes(2, "little") + plain[28:]
        self.assertEqual(read(rar4(block)).members, (Member("name", 9 + (2 << 32), 1 + (1 << 32)),))

    def test_traits(self) -> None:
        self.assertEqual(read(rar4(flags=0x1)).traits, {"volume"})
        self.assertEqual(read(rar4(file4(b"a"), flags=0x80)).traits, {"encrypted_list"})
        self.assertEqual(read(b"MZ" * 99 + rar4(file4(b"a"))).traits, {"prefix"})

    def test_other_blocks(self) -> None:
        comment = block4(0x7A, 0x8000, (5).to_bytes(4, "little")) + b"hello"
        self.assertEqual(len(read(rar4(comment, file4(b"a"))).members), 1)

    def test_broken(self) -> None:
        self.assertEqual(read(rar4(file4(b"a"), bytes(7))).cut, "broken")
        self.assertEqual(read(rar4(file4(b"a"))[:-9]).cut, "truncated")
        self.assertEqual(read(b"Rar!\x1a\x07\x05").cut, "unknown")
        self.assertEqual(read(b"").cut, "truncated")


class Rar5Tests(SynchronousTestCase):
    def test_members(self) -> None:
        cipher = vint(2) + vint(1) + b"\0"
        listing = read(rar5(file5(b"a.exe", 6), file5(b"b", 0, cipher), file5(b"d", 1)))
        self.assertEqual(
            listing.members,
            (
                Member("a.exe", 300, 4),
                Member("b", 300, 4, is_encrypted=True),
                Member("d", 300, 4, is_folder=True),
            ),
        )
        self.assertEqual((listing.traits, listing.cut), ({"encrypted"}, ""))

    def test_other_extra(self) -> None:
        self.assertEqual(read(rar5(file5(b"a", 0, vint(2) + vint(3) + b"\0"))).traits, set())

    def test_many_extras(self) -> None:
        """Millions of them would hold everybody up."""
        other, cipher = vint(2) + vint(3) + b"\0", vint(2) + vint(1) + b"\0"
        for many, expected in ((MAX_RECORDS - 1, True), (MAX_RECORDS, False)):
            listing = read(rar5(file5(b"a", 0, other * many + cipher)))
            self.assertEqual(listing.members[0].is_encrypted, expected)

    def test_extras_behind(self) -> None:
        extra = vint(2) + vint(1) + b"\0" + vint(2) + vint(3) + b"\0"
        self.assertTrue(read(rar5(file5(b"a", 0, extra))).members[0].is_encrypted)

    def test_traits(self) -> None:
        self.assertEqual(read(rar5(flags=1)).traits, {"volume"})
        self.assertEqual(read(rar5(block5(4, b"any"), file5(b"a"))).traits, {"encrypted_list"})

    def test_broken(self) -> None:
        self.assertEqual(read(rar5(file5(b"a"))[:-8]).cut, "truncated")
        self.assertEqual(read(rar5(bytes(5))).cut, "truncated")
        self.assertEqual(read(rar5(b"\0\0\0\0" + b"\xff" * 30)).cut, "truncated")

    def test_many(self) -> None:
        listing = read(rar5(*[file5(b"%d" % number) for number in range(3000)]))
        self.assertEqual((len(listing.members), listing.cut), (2000, "members"))


class SevenTests(SynchronousTestCase):
    def test_encrypted_list(self) -> None:
        for header, expected in (
            (b"\x17\x06\xf1\x07\x01", {"encrypted_list"}),
            (b"\x17\x06\x03\x01\x01", set()),
            (b"\x01\x06\xf1\x07\x01", set()),
            (b"", set()),
        ):
            found = Found("7z", ArchiveBudget())
            read_7z(seven(header), found)
            self.assertEqual((found.traits, found.cut), (expected, "unknown"))
