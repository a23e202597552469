"""Sealed requests to a controller behind nginx as docs/controller.md has it."""

import functools
from pathlib import Path

from mailfilter.codec.httpcrypt import Keypair, key_header, shared_key
from mailfilter.codec.httpcrypt_text import render_toml

from .controller_case import LOOK
from .harness import Filter
from .test_controller_docs import PAGE, PROXY, SECURE, STRANGER, Front, NginxCase
from .tls_page import blocks, here


class SealedFilter(Filter):
    """Behind nginx, with a keypair."""

    def __init__(self) -> None:
        super().__init__(start=False, workers=1)
        self.pair = Keypair.new()
        file = Path(self.home) / "front.key"
        file.touch(mode=0o600)
        file.write_text(render_toml(self.pair))
        (text,) = blocks(PROXY, "toml", PAGE)
        self.configure(here(text, {"10.0.0.0/24": SECURE}))
        self.configure(f'[keypairs.front]\nfile = "{file}"\n')
        self.configure('[listeners.controller]\nkeypairs = ["front"]\n')
        self.start()


@functools.cache
def sealed_front() -> tuple[SealedFilter, Front]:
    """A filter, and nginx in front of it."""
    made = SealedFilter()
    return made, Front(f"http://127.0.0.1:{made.controller}/")


class SealedNginxTests(NginxCase):
    """nginx tells outside whose request it is."""

    filter: SealedFilter

    def make_filter(self) -> SealedFilter:
        made, self.front = sealed_front()
        return made

    def status(self, source: str, *headers: str, path: str = "/stat") -> int:
        """The status inside, of a request whose headers are sealed."""
        pair, client = self.filter.pair, Keypair.new()
        key = shared_key(client, pair.public)
        inside = "\r\n".join((f"GET {path} HTTP/1.1", *headers, "", "")).encode()
        fields = {"Key": key_header(pair.public, client.public)}
        reply = self.ask("/post", source, fields, key.seal(inside))
        self.assertEqual(reply.status, 200)
        return int(key.unseal(reply.body).split()[1])

    def test_judged_by_address(self) -> None:
        """As plain requests are."""
        self.assertEqual(self.status(STRANGER), 401)
        self.assertEqual(self.status(SECURE), 200)
        self.assertEqual(self.status(STRANGER, f"Password: {LOOK}"), 200)

    def test_forged(self) -> None:
        """What a client seals is no word of the proxy."""
        for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
            for value in (SECURE, f"for={SECURE}"):
                self.assertEqual(self.status(STRANGER, f"{name}: {value}"), 401)
                self.assertEqual(self.status(SECURE, f"{name}: {STRANGER}"), 200)
