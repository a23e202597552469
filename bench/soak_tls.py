"""Listeners with TLS of a filter under test, and their certificates, renewed or spoilt at will."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tests.authority import Authority, load
from tests.live.processes import free_port

from .dial import NAME, Secure

Spoiling = Literal["half-written", "mismatched", "expired"]

CLIENT = "client.example.org"
CERTIFICATES = ("pair", "bundle")

_CONFIG = """\
[tls]
watch = "{watch}"

[certificates.pair]
chain = "{folder}/pair.crt"
key = "{folder}/pair.key"

[certificates.bundle]
chain = "{folder}/bundle.pem"

[identities.client]
dns = ["{client}"]

[listeners.http_tls]
protocol = "http"
endpoint = "tcp:{http_tls}:interface=127.0.0.1"
certificates = ["pair"]

[listeners.http_mutual]
protocol = "http"
endpoint = "tcp:{http_mutual}:interface=127.0.0.1"
certificates = ["bundle"]
client_auth = "required"
client_ca = "{folder}/clients.pem"

[listeners.milter_tls]
protocol = "milter"
endpoint = "tcp:{milter_tls}:interface=127.0.0.1"
certificates = ["pair"]
client_auth = "required"
client_ca = "{folder}/clients.pem"
"""


class Site:
    """What listeners show, in two files and in one; always the same certificate."""

    def __init__(self, folder: Path, watch: str = "10s") -> None:
        """All files are in the folder. `watch` is how often the filter looks at them."""
        folder.mkdir()
        self._folder = folder
        self._authority = Authority(folder, "authority")
        files = Authority(folder, "clients").issue(CLIENT, usage="client")
        ports = {name: free_port() for name in ("http_tls", "http_mutual", "milter_tls")}
        self.config = _CONFIG.format(folder=folder, watch=watch, client=CLIENT, **ports)
        authority, certificate, key = map(str, (self._authority.file, *files))
        self.addresses: Mapping[str, Secure] = {
            "http_tls": Secure(ports["http_tls"], authority, resumes="may"),
            "http_mutual": Secure(ports["http_mutual"], authority, certificate, key, resumes="may"),
            "milter_tls": Secure(ports["milter_tls"], authority, certificate, key),
        }
        """By protocol and listener."""
        self.serial = self.renew()
        """Of the last certificate that was good."""

    def renew(self) -> int:
        """Put a new certificate in place; its serial number."""
        chain, key = self._issue()
        self._put(chain.read_bytes(), key.read_bytes())
        self.serial = load(chain).serial_number
        return self.serial

    def spoil(self, how: Spoiling) -> None:
        """Put something in place with which nobody can be served."""
        old = (self._folder / "pair.key").read_bytes()
        chain, key = (path.read_bytes() for path in self._issue(is_expired=how == "expired"))
        if how == "half-written":
            chain, key = chain[: len(chain) // 2], b""
        self._put(chain, old if how == "mismatched" else key)

    def _issue(self, *, is_expired: bool = False) -> tuple[Path, Path]:
        days = (-30.0, -1.0) if is_expired else (-1.0, 90.0)
        return self._authority.issue(NAME, usage="server", stem="next", days=days)

    def _put(self, chain: bytes, key: bytes) -> None:
        for name, octets in (("pair.key", key), ("pair.crt", chain), ("bundle.pem", chain + key)):
            new = self._folder / f"{name}.new"
            new.touch(mode=0o600)
            new.write_bytes(octets)
            os.replace(new, self._folder / name)
