"""Debian's OpenDKIM as a milter, with keys and a server of DNS of our own."""

import subprocess

from . import peers
from .processes import Child, accepts, free_port, private_directory
from .signing import PEER, pem, zone

AUTHSERV = "opendkim.test"

_CONFIG = """\
Background no
Socket inet:{port}@127.0.0.1
AuthservID {authserv}
AlwaysAddARHeader yes
RequireSafeKeys no
On-Default accept
ResolverConfiguration {home}/unbound.conf
"""
_SIGNS = """\
Mode s
Domain {domain}
Selector {selector}
KeyFile {home}/key
Canonicalization {form}
SignatureAlgorithm {algorithm}
OversignHeaders From
InternalHosts 0.0.0.0/0
"""
_VERIFIES = "Mode v\n"
_RESOLVER = """\
server:
  do-not-query-localhost: no
  module-config: "iterator"
  do-ip6: no
  local-zone: "test." nodefault
forward-zone:
  name: "."
  forward-addr: {address}
"""


class OpenDkim:
    """A running one: it verifies, or signs mail of `PEER` with a key in a form."""

    def __init__(self, selector: str = "", form: str = "") -> None:
        self.home = private_directory()
        self.port = free_port()
        host, _, port = zone().address.rpartition(":")
        (self.home / "unbound.conf").write_text(_RESOLVER.format(address=f"{host}@{port}"))
        text = _CONFIG.format(port=self.port, authserv=AUTHSERV, home=self.home)
        (self.home / "opendkim.conf").write_text(text + self._mode(selector, form))
        self._child = self._start()

    @property
    def milter(self) -> str:
        """In Postfix's notation."""
        return f"inet:127.0.0.1:{self.port}"

    def _mode(self, selector: str, form: str) -> str:
        if not selector:
            return _VERIFIES
        key = self.home / "key"
        key.write_bytes(pem(PEER, selector))
        key.chmod(0o600)
        algorithm = "ed25519-sha256" if selector == "ed" else "rsa-sha256"
        return _SIGNS.format(
            domain=PEER, selector=selector, home=self.home, form=form, algorithm=algorithm
        )

    def _start(self) -> Child:
        command = [str(peers.find("opendkim")), "-f", "-x", str(self.home / "opendkim.conf")]
        child = Child(command, self.home / "opendkim.log", peers.environment(), self.home)
        child.wait_ready(lambda: accepts(("127.0.0.1", self.port)))
        return child

    def check_key(self, domain: str, selector: str) -> str:
        """What opendkim-testkey says of a key and of what is published of it."""
        path = self.home / f"{domain}.{selector}"
        path.write_bytes(pem(domain, selector))
        path.chmod(0o600)
        command = [str(peers.find("opendkim-testkey")), "-x", str(self.home / "opendkim.conf")]
        command += ["-d", domain, "-s", selector, "-k", str(path), "-vvv"]
        done = subprocess.run(
            command,
            env=peers.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout

    def stop(self) -> None:
        """Shut it down."""
        self._child.stop()
