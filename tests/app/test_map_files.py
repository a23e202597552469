"""Files of maps: what is taken of them, and what leaves a map as it was."""

import os
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app import checks, credential_files, map_files
from mailfilter.app.map_files import (
    CUT_SECONDS,
    SETTLE_SECONDS,
    Content,
    Held,
    MapSet,
    has_changed,
    is_settled,
    map_problems,
    take_file,
    take_saved,
    unreadable,
    with_former,
)
from mailfilter.codec.control import MAX_FRAME
from mailfilter.config import files
from mailfilter.config.model import Map

NOW = 1_800_000_000.0
GOOD = Content(b"example.org\n", 1, NOW - 100)


class FileCase(SynchronousTestCase):
    """A map in a folder of its own."""

    def setUp(self) -> None:
        self.folder = Path(mkdtemp())
        self.addCleanup(rmtree, self.folder)
        self.path = self.folder / "partners.map"
        self.settings = self.settings_of("partners.map")

    def settings_of(self, name: str) -> Map:
        return Map(kind="names", file=str(self.folder / name), max_size=1000)

    def write(self, data: bytes) -> None:
        self.path.write_bytes(data)


class TakeTests(FileCase):
    """One file, read once."""

    def take(self, before: Held | None = None) -> Held:
        return take_file("partners", self.settings, before, NOW)

    def test_good(self) -> None:
        self.write(b"example.org\n.example.net x\n")
        found = self.take()
        assert found.content is not None
        self.assertEqual(found.content, Content(self.path.read_bytes(), 2, NOW))
        self.assertIsNone(found.trouble)
        self.assertEqual(self.take(found).content, found.content)

    def test_same(self) -> None:
        """Who writes what was there already has changed nothing."""
        self.write(GOOD.data)
        self.assertIs(self.take(Held(self.settings, GOOD)).content, GOOD)

    def test_empty(self) -> None:
        """An empty file is an empty map."""
        self.write(b"")
        found = self.take(Held(self.settings, GOOD))
        self.assertEqual(found.content, Content(b"", 0, NOW))

    def refuse(self, words: str, line: int | None = None) -> None:
        """What is there leaves the map as it was, or empty."""
        for before in (None, Held(self.settings, GOOD)):
            found = self.take(before)
            self.assertIs(found.content, before and GOOD)
            assert found.trouble is not None
            place = f"{self.settings.file}:{line}" if line else self.settings.file
            self.assertTrue(str(found.trouble).startswith(f"{place}: maps.partners: "))
            self.assertIn(words, str(found.trouble))
            self.assertEqual(found.is_unread, line is None)

    def test_bad_lines(self) -> None:
        self.write(b"example.org\n.\n")
        self.refuse("expected a name, got '.'", 2)
        self.write(b"\nexample.org\xff\n")
        self.refuse("0xff", 2)
        self.write(b"\x7fELF\x02\0\0\0")
        self.refuse("U+007F", 1)

    def test_too_large(self) -> None:
        self.write(b"x\n" * 500)
        self.assertIsNone(self.take().trouble)
        self.write(b"x\n" * 500 + b"y")
        self.refuse("at most")

    def test_endless(self) -> None:
        os.symlink("/dev/zero", self.path)
        self.refuse("at most")

    def test_missing(self) -> None:
        self.refuse("cannot be read: No such file")

    def test_directory(self) -> None:
        self.path.mkdir()
        self.refuse("expected a regular file")

    def test_fifo(self) -> None:
        """A pipe that nobody writes to is not waited for."""
        os.mkfifo(self.path)
        self.refuse("expected a regular file")

    def test_socket_of_links(self) -> None:
        os.symlink(self.path, self.path)
        self.refuse("cannot be read: Too many levels of symbolic links")

    def test_dangling(self) -> None:
        os.symlink(self.folder / "nothing", self.path)
        self.refuse("cannot be read: No such file")

    def test_unreadable(self) -> None:
        if os.geteuid() == 0:
            self.settings = Map(kind="names", file=f"{self.path}\0", max_size=1000)
            for before in (None, Held(self.settings, GOOD)):
                self.assertIn("cannot be read", str(self.take(before).trouble))
            return
        self.write(GOOD.data)
        self.path.chmod(0)
        self.refuse("cannot be read: Permission denied")

    def test_link(self) -> None:
        """Links are followed; a link to another file is a change."""
        for name in ("a", "b"):
            (self.folder / name).write_bytes(f"{name}.example\n".encode())
        os.symlink("a", self.path)
        found = self.take()
        self.assertFalse(has_changed(found))
        os.symlink("b", self.folder / "new")
        os.rename(self.folder / "new", self.path)
        self.assertTrue(has_changed(found))
        self.assertIn(b"b.example", (self.take(found).content or GOOD).data)

    def test_other_kind(self) -> None:
        """What another kind of map had is of no use."""
        before = Held(Map(kind="networks", file="/x"), Content(b"10.0.0.0/8\n", 1, NOW))
        self.assertIsNone(self.take(before).content)
        self.assertIsNone(unreadable("partners", self.settings, before, "gone").content)
        former = with_former({"partners": self.settings}, {"partners": before})
        self.assertIsNone(former["partners"].content)

    def test_other_file(self) -> None:
        """Another file that cannot be read leaves the map as it was, too."""
        before = Held(self.settings_of("other.map"), GOOD)
        self.assertIs(self.take(before).content, GOOD)


class ChangeTests(FileCase):
    """What counts as a change, and when it is complete."""

    def test_changed(self) -> None:
        self.write(GOOD.data)
        found = take_file("partners", self.settings, None, NOW)
        self.assertFalse(has_changed(found))
        self.write(b"example.net\n")
        os.utime(self.path, ns=(0, (found.stamp or ())[3]))
        self.assertTrue(has_changed(found))
        self.path.unlink()
        self.assertTrue(has_changed(found))
        # Its mode has no part in this: somebody may mend a disk.
        found = take_file("partners", self.settings, found, NOW)
        self.assertTrue(has_changed(found))

    def settled(self, data: bytes, age: float) -> bool:
        self.write(data)
        found = take_file("partners", self.settings, None, NOW)
        stamp = found.stamp or ()
        return is_settled(found, max(stamp[3], stamp[4]) / 1e9 + age)

    def test_age(self) -> None:
        whole, cut = b"a.example\nb.example\n", b"a.example\nb.exam"
        self.assertFalse(self.settled(whole, SETTLE_SECONDS - 0.1))
        self.assertTrue(self.settled(whole, SETTLE_SECONDS + 0.1))
        self.assertFalse(self.settled(cut, CUT_SECONDS - 0.1))
        self.assertTrue(self.settled(cut, CUT_SECONDS + 0.1))
        self.assertFalse(self.settled(b"", 0.01))
        # A clock that is behind that of the file.
        self.assertTrue(self.settled(whole, -5.0))

    def test_while_read(self) -> None:
        self.write(b"a.example\n")
        found = take_file("partners", self.settings, None, NOW)
        self.write(b"a.example\nb.example\n")
        self.assertFalse(is_settled(found, NOW + 1e6))
        self.path.unlink()
        self.assertFalse(is_settled(found, NOW + 1e6))
        gone = take_file("partners", self.settings, found, NOW)
        self.assertTrue(is_settled(gone, NOW))


class SetTests(FileCase):
    """Several maps, and what is saved for them."""

    def setUp(self) -> None:
        super().setUp()
        self.held = {
            "partners": Held(self.settings, GOOD),
            "ours": Held(Map(kind="networks", file="/ours")),
        }

    def test_saved_wins(self) -> None:
        saved = {"ours": Content(b"10.0.0.0/8\n", 1, NOW)}
        maps = MapSet(self.held, saved)
        self.assertEqual(
            [(file.name, file.kind, file.data) for file in maps.files()],
            [("partners", "names", GOOD.data), ("ours", "networks", b"10.0.0.0/8\n")],
        )
        self.assertEqual(list(MapSet(self.held).changed(maps)), ["ours"])
        self.assertEqual(list(MapSet().changed(maps)), ["partners", "ours"])
        self.assertEqual([file.data for file in MapSet(self.held).files()], [GOOD.data, b""])

    def test_room(self) -> None:
        """All maps together are bounded; one that has no room stays as it was."""
        self.patch(map_files, "MAX_TOTAL", 30)
        maps = MapSet(self.held)
        self.assertEqual((maps.room("ours"), maps.room("partners")), (18, 30))
        large = Held(self.held["ours"].settings, Content(b"10.0.0.0/8\n10.0.0.0/9\n", 2, NOW))
        found = maps.with_file("ours", large).held["ours"]
        self.assertIsNone(found.content)
        self.assertIn("expected at most 30B in all maps together", str(found.trouble))

    def test_saved(self) -> None:
        """What no map of that name and kind can have is left out, and told."""
        before = {"partners": Content(b"a.example\n", 1, NOW - 50)}
        wanted = {"partners": b"a.example\n", "ours": b"not a network\n", "gone": b"x"}
        contents, unusable = take_saved(self.held, wanted, before, NOW)
        self.assertEqual(contents, before)
        self.assertEqual(list(unusable), ["ours"])
        self.assertIn("what was saved for map ours is not used: line 1", unusable["ours"])

    def test_problems(self) -> None:
        self.write(b"example.org\n.\n")
        maps = {"partners": self.settings, "more": self.settings_of("more.map")}
        self.assertEqual(
            list(map(str, map_problems(maps))),
            [
                f"{self.path}:2: maps.partners: expected a name, got '.'",
                f"{self.folder}/more.map: maps.more: cannot be read: No such file or directory",
            ],
        )
        self.patch(map_files, "MAX_TOTAL", 5)
        self.write(b"example.org\n")
        (problem,) = map_problems({"partners": self.settings})
        self.assertIn("expected at most 5B in all maps together", str(problem))


class LargestTests(SynchronousTestCase):
    """All that a worker is told at first."""

    def test_frame(self) -> None:
        """The largest maps have room beside the largest of all else."""
        others = files.MAX_TOTAL + checks.MAX_FILES * files.MAX_FILE + credential_files.MAX_TOTAL
        # Names of keys that sign mail: tests/app/test_signing_sources.py.
        others += 2**22
        self.assertLess(others + map_files.MAX_TOTAL, MAX_FRAME - 2**20)
