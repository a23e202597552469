"""Debian's rspamd with all its rules, as it is configured by default, but for what reaches out."""

import http.client
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import peers, rspamd
from .processes import free_port, private_directory

NETWORK = (
    *("arc", "asn", "bimi", "dkim", "dkim_signing", "dmarc", "fuzzy_check", "greylist"),
    *("history_redis", "mx_check", "neural", "ratelimit", "rbl", "replies", "rspamd_update"),
    *("spf", "surbl", "url_redirector"),
)
"""Modules that ask others, sign, or remember."""


class DefaultRspamd:
    """A server that scans; it ends with us."""

    def __init__(self) -> None:
        port = free_port()
        home = private_directory()
        shutil.copytree(peers.DEBIAN / "etc/rspamd", home, dirs_exist_ok=True)
        _configure(home / "override.d", port)
        self._child = rspamd.start(home / "rspamd.conf", lambda: rspamd.pongs(port))
        self._client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def scan(self, raw: bytes, headers: Iterable[tuple[str, str]] = ()) -> Any:
        """Its reply about a message; `headers` are those of the request."""
        self._client.putrequest("POST", "/checkv2")
        for name, value in (*headers, ("Content-Length", str(len(raw)))):
            self._client.putheader(name, value)
        self._client.endheaders(raw)
        return json.loads(self._client.getresponse().read())

    def stop(self) -> None:
        """End it."""
        self._client.close()
        self._child.stop()


def _configure(folder: Path, port: int) -> None:
    folder.mkdir(exist_ok=True)
    dns = f'dns {{ nameserver = ["127.0.0.1:{free_port()}:1"]; timeout = 0.05s; retransmits = 1; }}'
    texts = {
        "options.inc": dns,
        "logging.inc": 'type = "console"; level = "warning";',
        "worker-normal.inc": f'bind_socket = "127.0.0.1:{port}"; count = 1;',
        "worker-controller.inc": "enabled = false;",
        "worker-proxy.inc": "enabled = false;",
        **{f"{name}.conf": "enabled = false;" for name in NETWORK},
    }
    for name, text in texts.items():
        (folder / name).write_text(f"{text}\n")
