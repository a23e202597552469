"""Octets from one descriptor to another."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc import spool as spool_module
from mailfilter.client.rspamc.exchange import Undelivered
from mailfilter.client.rspamc.spool import (
    MAX_IN_MEMORY,
    read_file,
    read_whole,
    spool,
    write_output,
)

SMALL: Sequence[bytes | memoryview] = (b"A: b\n", memoryview(b"\nbody\n"))
LARGE: Sequence[bytes | memoryview] = (b"A: b\n\n", memoryview(b"x" * (2 * MAX_IN_MEMORY)))


class SpoolTests(SynchronousTestCase):
    """Copies of messages."""

    def setUp(self) -> None:
        """A folder for files."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.set_folder(str(self.folder))

    def set_folder(self, path: str) -> None:
        """Have files put there."""
        self.patch(os, "environ", {**os.environ, "TMPDIR": path})

    def check(self, pieces: Sequence[bytes | memoryview], start: str) -> None:
        """All is in there, it is read from the beginning, and nobody else finds it."""
        descriptor = spool(pieces)
        try:
            place = os.readlink(f"/proc/self/fd/{descriptor}")
            self.assertTrue(place.startswith(start), place)
            self.assertEqual(os.fstat(descriptor).st_nlink, 0)
            self.assertFalse(os.get_inheritable(descriptor))
            self.assertEqual(read_whole(descriptor, ""), b"".join(pieces))
            self.assertEqual(list(self.folder.iterdir()), [])
        finally:
            os.close(descriptor)

    def test_places(self) -> None:
        """Small ones are in memory, large ones on a disk."""
        self.check(SMALL, "/memfd:")
        self.check((), "/memfd:")
        self.check((b"",), "/memfd:")
        self.check(LARGE, str(self.folder))

    def test_no_folder(self) -> None:
        """Where no file can be, large ones are in memory, too."""
        for path in ("/nonexistent", "/proc", "/dev/null"):
            self.set_folder(path)
            self.check(LARGE, "/memfd:")
        self.set_folder("")
        self.check(LARGE, "/tmp")

    def test_full(self) -> None:
        """A disk that becomes full."""

        def full() -> int:
            return os.open("/dev/full", os.O_RDWR)

        self.patch(spool_module, "_on_disk", full)
        before = os.listdir("/proc/self/fd")
        self.check(LARGE, "/memfd:")
        self.patch(spool_module, "_in_memory", full)
        for pieces in (SMALL, LARGE):
            with self.assertRaises(Undelivered) as caught:
                spool(pieces)
            self.assertIn("No space left on device", str(caught.exception))
        self.assertEqual(os.listdir("/proc/self/fd"), before)

    def test_no_memory(self) -> None:
        """Small ones then go to the disk."""

        def none() -> int:
            raise OSError(24, "Too many open files")

        self.patch(spool_module, "_in_memory", none)
        self.check(SMALL, str(self.folder))
        self.set_folder("/nonexistent")
        with self.assertRaises(Undelivered) as caught:
            spool(SMALL)
        text = "no room for the message: Too many open files, No such file or directory"
        self.assertIn(text, str(caught.exception))

    def test_size(self) -> None:
        """What loses octets is found out."""
        self.patch(spool_module, "_in_memory", lambda: os.open("/dev/zero", os.O_RDWR))
        self.patch(spool_module, "_on_disk", lambda: os.open("/dev/null", os.O_RDWR))
        self.assertRaises(Undelivered, spool, SMALL)


class WriteTests(SynchronousTestCase):
    """Messages that go out."""

    def test_late_error(self) -> None:
        """One that comes when all is written, as from disks of other machines."""
        written: list[object] = []
        self.patch(spool_module, "_write", lambda *given: written.append(given))

        def close(descriptor: int) -> None:
            raise OSError(122, "Disk quota exceeded")

        self.patch(os, "close", close)
        with self.assertRaises(Undelivered) as caught:
            write_output(SMALL)
        self.assertIn("Disk quota exceeded", str(caught.exception))
        self.assertEqual(written, [(1, SMALL)])


class ReadTests(SynchronousTestCase):
    """Messages that come in."""

    def pipe(self) -> tuple[int, int]:
        """Both ends of a pipe."""
        ends = os.pipe()
        self.addCleanup(os.close, ends[0])
        return ends

    def test_slow(self) -> None:
        """In pieces, also where there is nothing to wait for by itself."""
        for is_blocking in (True, False):
            ours, its = self.pipe()
            os.set_blocking(ours, is_blocking)

            def write(its: int = its) -> None:
                for _ in range(20):
                    os.write(its, b"x" * 10_000)
                os.close(its)

            thread = threading.Thread(target=write)
            thread.start()
            self.assertEqual(len(read_whole(ours, "it")), 200_000)
            thread.join()

    def test_nothing(self) -> None:
        """Nothing is a message, too."""
        ours, its = self.pipe()
        os.close(its)
        self.assertEqual(read_whole(ours, "it"), b"")

    def test_errors(self) -> None:
        """A folder, and what cannot be read."""
        folder = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, folder)
        self.assertRaises(Undelivered, read_whole, folder, "it")
        _, its = self.pipe()
        self.assertRaises(Undelivered, read_whole, its, "it")
        os.close(its)
        for path in ("/", "/nonexistent", "/proc/self/mem"):
            self.assertRaises(Undelivered, read_file, path)

    def test_file(self) -> None:
        """A file, which is closed."""
        path = self.mktemp()
        Path(path).write_bytes(b"x\r\ny\0" * 100_000)
        before = os.listdir("/proc/self/fd")
        self.assertEqual(read_file(path), b"x\r\ny\0" * 100_000)
        self.assertEqual(os.listdir("/proc/self/fd"), before)
