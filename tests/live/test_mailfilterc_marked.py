"""LDA mode of mailfilterc, with the filter behind it."""

import os
import re
import subprocess
import sys

from . import peers
from .client_case import GTUBE, HAM, ClientCase
from .delivered import values
from .harness import body_of, wish
from .mailfilterc import COMMAND
from .processes import free_port

_HEAVY = re.compile(r"\| +(twisted|OpenSSL|ssl|rich|concurrent|asyncio|cryptography)$", re.M)
"""What delivering a message over plain TCP has no use for, as Python tells of its imports."""


class MarkedTests(ClientCase):
    """LDA mode."""

    def test_mime(self) -> None:
        """The message with what was found, line ends as they were."""
        for ends in (b"\r\n", b"\n"):
            message = wish([("Symbol", "FORCE_ONE 7")]).replace(b"\r\n", ends)
            marked = self.run_client("--mime", message=message).out
            self.assertEqual(values(marked, "X-Spam"), ["yes"])
            self.assertEqual(values(marked, "X-Spam-Action"), ["add header"])
            self.assertIn("FORCE_ONE", values(marked, "X-Spam-Symbols")[0])
            head, _, body = marked.partition(ends * 2)
            self.assertEqual(body, message.partition(ends * 2)[2])
            self.assertEqual(head.count(b"\n"), head.count(ends))

    def test_edits(self) -> None:
        """The filter's edits are made: fields, subject, body."""
        message = wish([("Add", "X-Added: by us"), ("Remove", "X-Gone"), ("Body", "another body")])
        marked = self.run_client("--mime", message=b"X-Gone: yes\r\n" + message).out
        self.assertEqual(values(marked, "X-Added"), ["by us"])
        self.assertEqual(values(marked, "X-Gone"), [])
        self.assertEqual(body_of(marked), b"another body\r\n")
        message = wish([("Action", "rewrite subject"), ("Subject", "[spam] boat")])
        marked = self.run_client("--mime", message=message).out
        self.assertEqual(values(marked, "Subject"), ["[spam] boat"])

    def test_soft_reject(self) -> None:
        """It is no spam."""
        marked = self.run_client("--mime", message=wish([("Action", "soft reject")])).out
        self.assertEqual(values(marked, "X-Spam"), [])
        self.assertEqual(values(marked, "X-Spam-Action"), ["soft reject"])

    def test_exec(self) -> None:
        """Delivered by a program: its status and its output are ours."""
        path = self.folder() / "box"
        for flags in (("--mime", "--exec"), ("-m", "-e"), ("--exec",)):
            command = f"sh -c 'cat > {path}; echo delivered; exit 7'"
            ran = self.run_client(*flags, command, message=GTUBE, code=7)
            self.assertEqual(ran.out, b"delivered\n")
            marked = path.read_bytes()
            self.assertEqual(values(marked, "X-Spam-Action"), ["reject"])
            self.assertEqual(body_of(marked), body_of(GTUBE))

    def test_down(self) -> None:
        """Passed on as it came, or refused for now."""
        server = f"127.0.0.1:{free_port()}"
        for flags in ((), ("--on-error", "pass")):
            marked = self.run_client(*flags, "--mime", message=HAM, server=server).out
            self.assertEqual(body_of(marked), body_of(HAM))
            self.assertIn("refused", values(marked, "X-Spam-Error")[0])
        flags = ("--on-error", "tempfail")
        ran = self.run_client(*flags, "--mime", message=HAM, server=server, code=75)
        self.assertEqual(ran.out, b"")
        ran = self.run_client(
            *flags, "--exec", "touch /nonexistent", message=HAM, server=server, code=75
        )

    def test_misused(self) -> None:
        """A wrong command line must not have the MTA send the mail back."""
        self.run_client("--mime", "--no-such-option", message=HAM, code=75)
        self.run_client("--mime", "-t", "never", message=HAM, code=75)
        for command in ("", " ", "''", "/nonexistent/command", "cat 'unbalanced"):
            for flags in (("--mime",), ()):
                ran = self.run_client(*flags, "--exec", command, message=HAM, code=75)
                self.assertEqual(ran.out, b"")
        self.run_client("--mime", "-P", "/nonexistent/password", message=HAM, code=75)

    def test_imports(self) -> None:
        """It starts with little: no Twisted, no TLS, nothing for terminals or threads."""
        where = ("-h", f"127.0.0.1:{self.filter.http}", "-t", "60")
        program, *module = COMMAND
        for flags in (("--mime",), ("--mime", "--exec", "cat")):
            done = subprocess.run(
                [program, "-X", "importtime", *module, *where, *flags],
                input=HAM,
                env={**os.environ, "PYTHONPATH": str(peers.CHECKOUT)},
                capture_output=True,
                timeout=120,
                check=True,
            )
            self.assertEqual(values(done.stdout, "X-Spam-Action"), ["no action"])
            self.assertEqual(_HEAVY.findall(done.stderr.decode()), [])

    def test_without_twisted(self) -> None:
        """No command imports Twisted."""
        for arguments in (("symbols",), ("stat",), ("--json", "symbols"), ("-n", "4", ".")):
            done = subprocess.run(
                [sys.executable, "-X", "importtime", *COMMAND[1:], "-h", "127.0.0.1:1", *arguments],
                input=HAM,
                env={**os.environ, "PYTHONPATH": str(peers.CHECKOUT)},
                cwd=self.folder(a=HAM, b=HAM),
                capture_output=True,
                timeout=120,
                check=False,
            )
            self.assertEqual(done.returncode, 1, done)
            self.assertNotRegex(done.stderr.decode(), r"\| +twisted")
