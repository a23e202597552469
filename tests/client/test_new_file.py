"""Files that commands write: nothing of them is left where that fails."""

import errno
import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client import new_file


class NewFileTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.path = self.folder / "front.key"

    def fail_to(self, name: str) -> None:
        """Let a call of the system fail."""

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        self.patch(os, name, full)

    def assert_left(self, **files: bytes) -> None:
        found = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        self.assertEqual(found, {name.replace("_", "."): data for name, data in files.items()})

    def test_written(self) -> None:
        new_file.create(self.path, b"first", 0o600)
        new_file.replace(self.path, b"second", 0o640)
        self.assert_left(front_key=b"second")
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o640)

    def test_cannot_be_written(self) -> None:
        self.fail_to("fsync")
        self.assertRaises(OSError, new_file.create, self.path, b"secret", 0o600)
        self.assert_left()

    def test_cannot_be_replaced(self) -> None:
        """The old one stays, and no copy of what is secret by another name."""
        self.path.write_bytes(b"old")
        for call in ("replace", "fsync"):
            self.fail_to(call)
            self.assertRaises(OSError, new_file.replace, self.path, b"secret", 0o600)
            self.assert_left(front_key=b"old")

    def test_no_regular_file(self) -> None:
        self.path.symlink_to("elsewhere")
        self.assertRaises(FileExistsError, new_file.replace, self.path, b"secret", 0o600)
        self.assertRaises(FileExistsError, new_file.create, self.path, b"secret", 0o600)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["front.key"])
