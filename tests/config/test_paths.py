"""Where the configuration and the state are."""

import os
import socket

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config import default_path, find_state_dir, paths


class PathTests(SynchronousTestCase):
    """Defaults."""

    def test_default_path(self) -> None:
        """The file of the system, if there is one."""
        path = self.mktemp()
        self.patch(paths, "DEFAULT_PATH", path)
        self.assertIs(default_path(), None)
        with open(path, "w"):
            pass
        self.assertEqual(default_path(), path)

    def test_control_address(self) -> None:
        """Short however long the directory's path is, and nothing stays open."""
        folder = os.path.join(self.mktemp(), "d" * 120)
        os.makedirs(folder)
        before = os.listdir("/proc/self/fd")
        with socket.socket(socket.AF_UNIX) as opened, paths.control_address(folder) as address:
            opened.bind(address)
        self.assertEqual(os.listdir(folder), [paths.CONTROL_SOCKET])
        self.assertEqual(len(os.listdir("/proc/self/fd")), len(before))
        with self.assertRaises(OSError), paths.control_address(f"{folder}/none"):
            pass

    def test_state_dir(self) -> None:
        """Option, our variable, systemd's variable, working directory; always absolute."""
        ours = {"MAILFILTER_STATE_DIR": "/b"}
        systemd = {"STATE_DIRECTORY": "/c:/d"}
        for option, environ, expected in (
            ("/a", ours | systemd, "/a"),
            ("a/../b", {}, "/cwd/b"),
            (None, ours | systemd, "/b"),
            (None, {"MAILFILTER_STATE_DIR": "x"}, "/cwd/x"),
            (None, systemd, "/c"),
            (None, {"MAILFILTER_STATE_DIR": "", "STATE_DIRECTORY": ""}, "/cwd/mailfilter-state"),
            (None, {}, "/cwd/mailfilter-state"),
        ):
            self.assertEqual(find_state_dir(option, environ, "/cwd"), expected)
