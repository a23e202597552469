"""Files of the embedded store beside each other."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.store.sqlite.files import COMPANIONS, set_aside

from .trouble import write_file


class Killed(BaseException):
    """The process ends here."""


class SetAsideTests(SynchronousTestCase):
    """A damaged file makes room for a new one."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.path = str(self.folder / "store.sqlite")

    def make(self) -> None:
        """A file and what belongs to it."""
        for suffix in ("", *COMPANIONS):
            write_file(self.path + suffix, b"old")

    def test_all(self) -> None:
        """All of it has the new name."""
        self.make()
        aside = set_aside(self.path)
        found = {str(path) for path in self.folder.iterdir()}
        self.assertEqual(found, {aside + suffix for suffix in ("", *COMPANIONS)})

    def test_killed(self) -> None:
        """Nothing that belongs to it is left where it is gone, whenever the process dies."""
        rename = os.rename
        for most in range(3):
            self.make()
            done = 0

            def limited(old: str, new: str, most: int = most) -> None:
                nonlocal done
                if done == most:
                    raise Killed
                done += 1
                rename(old, new)

            patched = self.patch(os, "rename", limited)
            self.assertRaises(Killed, set_aside, self.path)
            patched.restore()
            self.assertTrue(os.path.exists(self.path))
            set_aside(self.path)
            self.assertEqual(list(self.folder.glob("store.sqlite-*")), [])
