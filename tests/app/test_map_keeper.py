"""Maps over time: what is noticed when, who is told, and what people hear of it."""

import os
from collections.abc import Callable
from time import time
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import LogLevel

from mailfilter.app import map_keeper as module
from mailfilter.app.map_keeper import READ_SECONDS, STUCK_SECONDS
from mailfilter.servers.services import Refused
from tests.app.map_keeper_case import WATCH, MapKeeperCase


class WatchTests(MapKeeperCase):
    """The files."""

    def setUp(self) -> None:
        super().setUp()
        self.write("partners", b"a.example\n")
        self.assertEqual(self.adopt(), [])
        self.lines.clear()

    def test_quiet(self) -> None:
        """Nothing is said or sent where nothing has happened."""
        self.look(100)
        self.assertEqual((self.sent(), self.alarms(), self.said()), ([], [], []))

    def test_changed(self) -> None:
        self.write("partners", b"a.example\nb.example\n")
        self.assertEqual(self.sent(), [])
        self.look()
        self.assertEqual(self.sent(), [("partners", b"a.example\nb.example\n")])
        self.assertEqual(self.said(), ["map partners: 2 entries, read from its file"])
        self.look(10)
        self.assertEqual((self.sent(), self.alarms()), ([], []))

    def test_touched(self) -> None:
        """The same once more is no change."""
        self.write("partners", b"a.example\n")
        self.look()
        self.assertEqual((self.sent(), self.said()), ([], []))

    def test_bad(self) -> None:
        """The map stays; told at the second look, and once; then that it is over."""
        self.write("partners", b"a.example\n.\n")
        self.look()
        self.assertEqual(self.alarms(), [])
        self.look()
        (text,) = self.alarms()
        self.assertEqual(
            text,
            f"{self.folder}/partners:2: maps.partners: expected a name, got '.';"
            " the map stays as it was",
        )
        self.look(20)
        self.assertEqual((self.alarms(), self.sent()), ([], []))
        self.assertIn("got '.'", self.row()["trouble"])
        self.assertEqual(self.row()["entries"], 1)
        self.write("partners", b"c.example\n")
        self.look()
        self.assertEqual(self.sent(), [("partners", b"c.example\n")])
        self.assertIn("map partners: its file can be used again", self.said())
        self.assertEqual(self.row()["trouble"], "")
        self.assertEqual(dict(self.hub.events), {"maps_changed": 2, "maps_refused": 1})

    def test_bad_in_another_way(self) -> None:
        self.write("partners", b".\n")
        self.look(3)
        self.write("partners", b"x\n@\n")
        self.look(3)
        first, second = self.alarms()
        self.assertIn(":1: ", first)
        self.assertIn(":2: ", second)

    def test_bad_for_a_moment(self) -> None:
        """A file that is gone for a moment is no reason for an alarm."""
        (self.folder / "partners").unlink()
        self.look()
        self.write("partners", b"b.example\n")
        self.look(3)
        self.assertEqual(self.alarms(), [])
        self.assertEqual(self.sent(), [("partners", b"b.example\n")])

    def test_gone(self) -> None:
        (self.folder / "partners").unlink()
        self.look(10)
        (text,) = self.alarms()
        self.assertIn("cannot be read: No such file or directory; the map stays as it was", text)
        self.assertEqual((self.sent(), self.keeper.data("partners")), ([], b"a.example\n"))

    def test_half_written(self) -> None:
        """A file is left alone while somebody writes it in place."""
        self.begun = time() - self.clock.seconds()
        with (self.folder / "partners").open("wb") as file:
            for number in range(5):
                file.write(b"%d.example\n" % number)
                file.flush()
                os.utime(file.fileno(), (time() + 999, time() + 999))
                self.begun = os.fstat(file.fileno()).st_mtime - self.clock.seconds() - WATCH
                self.look()
                self.assertEqual((self.sent(), self.alarms()), ([], []))
        # It is looked at again sooner than usual.
        self.clock.advance(1.0)
        self.assertEqual([data.count(b"\n") for _, data in self.sent()], [5])

    def test_reload_comes(self) -> None:
        """While another configuration is coming files are left alone."""
        self.keeper.is_serving = lambda: False
        self.write("partners", b"b.example\n")
        self.look(5)
        self.assertEqual(self.sent(), [])

    def test_unwatched(self) -> None:
        self.adopt(watch=0.0)
        self.write("partners", b"b.example\n")
        self.look(100)
        self.assertEqual(self.sent(), [])
        self.adopt(watch=0.0)
        self.assertEqual(self.keeper.data("partners"), b"b.example\n")

    def test_stopped(self) -> None:
        self.keeper.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class SlowTests(MapKeeperCase):
    """Files on a server that does not answer."""

    def setUp(self) -> None:
        super().setUp()
        self.write("partners", b"a.example\n")
        self.adopt()
        self.reads: list[tuple[Deferred[Any], Callable[[], Any]]] = []
        self.patch(module, "in_background", self.in_background)

    def in_background(self, _reactor: object, work: Callable[[], Any]) -> Deferred[Any]:
        self.reads.append((Deferred(), work))
        return self.reads[-1][0]

    def test_stuck(self) -> None:
        """One look at a time, and an alarm, once, if it does not end."""
        self.look(int(STUCK_SECONDS / WATCH) + 5)
        self.assertEqual(len(self.reads), 1)
        self.assertEqual(self.alarms(), ["map partners: a look at its file does not end"])
        self.write("partners", b"b.example\n")
        done, work = self.reads.pop()
        done.callback(work())
        self.assertEqual(self.sent(), [("partners", b"b.example\n")])

    def test_late(self) -> None:
        """A look that ends when another configuration serves says nothing of that."""
        self.look()
        self.write("partners", b"b.example\n")
        done, work = self.reads.pop()
        preparing = Deferred.fromCoroutine(
            self.keeper.prepare({"partners": self.settings("other", kind="networks")})
        )
        while self.reads:
            other, read = self.reads.pop(0)
            other.callback(read())
        self.keeper.adopt(self.successResultOf(preparing))
        done.callback(work())
        self.assertEqual((self.sent(), self.keeper.data("partners")), ([], b""))

    def test_start(self) -> None:
        """It is not waited for without end: the map has what it had."""
        self.saved["partners"] = b"saved.example\n"
        preparing = Deferred.fromCoroutine(
            self.keeper.prepare({"partners": self.settings("partners")})
        )
        self.clock.advance(READ_SECONDS)
        done, work = self.reads.pop()
        done.callback(work())
        maps = self.successResultOf(preparing)
        self.assertEqual([file.data for file in maps.files()], [b"saved.example\n"])
        (text,) = self.keeper.adopt(maps)
        self.assertIn("not read within 10 s", text)


class AdoptTests(MapKeeperCase):
    """Starts and reloads."""

    def test_start(self) -> None:
        self.write("partners", b"a.example\n")
        self.adopt(description="who is known", editable=False)
        self.assertEqual(
            self.keeper.rows(),
            [
                {
                    "name": "partners",
                    "kind": "names",
                    "file": f"{self.folder}/partners",
                    "description": "who is known",
                    "editable": False,
                    "entries": 1,
                    "octets": 10,
                    "is_saved": False,
                    "loaded": self.begun,
                    "trouble": "",
                }
            ],
        )
        self.assertEqual(self.said(), ["map partners: 1 entries, read from its file"])

    def test_bad(self) -> None:
        """A map without anything is empty, with an alarm at once, and again at a reload."""
        for _ in range(2):
            (text,) = self.adopt()
            self.assertIn("No such file or directory; the map is empty", text)
            self.assertEqual(self.alarms(), [text])
        self.assertEqual(self.row()["loaded"], None)
        self.look(5)
        self.assertEqual(self.alarms(), [])
        self.write("partners", b"a.example\n")
        self.look()
        self.assertEqual(self.sent(), [("partners", b"a.example\n")])

    def test_reload(self) -> None:
        """A file that is no good at a reload leaves the map as it was."""
        self.write("partners", b"a.example\n")
        self.adopt()
        self.write("partners", b".\n")
        (text,) = self.adopt()
        self.assertIn("the map stays as it was", text)
        self.assertEqual(self.keeper.data("partners"), b"a.example\n")

    def test_none(self) -> None:
        """Without maps nothing is waited for."""
        maps = self.successResultOf(Deferred.fromCoroutine(self.keeper.prepare({})))
        self.assertEqual(self.keeper.adopt(maps), [])
        self.assertEqual((self.keeper.rows(), self.clock.getDelayedCalls()), ([], []))


class SavedTests(MapKeeperCase):
    """What is saved over the file."""

    def setUp(self) -> None:
        super().setUp()
        self.write("partners", b"a.example\n")
        self.adopt()
        self.lines.clear()

    def save(self, data: bytes) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.keeper.check("partners", data)))
        self.saved["partners"] = data
        self.keeper.refresh(["partners"])

    def undo(self) -> None:
        del self.saved["partners"]
        self.keeper.refresh(["partners"])

    def refuse(self, name: str, data: bytes, words: str) -> None:
        failure = self.failureResultOf(
            Deferred.fromCoroutine(self.keeper.check(name, data)), Refused
        )
        self.assertIn(words, str(failure.value))

    def test_saved(self) -> None:
        self.save(b"s.example\nt.example\n")
        self.assertEqual(self.sent(), [("partners", b"s.example\nt.example\n")])
        self.assertEqual((self.row()["entries"], self.row()["is_saved"]), (2, True))
        self.assertEqual(self.keeper.data("partners"), b"s.example\nt.example\n")
        self.undo()
        self.assertEqual(self.sent(), [("partners", b"a.example\n")])
        self.assertEqual((self.row()["entries"], self.row()["is_saved"]), (1, False))

    def test_empty(self) -> None:
        """An empty map may be saved, too."""
        self.save(b"")
        self.assertEqual(self.sent(), [("partners", b"")])
        self.assertEqual((self.row()["is_saved"], self.row()["entries"]), (True, 0))

    def test_file_changes(self) -> None:
        """The saved map wins; who changes the file hears of it."""
        self.save(b"s.example\n")
        self.sent()
        self.write("partners", b"b.example\n")
        self.look(3)
        self.assertEqual(self.sent(), [])
        (text,) = self.said(LogLevel.warn)
        self.assertIn("mailfilteradm saved undo maps.partners", text)
        self.undo()
        self.assertEqual(self.sent(), [("partners", b"b.example\n")])

    def test_refused(self) -> None:
        self.refuse("partners", b"a\n.\n", "map partners, line 2: expected a name")
        self.refuse("theirs", b"a\n", "there is no map named theirs")
        self.adopt(max_size=10)
        self.refuse("partners", b"a" * 11, "expected at most 10B, got 11B")
        self.adopt(editable=False)
        self.refuse("partners", b"a\n", "not editable")
        with self.assertRaises(Refused):
            self.keeper.data("theirs")

    def test_reload(self) -> None:
        """It survives reloads and restarts, as far as it fits."""
        self.save(b"s.example\n")
        self.assertEqual(self.adopt(), [])
        self.assertEqual(self.keeper.data("partners"), b"s.example\n")
        self.write("networks", b"10.0.0.0/8\n")
        (text,) = self.adopt(kind="networks", file=str(self.folder / "networks"))
        self.assertIn("what was saved for map partners is not used: line 1", text)
        self.assertEqual(self.keeper.data("partners"), b"10.0.0.0/8\n")
        self.assertEqual(self.row()["trouble"], text)

    def test_while_a_reload_comes(self) -> None:
        """What is saved while workers start is used by them, too."""
        maps = {"partners": self.settings("partners")}
        prepared = self.successResultOf(Deferred.fromCoroutine(self.keeper.prepare(maps)))
        self.save(b"s.example\n")
        self.sent()
        self.keeper.adopt(prepared)
        self.assertEqual(self.sent(), [("partners", b"s.example\n")])
        self.assertTrue(self.row()["is_saved"])

    def test_quick_succession(self) -> None:
        """The last that is saved is what is used, whichever is read first."""
        reads: list[tuple[Deferred[Any], Callable[[], Any]]] = []

        def in_background(_reactor: object, work: Callable[[], Any]) -> Deferred[Any]:
            reads.append((Deferred(), work))
            return reads[-1][0]

        self.patch(module, "in_background", in_background)
        for number in range(3):
            self.saved["partners"] = b"%d.example\n" % number
            self.keeper.refresh()
        for done, work in reversed(reads):
            done.callback(work())
        self.assertEqual(self.sent(), [("partners", b"2.example\n")])
