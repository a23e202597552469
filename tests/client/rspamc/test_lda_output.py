"""LDA mode when input, output or room is missing, and with messages of all sizes and shapes."""

import os
import resource
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Any

from mailfilter.report.rewrite import MAX_FIELDS

from .lda_case import COMMAND, ENVIRONMENT, MESSAGE, LdaCase
from .wire_case import PATIENCE, closed_port, saying, silent

LARGE = b"From: a@b\n\n" + b"0123456789abcdef" * 2**17
"""2 MiB: more than a pipe takes."""
BOTH: Sequence[Sequence[str]] = ((), ("--on-error", "tempfail"))


class OutputTests(LdaCase):
    """Where the message goes."""

    def refuses(self, reason: str, message: bytes = MESSAGE, **more: Any) -> None:
        """It is tried again, with a verdict and without."""
        for server in (self.marking(), closed_port()):
            ran = self.run_lda(server, "--mime", message=message, **more)
            self.deferred(ran, reason)

    def test_full(self) -> None:
        """No room for it."""
        with open("/dev/full", "wb") as full:
            for message in (MESSAGE, LARGE):
                self.refuses("No space left on device", message, stdout=full)

    def test_closed(self) -> None:
        """No output at all, and one that can only be read."""
        self.refuses("Bad file descriptor", stdout=None, prepare=lambda: os.close(1))
        with open("/dev/null", "rb") as null:
            self.refuses("Bad file descriptor", stdout=null)

    def test_all_closed(self) -> None:
        """Nothing to say it to either."""
        path = self.folder / "message"
        path.write_bytes(MESSAGE)
        for server in (self.marking(), closed_port()):
            ran = self.run_lda(
                *(server, "--mime", str(path)),
                message=None,
                stdout=None,
                stderr=None,
                prepare=lambda: os.closerange(0, 3),
            )
            self.assertEqual(ran.returncode, 75)

    def test_no_reader(self) -> None:
        """Whoever reads has gone, before or in the middle."""
        for message in (MESSAGE, LARGE):
            ours, its = os.pipe()
            os.close(ours)
            self.refuses("Broken pipe", message, stdout=its)
            os.close(its)
        process = self.start(self.marking(), "--mime", message=LARGE)
        assert process.stdout is not None and process.stderr is not None
        self.assertEqual(process.stdout.read(5), b"From:")
        process.stdout.close()
        self.assertIn(b"Broken pipe; not delivered\n", process.stderr.read())
        process.stderr.close()
        self.assertEqual(process.wait(PATIENCE), 75)

    def start(
        self, server: object, *words: str, message: bytes, **more: Any
    ) -> subprocess.Popen[bytes]:
        """Run it without waiting for it."""
        more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        path = self.folder / "message"
        path.write_bytes(message)
        return subprocess.Popen(
            [*COMMAND, "-h", str(server), *words, str(path)], env=ENVIRONMENT, **more
        )

    def test_slow_reader(self) -> None:
        """A pipe that does not block, read slowly."""
        ours, its = os.pipe()
        os.set_blocking(its, False)
        process = self.start(self.marking(), "--mime", message=LARGE, stdout=its)
        os.close(its)
        with open(ours, "rb") as file:
            parts = iter(lambda: file.read1(10_000), b"")
            found = b"".join(parts)
        self.assertEqual(process.wait(PATIENCE), 0)
        assert process.stderr is not None
        process.stderr.close()
        self.marked(found, LARGE)

    def test_file(self) -> None:
        """Behind what is in a file already."""
        path = self.folder / "out"
        with open(path, "ab") as file:
            file.write(b"before\n")
            file.flush()
            ran = self.run_lda(self.marking(), "--mime", stdout=file)
        self.assertEqual(ran.returncode, 0)
        before, _, found = path.read_bytes().partition(b"\n")
        self.assertEqual(before, b"before")
        self.marked(found)

    def test_limit(self) -> None:
        """A file that must not grow."""
        for limit in (0, 100):
            with open(self.folder / "out", "wb") as file:
                for server in (self.marking(), closed_port()):
                    ran = self.run_lda(server, "--mime", stdout=file, prepare=limited(limit))
                    self.assertEqual(ran.returncode, 75)
                    self.assertIn(b"File too large; not delivered", ran.stderr)


def limited(most: int, of: int = resource.RLIMIT_FSIZE) -> Callable[[], None]:
    """Let a process have no more of something: octets in a file."""
    return lambda: resource.setrlimit(of, (most, most))


class InputTests(LdaCase):
    """Where it comes from."""

    def refuses(self, reason: str, *words: str, **more: Any) -> None:
        """It is tried again, in all ways; the server is not even asked."""
        server = self.marking()
        for way in (("--mime",), ("--exec", self.deliver)):
            for on_error in BOTH:
                more = {"message": None, **more}
                self.deferred(self.run_lda(server, *way, *on_error, *words, **more), reason)
        self.assertEqual(self.requests, [])

    def test_closed(self) -> None:
        """No input, or one that can only be written."""
        self.refuses("Bad file descriptor", prepare=lambda: os.close(0))
        with open("/dev/null", "wb") as null:
            self.refuses("Bad file descriptor", stdin=null)

    def test_folder(self) -> None:
        """A folder."""
        self.refuses("Is a directory", str(self.box), stdin=subprocess.DEVNULL)
        folder = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, folder)
        ran = self.run_exec(self.marking(), message=None, stdin=folder)
        # Python does not even start.
        self.assertNotEqual(ran.returncode, 0)
        self.assertEqual((ran.stdout, self.delivered()), (b"", []))

    def test_no_file(self) -> None:
        """A file that is not there, or not to be read."""
        self.refuses("No such file", "/nonexistent", message=MESSAGE)

    def test_no_message(self) -> None:
        """Options with which the message would be lost."""
        self.refuses("--empty", "--empty", message=MESSAGE)

    def test_slow(self) -> None:
        """In pieces, through a pipe that does not block."""
        for is_blocking in (True, False):
            ours, its = os.pipe()
            os.set_blocking(ours, is_blocking)

            def write(its: int = its) -> None:
                for at in range(0, len(LARGE), 30_000):
                    os.write(its, LARGE[at : at + 30_000])
                os.close(its)

            thread = threading.Thread(target=write)
            thread.start()
            ran = self.run_exec(self.marking(), message=None, stdin=ours)
            thread.join(PATIENCE)
            os.close(ours)
            self.assertEqual((ran.returncode, ran.stderr), (0, b""))
            (found,) = self.delivered()
            self.marked(found, LARGE)


class RoomTests(LdaCase):
    """Room for the copy that a command reads."""

    def delivers(self, message: bytes, **more: Any) -> None:
        """It is delivered all the same."""
        ran = self.run_exec(self.marking(), message=message, **more)
        self.assertEqual((ran.returncode, ran.stderr), (0, b""))
        (found,) = self.delivered()
        self.marked(found, message)

    def test_no_folder(self) -> None:
        """No folder for files, or one that is not for us, or no files there."""
        for path in ("/nonexistent", "/proc", "/dev/null", ""):
            for message in (MESSAGE, LARGE):
                self.delivers(message, environment={"TMPDIR": path})

    def test_limit(self) -> None:
        """No files that are large enough, on disk and in memory; a small message needs none."""
        for server in (self.marking(), closed_port()):
            ran = self.run_exec(server, message=LARGE, prepare=limited(100))
            self.deferred(ran, "no room for the message: File too large")
        ran = self.run_lda(self.marking(), "--exec", "cat", prepare=limited(0))
        self.assertEqual((ran.returncode, ran.stderr), (0, b""))
        self.marked(ran.stdout)

    def test_no_descriptors(self) -> None:
        """Few files can be open: too few for Python itself, for us, or for the command."""
        for most in range(4, 10):
            ran = self.run_exec(self.marking(), prepare=limited(most, resource.RLIMIT_NOFILE))
            found = self.delivered()
            self.assertEqual(len(found), 1 if ran.returncode == 0 else 0)

    def test_no_memory(self) -> None:
        """A message for which there is none."""
        server = self.marking()
        for way in (("--mime",), ("--exec", self.deliver)):
            limit = limited(2**28, resource.RLIMIT_AS)
            ran = self.run_lda(server, *way, message=MESSAGE + b"x" * 2**28, prepare=limit)
            self.assertEqual((ran.returncode, ran.stdout, self.delivered()), (75, b"", []))
            self.assertIn(b"MemoryError", ran.stderr)


class MessageTests(LdaCase):
    """Messages of all sizes and shapes."""

    def check(self, message: bytes, kept: Sequence[bytes] | None = None) -> None:
        """All octets come out, in their order, with and without a verdict."""
        for server in (self.marking(), closed_port()):
            ran = self.run_lda(server, "--mime", message=message)
            self.assertEqual((ran.returncode, ran.stderr), (0, b""))
            executed = self.run_exec(server, message=message)
            self.assertEqual((executed.returncode, executed.stderr), (0, b""))
            (found,) = self.delivered()
            at = -1
            for part in kept or [message]:
                at = ran.stdout.find(part, at + 1)
                self.assertGreaterEqual(at, 0, part[:100])
                self.assertIn(part, found)
            self.assertEqual(found.count(b"X-Spam-Scanner: "), 1)
            self.assertLess(len(found), len(message) + 500)

    def test_shapes(self) -> None:
        """No end of the header, no header, nothing, CR alone, NUL, the line of an mbox."""
        for message, *kept in (
            (b"",),
            (b"\n",),
            (b"From: a@b",),
            (b"From: a@b\r\n",),
            (b"hello\n",),
            (b"From: a@b\rSubject: x\r\rbody\r", b"From: a@b\rSubject: x\r", b"\r\rbody\r"),
            (b"From: \0\xff\n\n\0\n", b"From: \0\xff\n", b"\n\n\0\n"),
            (b"From a b\nFrom: a@b\n\nFrom x\n", b"From a b\nFrom: a@b\n", b"\n\nFrom x\n"),
            (b"From: a@b\r\n\r\nx\r\n.\r\n", b"From: a@b\r\n", b"\r\n\r\nx\r\n.\r\n"),
        ):
            self.check(message, kept)

    def test_large(self) -> None:
        """100 MB."""
        body = b"\n\n" + b"0123456789 abcdefghijklmnopqrstuvwxyz, and so on.\n" * 2_000_000
        message = b"From: a@b\nSubject: large" + body
        ran = self.run_exec(self.marking(), message=message)
        self.assertEqual((ran.returncode, ran.stderr), (0, b""))
        (found,) = self.delivered()
        self.marked(found, message)
        self.assertTrue(self.requests[0].endswith(message))
        ran = self.run_lda(closed_port(), "--mime", message=message)
        self.assertEqual((ran.returncode, ran.stderr), (0, b""))
        self.assertTrue(ran.stdout.endswith(body))

    def test_large_unread(self) -> None:
        """One that a server does not take, or not in time."""
        message = MESSAGE + b"x" * 2**24
        for server in (self.listen(saying()), self.listen(silent)):
            error = self.passed(self.run_exec(server, message=message, timeout=1), message)
            self.assertIn("within 1 s", error)

    def test_large_header(self) -> None:
        """A header of many MB: of one line, of many folds, of many fields."""
        line = b"Subject: " + b"x" * 2**23 + b"\n"
        folds = b"Subject: x\n" + b" folded\n" * 2**20
        fields = b"Received: x\n" * 2**19
        for header in (line, folds, fields):
            self.check(header + b"\nbody\n", [header[: MAX_FIELDS * 5], b"\nbody\n"])
            ran = self.run_lda(closed_port(), "--mime", message=header + b"\nbody\n")
            own = ran.stdout.index(b"X-Spam-Scanner: ")
            end = ran.stdout.index(b"\n", ran.stdout.index(b"X-Spam-Error: ")) + 1
            rest = ran.stdout[:own] + ran.stdout[end:]
            self.assertTrue(rest.replace(b"\n", b"") == (header + b"body").replace(b"\n", b""))
