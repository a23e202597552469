"""All commands and forms of requests sealed: inside, they are what they are without a key."""

import json
import os
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock
from typing import Any

import msgspec
from backports import zstd

from mailfilter.client.rspamc.ask import ask
from mailfilter.client.rspamc.commands import COMMANDS, EXPLAIN, SYMBOLS, Command
from mailfilter.client.rspamc.exchange import Item, Reply
from mailfilter.client.rspamc.options import Options
from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.httpcrypt import Keypair
from mailfilter.codec.httpcrypt_text import render_toml

from .httpcrypt_case import KEY, PAIR, SealedCase, opened, pair_file, sealed
from .lda_case import COMMAND, ENVIRONMENT
from .test_connection_tls import TlsCase
from .wire_case import PATIENCE, Serve, length, read_request

VERDICT = {"action": "add header", "score": 7.5, "symbols": {"ONE": {"score": 7.5}}}
JSON = json.dumps(VERDICT).encode()
MESSAGE = b"Subject: x\n\nbody\n"
ITEM = Item("a.eml", MESSAGE)
TRACE_ID = "0123456789ab"


class AskCase(SealedCase):
    """Asks with and without a key."""

    def ask_both(
        self, command: Command, item: Item = ITEM, plain: bytes = length(JSON), **options: Any
    ) -> Reply:
        """Inside a sealed request is the one without a key, octet by octet; the sealed reply."""
        arguments = ("x",) if command.argument else ()
        in_clear = self.listen(self.answering(plain))
        secret = self.listen(self.sealing(plain))
        replies = [
            ask(command, Options(connect=str(server), timeout=PATIENCE, **more), item, arguments)
            for server, more in ((in_clear, options), (secret, {**options, "key": KEY}))
        ]
        self.assertEqual(replies[0].document, replies[1].document)
        expected = self.requests[0].replace(str(in_clear).encode(), str(secret).encode())
        self.assertEqual(self.inside[-1], expected)
        self.assertTrue(self.requests[1].startswith(b"POST /post HTTP/1.1\r\n"))
        self.requests.clear()
        return replies[1]


class AskTests(AskCase):
    """Requests of all kinds."""

    def test_commands(self) -> None:
        """Each one, with a message if it takes one."""
        for command in COMMANDS:
            if command is not EXPLAIN:
                item = ITEM if command.takes_input else Item("stdin")
                reply = self.ask_both(command, item, password="secret")
                self.assertEqual(reply.document, VERDICT, command.name)
                self.assertIn(b"\r\nPassword: secret\r\n", self.inside[-1])

    def test_forms(self) -> None:
        """Packed requests and answers, msgpack, protocol v3, an empty message."""
        packed = length(zstd.compress(JSON), b"200 OK\r\nCompression: zstd")
        self.assertEqual(self.ask_both(SYMBOLS, plain=packed).document, VERDICT)
        self.assertEqual(self.ask_both(SYMBOLS, is_compressed=True).document, VERDICT)
        kind = b"200 OK\r\nContent-Type: application/msgpack"
        plain = length(msgspec.msgpack.encode(VERDICT), kind)
        self.assertEqual(self.ask_both(SYMBOLS, plain=plain, is_msgpack=True).document, VERDICT)
        self.ask_both(SYMBOLS, Item("empty"))

    def test_form_v3(self) -> None:
        """Its boundary is another each time."""
        body = b'--b\r\nContent-Disposition: form-data; name="result"\r\n\r\n%b\r\n--b--\r\n' % JSON
        plain = length(body, b'200 OK\r\nContent-Type: multipart/form-data; boundary="b"')
        server = self.listen(self.sealing(plain))
        plain_form = Options(
            connect=str(server), timeout=PATIENCE, key=KEY, is_v3=True, user="alice"
        )
        for options in (
            plain_form,
            replace(plain_form, is_compressed=True),
            replace(plain_form, is_msgpack=True),
        ):
            self.assertEqual(ask(SYMBOLS, options, ITEM).document, VERDICT)
            self.assertTrue(self.inside[-1].startswith(b"POST /checkv3 HTTP/1.1\r\n"))
            self.assertNotIn(b"alice", self.requests[-1])


class ProgramTests(SealedCase):
    """The program."""

    def run_it(self, *words: str, code: int = 0) -> str:
        """What it prints."""
        ran = subprocess.run(
            [*COMMAND, "-t", str(PATIENCE), *words],
            env={**ENVIRONMENT, "XDG_STATE_HOME": str(self.mktemp())},
            input=MESSAGE,
            capture_output=True,
            timeout=2 * PATIENCE,
            check=False,
        )
        self.assertEqual(ran.returncode, code, ran)
        return (ran.stdout + ran.stderr).decode()

    def test_many(self) -> None:
        """Many at a time, each with a key of its own or all with ours."""
        folder = Path(self.mktemp())
        folder.mkdir()
        for number in range(30):
            (folder / f"{number}.eml").write_bytes(b"Number: %d\n\nbody\n" % number)
        pair = Keypair.new()
        path = pair_file(self.mktemp(), render_toml(pair))
        server = self.listen(self.counting())
        for words, clients in (((), 30), (("--keypair", path), 1)):
            self.clients.clear()
            printed = self.run_it(
                *("-h", str(server), "--key", KEY, "--compact", "-n", "8"), *words, str(folder)
            )
            found = {json.loads(line)["number"] for line in printed.splitlines()}
            self.assertEqual(found, set(range(30)))
            self.assertEqual((len(self.clients), len(set(self.clients))), (30, clients))

    def counting(self) -> Serve:
        """Answer by the number that is in a message."""
        lock = Lock()

        def serve(sock: socket.socket, over: Event) -> None:
            request = read_request(sock)
            plain, shared = opened(request)
            number = int(plain.partition(b"\nNumber: ")[2].partition(b"\n")[0])
            client = request.partition(b"=")[2].partition(b"\r\n")[0]
            with lock:
                self.clients.append(client)
            sock.sendall(sealed(shared, length(json.dumps({**VERDICT, "number": number}).encode())))

        return serve

    def test_figures(self) -> None:
        """Those of a controller, on one connection each."""
        server = self.listen(self.sealing(length(b'{"uptime":5,"version":"1"}')))
        for command in ("stat", "uptime", "counters"):
            self.run_it("-h", str(server), "--key", KEY, "-P", "secret", command)
            self.assertIn(b"\r\nPassword: secret\r\n", self.inside[-1])
            self.assertNotIn(b"secret", self.requests[-1])

    def test_traces(self) -> None:
        """What only mailfilter is asked."""
        answer = b'{"row":{"action":"reject"},"detail":{}}'
        server = self.listen(self.sealing(length(answer)))
        words = ("-h", str(server), "--key", KEY, "--compact", "explain", TRACE_ID)
        self.assertEqual(json.loads(self.run_it(*words))["row"], {"action": "reject"})
        self.assertIn(f"id={TRACE_ID}".encode(), self.inside[0])

    def test_misused(self) -> None:
        """Keys that cannot be used: nothing is sent."""
        server = self.listen(self.sealing(length(JSON)))
        for words, said in (
            (("--key", "abc"), "--key: it has 2 octets"),
            (("--key", ""), "--key: there is no key"),
            (("--key", encode_base32(bytes(32))), "low order"),
            (("--key", KEY, "--keypair", "/dev/null"), "--keypair: expected"),
            (("--key", KEY, "--keypair", "/nonexistent"), "--keypair: cannot read the file"),
        ):
            for command in ((), ("stat",), ("explain", TRACE_ID)):
                printed = self.run_it("-h", str(server), *words, *command, code=2)
                self.assertIn(said, printed)
                self.assertIn("Try 'mailfilterc --help'.", printed)
        self.assertEqual((self.requests, self.inside), ([], []))

    def test_files_of_keypairs(self) -> None:
        """One that others can read or change, and a pipe to which nobody writes."""
        server = self.listen(self.sealing(length(JSON)))
        pipe = self.mktemp()
        os.mkfifo(pipe)
        text = render_toml(Keypair.new())
        chmod = "others can read or change the file; expected chmod o-rw"
        for path, said in (
            (pair_file(self.mktemp(), text, 0o604), chmod),
            (pair_file(self.mktemp(), text, 0o644), chmod),
            (pair_file(self.mktemp(), text, 0o602), chmod),
            (pipe, "expected a regular file"),
        ):
            words = ("-h", str(server), "--key", KEY, "--keypair", path)
            for command in ((), ("stat",)):
                self.assertIn(f"--keypair: {said}", self.run_it(*words, *command, code=2))
        self.assertEqual((self.requests, self.inside), ([], []))
        path = pair_file(self.mktemp(), text, 0o640)
        self.run_it("-h", str(server), "--key", KEY, "--keypair", path, "stat")

    def test_wrong_key(self) -> None:
        """The failure of a message, and of figures."""
        server = self.listen(self.answering(length(b"", b"400 Bad Request")))
        for command in ((), ("stat",)):
            printed = self.run_it("-h", str(server), "--key", KEY, *command, code=1)
            self.assertIn("it does not know that key, or does not speak HTTPCrypt", printed)

    def test_imports(self) -> None:
        """What is needed for keys is not loaded without one."""
        loaded = self.loaded(())
        self.assertFalse(loaded & {"cryptography", "mailfilter.client.rspamc.sealing"})
        self.assertIn("mailfilter.client.rspamc.sealing", self.loaded(("--key", KEY)))

    def loaded(self, words: Sequence[str]) -> set[str]:
        """The modules after a scan."""
        server = self.listen(self.sealing(length(JSON)) if words else self.answering(length(JSON)))
        code = (
            "import sys\n"
            "from mailfilter.client.rspamc.main import run\n"
            f"assert run({['-h', str(server), *words]!r}) == 0\n"
            "print('\\n'.join(sys.modules))\n"
        )
        ran = subprocess.run(
            [COMMAND[0], "-c", code],
            env=ENVIRONMENT,
            input=MESSAGE,
            capture_output=True,
            check=True,
        )
        return set(ran.stdout.decode().split())


class TlsTests(TlsCase):
    """Over TLS: there, nothing of it can be seen."""

    def test_sealed(self) -> None:
        """Both; and with a key that is not the server's."""
        server = self.secure(self.opening())
        more: dict[str, Any] = {"trust": self.trust()}
        self.assertEqual(self.ask(server, key=KEY, **more).body, b"hi")
        self.assertTrue(self.heard[0].startswith(b"POST /checkv2 "))
        in_clear = self.secure(self.hearing(length(b"", b"400 Bad Request")))
        self.assertIn("does not know that key", self.fails(in_clear, key=KEY, **more))

    def opening(self) -> Any:
        """Note what is inside of a request, and answer it."""

        def serve(sock: Any, over: Event) -> None:
            plain, shared = opened(read_request(sock), PAIR)
            self.heard.append(plain)
            sock.sendall(sealed(shared, length(b"hi")))
            sock.unwrap()

        return serve
