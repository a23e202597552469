"""LDA mode with keys: whatever is wrong with them, each message is delivered once, or deferred."""

import json
import os
import socket
from collections.abc import Iterator
from itertools import count
from threading import Event

from mailfilter.client.rspamc.address import Server
from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.httpcrypt import Keypair, SharedKey, shared_key
from mailfilter.codec.httpcrypt_text import render_toml

from .httpcrypt_case import KEY, KIND, OTHER, SealedCase, pair_file, sealed
from .lda_case import MARKED, MESSAGE, ROOT, LdaCase, verdict
from .wire_case import Serve, length

WITH_KEY = ("--key", KEY)
DOCUMENT = json.dumps(MARKED).encode()
BARE = b"HTTP/1.1 200 OK\nServer: x\n\n" + DOCUMENT
REWRITTEN = b"From: a@b\nSubject: [spam] x\n\nbody\n"


class SealedLdaCase(SealedCase, LdaCase):
    """Delivers with a key."""

    def blob(self, change: "Change") -> Serve:
        """Answer with a verdict whose octets are changed once they are sealed."""

        def serve(sock: socket.socket, over: Event) -> None:
            blob = self.take(sock).seal(verdict())
            sock.sendall(length(change(blob), b"200 OK" + KIND))

        return serve


class Change:
    """What happens to a sealed answer."""

    def __init__(self, start: int, end: int | None, more: bytes = b"") -> None:
        self._slice, self._more = slice(start, end), more

    def __call__(self, blob: bytes) -> bytes:
        """The octets that are sent."""
        return blob[self._slice] + self._more


class FailureTests(SealedLdaCase):
    """No verdict that can be believed."""

    def servers(self) -> Iterator[tuple[Server, str]]:
        """All kinds, and what is said of them."""
        in_clear = verdict(action="no action")
        for answer, said in (
            (b"", "it does not know that key"),
            (length(b"", b"400 Bad Request"), "in clear (400 Bad Request)"),
            (in_clear, "in clear (200 OK)"),
            (length(in_clear, b"200 OK" + KIND), "cannot be opened"),
            (length(os.urandom(1000), b"200 OK" + KIND), "cannot be opened"),
            (sealed(SharedKey(bytes(32)), in_clear), "cannot be opened"),
            (sealed(shared_key(OTHER, OTHER.public), in_clear), "cannot be opened"),
            (b"\0" * 1000, "not HTTP/1"),
        ):
            yield self.listen(self.answering(answer)), said
        for change in (Change(0, 30), Change(0, 90), Change(1, None), Change(0, None, b"x")):
            yield self.listen(self.blob(change)), "cannot be opened"
        for plain, said in (
            (b"", "no answer came"),
            (DOCUMENT, "in what it sealed"),
            (in_clear[:-1], "ends early"),
            (BARE[:-1], "cannot be read"),
            (length(DOCUMENT, b"403 Forbidden"), "HTTP error: 403, Forbidden"),
            (length(b'{"error":"x"}'), "an error: x"),
        ):
            yield self.listen(self.sealing(plain)), said

    def test_passed(self) -> None:
        """The message goes on, and tells neither the server nor the key."""
        for (server, said), number in zip(self.servers(), count(), strict=False):
            run = self.run_exec if number % 2 else self.run_lda
            words = () if number % 2 else ("--mime",)
            error = self.passed(run(server, *WITH_KEY, *words))
            self.assertIn(said, error)
            self.assertNotIn(str(server), error)
            self.assertNotIn(KEY, error)

    def test_deferred(self) -> None:
        """Or it does not."""
        for (server, said), number in zip(self.servers(), count(1), strict=False):
            run = self.run_exec if number % 2 else self.run_lda
            words = () if number % 2 else ("--mime",)
            self.deferred(run(server, *WITH_KEY, *words, "--on-error", "tempfail"), said)

    def test_replayed(self) -> None:
        """A verdict on another message is none."""
        answers: list[bytes] = []

        def serve(sock: socket.socket, over: Event) -> None:
            answers.append(sealed(self.take(sock), verdict()))
            sock.sendall(answers[0])

        server = self.listen(serve)
        self.marked(self.run_lda(server, *WITH_KEY, "--mime").stdout)
        self.assertIn("cannot be opened", self.passed(self.run_lda(server, *WITH_KEY, "--mime")))


class KeyTests(SealedLdaCase):
    """Keys that cannot be used defer mail, whatever is to become of what cannot be scanned."""

    def refuse(self, *words: str, said: str) -> None:
        """Nothing is delivered, and nothing sent."""
        server = self.listen(self.sealing(verdict()))
        for mode in (("--mime",), ("--exec", self.deliver)):
            self.deferred(self.run_lda(server, *mode, *words), said)
        self.assertEqual((self.requests, self.inside), ([], []))

    def test_keys(self) -> None:
        """No keys, an empty variable, one that makes nothing secret."""
        self.refuse("--key", "abc", said="--key: it has 2 octets")
        self.refuse("--key", "", said="--key: there is no key")
        self.refuse("--key", encode_base32(bytes(32)), said="low order")

    def test_keypairs(self) -> None:
        """No file, nothing in it, none at all."""
        self.refuse(*WITH_KEY, "--keypair", "/nonexistent", said="cannot read the file")
        self.refuse(*WITH_KEY, "--keypair", "/dev/null", said="--keypair: expected")
        self.refuse(*WITH_KEY, "--keypair=", said="there is no name of a file")
        self.refuse("--keypair", "/dev/null", said="--keypair: it needs --key")

    def test_files_of_keypairs(self) -> None:
        """One that others can read, and a pipe to which nobody writes."""
        path = pair_file(self.folder / "open", render_toml(Keypair.new()), 0o644)
        self.refuse(*WITH_KEY, "--keypair", path, said="expected chmod o-rw")
        pipe = str(self.folder / "pipe")
        os.mkfifo(pipe)
        self.refuse(*WITH_KEY, "--keypair", pipe, said="expected a regular file")

    def test_input(self) -> None:
        """The message is not read for a keypair."""
        self.refuse(*WITH_KEY, "--keypair", "/dev/stdin", said="--keypair: expected")

    def test_broken_installation(self) -> None:
        """A library that is not there."""
        folder = self.folder / "cryptography"
        folder.mkdir()
        (folder / "__init__.py").write_text("raise ImportError('no')\n")
        server = self.listen(self.sealing(verdict()))
        path = f"{self.folder}:{ROOT}"
        ran = self.run_lda(server, *WITH_KEY, "--mime", environment={"PYTHONPATH": path})
        self.deferred(ran, "ImportError")


class VerdictTests(SealedLdaCase):
    """A verdict under a key that fits."""

    def test_delivered(self) -> None:
        """To the output and to a command, with and without a keypair of ours."""
        pair = Keypair.new()
        path = pair_file(self.folder / "pair", render_toml(pair))
        for words in ((), ("--keypair", path)):
            for plain in (verdict(), BARE):
                server = self.listen(self.sealing(plain))
                ran = self.run_lda(server, *WITH_KEY, *words, "--mime")
                self.assertEqual((ran.returncode, ran.stderr), (0, b""))
                self.marked(ran.stdout)
                ran = self.run_exec(server, *WITH_KEY, *words)
                self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (0, b"", b""))
                (found,) = self.delivered()
                self.marked(found)
        self.assertEqual(self.clients[-4:], [pair.public] * 4)
        self.assertNotIn(pair.public, self.clients[:-4])
        for inside in self.inside:
            self.assertTrue(inside.startswith(b"POST /checkv2 HTTP/1.1\r\n"))
            self.assertTrue(inside.endswith(b"\r\n\r\n" + MESSAGE))

    def test_rewritten(self) -> None:
        """A message that was changed."""
        head = b"HTTP/1.1 200 OK\nMessage-Offset: %d\nContent-Length: %d\n\n"
        plain = head % (len(DOCUMENT), len(DOCUMENT + REWRITTEN)) + DOCUMENT + REWRITTEN
        ran = self.run_lda(self.listen(self.sealing(plain)), *WITH_KEY, "--mime")
        self.assertTrue(ran.stdout.startswith(b"From: a@b\nSubject: [spam] x\n"), ran)
        self.assertTrue(ran.stdout.endswith(b"\n\nbody\n"))

    def test_large(self) -> None:
        """Much."""
        message = MESSAGE + b"0123456789abcde\n" * 2**18
        server = self.listen(self.sealing(verdict()))
        ran = self.run_lda(server, *WITH_KEY, "--mime", message=message)
        self.marked(ran.stdout, message)
        self.assertTrue(self.inside[0].endswith(message))
