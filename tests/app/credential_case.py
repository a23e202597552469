"""A configuration with a certificate, and somebody who issues others."""

import os
import time
from pathlib import Path

from mailfilter.app.certificates import NOTHING, Held, Taken, take
from mailfilter.config import Loaded
from tests.authority import Authority
from tests.config.case import ConfigCase

NAME = "mx.example.org"
TEXT = """\
[certificates.mx]
chain = "mx.pem"
key = "mx.key"

[listeners.scan]
protocol = "http"
endpoint = "tcp:0:interface=127.0.0.1"
certificates = ["mx"]
"""
MUTUAL = """\
client_auth = "optional"
client_ca = "root.pem"
client_crl = ["root.crl"]

[identities.any]
any_certificate = true
"""


class CredentialCase(ConfigCase):
    """Files `mx.pem` and `mx.key`, and `m.toml` that names them."""

    def setUp(self) -> None:
        super().setUp()
        self.root = Authority(self.folder, "root")
        self.number = 0
        self.renew()

    def issue(self, days: tuple[float, float] = (-1, 90)) -> tuple[bytes, bytes]:
        """A new certificate, and its key."""
        self.number += 1
        files = self.root.issue(NAME, days=days, stem=f"issued-{self.number}")
        return files[0].read_bytes(), files[1].read_bytes()

    def renew(self, days: tuple[float, float] = (-1, 90)) -> None:
        """Put a new one in place of the one before."""
        chain, key = self.issue(days)
        self.put("mx.pem", chain)
        self.put("mx.key", key)

    def put(self, name: str, data: bytes, mode: int = 0o600) -> Path:
        """Replace a file at once."""
        path = self.folder / f"{name}.new"
        path.write_bytes(data)
        path.chmod(mode)
        os.replace(path, self.folder / name)
        return self.folder / name

    def taken(self, text: str = TEXT, before: Held = NOTHING, after: float = 0.0) -> Taken:
        """What comes of reading the files, so many seconds from now."""
        return take(self.load(text), before, time.time() + after)

    def held(self, text: str = TEXT, before: Held = NOTHING) -> Held:
        """The same where nothing is in the way."""
        taken = self.taken(text, before)
        self.assertEqual(self.texts(taken), [])
        return taken.held

    def texts(self, taken: Taken) -> list[str]:
        """The problems, with the folder taken out."""
        return [str(item).replace(f"{self.folder}/", "") for item in taken.problems]

    def trouble(self, held: Held) -> list[str]:
        """Why some are older than their files."""
        found = held.troubles().values()
        return [str(item).replace(f"{self.folder}/", "") for item in found]

    def loaded(self, text: str = TEXT) -> Loaded:
        """The configuration."""
        return self.load(text)
