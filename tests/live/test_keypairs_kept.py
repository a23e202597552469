"""Keypairs of a running filter are changed, spoilt and mended: what each process opens then."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from mailfilter.client.tls_show import show_text
from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.httpcrypt import Keypair, key_header, shared_key
from mailfilter.codec.httpcrypt_text import render_toml, render_ucl
from tests.live.harness import Filter, LiveCase, message_file
from tests.live.processes import free_port, wait_until
from tests.live.scan_client import Connection, with_length
from tests.live.test_certificates_kept import BY_PROCESS, PATIENCE

_CONFIG = """\
[tls]
watch = "200ms"

[keypairs.front]
file = "{folder}/front.key"

[listeners.sealed]
protocol = "http"
endpoint = "tcp:{port}:interface=127.0.0.1"
keypairs = ["front"]
"""
HAM = with_length(message_file("ham.eml"))


class SealedFilter(Filter):
    """A filter with a keypair that is changed at will."""

    def __init__(self, workers: int) -> None:
        super().__init__(start=False, workers=workers)
        self.port = free_port()
        self.file = self.home / "keys" / "front.key"
        self.file.parent.mkdir()
        (self.home / "checks" / "process.py").write_text(BY_PROCESS)
        self.configure(_CONFIG.format(folder=self.file.parent, port=self.port))
        self.pair = self.renew()

    def put(self, text: str, mode: int = 0o600) -> Path:
        """Replace the file at once."""
        new = self.file.with_suffix(".new")
        new.write_text(text)
        new.chmod(mode)
        return new.rename(self.file)

    def renew(self, render: Callable[[Keypair], str] = render_toml) -> Keypair:
        """Put another one in place."""
        pair = Keypair.new()
        self.put(render(pair))
        return pair

    def opened_by(self, pair: Keypair) -> int | None:
        """The process that has opened a request for this one, `None` if it was refused."""
        client = Keypair.new()
        shared = shared_key(client, pair.public)
        blob = shared.seal(HAM)
        head = f"POST / HTTP/1.1\r\nKey: {key_header(pair.public, client.public)}\r\n"
        connection = Connection(self.port, PATIENCE)
        connection.write(f"{head}Content-Length: {len(blob)}\r\n\r\n".encode() + blob)
        status, body = connection.read_reply()
        connection.close()
        if status != 200:
            return None
        verdict = json.loads(shared.unseal(body).partition(b"\r\n\r\n")[2])
        return int(verdict["symbols"]["PROCESS"]["options"][0])

    def serving(self) -> set[int]:
        """Process ids of those who serve."""
        return {item["pid"] for item in self.status()["workers"] if item["state"] == "serving"}

    def trouble(self) -> str:
        """Why the keypair is not what is in its file."""
        return str(self.status()["keypairs"]["front"]["trouble"])


class KeptCase(LiveCase):
    filter: SealedFilter
    workers = 2

    def make_filter(self) -> SealedFilter:
        """See `LiveCase`."""
        own = SealedFilter(self.workers)
        self.addCleanup(own.kill)
        own.start()
        return own

    def wait_opened(self, pair: Keypair) -> None:
        """Every process opens what is for this one."""
        found: set[int | None] = set()

        def look() -> bool:
            found.add(self.filter.opened_by(pair))
            return self.filter.serving() <= found

        wait_until(look, "every process to know it", PATIENCE)

    def wait_trouble(self, text: str) -> None:
        wait_until(lambda: text in self.filter.trouble(), text, PATIENCE)

    def wait_alarm(self, text: str) -> None:
        def look() -> bool:
            return any(text in alarm["text"] for alarm in self.filter.status()["alarms"])

        wait_until(look, f"an alarm with {text!r}", PATIENCE)

    def wait_refused(self, pair: Keypair) -> None:
        """No process opens it any more: many in a row are refused."""
        wait_until(
            lambda: all(self.filter.opened_by(pair) is None for _ in range(8)),
            "the one before to be refused",
            PATIENCE,
        )

    def check_changed(self) -> Keypair:
        before = self.filter.pair
        self.wait_opened(before)
        pair = self.filter.renew(render_ucl)
        self.wait_opened(pair)
        self.wait_refused(before)
        self.wait_alarm("keypair front is another one: who seals requests for the one before")
        self.assertEqual(self.filter.trouble(), "")
        self.assertEqual(self.filter.status()["events"]["keypairs_renewed"], 1)
        return pair


class WorkersTests(KeptCase):
    def test_changed(self) -> None:
        """Each worker knows the new one, and those that come later."""
        pair = self.check_changed()
        victim = min(self.filter.serving())
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(self.filter.serving() - {victim}) == 2, "another worker", PATIENCE)
        self.wait_opened(pair)

    def test_spoilt(self) -> None:
        """Whatever is wrong, the one before goes on, with an alarm; mended, it is used."""
        other = Keypair.new()
        for text, mode, expected in (
            (render_toml(other)[:-20], 0o600, "line 3 is none of a keypair"),
            (render_toml(other), 0o604, "a private key in a file that everybody may read"),
            ('algorithm = "nistp256"\n' + render_toml(other), 0o600, "nistp256 is not known"),
        ):
            self.filter.put(text, mode)
            self.wait_trouble(expected)
            self.wait_alarm(expected)
            self.assertIsNone(self.filter.opened_by(other))
            self.assertIsNotNone(self.filter.opened_by(self.filter.pair))
        self.wait_opened(self.filter.renew())
        secret = render_toml(other).split('"')[3]
        self.assertNotIn(secret, self.filter.log())
        self.assertNotIn(secret, str(self.filter.status()))

    def test_shown(self) -> None:
        """By the commands that show what is in use."""
        text = show_text(self.filter.status(), time.time())
        self.assertIn("keypair front\n", text)
        self.assertIn(encode_base32(self.filter.pair.public), text)


class OneProcessTests(KeptCase):
    workers = 1

    def test_changed(self) -> None:
        self.check_changed()
