"""Tables in files."""

import os
from pathlib import Path

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.classifier.model import new_combiner
from mailfilter.classifier.table import SIZE, BadTable, State, Table


class TableTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def made(self) -> Table:
        """A new table to write."""
        table = Table.create(self.path)
        self.addCleanup(table.close)
        return table

    def read(self) -> Table:
        """The table for a reader."""
        table = Table.to_read(self.path)
        self.addCleanup(table.close)
        return table

    def test_what_is_written_is_read(self) -> None:
        table, reader = self.made(), self.read()
        self.assertEqual(reader.state(), State(0, 0, 0))
        table.columns[7, 2] = 1.5
        combiner = new_combiner() + 1
        table.write(State(9, 4, 5), combiner)
        self.assertEqual(reader.state(), State(9, 4, 5))
        self.assertEqual(reader.columns[7, 2], 1.5)
        self.assertTrue(np.array_equal(reader.model().combiner, combiner))

    def test_readers_cannot_write(self) -> None:
        self.made()
        with self.assertRaises(ValueError):
            self.read().columns[0, 0] = 1

    def test_private(self) -> None:
        self.made()
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(self.path).st_size, SIZE)

    def test_clean_only_after_an_end_in_order(self) -> None:
        table = self.made()
        self.assertFalse(table.is_clean)
        table.finish()
        again = Table.to_write(self.path)
        self.addCleanup(again.close)
        with self.assertRaisesRegex(BadTable, "not closed"):
            Table.to_write(self.path)
        self.assertFalse(self.read().is_clean)

    def test_truncated(self) -> None:
        self.made().finish()
        os.truncate(self.path, SIZE - 1)
        with self.assertRaisesRegex(BadTable, f"has {SIZE - 1} octets, expected {SIZE}"):
            Table.to_read(self.path)

    def test_other_versions(self) -> None:
        self.made().finish()
        for at, text in (
            (0, "no table"),
            (16, "another version"),
            (20, "another"),
            (24, "another"),
        ):
            with open(self.path, "r+b") as opened:
                opened.seek(at)
                old = opened.read(1)
                opened.seek(at)
                opened.write(b"\x7f")
            with self.assertRaisesRegex(BadTable, text):
                Table.to_read(self.path)
            with open(self.path, "r+b") as opened:
                opened.seek(at)
                opened.write(old)

    def test_no_links_no_folders(self) -> None:
        self.made().finish()
        link = Path(self.mktemp())
        link.symlink_to(self.path.absolute())
        with self.assertRaises(OSError):
            Table.to_read(link)
        folder = Path(self.mktemp())
        folder.mkdir()
        with self.assertRaises((OSError, BadTable)):
            Table.to_read(folder)

    def test_another_file_has_another_identity(self) -> None:
        identity = self.made().identity
        self.assertEqual(self.read().identity, identity)
        self.path.rename(f"{self.path}.old")
        self.assertNotEqual(self.made().identity, identity)
