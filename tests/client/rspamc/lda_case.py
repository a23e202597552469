"""LDA mode in a process of its own, between servers of all kinds and something that delivers."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mailfilter.client.rspamc.address import Server
from mailfilter.client.rspamc.main import TEMPFAIL

from .wire_case import PATIENCE, WireCase, length

ROOT = Path(__file__).parents[3]
MESSAGE = b"From: a@b\nX-Spam: no\nSubject: x\n\nbody\n"
MARKED = {"action": "add header", "score": 7.5, "required_score": 15.0, "symbols": {"ONE": {}}}
COMMAND = (sys.executable, "-m", "mailfilter.client.rspamc.main")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}

DELIVER = """\
#!/bin/sh
new=$(mktemp "$1/part.XXXXXX") && cat > "$new" && mv "$new" "$1/whole.${new##*.}"
"""
"""Delivers into a folder as one should: what is not whole has another name."""

Ran = subprocess.CompletedProcess[bytes]


def verdict(**more: Any) -> bytes:
    """An answer with a verdict."""
    return length(json.dumps({**MARKED, **more}).encode())


class LdaCase(WireCase):
    """With a folder for what is delivered."""

    def setUp(self) -> None:
        """Nothing is delivered yet, and no signal is ignored, as in jobs of shells."""
        super().setUp()
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
            if signal.getsignal(number) is signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
                self.addCleanup(signal.signal, number, signal.SIG_IGN)
        self.folder = Path(self.mktemp()).absolute()
        self.box = self.folder / "box"
        self.box.mkdir(parents=True)
        self.lda = self.script("lda", DELIVER)
        self.deliver = f"{self.lda} {self.box}"

    def script(self, name: str, text: str, mode: int = 0o755) -> str:
        """A program; its path."""
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def marking(self, **more: Any) -> Server:
        """A server with a verdict."""
        return self.listen(self.answering(verdict(**more)))

    def run_lda(
        self,
        server: Server,
        *words: str,
        message: bytes | None = MESSAGE,
        timeout: float = PATIENCE,
        environment: Mapping[str, str] = {},
        prepare: Callable[[], object] | None = None,
        **more: Any,
    ) -> Ran:
        """Run mailfilterc; `prepare` is called in the new process."""
        if message is not None:
            more["input"] = message
        # As little as possible of others' may be in what it writes.
        more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        return subprocess.run(
            [*COMMAND, "-h", str(server), "-t", str(timeout), *words],
            env={**ENVIRONMENT, **environment},
            preexec_fn=prepare,
            timeout=120,
            check=False,
            **more,
        )

    def run_exec(self, server: Server, *words: str, **more: Any) -> Ran:
        """The same, to be delivered into the folder."""
        return self.run_lda(server, "--exec", self.deliver, *words, **more)

    def delivered(self) -> Sequence[bytes]:
        """What is in the folder, all of it whole; the folder is empty then."""
        files = sorted(self.box.iterdir())
        for file in files:
            self.assertTrue(file.name.startswith("whole."), file)
        found = [file.read_bytes() for file in files]
        for file in files:
            file.unlink()
        return found

    def deferred(self, ran: Ran, reason: str = "") -> None:
        """Nothing was delivered, which is to be tried again, and one line says why."""
        self.assertEqual((ran.returncode, ran.stdout or b""), (TEMPFAIL, b""), ran)
        if ran.stderr is not None:
            self.assertRegex(ran.stderr, rb"\Amailfilterc: [^\n]+; not delivered\n\Z")
            self.assertIn(reason, ran.stderr.decode())
        self.assertEqual(self.delivered(), [])

    def passed(self, ran: Ran, message: bytes = MESSAGE) -> str:
        """It was delivered once, without a verdict, and nothing is said; the error in it."""
        self.assertEqual((ran.returncode, ran.stderr), (0, b""), ran)
        (found,) = [*self.delivered(), *([ran.stdout] if ran.stdout else [])]
        head, _, body = found.partition(b"\n\n")
        own, _, error = head.partition(b"\nX-Spam-Error: ")
        kept = message.partition(b"\n\n")
        self.assertEqual(body, kept[2])
        lines = own.split(b"\n")
        self.assertTrue(lines[-2].startswith(b"X-Spam-Scanner: "))
        self.assertEqual(lines[-1], b"X-Spam-Scan-Time: 0.000")
        self.assertEqual(lines[:-2], kept[0].replace(b"X-Spam: no\n", b"").split(b"\n"))
        self.assertNotIn(b"\n", error)
        return error.decode("ascii")

    def marked(self, found: bytes, message: bytes = MESSAGE) -> None:
        """It is the whole message with the verdict of `MARKED`, and no other."""
        head, _, body = found.partition(b"\n\n")
        kept = message.partition(b"\n\n")
        self.assertTrue(body == kept[2], "another body")
        start, _, own = head.partition(b"\nX-Spam-Scanner: mailfilterc ")
        self.assertTrue(start == kept[0].replace(b"X-Spam: no\n", b""), "another header")
        self.assertEqual(
            own.split(b"\n")[2:],
            [
                b"X-Spam: yes",
                b"X-Spam-Action: add header",
                b"X-Spam-Score: 7.50 / 15.00",
                b"X-Spam-Level: ********",
                b"X-Spam-Symbols: ONE",
            ],
        )
