"""What opens sealed requests at listeners, and how that is renewed while they serve."""

from collections.abc import Callable, Mapping
from typing import Any

from ..codec.control import Credentials
from ..codec.httpcrypt import Keypair
from ..codec.httpcrypt_text import KeypairError
from ..config.model import Config
from ..servers.first_line import ScanFactory
from ..servers.keyring import Keyring, client_keys
from ..servers.limited import LimitedFactory
from ..servers.scan_http import HttpFactory
from .credential_keypairs import read_keypairs


class Rings:
    """Those of one process."""

    def __init__(
        self,
        config: Config,
        sites: Mapping[str, LimitedFactory[Any]],
        alarm: Callable[[str], None],
        credentials: Credentials,
    ) -> None:
        """`sites` are the factories of the listeners. Raises KeypairError if the credentials are
        no good.
        """
        self._alarm = alarm
        opening = {
            name: site
            for name, site in sites.items()
            if config.listeners[name].keypairs and isinstance(site, HttpFactory | ScanFactory)
        }
        self._names = {name: config.listeners[name].keypairs for name in opening}
        self.by_listener: dict[str, Keyring] = {}
        """Those that know HTTPCrypt, and have keypairs."""
        for name, pairs in self._read(credentials).items():
            ring = Keyring(pairs, client_keys(config, config.listeners[name]))
            self.by_listener[name] = opening[name].keyring = ring

    def renew(self, credentials: Credentials) -> None:
        """Open requests with these from now on; if they are no good, with the old ones."""
        try:
            found = self._read(credentials)
        except KeypairError as error:
            self._alarm(f"keypairs are not renewed, the old ones stay: {error}")
            return
        for name, pairs in found.items():
            self.by_listener[name].renew(pairs)

    def _read(self, credentials: Credentials) -> Mapping[str, list[Keypair]]:
        return {name: read_keypairs(names, credentials) for name, names in self._names.items()}
