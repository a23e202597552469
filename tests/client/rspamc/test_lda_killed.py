"""LDA mode that is ended from outside, at any moment: whoever delivers gets all, or nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from threading import Event

from mailfilter.client.rspamc.address import Server

from .lda_case import COMMAND, ENVIRONMENT, LdaCase, verdict
from .wire_case import PATIENCE, read_request

LARGE = b"From: a@b\n\n" + b"0123456789abcdef" * 2**17
ENDINGS = (signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGINT)

COUNT = """\
import os, sys
part, whole = (f"{sys.argv[1]}/{name}.{os.getpid()}" for name in ("part", "whole"))
with open(0, "rb") as message, open(part, "wb") as file:
    file.write(b"%d" % len(message.read().partition(b"\\n\\n")[2]))
os.rename(part, whole)
"""
"""Delivers how long the body was, in one process: nothing of it goes on when that is ended."""


class Halting:
    """Answers in two halves, and waits between them until the test ends."""

    def __init__(self) -> None:
        self.asked, self.answers = Event(), Event()

    def __call__(self, sock: socket, over: Event) -> None:
        """Serve a connection."""
        read_request(sock)
        self.asked.set()
        sock.sendall(verdict()[:-10])
        self.answers.set()
        over.wait(PATIENCE)


class KilledTests(LdaCase):
    """Ended by a mail server that has no patience, or by whoever stops the machine."""

    @contextmanager
    def started(self, server: Server, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """It runs, and its input is not at its end."""
        process = subprocess.Popen(
            [*COMMAND, "-h", str(server), "-t", str(PATIENCE), *words],
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            with process:
                yield process
        finally:
            process.kill()

    def ended(self, process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        """Ended by that, and nothing was delivered."""
        self.assertEqual(process.wait(PATIENCE), -number)
        self.assertEqual(self.delivered(), [])

    def test_input(self) -> None:
        """While the message comes in."""
        for number in ENDINGS:
            for way in (("--mime",), ("--exec", self.deliver)):
                with self.started(self.marking(), *way) as process:
                    assert process.stdin is not None and process.stdout is not None
                    # More than a pipe takes: it is read, so Python has started.
                    process.stdin.write(LARGE)
                    process.stdin.flush()
                    process.send_signal(number)
                    self.assertEqual(process.stdout.read(), b"")
                    self.ended(process, number)

    def test_scan(self) -> None:
        """While the server works, and while it answers."""
        for number in ENDINGS:
            for way in (("--mime",), ("--exec", self.deliver)):
                halting = Halting()
                moment = halting.asked if way[0] == "--mime" else halting.answers
                with self.started(self.listen(halting), *way) as process:
                    assert process.stdin is not None and process.stdout is not None
                    process.stdin.write(LARGE)
                    process.stdin.close()
                    self.assertTrue(moment.wait(PATIENCE))
                    process.send_signal(number)
                    self.assertEqual(process.stdout.read()[:500], b"")
                    self.ended(process, number)

    def test_output(self) -> None:
        """While the message goes out: whoever reads it is told that it is not all."""
        for number in ENDINGS:
            with self.started(self.marking(), "--mime") as process:
                assert process.stdin is not None and process.stdout is not None
                process.stdin.write(LARGE)
                process.stdin.close()
                self.assertEqual(process.stdout.read(5), b"From:")
                process.send_signal(number)
                process.stdout.read()
                self.ended(process, number)

    def test_delivery(self) -> None:
        """While the command delivers: it is the one that ends."""
        begun = self.folder / "begun"
        os.mkfifo(begun)
        lda = f"sh -c 'echo > {begun}; exec sleep 600'"
        for number in ENDINGS:
            with self.started(self.marking(), "--exec", lda) as process:
                assert process.stdin is not None
                process.stdin.write(LARGE)
                process.stdin.close()
                begun.read_bytes()
                process.send_signal(number)
                self.assertEqual(process.wait(PATIENCE), -number)

    def test_any_moment(self) -> None:
        """At moments from the start to the end: what reads a message reads all of it."""
        counting = f"{sys.executable} -I {self.script('count', COUNT)} {self.box}"
        server = self.marking()
        begun = time.monotonic()
        with self.started(server, "--exec", counting) as process:
            process.communicate(LARGE)
        longest = (time.monotonic() - begun) * 1.2
        (whole,) = self.delivered()
        for step in range(40):
            number = ENDINGS[step % 2]
            with self.started(server, "--exec", counting) as process:
                assert process.stdin is not None
                try:
                    process.stdin.write(LARGE)
                    process.stdin.close()
                    process.wait(longest * step / 40)
                except subprocess.TimeoutExpired:
                    process.send_signal(number)
                code = process.wait(PATIENCE)
            for path in self.box.glob("part.*"):
                self.assertEqual(code, -number)
                path.unlink()
            found = self.delivered()
            self.assertIn(found, ([], [whole]))
            if code == 0:
                self.assertEqual(found, [whole])
