"""Debian's rspamd as a proxy alone: it takes HTTP and milter, and asks upstreams of ours.

It scans nothing by itself, and needs no Redis and no DNS.
"""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass

from .processes import accepts, free_port, private_directory
from .rspamd import start

_CONFIG = """\
options {{
  tempdir = "{home}";
  cache_file = "{home}/symbols.cache";
  hs_cache_dir = "{home}";
  control_socket = "{home}/control.sock mode=0600";
  history_file = "{home}/history";
  stats_file = "{home}/stats.ucl";
  url_tld = "{home}/suffixes";
  dns {{ nameserver = ["127.0.0.1:{dns}:1"]; timeout = 0.1s; retransmits = 1; sockets = 1; }}
}}
logging {{ type = "console"; level = "info"; color = false; }}
actions {{ reject = 15; add_header = 6; }}
{workers}
"""

_WORKER = """\
worker "rspamd_proxy" {{
  bind_socket = "127.0.0.1:{port}";
  count = 1;
  milter = {milter};
  timeout = 10s;
  max_retries = 1;
  {keypair}
  upstream "ours" {{
    default = yes;
    hosts = "127.0.0.1:{upstream}:1";
    {key}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Way:
    """One worker: what it asks, and how it is asked."""

    upstream: int
    """A port of ours."""
    key: str = ""
    """The public key of the upstream; without it requests are plain."""
    milter: bool = False
    keypair: str = ""
    """Its own, as text of its configuration, for those who ask it."""

    def text(self, port: int) -> str:
        """Its part of the configuration."""
        return _WORKER.format(
            port=port,
            upstream=self.upstream,
            milter="yes" if self.milter else "no",
            keypair=self.keypair,
            key=f'key = "{self.key}";' if self.key else "",
        )


class RspamdProxy:
    """A running proxy; `ports` has those of its workers by their names."""

    def __init__(self, **ways: Way) -> None:
        self.home = private_directory()
        self.ports = {name: free_port() for name in ways}
        (self.home / "suffixes").write_text("com\ntest\n")
        config = self.home / "rspamd.conf"
        workers = "".join(way.text(self.ports[name]) for name, way in ways.items())
        config.write_text(_CONFIG.format(home=self.home, dns=free_port(), workers=workers))
        self._child = start(config, self._accepts)

    def stop(self) -> None:
        """End it."""
        self._child.stop()

    def log(self) -> str:
        """All it has said."""
        return self._child.log.read_text(errors="replace")

    def ask(
        self, name: str, message: bytes, path: str = "/checkv2", headers: Mapping[str, str] = {}
    ) -> tuple[int, bytes]:
        """Have a message scanned over HTTP by a worker; status and body."""
        client = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=60)
        try:
            client.request("POST", path, message, dict(headers))
            reply = client.getresponse()
            return reply.status, reply.read()
        finally:
            client.close()

    def _accepts(self) -> bool:
        return all(accepts(("127.0.0.1", port)) for port in self.ports.values())
