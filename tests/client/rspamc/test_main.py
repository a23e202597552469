"""The program as a whole: exit codes, and what becomes of mail when it cannot be delivered."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc import resolving
from mailfilter.client.rspamc.main import TEMPFAIL
from mailfilter.client.rspamc.options import Options
from mailfilter.client.rspamc.resolving import with_address

MESSAGE = b"Subject: x\r\n\r\nbody\r\n"
NOBODY = "127.0.0.1:1"
ROOT = Path(__file__).parents[3]

_START = """\
import sys
from mailfilter.client.rspamc import main
sys.argv[0] = "mailfilterc"
{}
main.main()
"""

_REFUSING = """\
from mailfilter.client.rspamc import ask, exchange
def refuse(command, options, item, arguments=()):
    return exchange.Reply(item, 0.0, (), b"", {"success": False})
ask.ask = refuse
"""


def run(
    *words: str, code: str = "", prepare: Callable[[], object] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the program after some code of Python; `prepare` is called in the new process."""
    return subprocess.run(
        [sys.executable, "-c", _START.format(code), *words],
        input=MESSAGE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=120,
        preexec_fn=prepare,
        check=False,
    )


def raising(error: str) -> str:
    """Code after which a delivery raises that."""
    return f"""\
from mailfilter.client.rspamc import lda
def deliver(*given):
    raise {error}
lda.deliver = deliver
"""


class DeliveryTests(SynchronousTestCase):
    """LDA mode: what goes wrong is tried again."""

    def check(self, words: Sequence[str], code: str = "", text: str = "") -> None:
        """It ends with 75, one line of why, and nothing else."""
        for mode in (("--mime",), ("-e", "cat"), ("-m", "-e", "cat")):
            ran = run(*mode, *words, code=code)
            self.assertEqual((ran.returncode, ran.stdout), (TEMPFAIL, b""), ran)
            self.assertRegex(ran.stderr, rb"\Amailfilterc: [^\n]+; not delivered\n\Z")
            self.assertIn(text, ran.stderr.decode())

    def test_misused(self) -> None:
        """A wrong command line."""
        self.check(["--no-such-option"], text="No such option")
        self.check(["-t", "never"], text="no number of seconds")
        self.check(["-h", "a:b"], text="a port is a number")
        self.check(["-P", "/nonexistent"], text="cannot read the file")
        self.check(["learn_spam"], text="are for scans")
        self.check(["--a\nb\x1b\udcff"], text="--a")
        importing = "from mailfilter.client.rspamc.exchange import Misused\n"
        self.check([], importing + raising("Misused('a\\nb\\x1b\\udcff')"), "a?b??")
        self.check(["a", "b"], text="take one message")

    def test_password(self) -> None:
        """It is not asked for where nobody is, and the message is not read for it."""
        self.check(["-P", "/dev/stdin"], text="standard input is the message")
        for mode in ("-mP", "-meP"):
            ran = run(mode, "-P", prepare=os.setsid)
            self.assertEqual((ran.returncode, ran.stdout), (TEMPFAIL, b""), ran)

    def test_broken(self) -> None:
        """Something that cannot be imported."""
        for name in ("click", "msgspec", "httptools", "mailfilter.client.rspamc.lda"):
            code = f"sys.modules[{name!r}] = None"
            self.check([], code=code)

    def test_raised(self) -> None:
        """Errors that nobody thought of; they say where they are, and nothing of the mail."""
        for error in ("ValueError('secret')", "MemoryError", "KeyboardInterrupt", "SystemExit(0)"):
            self.check([], raising(error), error.partition("(")[0])
        ran = run("-m", code=raising("ValueError('secret')"))
        self.assertNotIn(b"secret", ran.stderr)
        self.assertIn(b"ValueError at <string>:6", ran.stderr)
        code = (
            "from mailfilter.client.rspamc import lda\nlda.deliver = lambda *given: lda.deliver()"
        )
        self.check([], code, "RecursionError")

    def test_refused(self) -> None:
        """A server that says that it did nothing is 1, where something was to change."""
        for words, code in ((("fuzzy_delhash", "ab"), 1), (("learn_spam",), 1), (("stat",), 0)):
            ran = run("--compact", *words, code=_REFUSING)
            self.assertEqual((ran.returncode, ran.stderr), (code, b""))
            self.assertTrue(ran.stdout.startswith(b'{"success":false,'))

    def test_texts(self) -> None:
        """Who asks for the help has delivered nothing."""
        for word in ("--help", "--version", "--commands"):
            self.assertEqual(run("--mime", word).returncode, TEMPFAIL)

    def test_closed(self) -> None:
        """Without standard error, it cannot say why."""
        for closing in (lambda: os.close(2), lambda: os.closerange(0, 3)):
            ran = run("-m", "--wrong", prepare=closing)
            self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (TEMPFAIL, b"", b""))

    def test_descriptors(self) -> None:
        """Nothing takes the place of a standard stream that is closed, or works as one."""
        code = """\
import os
from mailfilter.client.rspamc import lda
def deliver(*given):
    assert os.open("/", os.O_RDONLY) == 3
    for number, use in enumerate((lambda: os.read(0, 1), lambda: os.write(1, b"x"))):
        try:
            use()
        except OSError:
            continue
        return 1
    return 0
lda.deliver = deliver
"""
        ran = run("-m", code=code, prepare=lambda: os.closerange(0, 3))
        self.assertEqual(ran.returncode, 0)

    def test_code(self) -> None:
        """What a delivery returns is the exit code, whatever happens at the end."""
        for number in (0, 3, 75):
            code = f"""\
from mailfilter.client.rspamc import lda
import atexit
atexit.register(lambda: 1 / 0)
lda.deliver = lambda *given: {number}
"""
            ran = run("-m", code=code)
            self.assertEqual((ran.returncode, ran.stderr), (number, b""))


class CodeTests(SynchronousTestCase):
    """Elsewhere."""

    def test_misused(self) -> None:
        """A wrong command line is 2."""
        for words in (["--no-such-option"], ["-h", "a:b"], ["stat", "a"], ["-F", "-m", "-n", "x"]):
            ran = run(*words)
            expected = TEMPFAIL if "-m" in words else 2
            self.assertEqual((ran.returncode, ran.stdout), (expected, b""), ran)
            self.assertRegex(ran.stderr, rb"\Amailfilterc: ")

    def test_unanswered(self) -> None:
        """No answer is 1."""
        for words in ((), ("-j",), ("stat",), ("-E",), ("fuzzy_delhash", "ab"), ("-F", "-m")):
            ran = run("-h", NOBODY, *words)
            self.assertEqual(ran.returncode, 1, ran)
            self.assertIn(b"refused", ran.stdout + ran.stderr)

    def test_texts(self) -> None:
        """The help is 0."""
        for word in ("--help", "-?", "--version", "--commands"):
            ran = run(word)
            self.assertEqual((ran.returncode, ran.stderr), (0, b""))
            self.assertTrue(ran.stdout)

    def test_empty(self) -> None:
        """It is for where there are no files."""
        path = Path(self.mktemp()).absolute()
        path.write_bytes(MESSAGE)
        for words, name in (((), "empty"), ((str(path),), str(path))):
            self.assertIn(name.encode(), run("-h", NOBODY, "-E", *words).stdout)

    def test_interrupted(self) -> None:
        """By the keyboard, it is 130."""
        code = """\
from mailfilter.client.rspamc import bulk
def interrupted(*given, **more):
    raise {}
bulk.run = interrupted
"""
        self.assertEqual(run(code=code.format("KeyboardInterrupt")).returncode, 130)
        self.assertEqual(run(code=code.format("BrokenPipeError")).returncode, 141)
        ran = run(code=code.format("OSError(28, 'No space left')"))
        self.assertEqual((ran.returncode, ran.stderr), (1, b"mailfilterc: No space left\n"))

    def test_unwritten(self) -> None:
        """What cannot be written has failed, even if that cannot be said, either."""
        full = os.open("/dev/full", os.O_WRONLY)
        self.addCleanup(os.close, full)
        for prepare, text in (
            (lambda: os.dup2(full, 1), b"mailfilterc: No space left on device\n"),
            (lambda: os.close(1), b"mailfilterc: Bad file descriptor\n"),
            (lambda: os.closerange(0, 2), b"mailfilterc: Bad file descriptor\n"),
            (lambda: os.closerange(0, 3), b""),
            (lambda: [os.dup2(full, 1), os.dup2(full, 2)], b""),
        ):
            for words in (("stat",), ("explain", "x" * 26), ("--help",)):
                ran = run("-h", NOBODY, *words, prepare=prepare)
                self.assertIn(ran.returncode, (1, 2), ran)
                if words == ("stat",):
                    self.assertEqual((ran.returncode, ran.stderr), (1, text), ran)


class ImportTests(SynchronousTestCase):
    """What takes time before anything is done."""

    def modules(self, code: str) -> set[str]:
        """Packages that are there after some code."""
        code += "\nimport sys\nprint(*{name.partition('.')[0] for name in sys.modules})"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        out = subprocess.check_output([sys.executable, "-c", code], env=environment, timeout=120)
        return set(out.decode().split())

    def test_twisted(self) -> None:
        """No module of the client needs Twisted."""
        names = [path.stem for path in (ROOT / "mailfilter/client/rspamc").glob("*.py")]
        self.assertIn("tls_channel", names)
        code = "\n".join(f"import mailfilter.client.rspamc.{name}" for name in names)
        self.assertEqual(self.modules(code) & {"twisted", "zope"}, set())

    def test_plain(self) -> None:
        """A delivery over TCP needs no TLS, no zstd, and nothing for terminals or threads."""
        code = (
            "from mailfilter.client.rspamc.command_line import read_command_line\n"
            "from mailfilter.client.rspamc import ask, lda\n"
            "read_command_line(['--mime', '-P', 'x'])\n"
        )
        heavy = {"OpenSSL", "ssl", "rich", "asyncio", "concurrent", "getpass", "logging"}
        heavy |= {"backports"}
        self.assertEqual(self.modules(code) & heavy, set())


class ResolvingTests(SynchronousTestCase):
    """Names of clients."""

    def test_addresses(self) -> None:
        """They are sent as they are."""
        self.patch(resolving, "look_up", self.fail)
        for ip in ("", "192.0.2.1", "2001:db8::1", "[2001:db8::1]", "/run/socket"):
            options = Options(ip=ip)
            self.assertIs(with_address(options), options)

    def test_name(self) -> None:
        """They become addresses."""
        found = with_address(Options(ip="localhost")).ip
        self.assertIn(found, ("127.0.0.1", "::1"))

    def test_unknown(self) -> None:
        """One without address is sent as it is, and that is said where somebody reads it."""
        ran = run("-h", NOBODY, "-i", "\x1b..invalid..", "stat")
        self.assertIn(b"--ip: no address of ?..invalid.. was found\n", ran.stderr)
        for name in ("..invalid..", "n\xe4me.invalid", "\0"):
            options = Options(ip=name, is_mime=True)
            self.assertIs(with_address(options), options)
