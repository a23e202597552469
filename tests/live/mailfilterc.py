"""Runs mailfilterc, and Debian's rspamc beside it."""

import fcntl
import functools
import os
import re
import select
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import peers
from .processes import private_directory

COMMAND = (sys.executable, "-m", "mailfilter.client.rspamc.main")
SECONDS = 120
"""Until one of them must have ended: the machine may be busy with other tests."""

_TIMES = re.compile(
    rb'(?<=\()[\d.]+(?= seconds\))|(?<="scan_time": )[\d.]+|(?<="scan_time":)[\d.]+'
    rb'|(?<=scan_time = )[\d.]+|(?<="time_real": )[\d.]+|(?<="time_real":)[\d.]+'
    rb"|(?<=time_real = )[\d.]+|(?<=^X-Spam-Scan-Time: )[\d.]+|(?<=^Date: )[^\n]+GMT",
    re.MULTILINE,
)
_SCANNER = re.compile(rb"^X-Spam-Scanner: [^\r\n]+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended, and what it wrote."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Its standard output."""
        return self.out.decode()

    @property
    def outcome(self) -> tuple[int, str]:
        """Exit status, and all that it wrote."""
        return self.code, (self.out + self.err).decode("utf-8", "replace")

    @property
    def told(self) -> str:
        """What it says of errors."""
        return self.err.decode()


def mailfilterc(
    *arguments: str, message: bytes = b"", environment: Mapping[str, str] = {}, cwd: str = "."
) -> Ran:
    """Run mailfilterc, perhaps with a message at its standard input."""
    given = {**os.environ, "XDG_STATE_HOME": str(_state()), **environment}
    given["PYTHONPATH"] = str(peers.CHECKOUT)
    return _run([*COMMAND, *arguments], message, given, cwd)


def on_terminal(
    *arguments: str, message: bytes = b"", typed: bytes = b"", environment: Mapping[str, str] = {}
) -> Ran:
    """Run mailfilterc on a terminal, all but its standard input; its output is as it came there.

    `typed` is what is typed once it has asked for something.
    """
    given = {**os.environ, "XDG_STATE_HOME": str(_state()), "TERM": "xterm", **environment}
    given["PYTHONPATH"] = str(peers.CHECKOUT)
    ours, its = os.openpty()
    with tempfile.TemporaryFile() as stream:
        stream.write(message)
        stream.seek(0)
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=given,
            stdin=stream,
            stdout=its,
            stderr=its,
            start_new_session=True,
            # In the new session, the terminal becomes that of the process.
            preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),
        )
    os.close(its)
    try:
        out = b"".join(_conversation(ours, typed))
        return Ran(process.wait(SECONDS), out, b"")
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _conversation(terminal: int, typed: bytes) -> Iterator[bytes]:
    end = time.monotonic() + SECONDS
    while select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
        try:
            octets = os.read(terminal, 65536)
        except OSError:
            # So it ends on Linux.
            return
        if not octets:
            return
        yield octets
        if typed:
            os.write(terminal, typed)
            typed = b""


def rspamc(*arguments: str, message: bytes = b"", cwd: str = ".") -> Ran:
    """Run Debian's rspamc."""
    return _run([str(peers.find("rspamc")), *arguments], message, peers.environment(), cwd)


def ask_rspamc(server: str, *arguments: str, message: bytes = b"") -> Ran:
    """The same of a server, with time enough for one that is busy."""
    return rspamc("-h", server, "-t", "60", *arguments, message=message)


def masked(octets: bytes) -> bytes:
    """Output without times, and without the name of the program."""
    return _SCANNER.sub(b"X-Spam-Scanner: NAME", _TIMES.sub(b"TIME", octets))


def _run(command: Sequence[str], message: bytes, given: Mapping[str, str], cwd: str) -> Ran:
    done = subprocess.run(
        command,
        env=given,
        cwd=cwd,
        input=message,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@functools.cache
def _state() -> Path:
    return private_directory()
