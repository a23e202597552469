"""Log lines on their way out: mail never waits for them, and what is lost is counted."""

import fcntl
import json
import os
import resource
from pathlib import Path

from twisted.logger import Logger, LogPublisher
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Log
from mailfilter.report.logs import line_observer
from mailfilter.report.logstream import CHUNK, MAX_HELD, LogStream


class StreamCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.path = self.folder / "log"
        self.told: list[str] = []

    def open(self, path: Path | str | None = None) -> LogStream:
        return self.watch(LogStream.open(str(path or self.path)))

    def watch(self, stream: LogStream) -> LogStream:
        stream.on_loss = self.told.append
        # It may have been opened anew.
        self.addCleanup(lambda: os.close(stream.descriptor))
        return stream


class FileTests(StreamCase):
    def test_appended(self) -> None:
        self.path.write_text("before\n")
        self.open().write("ä \udc80\n")
        self.assertEqual(self.path.read_text("utf-8"), "before\nä \\udc80\n")

    def test_full(self) -> None:
        """Nothing raises, each line is counted, and one word is said."""
        stream = self.open("/dev/full")
        for _ in range(5):
            stream.write("line\n")
            stream.flush()
        self.assertEqual(self.told, ["log lines are lost: No space left on device"])
        self.assertEqual(stream.take_lost(), 0)
        stream.path = str(self.path)
        stream.reopen()
        stream.write("again\n")
        self.assertEqual((stream.take_lost(), stream.take_lost()), (5, 0))
        self.assertEqual(self.path.read_text(), "again\n")

    def limit(self, octets: int) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, (soft, hard))

    def test_torn(self) -> None:
        """A line of which only a part was written does not spoil the next one."""
        stream = self.open()
        self.limit(12)
        for _ in range(3):
            stream.write("12345678\n")
        self.limit(resource.RLIM_INFINITY)
        stream.write("after\n")
        stream.write("more\n")
        self.assertEqual(self.path.read_text(), "12345678\n123\nafter\nmore\n")
        self.assertEqual((stream.take_lost(), len(self.told)), (2, 1))

    def test_torn_and_moved(self) -> None:
        """A new file begins with a line."""
        stream = self.open()
        self.limit(4)
        stream.write("12345678\n")
        self.limit(resource.RLIM_INFINITY)
        self.path.rename(self.folder / "old")
        stream.reopen()
        stream.write("after\n")
        self.assertEqual(self.path.read_text(), "after\n")

    def test_reopen(self) -> None:
        stream = self.open()
        stream.write("one\n")
        self.path.rename(self.folder / "old")
        stream.write("two\n")
        descriptor = stream.descriptor
        stream.reopen()
        stream.write("three\n")
        self.assertEqual((self.folder / "old").read_text(), "one\ntwo\n")
        self.assertEqual(self.path.read_text(), "three\n")
        self.assertRaises(OSError, os.fstat, descriptor)

    def test_reopen_without_folder(self) -> None:
        """The old file goes on, somebody is told, and a later try gets it right."""
        stream = self.open()
        moved = self.folder.with_suffix(".moved")
        self.folder.rename(moved)
        stream.reopen()
        stream.write("kept\n")
        self.assertEqual((moved / "log").read_text(), "kept\n")
        text = f"log file {self.path} cannot be opened anew: No such file or directory"
        self.assertEqual((self.told, stream.take_lost()), ([text], 0))
        self.folder.mkdir()
        stream.reopen()
        stream.write("new\n")
        self.assertEqual(self.path.read_text(), "new\n")

    def test_no_path(self) -> None:
        """Standard output is what it is."""
        stream = self.watch(LogStream(os.open(self.path, os.O_WRONLY | os.O_CREAT)))
        stream.reopen()
        stream.write("x\n")
        self.assertEqual(self.path.read_text(), "x\n")

    def test_closed(self) -> None:
        """A descriptor that is none."""
        stream = LogStream(os.open(self.path, os.O_WRONLY | os.O_CREAT))
        stream.on_loss = self.told.append
        os.close(stream.descriptor)
        stream.write("x\n")
        self.assertEqual(self.told, ["log lines are lost: Bad file descriptor"])


class PipeTests(StreamCase):
    def setUp(self) -> None:
        super().setUp()
        self.reader, writer = os.pipe()
        self.addCleanup(self.close)
        self.room = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 8 * CHUNK)
        self.stream = self.watch(LogStream(writer))

    def close(self) -> None:
        if self.reader >= 0:
            os.close(self.reader)
        self.reader = -1

    def read(self, octets: int = 2**24) -> str:
        """What is there just now, up to a number."""
        os.set_blocking(self.reader, False)
        found = b""
        while len(found) < octets:
            try:
                part = os.read(self.reader, octets - len(found))
            except BlockingIOError:
                break
            if not part:
                break
            found += part
        return found.decode()

    def read_all(self) -> str:
        found = ""
        while part := self.read():
            found += part
            self.stream.flush()
        return found

    def fill(self, text: str = "filler\n") -> str:
        """Write lines until the first one is lost; those that were taken."""
        taken = 0
        while not self.told:
            self.stream.write(text)
            taken += 1
        return text * (taken - 1)

    def test_at_once(self) -> None:
        self.stream.write("one\n")
        self.assertEqual(self.read(), "one\n")

    def test_held(self) -> None:
        """A reader that comes late gets everything that was held, in order."""
        lines = [f"{number} {'x' * (number % 300)}\n" for number in range(2000)]
        for line in lines:
            self.stream.write(line)
        self.assertGreater(sum(map(len, lines)), self.room)
        self.assertEqual(self.read_all(), "".join(lines))
        self.assertEqual((self.stream.take_lost(), self.told), (0, []))

    def test_lost(self) -> None:
        """What is held is bounded; the rest is counted, and told once."""
        expected = self.fill()
        self.assertEqual(self.told, ["log lines are lost: nobody reads them"])
        self.assertLessEqual(len(expected), MAX_HELD + self.room)
        self.assertGreater(len(expected), MAX_HELD)
        for _ in range(9):
            self.stream.write("lost\n")
        self.assertEqual(self.stream.take_lost(), 0)
        self.assertEqual(self.read_all(), expected)
        self.assertEqual((self.stream.take_lost(), self.stream.take_lost()), (10, 0))
        self.stream.write("again\n")
        self.assertEqual(self.read_all(), "again\n")
        self.assertEqual(len(self.told), 1)

    def test_reader_that_was_slow(self) -> None:
        """Room that there is by now is used before a line is lost."""
        text = "x" * 1023 + "\n"
        for _ in range((MAX_HELD + self.room) // 1024 - 4):
            self.stream.write(text)
        self.assertEqual(self.told, [])
        self.read()
        self.stream.write(text[:-1] * 8 + "fits\n")
        self.assertEqual(self.told, [])
        self.assertTrue(self.read_all().endswith("fits\n"))

    def test_slow_reader(self) -> None:
        """One that never catches up is no news with each line."""
        self.fill("x" * 100 + "\n")
        for _ in range(100):
            self.read(CHUNK)
            for _ in range(60):
                self.stream.write("x" * 100 + "\n")
        self.assertEqual(len(self.told), 1)

    def test_long_line(self) -> None:
        """Longer than a pipe takes at once; it comes whole, and the next one after it."""
        text = "a" * CHUNK * 3 + "b\n"
        for _ in range(10):
            self.stream.write(text)
        self.stream.write("next\n")
        self.assertEqual(self.read_all(), text * 10 + "next\n")

    def test_whole_lines(self) -> None:
        """Others write to the same pipe: lines that fit are never cut."""
        line = "x" * 1499 + "\n"
        self.fill(line)
        first = self.read()
        self.assertEqual(len(first) % len(line), 0)

    def test_nobody_there(self) -> None:
        """A pipe whose reader has ended."""
        self.close()
        for _ in range(3):
            self.stream.write("line\n")
        self.assertEqual(self.told, ["log lines are lost: Broken pipe"])
        self.stream.path = str(self.path)
        self.stream.reopen()
        self.stream.write("line\n")
        self.assertEqual(self.stream.take_lost(), 3)

    def test_reader_ends(self) -> None:
        """What was held for it is lost, too."""
        for _ in range(10):
            self.stream.write("x" * CHUNK)
            self.stream.write("\n")
        self.close()
        self.stream.write("line\n")
        self.assertEqual(self.told, ["log lines are lost: Broken pipe"])

    def test_held_goes_to_the_file(self) -> None:
        """A pipe that gives way to a file."""
        expected = self.fill()
        self.stream.path = str(self.path)
        self.stream.reopen()
        self.stream.write("more\n")
        self.assertEqual(self.read() + self.path.read_text(), expected + "more\n")


class PipeByNameTests(StreamCase):
    def test_no_reader(self) -> None:
        """An error at once, not a wait for somebody who may never come."""
        os.mkfifo(self.path)
        with self.assertRaises(OSError):
            LogStream.open(str(self.path))


class LossLineTests(StreamCase):
    def logger(self, log: Log) -> Logger:
        self.stream = self.open("/dev/full")
        return Logger("test", observer=LogPublisher(line_observer(self.stream, log)))

    def lose(self, log: Log) -> list[str]:
        """Two lines are lost, two are written: what is there then."""
        logger = self.logger(log)
        logger.info("lost")
        logger.debug("not even lost")
        logger.info("lost")
        self.stream.path = str(self.path)
        self.stream.reopen()
        logger.info("one")
        logger.info("two")
        return self.path.read_text().splitlines()

    def test_text(self) -> None:
        first, loss, second = self.lose(Log())
        self.assertEqual(first.split(" ", 1)[1], "info one")
        self.assertEqual(loss.split(" ", 1)[1], "error 2 log lines were lost")
        self.assertEqual(second.split(" ", 1)[1], "info two")

    def test_json(self) -> None:
        first, loss, second = map(json.loads, self.lose(Log(format="json")))
        self.assertEqual([first["message"], second["message"]], ["one", "two"])
        self.assertEqual((loss["message"], loss["level"]), ("2 log lines were lost", "error"))
        self.assertEqual(loss.keys(), first.keys())
