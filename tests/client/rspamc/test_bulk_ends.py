"""How bulk work ends before its time: in processes of their own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

PROGRAM = """
import json, sys, threading
from mailfilter.client.rspamc import bulk
from mailfilter.client.rspamc.commands import COMMANDS
from mailfilter.client.rspamc.exchange import Item, Reply
from mailfilter.client.rspamc.options import Options

name, number, hangs, octets, resumes, is_late = json.loads(sys.argv[1])
(command,) = [command for command in COMMANDS if command.name == name]

stopped = threading.Event()
if is_late:
    bulk.GRACE = 60
    stop = bulk.Threads.stop
    bulk.Threads.stop = lambda threads: (stop(threads), stopped.set())

def ask(item):
    if item.octets in (b"%d" % at for at in hangs):
        # The results of those before are out, then.
        stopped.wait()
    return Reply(item, 0.0, (), b"", {})

sources = (Item(f"{at}", b"%d" % at) for at in range(number))
show = lambda outcome: (outcome.item.name + " ").encode() + b"x" * octets + bytes((10,))
sys.exit(bulk.run(command, Options(parallel=4, resumes=resumes), sources, ask, show))
"""


class EndCase(SynchronousTestCase):
    """Runs the program."""

    def setUp(self) -> None:
        """Keep its journal apart."""
        self.state = Path(self.mktemp()).absolute()

    def start(
        self,
        command: str,
        number: int,
        hangs: tuple[int, ...] = (),
        octets: int = 0,
        resumes: bool = False,
        is_late: bool = False,
        **named: Any,
    ) -> "subprocess.Popen[bytes]":
        """Start it with so many messages, of which some are answered late or never."""
        work = json.dumps([command, number, hangs, octets, resumes, is_late])
        given: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        given |= {"preexec_fn": _heed_signals, **named}
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, work],
            env={**os.environ, "XDG_STATE_HOME": str(self.state)},
            **given,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process


class SignalTests(EndCase):
    """Signals."""

    def lines(self, process: "subprocess.Popen[bytes]", number: int) -> set[bytes]:
        """The next lines it writes."""
        assert process.stdout is not None
        return {process.stdout.readline() for _ in range(number)}

    def test_signals(self) -> None:
        """It ends with what was done, says how to go on, and has kept it."""
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            process = self.start("learn_spam", 20, hangs=(16, 17, 18, 19))
            self.assertEqual(self.lines(process, 16), {b"%d \n" % at for at in range(16)})
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, code)
            self.assertEqual(out, b"")
            self.assertEqual(err, b"mailfilterc: 16 done, the rest with --resume\n")
            process = self.start("learn_spam", 20, resumes=True)
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0)
            self.assertEqual(set(out.splitlines()), {b"16 ", b"17 ", b"18 ", b"19 "})
            self.assertEqual(err, b"mailfilterc: 16 done before\n")

    def test_late(self) -> None:
        """What is under way has a moment, so that it need not be done again."""
        process = self.start("learn_spam", 20, hangs=(12, 13, 14, 15), is_late=True)
        self.lines(process, 12)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(set(out.splitlines()), {b"12 ", b"13 ", b"14 ", b"15 "})
        self.assertEqual(err, b"mailfilterc: 16 done, the rest with --resume\n")

    def test_scanning(self) -> None:
        """Where there is nothing to go on with, there is nothing to say."""
        process = self.start("symbols", 3, hangs=(2,))
        self.lines(process, 2)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.communicate(timeout=60), (b"", b""))
        self.assertEqual(process.returncode, 130)

    def test_ignored(self) -> None:
        """A signal that is ignored, as nohup has it, stays so."""
        process = self.start(
            "learn_spam",
            8,
            hangs=(7,),
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
        )
        self.lines(process, 7)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143)


class OutputTests(EndCase):
    """Standard output."""

    def test_closed(self) -> None:
        """Nobody reads: no error is written, and the code is that of a closed pipe."""
        process = self.start("symbols", 100_000, octets=1000)
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(process.wait(60), 141)

    def test_full(self) -> None:
        """A disk that is full is an error."""
        with open("/dev/full", "wb") as full:
            process = self.start("symbols", 10, stdout=full)
            _, err = process.communicate(timeout=60)
        self.assertEqual(err, b"mailfilterc: cannot write the results: No space left on device\n")
        self.assertEqual(process.returncode, 1)

    def test_whole(self) -> None:
        """Results do not mix, whoever reads them how slowly, and without blocking."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        process = self.start("symbols", 50, octets=100_000, stdout=writing)
        os.close(writing)
        with open(reading, "rb") as file:
            lines = file.readlines()
        self.assertEqual(process.wait(60), 0)
        self.assertEqual(
            sorted(lines), sorted(b"%d " % at + b"x" * 100_000 + b"\n" for at in range(50))
        )

    def test_no_errors(self) -> None:
        """Without standard error the work is done, though there is something to say."""
        self.state.write_bytes(b"")
        process = self.start("learn_spam", 5, stderr=None, preexec_fn=lambda: os.close(2), hangs=())
        out, _ = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out.count(b"\n")), (0, 5))


def _heed_signals() -> None:
    """Whoever runs the tests may ignore them, as shells do in the background."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
