"""LDA mode with servers of all kinds: each message is delivered once, or not at all with 75."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from mailfilter.client.rspamc.address import Server

from .lda_case import ENVIRONMENT, MARKED, MESSAGE, LdaCase, verdict
from .wire_case import SHORT, closed_port, length, saying, silent, trickling

_DOCUMENT = json.dumps(MARKED).encode()
_WITH_BODY = b"HTTP/1.1 200 OK\r\nMessage-Offset: %d\r\n" % len(_DOCUMENT)

ANSWERS = (
    (b"", "connection early"),
    (b"hello\r\n\r\n", "not HTTP/1"),
    (b"\0" * 100_000, "not HTTP/1"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n", "connection early"),
    (verdict()[:-1], "connection early"),
    (length(b""), "HTTP error: 200"),
    (length(b"OK"), "cannot be read"),
    (length(_DOCUMENT[:-1]), "cannot be read"),
    (b"HTTP/1.1 200 OK\r\n\r\n" + _DOCUMENT[:-1], "cannot be read"),
    (length(b"{}"), "no verdict"),
    (length(b"[]"), "no verdict"),
    (length(b'"reject"'), ""),
    (length(b"[" * 100_000), "cannot be read"),
    (length(b'{"score":1,"action":7}'), "no verdict"),
    (length(b'{"default":{"action":"reject"}}'), "no verdict"),
    (verdict(error="no more workers"), "no more workers"),
    (length(b'{"error":"a\\r\\n\\r\\nb"}'), "an error: a"),
    (length(_DOCUMENT, b"403 Forbidden"), "HTTP error: 403, Forbidden"),
    (length(b'{"error":"x"}', b"500 Broken"), "HTTP error: 500, Broken"),
    (length(_DOCUMENT, b"503 a\tb"), "HTTP error: 503"),
    (length(b"x", b"500 " + b"x" * 50_000), "HTTP error: 500, xxx"),
    (b"HTTP/1.1 204 No Content\r\n\r\n", ""),
    (b"HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "HTTP error: 301"),
    (_WITH_BODY + b"\r\n" + _DOCUMENT + MESSAGE[:-5], "does not say how long"),
    (_WITH_BODY + b"Content-Length: 99999\r\n\r\n" + _DOCUMENT + MESSAGE, "connection early"),
    (b"HTTP/1.1 200 OK\r\nMessage-Offset: 9999\r\nContent-Length: 2\r\n\r\n{}", "Message-Offset"),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n"
        % (len(_DOCUMENT), _DOCUMENT),
        "connection early",
    ),
)
"""Answers without a verdict that can be used, and what is said of them."""


class FailureTests(LdaCase):
    """No verdict."""

    def servers(self) -> Iterator[tuple[Server, float, str]]:
        """All kinds; how long to wait for them, and what is said of them."""
        yield closed_port(), 60, "Connection refused"
        yield Server(path="/nonexistent"), 60, "No such file"
        yield self.listen(silent), SHORT, "within 1 s"
        yield self.listen(trickling(b"HTTP/1.1 200 OK\r\nX: ")), SHORT, "within 1 s"
        yield self.listen(trickling(b"HTTP/1.1 200 OK\r\n\r\n{")), SHORT, "within 1 s"
        yield self.listen(saying(b"\x15\x03\x03\0\2\2\x28")), 60, "TLS"
        for answer, said in ANSWERS:
            yield self.listen(self.answering(answer)), 60, said

    def test_passed(self) -> None:
        """The message goes on, to the output or to a command; nothing tells where servers are."""
        for (server, timeout, said), number in zip(self.servers(), count(), strict=False):
            run = self.run_exec if number % 2 else self.run_lda
            words = () if number % 2 else ("--mime",)
            error = self.passed(run(server, *words, timeout=timeout))
            self.assertIn(said, error)
            self.assertNotIn(str(server), error)
            self.assertLess(len(error), 500)

    def test_deferred(self) -> None:
        """Or it does not; then it is said which server that was."""
        for (server, timeout, said), number in zip(self.servers(), count(1), strict=False):
            run = self.run_exec if number % 2 else self.run_lda
            words = () if number % 2 else ("--mime",)
            ran = run(server, *words, "--on-error", "tempfail", timeout=timeout)
            self.deferred(ran, said)
            self.assertIn(f"mailfilterc: {server}: ", ran.stderr.decode())

    def test_status(self) -> None:
        """The command's status stays its own."""
        command = f"sh -c '{self.deliver}; exit 3'"
        ran = self.run_lda(closed_port(), "-m", "-e", command)
        self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (3, b"", b""))
        self.assertEqual(len(self.delivered()), 1)

    def test_kept(self) -> None:
        """Marks that came with the message stay if that is wanted."""
        ran = self.run_lda(closed_port(), "--mime", "--keep-headers")
        self.assertTrue(ran.stdout.startswith(b"From: a@b\nX-Spam: no\nSubject: x\nX-Spam-Sc"))


class VerdictTests(LdaCase):
    """A verdict."""

    def test_output(self) -> None:
        """To the output."""
        ran = self.run_lda(self.marking(), "--mime")
        self.assertEqual((ran.returncode, ran.stderr), (0, b""))
        self.marked(ran.stdout)

    def test_command(self) -> None:
        """To a command, which gets a message in any case."""
        for words in ((), ("--mime",), ("--headers", "-v")):
            ran = self.run_exec(self.marking(), *words)
            self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (0, b"", b""))
            (found,) = self.delivered()
            self.marked(found)

    def test_file(self) -> None:
        """Of a file, whatever standard input is."""
        path = self.folder / "message"
        path.write_bytes(MESSAGE)
        for message in (b"", b"A: b\n\nanother\n"):
            ran = self.run_lda(self.marking(), "--mime", str(path), message=message)
            self.assertEqual((ran.returncode, ran.stderr), (0, b""))
            self.marked(ran.stdout)
        self.assertIn(b"Filename: %b\r\n" % str(path).encode(), self.requests[0])

    def test_request(self) -> None:
        """The message goes to the server as it came."""
        self.run_lda(self.marking(), "--mime")
        (request,) = self.requests
        head, _, body = request.partition(b"\r\n\r\n")
        self.assertEqual(body, MESSAGE)
        self.assertIn(b"\r\nFlags: body_block", head)

    def test_new_message(self) -> None:
        """The server has made another one of it, also for a command."""
        new = b"From: a@b\nX-Spam: no\nSubject: x\n\nnew\n"
        answer = _WITH_BODY + b"Content-Length: %d\r\n\r\n" % (len(_DOCUMENT) + len(new))
        server = self.listen(self.answering(answer + _DOCUMENT + new))
        self.marked(self.run_lda(server, "--mime").stdout, new)
        self.assertEqual(self.run_exec(server).returncode, 0)
        (found,) = self.delivered()
        self.marked(found, new)

    def test_many(self) -> None:
        """Many at the same time, by one server: each gets its own."""
        server = self.marking()
        messages = [b"From: %d\n\n%d\n" % (number, number) for number in range(8)]
        with ThreadPoolExecutor(len(messages)) as threads:
            runs = threads.map(lambda message: self.run_exec(server, message=message), messages)
            self.assertEqual([ran.returncode for ran in runs], [0] * len(messages))
        bodies = sorted(found.partition(b"\n\n")[2] for found in self.delivered())
        self.assertEqual(bodies, sorted(message.partition(b"\n\n")[2] for message in messages))


class LogTests(LdaCase):
    """What is said to syslog."""

    code = """\
import sys, syslog
def write(*given):
    with open({!r}, "a") as file:
        print(*given, file=file)
syslog.openlog = syslog.syslog = write
from mailfilter.client.rspamc import main
main.main()
"""

    def logged(self, server: Server, *words: str) -> list[str]:
        """Lines, the first of which opens the log."""
        path = self.folder / "log"
        path.write_text("")
        subprocess.run(
            [sys.executable, "-c", self.code.format(str(path)), "-h", str(server), *words],
            env=ENVIRONMENT,
            input=MESSAGE,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return path.read_text().splitlines()

    def test_failure(self) -> None:
        """That there is no verdict, why, and of which server; never the password."""
        server = closed_port()
        for words in (("--mime",), ("-e", "cat"), ("-m", "-e", "/nonexistent")):
            for more, end in ((), "without a verdict"), (("--on-error", "tempfail"), "delivered"):
                lines = self.logged(server, *words, "-P", "secret", *more)
                self.assertEqual(lines[0], "mailfilterc 1 16")
                self.assertIn(f"{server}: no connection: Connection refused; ", lines[1])
                self.assertTrue(lines[1].endswith(end))
                self.assertNotIn("secret", str(lines))

    def test_no_delivery(self) -> None:
        """That the command cannot be run."""
        lines = self.logged(self.marking(), "-e", "/nonexistent")
        self.assertIn("/nonexistent cannot be run: No such file or directory", lines[1])

    def test_delivery(self) -> None:
        """Nothing if all is well."""
        self.assertEqual(self.logged(self.marking(), "--mime"), [])
