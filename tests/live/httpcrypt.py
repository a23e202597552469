"""A filter with HTTPCrypt on every protocol that has it, and the real rspamc with a key."""

import functools
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.httpcrypt import Keypair
from mailfilter.codec.httpcrypt_text import render_toml, render_ucl

from .harness import Filter, LiveCase
from .mailfilterc import ask_rspamc
from .processes import free_port

NOT_OPENED = "HTTP parser internal error"
"""What rspamc says of a reply that is not sealed with its key."""

_LISTENER = """\
[listeners.key-{name}]
protocol = "{protocol}"
endpoint = "tcp:{port}:interface={host}"
{more}
"""
_KEYPAIR = """\
[keypairs.{name}]
file = "{folder}/{name}.key"
"""
_PLACES: Mapping[str, tuple[str, str]] = {
    "http": ("http", ""),
    "scan": ("scan", ""),
    "controller": ("controller", ""),
    "remote": ("scan", 'encrypted_only = "remote"'),
    "all": ("scan", 'encrypted_only = "all"'),
    "known": ("http", 'encrypted_only = "all"\nclient_keys = "required"'),
}
"""Listeners by name: protocol, and what else."""
PASSWORD = "change-it"


def text_of(pair: Keypair) -> str:
    """The public half as clients are configured with it."""
    return encode_base32(pair.public)


def own_address() -> str:
    """An address of this machine that is not of the loopback network, empty without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: it is only looked up by which address it would go.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        address = str(probe.getsockname()[0])
    return "" if address.startswith("127.") else address


class KeyFilter(Filter):
    """Has listeners `http`, `scan`, `controller`, `remote`, `all` and `known`, with two keypairs.

    `ports` has theirs. Keypairs lie in `files`, one in each of two forms.
    """

    def __init__(self) -> None:
        super().__init__(start=False)
        self.front, self.spare, self.client = Keypair.new(), Keypair.new(), Keypair.new()
        self.files = self.home / "keys"
        self.files.mkdir(mode=0o700)
        self.write("front", render_toml(self.front))
        self.write("spare", render_ucl(self.spare))
        self.ports = {name: free_port() for name in _PLACES}
        self.host = own_address()
        listeners = (
            _LISTENER.format(
                name=name,
                protocol=protocol,
                port=self.ports[name],
                host="0.0.0.0" if name in ("remote", "all") else "127.0.0.1",
                more=more,
            )
            for name, (protocol, more) in _PLACES.items()
        )
        self.configure('[tls]\nwatch = "200ms"\n')
        key = text_of(self.client)
        self.configure(f'[identities.partner]\nhttpcrypt_keys = ["{key}"]\ntrusted = true\n')
        self.configure(f'[controller]\nenable_password = "{PASSWORD}"\n')
        self.configure("".join(listeners))
        self.use("front", "spare")
        self.start()

    def write(self, name: str, text: str) -> Path:
        """Put a keypair into a file, which is there as a whole."""
        new = self.files / f"{name}.new"
        new.touch(mode=0o600)
        new.write_text(text)
        return new.rename(self.files / f"{name}.key")

    def use(self, *names: str) -> None:
        """Have all listeners use these keypairs from the next start or reload on."""
        pairs = (_KEYPAIR.format(name=name, folder=self.files) for name in names)
        lists = (f"[listeners.key-{place}]\nkeypairs = {[*names]}\n" for place in self.ports)
        (self.home / "conf.d/keypairs.toml").write_text("".join((*pairs, *lists)))


@functools.cache
def key_filter() -> KeyFilter:
    """The one that tests share."""
    return KeyFilter()


class KeyCase(LiveCase):
    """Base of tests that run rspamc with a key."""

    needs: ClassVar[tuple[str, ...]] = ("rspamc",)
    filter: KeyFilter

    def make_filter(self) -> KeyFilter:
        """See `LiveCase`."""
        return key_filter()

    def key(self) -> str:
        """The public key of the filter."""
        return text_of(self.filter.front)

    def rspamc(
        self,
        place: str,
        *arguments: str,
        message: bytes = b"",
        code: int = 0,
        key: str = "",
        host: str = "127.0.0.1",
    ) -> str:
        """Run it at a listener with a key, the filter's if no other is given; what it prints."""
        server = f"{host}:{self.filter.ports[place]}"
        ran = ask_rspamc(server, "--key", key or self.key(), *arguments, message=message)
        status, text = ran.outcome
        self.assertEqual(status, code, text)
        return text

    def counted(self, name: str) -> int:
        """How often the filter says that something has happened."""
        return int(self.filter.status()["counters"].get(f"httpcrypt/{name}", 0))
