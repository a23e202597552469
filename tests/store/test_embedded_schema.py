"""The file of the embedded store: whose it is, of which version, and the way to the next one."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from mailfilter.store.base import Get, Put
from mailfilter.store.errors import StoreError, WrongVersion
from mailfilter.store.sqlite import opening, schema

from .case import A, B
from .trouble import TroubleCase, octets_of, query


class SchemaTests(TroubleCase):
    """Files of this program, in this version and in others, and files of other programs."""

    @contextmanager
    def runs_patched(self) -> Iterator[None]:
        """What is patched within is as before after it."""
        before = schema.STEPS, schema.VERSION
        yield
        self.patch(schema, "STEPS", before[0])
        self.patch(schema, "VERSION", before[1])
        self.patch(opening, "VERSION", before[1])

    def next_version(self, *statements: str) -> None:
        """Let the program be one version further."""
        self.patch(schema, "STEPS", {**schema.STEPS, 2: statements})
        self.patch(schema, "VERSION", 2)
        self.patch(opening, "VERSION", 2)

    async def test_new_file(self) -> None:
        """A new file is marked as ours, bears the version, and nobody else may read it."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        self.start()
        await self.do(Put({A: b"1"}))
        self.assertEqual(query(self.path, "PRAGMA application_id"), [(schema.APPLICATION_ID,)])
        self.assertEqual(query(self.path, "PRAGMA user_version"), [(schema.VERSION,)])
        for path in self.beside("store.sqlite*"):
            self.assertEqual(path.stat().st_mode & 0o777, 0o600, path)

    async def test_newer_file(self) -> None:
        """A newer file is refused at once, told of once a minute, and left as it is."""
        self.start()
        await self.do(Put({A: b"1"}))
        await self.store.close()
        query(self.path, "PRAGMA user_version = 9", "PRAGMA wal_checkpoint(TRUNCATE)")
        before = octets_of(self.path)
        self.start()
        for _ in range(3):
            self.assertIn("version 9", await self.fails(WrongVersion, Get([A])))
        await self.fails(WrongVersion, Put({A: b"2"}))
        self.assertEqual(len([alarm for alarm in self.alarms if "version 9" in alarm]), 1)
        self.uptime.advance(61)
        await self.fails(WrongVersion, Get([A]))
        self.assertEqual(len([alarm for alarm in self.alarms if "version 9" in alarm]), 2)
        await self.store.close()
        self.assertEqual(octets_of(self.path), before)
        self.assertEqual(self.beside("*corrupt*"), [])

    async def test_other_program(self) -> None:
        """A file of another program is refused, and not one octet of it is changed."""
        query(self.path, "CREATE TABLE theirs (x)", "INSERT INTO theirs VALUES (1)")
        before = octets_of(self.path)
        self.start()
        self.assertIn("another program", await self.fails(WrongVersion, Get([A])))
        await self.fails(WrongVersion, Put({A: b"2"}))
        await self.store.close()
        self.assertEqual(octets_of(self.path), before)
        self.assertEqual(self.beside("*corrupt*"), [])
        self.assertEqual(self.beside("*-wal"), [])

    async def test_other_program_takes_over(self) -> None:
        """Neither is one changed that was put there while the store was in use."""
        self.start()
        await self.do(Put({A: b"1"}))
        other = self.path + ".other"
        query(other, "CREATE TABLE theirs (x)", "INSERT INTO theirs VALUES (1)")
        before = octets_of(other)
        os.rename(other, self.path)
        for _ in range(3):
            with self.assertRaises(StoreError):
                await self.do(Put({A: b"2"}))
        await self.store.close()
        self.assertEqual(octets_of(self.path), before)

    async def test_upgrade(self) -> None:
        """A file of an older version is brought to the present one, with what is in it."""
        self.start()
        await self.do(Put({A: b"1"}))
        await self.store.close()
        self.next_version(
            "ALTER TABLE value ADD COLUMN more INTEGER NOT NULL DEFAULT 7",
            "CREATE TABLE more (id INTEGER PRIMARY KEY)",
        )
        self.start()
        self.assertEqual(await self.value(A), b"1")
        await self.store.close()
        self.assertEqual(query(self.path, "SELECT more FROM value"), [(7,)])
        self.assertEqual(query(self.path, "PRAGMA user_version"), [(2,)])

    async def test_upgrade_from_nothing(self) -> None:
        """A new file takes all the steps."""
        self.next_version("CREATE TABLE more (id INTEGER PRIMARY KEY)")
        self.start()
        self.assertIsNone(await self.value(A))
        await self.store.close()
        self.assertEqual(query(self.path, "SELECT * FROM more"), [])

    async def test_upgrade_fails(self) -> None:
        """A step that fails leaves the file as it was, for the program that it is of."""
        self.start()
        await self.do(Put({A: b"1"}))
        await self.store.close()
        with self.runs_patched():
            self.next_version("CREATE TABLE more (id INTEGER PRIMARY KEY)", "DROP TABLE nothing")
            self.start()
            self.assertIn("nothing", await self.fails(StoreError, Get([A])))
            await self.store.close()
        self.assertEqual(query(self.path, "PRAGMA user_version"), [(1,)])
        with self.assertRaises(sqlite3.OperationalError):
            query(self.path, "SELECT * FROM more")
        self.assertEqual(self.beside("*corrupt*"), [])
        self.start()
        self.assertEqual(await self.value(A), b"1")

    async def test_upgrade_waits(self) -> None:
        """As long as somebody has the file open in the old version it is not upgraded."""
        old = self.start()
        await self.do(Put({A: b"1"}))
        with self.runs_patched():
            self.next_version("CREATE TABLE more (id INTEGER PRIMARY KEY)")
            self.start()
            self.assertIn("stop and start", await self.fails(WrongVersion, Get([A])))
            await old.do(Put({B: b"2"}))
            await old.close()
            self.assertEqual(await self.do(Get([A, B])), [b"1", b"2"])
        self.assertEqual(query(self.path, "PRAGMA user_version"), [(2,)])

    async def test_tools_change_nothing(self) -> None:
        """Whoever only looks makes no file, and upgrades none."""
        self.start(is_service=False)
        with self.assertRaises(StoreError):
            await self.value(A)
        self.assertEqual(self.beside("*"), [])
        self.start()
        await self.do(Put({A: b"1"}))
        await self.store.close()
        self.next_version("CREATE TABLE more (id INTEGER PRIMARY KEY)")
        self.start(is_service=False)
        await self.fails(WrongVersion, Get([A]))
        self.assertEqual(query(self.path, "PRAGMA user_version"), [(1,)])
