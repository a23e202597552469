"""Octets from one descriptor to another."""

import fcntl
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc import spool as spool_module
from mailfilter.client.rspamc.exchange import Undelivered
from mailfilter.client.rspamc.spool import (
    MAX_IN_PIPE,
    read_file,
    read_whole,
    spool,
    write_output,
)

SMALL: Sequence[bytes | memoryview] = (b"A: b\n", memoryview(b"\nbody\n"))
FULL: Sequence[bytes | memoryview] = (b"A: b\n\n", memoryview(b"x" * (MAX_IN_PIPE - 6)))
LARGE: Sequence[bytes | memoryview] = (*FULL, b"x")


def _broken(reason: str) -> Callable[..., int]:
    def way(*given: object) -> int:
        raise OSError(5, reason)

    return way


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
        """All is in there, it is read from the beginning to an end, and nobody else finds it."""
        before = os.listdir("/proc/self/fd")
        descriptor = spool(pieces)
        try:
            place = os.readlink(f"/proc/self/fd/{descriptor}")
            self.assertTrue(place.startswith(start), place)
            self.assertTrue(start == "pipe:" or os.fstat(descriptor).st_nlink == 0)
            self.assertFalse(os.get_inheritable(descriptor))
            self.assertTrue(os.get_blocking(descriptor))
            self.assertTrue(read_whole(descriptor, "") == b"".join(pieces))
            self.assertEqual(list(self.folder.iterdir()), [])
        finally:
            os.close(descriptor)
        self.assertEqual(os.listdir("/proc/self/fd"), before)

    def test_places(self) -> None:
        """What a pipe holds is in one, all else on the disk."""
        half: Sequence[bytes] = (b"x" * 2**15, b"y" * 2**15)
        for pieces in (SMALL, (), (b"",), half, (*half, b"z"), (b"x" * 100_001,), FULL):
            self.check(pieces, "pipe:")
        self.check(LARGE, str(self.folder))

    def test_small_pipes(self) -> None:
        """Pipes that hold less than usual."""
        # For somebody who has too many of them, they hold this much.
        make = os.pipe

        def pipe() -> tuple[int, int]:
            ends = make()
            fcntl.fcntl(ends[0], fcntl.F_SETPIPE_SZ, 4096)
            return ends

        self.patch(os, "pipe", pipe)
        self.check(SMALL, "pipe:")
        self.check((b"x" * 4096,), "pipe:")
        self.check((b"x" * 4097,), str(self.folder))
        self.check((b"x" * 60_000,), str(self.folder))

    def test_no_pipes(self) -> None:
        """No pipes, or none that can be made larger."""

        def no_larger(*given: object) -> int:
            raise PermissionError(1, "Operation not permitted")

        self.patch(fcntl, "fcntl", no_larger)
        self.check(FULL, str(self.folder))
        self.check(SMALL, "pipe:")
        self.patch(spool_module, "_in_pipe", _broken("none"))
        self.check(SMALL, str(self.folder))

    def test_no_folder(self) -> None:
        """Where no file can be, large ones are in memory."""
        for path in ("/nonexistent", "/proc", "/dev/null"):
            self.set_folder(path)
            self.check(LARGE, "/memfd:")
        self.set_folder("")
        self.check(LARGE, "/tmp")

    def test_full(self) -> None:
        """A disk that becomes full."""
        before = os.listdir("/proc/self/fd")
        make = os.open
        self.patch(os, "open", lambda path, flags, mode: make("/dev/full", os.O_RDWR))
        self.check(LARGE, "/memfd:")
        self.patch(os, "memfd_create", lambda name: make("/dev/full", os.O_RDWR))
        with self.assertRaises(Undelivered) as caught:
            spool(LARGE)
        self.assertIn("No space left on device", str(caught.exception))
        self.assertEqual(os.listdir("/proc/self/fd"), before)

    def test_nothing(self) -> None:
        """No way at all; all reasons are told."""
        for way in ("_in_pipe", "_on_disk", "_in_memory"):
            self.patch(spool_module, way, _broken(way))
        with self.assertRaises(Undelivered) as caught:
            spool(SMALL)
        self.assertIn("no room for the message: _in_pipe, _on_disk, _in_m", str(caught.exception))

    def test_size(self) -> None:
        """What loses octets is found out."""
        make = os.open
        self.patch(os, "open", lambda path, flags, mode: make("/dev/null", os.O_RDWR))
        self.patch(os, "memfd_create", lambda name: make("/dev/zero", os.O_RDWR))
        self.assertRaises(Undelivered, spool, LARGE)


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
