"""A file of the embedded store that is damaged, or no file at all."""

import os
import socket
from pathlib import Path

from mailfilter.store.base import Count, Get, Put, key
from mailfilter.store.errors import Corrupt, Unavailable
from mailfilter.store.sqlite import opening
from mailfilter.store.sqlite.opening import Opening

from .case import A
from .trouble import TroubleCase, damage, octets_of, query, write_file

MANY = [key("test", str(number)) for number in range(1000)]


class CorruptCase(TroubleCase):
    """Files to damage."""

    async def fill(self) -> None:
        """A sound file of some hundred pages, closed."""
        self.start()
        await self.do(Put(dict.fromkeys(MANY, b"x" * 1000), 500))
        await self.do(Count({A: 7}))
        await self.store.close()

    async def begins_anew(self) -> Path:
        """The store works, with nothing in it; where the old file is now."""
        self.start()
        self.assertIsNone(await self.value(MANY[0]))
        await self.do(Put({A: b"new"}))
        self.assertEqual(await self.value(A), b"new")
        alarm = await self.told("corrupt")
        (aside,) = [path for path in self.beside("*.corrupt-*") if path.suffix.endswith("Z")]
        self.assertIn(str(aside), alarm)
        return aside


class CorruptTests(CorruptCase):
    """What is damaged before the start is set aside."""

    async def test_garbage(self) -> None:
        """A file of anything."""
        garbage = os.urandom(100_000)
        write_file(self.path, garbage)
        aside = await self.begins_anew()
        self.assertEqual(aside.read_bytes(), garbage)

    async def test_short_garbage(self) -> None:
        """A file of a few octets."""
        for number, octets in enumerate((b"xy", b"x" * 100, b"SQLite format 3\0", b"\0" * 512)):
            self.path = os.path.join(self.directory(), f"short{number}")
            write_file(self.path, octets)
            self.assertEqual((await self.begins_anew()).read_bytes(), octets)
            self.alarms.clear()

    async def test_truncated(self) -> None:
        """A file whose end is missing, at a page or within one."""
        for part in (200_000, 100_001, 4096, 1000):
            self.path = os.path.join(self.directory(), f"truncated{part}")
            await self.fill()
            os.truncate(self.path, part)
            await self.begins_anew()
            self.alarms.clear()

    async def test_zeroed_page(self) -> None:
        """A page in the middle that reads as zeros."""
        await self.fill()
        damage(self.path, 4096 * 60, b"\0" * 4096)
        await self.begins_anew()

    async def test_damaged_header(self) -> None:
        """The first page is overwritten, or its schema."""
        for offset in (0, 16, 100, 3000):
            self.path = os.path.join(self.directory(), f"header{offset}")
            await self.fill()
            damage(self.path, offset, b"\xff" * 50)
            await self.begins_anew()
            self.alarms.clear()

    async def test_damaged_schema(self) -> None:
        """A format of the future, a version that cannot be, text that is none."""
        await self.fill()
        sound = octets_of(self.path)
        name = sound.index(b"tablesweptswept") + 5
        text = sound.index(b"CREATE TABLE swept")
        damages: list[dict[int, bytes]] = [
            {44: b"\0\0\0\x55"},
            {60: b"\xdf\0\0\0"},
            {60: b"\0\0\0\0"},
            {text: b"\xff\xfe"},
            {text: b"x", name: b"\xff\xfe"},
        ]
        for number, places in enumerate(damages):
            self.path = os.path.join(self.directory(), f"schema{number}")
            write_file(self.path, sound)
            for offset, octets in places.items():
                damage(self.path, offset, octets)
            await self.begins_anew()
            self.alarms.clear()

    async def test_companions(self) -> None:
        """What belongs to a damaged file goes with it, and is not taken for the new one's."""
        self.start()
        await self.do(Put(dict.fromkeys(MANY, b"x" * 1000)))
        query(self.path, "PRAGMA wal_checkpoint(TRUNCATE)")
        await self.do(Put({A: b"in the log"}))
        # As after the death of all processes.
        files = {path.name: path.read_bytes() for path in self.beside("store.sqlite*")}
        await self.store.close()
        self.path = os.path.join(self.directory(), "store.sqlite")
        for name, octets in files.items():
            write_file(self.path.replace("store.sqlite", name), octets)
        damage(self.path, 4096 * 60, b"\0" * 4096)
        aside = await self.begins_anew()
        self.assertEqual(
            query(str(aside), f"SELECT value FROM value WHERE key = x'{A.hex()}'"),
            [(b"in the log",)],
        )
        await self.store.close()
        self.assertEqual(query(self.path, "PRAGMA integrity_check"), [("ok",)])

    async def test_twice_in_a_second(self) -> None:
        """An older one that was set aside is not overwritten."""
        for number in range(3):
            write_file(self.path, b"garbage %d" % number * 1000)
            self.start()
            await self.do(Put({A: b"1"}))
            await self.store.close()
        asides = [path for path in self.beside("*.corrupt-*") if path.name[-4:] != "-wal"]
        self.assertEqual(
            {path.read_bytes()[:9] for path in asides}, {b"garbage %d" % n for n in range(3)}
        )

    async def test_garbage_log(self) -> None:
        """Garbage in place of the log of changes is not read; the file itself is sound."""
        await self.fill()
        write_file(self.path + "-wal", os.urandom(100_000))
        write_file(self.path + "-shm", os.urandom(32768))
        self.start()
        self.assertEqual(await self.value(MANY[0]), b"x" * 1000)
        await self.do(Put({A: b"1"}))
        await self.store.close()
        self.assertEqual(query(self.path, "PRAGMA integrity_check"), [("ok",)])
        self.assertEqual(self.beside("*.corrupt-*"), [])

    async def test_empty_file(self) -> None:
        """A file of no octets is a new one."""
        write_file(self.path)
        self.start()
        await self.do(Put({A: b"1"}))
        self.assertEqual(await self.value(A), b"1")
        self.assertEqual((self.alarms, self.beside("*.corrupt-*")), ([], []))

    def short_place(self) -> str:
        """A path that is short enough for a socket."""
        return os.path.join(os.path.relpath(self.directory()), "s")

    async def test_no_file(self) -> None:
        """Something else in its place is left alone, and named; it works once that is gone."""
        makers = {
            "directory": os.mkdir,
            "pipe": os.mkfifo,
            "link": lambda path: os.symlink("/nowhere/at/all", path),
            "socket": lambda path: socket.socket(socket.AF_UNIX).bind(path),
        }
        for name, make in makers.items():
            for suffix in ("", "-lock", "-turn"):
                self.path = self.short_place()
                make(self.path + suffix)
                self.start()
                text = await self.fails(Unavailable, Put({A: b"1"}))
                self.assertIn("no plain file", text, name)
                mode = os.lstat(self.path + suffix).st_mode
                self.assertNotEqual(mode & 0o170000, 0o100000)
                (os.rmdir if name == "directory" else os.unlink)(self.path + suffix)
                await self.do(Put({A: b"1"}))
                self.assertEqual(await self.value(A), b"1")

    async def test_told_again(self) -> None:
        """For a second after a failure to open it is told again, each time by an error of its own.

        One that is raised again and again holds all that it has passed through.
        """
        self.patch(opening, "RETRY_SECONDS", 3600.0)
        os.mkdir(self.path)
        self.start()
        found = []
        for _ in range(3):
            try:
                await self.do(Get([A]))
            except Unavailable as error:
                found.append(error)
        self.assertEqual({str(error) for error in found}, {str(found[0])})
        self.assertEqual(len({id(error) for error in found}), 3)

    async def test_no_directory(self) -> None:
        """Where the directory is missing, too."""
        directory = os.path.dirname(self.path)
        os.rmdir(directory)
        self.start()
        self.assertIn("No such file or directory", await self.fails(Unavailable, Get([A])))
        os.mkdir(directory)
        await self.do(Put({A: b"1"}))

    async def test_two_at_once(self) -> None:
        """Of several that open a damaged file at the same time one sets it aside."""
        write_file(self.path, b"garbage" * 1000)
        stores = [self.start() for _ in range(5)]
        for number, store in enumerate(stores):
            await store.do(Put({key("test", str(number)): b"1"}))
        for store in stores:
            answer = await store.do(Get([key("test", str(number)) for number in range(5)]))
            self.assertEqual(answer, [b"1"] * 5)
        self.assertEqual(len([alarm for alarm in self.alarms if "corrupt" in alarm]), 1)
        self.assertEqual(len(self.beside("*Z")), 1)

    async def test_no_check_while_open(self) -> None:
        """A file that somebody uses is neither checked nor set aside by who comes later."""
        first = self.start()
        await first.do(Put({A: b"1"}))
        checks: list[str] = []
        self.patch(Opening, "_prepare", lambda opening: checks.append(opening.path))
        self.start()
        self.assertEqual(await self.value(A), b"1")
        self.assertEqual(checks, [])

    async def test_tools_leave_it(self) -> None:
        """Whoever only looks says what is wrong and sets nothing aside."""
        write_file(self.path, b"garbage" * 1000)
        self.start(is_service=False)
        await self.fails(Corrupt, Get([A]))
        self.assertEqual(octets_of(self.path), b"garbage" * 1000)
