"""Lists of zip archives, and archives that can be read in two ways."""

from struct import pack

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.archive import ArchiveBudget, Found, Member
from mailfilter.mail.archive_zip import has_end, read_zip

from .archive_shapes import STORED, central, end, local, quine, zip_of, zip_with


def read(data: bytes) -> Found:
    found = Found("zip", ArchiveBudget())
    read_zip(data, found)
    return found


def names(data: bytes) -> list[str]:
    return [member.name for member in read(data).listing().members]


def traits(data: bytes) -> set[str]:
    return read(data).traits


class HonestTests(SynchronousTestCase):
    def test_members(self) -> None:
        first = local(b"a.txt", b"hello")
        data = zip_with(first + local(b"d/"), central(b"a.txt", 5), central(b"d/", 0, len(first)))
        listing = read(data).listing()
        self.assertEqual(listing.members, (Member("a.txt", 5, 5), Member("d/", is_folder=True)))
        self.assertEqual((listing.traits, listing.cut), (frozenset(), ""))

    def test_empty(self) -> None:
        listing = read(zip_of({})).listing()
        self.assertEqual((listing.members, listing.traits, listing.cut), ((), frozenset(), ""))

    def test_comment(self) -> None:
        data = zip_of({"a": b""}, comment=b"PK\5\6 and more " * 1000)
        self.assertEqual((names(data), traits(data)), (["a"], set()))

    def test_stored_archive(self) -> None:
        """The end of a member is not that of the archive."""
        data = zip_of({"a.zip": zip_of({"b": b""})}, method=STORED)
        self.assertEqual((names(data), traits(data)), (["a.zip"], set()))

    def test_masked_names(self) -> None:
        """Where the directory is encrypted, local headers tell no names."""
        self.assertEqual(traits(zip_with(local(b"0", b"", 0x2000), central(b"a"))), set())

    def test_prefix_and_trailing(self) -> None:
        data = zip_of({"a": b""})
        self.assertEqual((names(b"x" * 500 + data), traits(b"x" * 500 + data)), (["a"], {"prefix"}))
        self.assertEqual(names(data + b"x" * 500), ["a"])

    def test_names(self) -> None:
        for raw, flags, expected in (
            (b"\x81.txt", 0, "\u00fc.txt"),
            ("\u00e9.txt".encode(), 0x800, "\u00e9.txt"),
            ("\u00e9.txt".encode(), 0, "\u00e9.txt"),
            (b"\xff.txt", 0x800, "\ufffd.txt"),
            (b"x" * 60_000 + b".exe", 0, "x" * 508 + ".exe"),
            (("\u00e9" * 400 + ".exe").encode(), 0, "\u00e9" * 254 + ".exe"),
            (("\u00e9" * 400 + "x.exe").encode(), 0, "\u00e9" * 253 + "x.exe"),
            (b"", 0, ""),
        ):
            data = zip_with(local(raw, b"", flags), central(raw, flags=flags))
            self.assertEqual((names(data), traits(data)), ([expected], set()))

    def test_encrypted(self) -> None:
        data = zip_with(local(b"a", b"x", 1), central(b"a", 1, flags=1))
        self.assertEqual(traits(data), {"encrypted"})
        self.assertTrue(read(data).listing().members[0].is_encrypted)

    def test_sizes_behind(self) -> None:
        """Who writes to a pipe does not know sizes before."""
        data = zip_with(local(b"a", b"xx", 8, 0), central(b"a", 2, flags=8))
        self.assertEqual(traits(data), set())

    def test_zip64(self) -> None:
        extra = pack("<HHQQ", 1, 16, 1 << 33, 1 << 33)
        data = zip_with(local(b"a", b"", 8), central(b"a", 0xFFFFFFFF, flags=8, extra=extra))
        self.assertEqual(read(data).listing().members[0], Member("a", 1 << 33, 1 << 33))
        first, directory = local(b"a"), central(b"a")
        record = pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(directory), len(first))
        locator = pack("<4sIQI", b"PK\6\7", 0, len(first) + len(directory), 1)
        large = first + directory + record + locator + end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
        self.assertEqual((names(large), traits(large)), (["a"], set()))


class TwoWaysTests(SynchronousTestCase):
    def test_other_name(self) -> None:
        data = zip_with(local(b"a.exe", b"x"), central(b"a.txt", 1))
        self.assertEqual((names(data), traits(data)), (["a.txt", "a.exe"], {"differs"}))

    def test_other_size_method_or_flag(self) -> None:
        for data in (
            zip_with(local(b"a", b"xx"), central(b"a", 1)),
            zip_with(local(b"a", b"x", 1), central(b"a", 1)),
            zip_with(local(b"a", b"x", method=8), central(b"a", 1)),
        ):
            self.assertIn("differs", traits(data))

    def test_no_local_header(self) -> None:
        self.assertEqual(traits(zip_with(b"x" * 40, central(b"a", 1))), {"differs"})

    def test_unicode_path(self) -> None:
        name = b"b.exe"
        extra = pack("<HHBI", 0x7075, 5 + len(name), 1, 0) + name
        data = zip_with(local(b"a.txt"), central(b"a.txt", extra=extra))
        self.assertEqual(names(data), ["a.txt", "b.exe"])

    def test_many_extra_fields(self) -> None:
        """Each costs time, and honest archives have few."""
        name = b"b.exe"
        extra = pack("<HH", 1, 0) * 16 + pack("<HHBI", 0x7075, 5 + len(name), 1, 0) + name
        for skipped, expected in ((0, ["a"]), (4, ["a", "b.exe"])):
            data = zip_with(local(b"a"), central(b"a", extra=extra[skipped:]))
            self.assertEqual(names(data), expected)

    def test_hidden_before(self) -> None:
        """An archive before another one: some programs read the first, others the second."""
        data = zip_of({"first.exe": b"x"}) + zip_of({"second.txt": b"y"})
        self.assertEqual(sorted(names(data)), ["first.exe", "second.txt"])
        self.assertEqual(traits(data), {"differs"})

    def test_end_in_comment(self) -> None:
        first = zip_of({"a.txt": b"x"})
        second = local(b"b.exe", b"y")
        directory = central(b"b.exe", 1, len(first))
        tail = second + directory + end(1, len(directory), len(first) + len(second))
        data = first[:-2] + len(tail).to_bytes(2, "little") + tail
        self.assertEqual(sorted(names(data)), ["a.txt", "b.exe"])
        self.assertEqual(traits(data), {"differs"})

    def test_overlap(self) -> None:
        self.assertEqual(traits(quine()), {"differs", "overlap"})


class BrokenTests(SynchronousTestCase):
    def test_truncated(self) -> None:
        """Without its end, an archive is read from its beginning."""
        found = read(zip_of({"a": b"x", "b": b"y"})[:-30])
        self.assertEqual([member.name for member in found.listing().members], ["a", "b"])
        self.assertEqual(found.cut, "truncated")

    def test_member_with_header(self) -> None:
        """What is in a member is none of the members, if its size is known."""
        for flags, expected in ((0, ["a", "c"]), (8, ["a", "b", "c"])):
            data = local(b"a", local(b"b"), flags) + local(b"c")
            self.assertEqual(names(data), expected)

    def test_lies(self) -> None:
        """Offsets and sizes that lead nowhere."""
        for tail in (
            end(1, 1 << 31, 0),
            end(1, 10, 1 << 31),
            end(1, 10, 0),
            end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
            pack("<4sIQI", b"PK\6\7", 0, 1 << 63, 1) + end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
        ):
            found = read(local(b"a", b"x") + bytes(100) + tail)
            self.assertEqual([member.name for member in found.listing().members], ["a"])
            self.assertEqual(found.cut, "truncated")

    def test_broken_directory(self) -> None:
        data = zip_with(local(b"a"), central(b"a"), b"nothing of the kind, and long enough" * 2)
        self.assertEqual(read(data).cut, "broken")

    def test_many(self) -> None:
        """Not more than the budget has room for."""
        many = b"".join([central(b"%d" % number) for number in range(10_000)])
        data = many + end(10_000, len(many), 0)
        found = read(data)
        self.assertEqual((len(found.listing().members), found.cut), (2000, "members"))

    def test_no_room(self) -> None:
        """What is not read differs from nothing."""
        found = Found("zip", ArchiveBudget(members=0))
        read_zip(zip_of({"a": b""}), found)
        self.assertEqual((found.traits, found.cut), (set(), "members"))

    def test_no_end(self) -> None:
        self.assertFalse(has_end(b"PK\5\6" * 10_000))
        self.assertTrue(has_end(zip_of({"a": b""}) + b"trailing"))
