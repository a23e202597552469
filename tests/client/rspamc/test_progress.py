"""The bar, and what is written beside it."""

import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc.progress import Rate, Screen, Tally, printable, status, write_all

PROGRAM = """
import sys, threading
from mailfilter.client.rspamc import bulk, progress
from mailfilter.client.rspamc.commands import SYMBOLS
from mailfilter.client.rspamc.exchange import Item, Reply, Unanswered
from mailfilter.client.rspamc.options import Options

progress.PATIENCE = float(sys.argv[1])
progress.INTERVAL = bulk.INTERVAL = 0.01
painted = threading.Semaphore(0)
paint = progress.Screen._paint

def painting(screen):
    paint(screen)
    painted.release()

progress.Screen._paint = painting

def ask(item):
    if progress.PATIENCE == 0:
        painted.acquire(timeout=30)
    if item.octets == b"7":
        raise Unanswered("no")
    return Reply(item, 0.0, (), b"", {})

sources = (Item(f"{at}", b"%d" % at) for at in range(20))
show = lambda outcome: b"result %s\\n" % outcome.item.name.encode()
code = bulk.run(
    SYMBOLS, Options(parallel=2), sources, ask, show, count=lambda is_over: 20
)
print("rich" in sys.modules)
"""


class TextTests(SynchronousTestCase):
    """What stands beside the bar."""

    def test_status(self) -> None:
        """Done, rate, time that remains, failures: what is known of them."""
        for tally, total, rate, text in (
            (Tally(), None, 0.0, "0"),
            (Tally(5), None, 2.5, "5  2.5/s"),
            (Tally(5), 10, 0.0, "5/10"),
            (Tally(5), 10, 2.0, "5/10  2.0/s  0:00:02 left"),
            (Tally(1, 2, 3), 3607, 1.0, "6/3607  1.0/s  1:00:01 left  2 failed"),
            (Tally(5), 3, 2.0, "5/5  2.0/s  0:00:00 left"),
        ):
            self.assertEqual(status(tally, total, rate), text)

    def test_rate(self) -> None:
        """It is that of the last seconds."""
        rate = Rate()
        self.assertEqual(rate.per_second, 0)
        rate.add(1.0, 0)
        self.assertEqual(rate.per_second, 0)
        rate.add(1.0, 3)
        self.assertEqual(rate.per_second, 0)
        rate.add(3.0, 5)
        self.assertEqual(rate.per_second, 2.5)
        for at in range(200):
            rate.add(10.0 + at, 5 + 7 * at)
        self.assertEqual(rate.per_second, 7)

    def test_rate_of_what_is_done(self) -> None:
        """Messages that an earlier run did say nothing about how long the others take."""
        screen = Screen(Tally(answered=1, failed=2, skipped=100), lambda: None)
        screen.has_bar = True
        screen._appears = float("inf")
        added: list[int] = []
        self.patch(screen._rate, "add", lambda now, count: added.append(count))
        screen.tick()
        self.assertEqual(added, [3])

    def test_printable(self) -> None:
        """Nothing in it is obeyed by a terminal, or cannot be written."""
        self.assertEqual(printable("a b/ä"), "a b/ä")
        self.assertEqual(printable("a\x1b[1m\n\udcff\x9b\u202e"), r"a\x1b[1m\n\udcff\x9b\u202e")


class WriteTests(SynchronousTestCase):
    """Octets."""

    def test_not_blocking(self) -> None:
        """All of it is written, also if the other end is slow."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        got: list[bytes] = []

        def read() -> None:
            with open(reading, "rb") as file:
                got.append(file.read())

        reader = threading.Thread(target=read)
        reader.start()
        write_all(writing, b"x" * 1_000_000)
        os.close(writing)
        reader.join(60)
        self.assertEqual(got, [b"x" * 1_000_000])


class BarTests(SynchronousTestCase):
    """The bar on a terminal, in a process of its own."""

    def run_program(self, patience: float, term: str, out: "int | None" = None) -> bytes:
        """What comes out on the terminal that is standard error, and output if not given."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(patience)],
            env={**os.environ, "TERM": term, "COLUMNS": "100"},
            stdin=subprocess.DEVNULL,
            stdout=theirs if out is None else out,
            stderr=theirs,
        )
        os.close(theirs)
        got = bytearray()
        try:
            while octets := os.read(ours, 1 << 16):
                got += octets
        except OSError:
            pass  # That is how the end of a terminal is told.
        finally:
            os.close(ours)
            process.kill()
            process.wait(60)
        return bytes(got)

    def test_bar_and_results(self) -> None:
        """Results stay whole, the bar says what is done, and it is gone in the end."""
        got = self.run_program(0, "xterm")
        for number in range(20):
            self.assertIn(b"result %d\r\n" % number, got)
        self.assertRegex(got, rb"\d+/20  \d+\.\d/s  0:00:\d\d left")
        self.assertIn(b"1 failed", got)
        self.assertIn(b"mailfilterc: 1 of 20 messages failed\r\n", got)
        seen = _screen(got)
        self.assertEqual(
            sorted(line for line in seen if line.startswith("result")),
            sorted(f"result {number}" for number in range(20)),
        )
        self.assertEqual(len(seen), 22, seen)
        self.assertEqual(got.count(b"\x1b[?25l"), got.count(b"\x1b[?25h"))

    def test_results_elsewhere(self) -> None:
        """With results in a file the bar is on the terminal, and nowhere else."""
        path = Path(self.mktemp())
        with path.open("wb") as file:
            got = self.run_program(0, "xterm", file.fileno())
        self.assertRegex(got, rb"\d+/20")
        self.assertEqual(_screen(got), ["mailfilterc: 1 of 20 messages failed"])
        lines = path.read_text("ascii").splitlines()
        self.assertEqual(len(lines), 21)
        self.assertEqual(lines[-1], "True")

    def test_no_bar(self) -> None:
        """There is none for short work, and on a terminal that moves no cursor."""
        for patience, term in ((60.0, "xterm"), (0.0, "dumb")):
            got = self.run_program(patience or 1e-9, term)
            self.assertNotIn(b"\x1b", got)
            self.assertEqual(len(got.splitlines()), 22)
            self.assertTrue(got.endswith(b"False\r\n"), got[-100:])


def _screen(got: bytes) -> list[str]:
    """The lines that are left on a terminal: what erasing and going up take away is gone."""
    lines, row = [""], 0
    for piece in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", got.decode()):
        if piece == "\n":
            row += 1
            if row == len(lines):
                lines.append("")
        elif piece == "\x1b[2K":
            lines[row] = ""
        elif up := re.fullmatch(r"\x1b\[(\d+)A", piece):
            row -= int(up[1])
        elif piece[0] not in "\r\x1b":
            lines[row] += piece
    return [line for line in lines if line]
