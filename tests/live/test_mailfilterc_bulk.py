"""mailfilterc learns many messages, is ended in the middle, and goes on."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from . import peers
from .learning_server import LearningServer, digest_of, learning_server
from .mailfilterc import COMMAND, SECONDS, Ran, mailfilterc, on_terminal, rspamc
from .processes import wait_until

PARALLEL = 8
MESSAGES = 500
FROM = b"From a@b.example Mon Jan  1 00:00:00 2024\n"


def message(number: int) -> bytes:
    """One of many that differ."""
    return b"Subject: message %d\n\nbuy %d\n" % (number, number)


class BulkCase(SynchronousTestCase):
    """A server that counts, messages to learn, and a place for the journal."""

    def setUp(self) -> None:
        """Start the server, and make a folder."""
        entered = learning_server()
        self.server: LearningServer = entered.__enter__()
        self.addCleanup(entered.__exit__, None, None, None)
        self.folder = Path(self.mktemp()).absolute()
        self.state = Path(self.mktemp()).absolute()
        self.environment = {"XDG_STATE_HOME": str(self.state)}

    def fill(self, number: int) -> None:
        """Make so many messages: a third in a Maildir, in an mbox, and in files each."""
        for name in ("Maildir/cur", "Maildir/new", "Maildir/tmp", "files/more"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "Maildir/tmp/half").write_bytes(b"Subject: half")
        folders = ("Maildir/cur/{}:2,S", "Maildir/new/{}", "files/{}.eml", "files/more/{}.eml")
        with (self.folder / "mbox").open("wb") as mbox:
            for at in range(number):
                if at % 3 == 0:
                    mbox.write(FROM + message(at) + b"\n")
                else:
                    name = folders[at % len(folders)].format(at)
                    (self.folder / name).write_bytes(message(at))

    def arguments(self, *more: str) -> list[str]:
        """To learn what is in the folder."""
        address = self.server.address
        return ["-h", address, "-n", str(PARALLEL), *more, "learn_spam", str(self.folder)]

    def learn(self, *more: str) -> Ran:
        """Learn it all."""
        return mailfilterc(*self.arguments(*more), environment=self.environment)

    def learn_and_send(self, number: signal.Signals, at: int) -> "tuple[int, bytes]":
        """Send a signal once so many have been learned; the exit code, and what was said."""
        # It may be slow to arrive, and must not come after the end.
        self.server.stall_at(at + 50)
        with subprocess.Popen(
            [*COMMAND, *self.arguments()],
            env={**os.environ, **self.environment, "PYTHONPATH": str(peers.CHECKOUT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            # Whoever runs the tests may ignore it, as shells do in the background.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process:
            try:
                wait_until(lambda: self.server.total >= at, f"{at} messages", SECONDS)
                process.send_signal(number)
                assert process.stderr is not None
                return process.wait(SECONDS), process.stderr.read()
            finally:
                process.kill()
                self.server.stall_at(None)

    def check_learned(self, most_twice: int) -> None:
        """Every message was learned, and so many at most twice."""
        self.assertEqual(len(self.server.learned), MESSAGES)
        self.assertLessEqual(max(self.server.learned.values()), 2)
        self.assertLessEqual(self.server.total - MESSAGES, most_twice)


class InterruptedTests(BulkCase):
    """Ended in the middle."""

    def setUp(self) -> None:
        """Make the messages, and a server that is slow enough to be overtaken."""
        super().setUp()
        self.fill(MESSAGES)
        self.server.seconds = 0.01

    def test_killed(self) -> None:
        """After kill -9 only those that were under way are learned again."""
        code, _ = self.learn_and_send(signal.SIGKILL, 200)
        self.assertEqual(code, -signal.SIGKILL)
        self.assertLess(self.server.total, MESSAGES)
        ran = self.learn("--resume")
        self.assertEqual(ran.code, 0, ran.told)
        self.assertRegex(ran.told, r"^mailfilterc: \d+ done before\n$")
        self.check_learned(PARALLEL)
        self.assertEqual(list(self.state.rglob("learn_spam*")), [])

    def test_killed_again_and_again(self) -> None:
        """However often: it gets to the end."""
        kills = (60, 130, 220, 320)
        for at in kills:
            self.learn_first_or_on(at)
        self.assertEqual(self.learn("--resume").code, 0)
        self.assertEqual(len(self.server.learned), MESSAGES)
        self.assertLessEqual(self.server.total - MESSAGES, PARALLEL * len(kills))

    def learn_first_or_on(self, at: int) -> None:
        """Go on, and be killed once more."""
        plain = self.arguments
        if at > 60:
            self.patch(self, "arguments", lambda *more: plain("--resume", *more))
        self.learn_and_send(signal.SIGKILL, at)
        self.patch(self, "arguments", plain)

    def test_two_at_once(self) -> None:
        """Two runs that do the same, ended and gone on with at the same time."""
        codes = self.together(lambda: self.learn_and_send(signal.SIGTERM, 200)[0])
        self.assertEqual(codes, [143, 143])
        (journal,) = self.state.rglob("learn_spam*")
        for line in journal.read_bytes().splitlines():
            self.assertRegex(line, rb"^[0-9a-f]{32}$")
        codes = self.together(lambda: self.learn("--resume").code)
        self.assertEqual(codes, [0, 0])
        self.assertEqual(len(self.server.learned), MESSAGES)

    def together(self, run: Callable[[], int]) -> list[int]:
        """What comes of two at the same time."""
        codes: list[int] = []
        threads = [threading.Thread(target=lambda: codes.append(run())) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
        return codes

    def test_interrupted(self) -> None:
        """Ctrl-C ends it in order, and it says how to go on."""
        code, told = self.learn_and_send(signal.SIGINT, 200)
        self.assertEqual(code, 130)
        self.assertRegex(told, rb"^mailfilterc: \d+ done, the rest with --resume\n$")
        ran = self.learn("--resume")
        self.assertEqual(ran.code, 0, ran.told)
        self.check_learned(PARALLEL)

    def test_server_fails(self) -> None:
        """What the server did not take is tried again, and nothing else."""
        self.server.fails_from = 300
        ran = self.learn()
        self.assertEqual(ran.code, 1)
        self.assertIn("mailfilterc: 200 of 500 messages failed\n", ran.told)
        self.server.fails_from = None
        ran = self.learn("--resume")
        self.assertEqual((ran.code, ran.told), (0, "mailfilterc: 300 done before\n"))
        self.check_learned(0)

    def test_known(self) -> None:
        """What the server has learned before is done, not failed."""
        self.assertEqual(self.learn().code, 0)
        ran = self.learn()
        self.assertEqual((ran.code, ran.told), (0, ""))
        self.check_learned(MESSAGES)
        self.assertEqual(list(self.state.rglob("learn_spam*")), [])


class InputTests(BulkCase):
    """What is taken."""

    def test_same_as_rspamc(self) -> None:
        """Of folders, hidden files, links and exclusions rspamc takes the same."""
        for name in ("a.eml", "b.txt", ".h", "s/c.eml", "s/t/d", ".f/e", "s/.g/h", "zero", "s/x y"):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"" if name == "zero" else message(len(name)))
        os.symlink("a.eml", self.folder / "link")
        os.symlink("..", self.folder / "s" / "up")
        os.mkfifo(self.folder / "s" / "pipe")
        here = ["-h", self.server.address]
        for arguments in (
            ["."],
            ["a.eml", "s", "link", "b.txt"],
            ["--exclude", "*.eml", "."],
            ["--exclude", "*.eml", "--exclude", "*/t/*", ".", "a.eml"],
            ["--exclude", "./s", "--exclude", "b.txt", "."],
            ["--exclude", "./s/[c]*", "--exclude", "?/?.txt", "."],
        ):
            taken = []
            for run in (mailfilterc, rspamc):
                ran = run(*here, *arguments, cwd=str(self.folder))
                self.assertEqual(ran.code, 0, ran.told)
                taken.append(sorted(self.server.names))
                self.server.names.clear()
            self.assertEqual(taken[0], taken[1], arguments)
            self.assertNotEqual(taken[0], [])

    def test_names(self) -> None:
        """Messages of an mbox have numbers; a file that is missing does not stop the others."""
        self.fill(9)
        mbox, missing = str(self.folder / "mbox"), str(self.folder / "missing")
        ran = mailfilterc("-h", self.server.address, "learn_spam", missing, mbox)
        self.assertEqual(ran.code, 1)
        self.assertIn(f"mailfilterc: {missing}: No such file or directory\n", ran.told)
        self.assertEqual(sorted(self.server.names), [f"{mbox}#{number}" for number in (1, 2, 3)])


class ClosedTests(BulkCase):
    """Standard streams that are closed when it starts."""

    def run_closed(self, *closed: int) -> "subprocess.CompletedProcess[bytes]":
        """Learn, with some of them closed."""
        return subprocess.run(
            [*COMMAND, *self.arguments()],
            env={**os.environ, **self.environment, "PYTHONPATH": str(peers.CHECKOUT)},
            capture_output=True,
            preexec_fn=lambda: _close(closed),
            timeout=SECONDS,
            check=False,
        )

    def test_closed(self) -> None:
        """Results and errors go nowhere, least of all to the server or into the journal."""
        self.fill(20)
        ran = self.run_closed(1)
        self.assertEqual(ran.returncode, 1)
        self.assertIn(b"mailfilterc: cannot write the results: Bad file descriptor\n", ran.stderr)
        self.assertNotIn(b"Traceback", ran.stderr)
        self.assertEqual(self.run_closed(0, 1, 2).returncode, 1)
        ran = self.run_closed(0, 2)
        self.assertEqual(ran.returncode, 0)
        self.assertNotIn(b"mailfilterc: ", ran.stdout)
        self.assertLessEqual(set(self.server.learned), {digest_of(message(at)) for at in range(20)})
        for journal in self.state.rglob("learn_spam*"):
            for line in journal.read_bytes().splitlines():
                self.assertRegex(line, rb"^[0-9a-f]{32}$")


class TerminalTests(BulkCase):
    """On a terminal."""

    def test_bar(self) -> None:
        """Long work shows how far it is."""
        self.fill(300)
        self.server.seconds = 0.1
        ran = on_terminal(*self.arguments(), environment={**self.environment, "COLUMNS": "100"})
        self.assertEqual(ran.code, 0)
        self.assertRegex(ran.out, rb"\d+/300  \d+\.\d/s  0:00:\d\d left")
        self.assertEqual(len(self.server.learned), 300)


def _close(numbers: tuple[int, ...]) -> None:
    for number in numbers:
        os.close(number)
