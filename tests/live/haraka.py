"""A Haraka of our own: configuration and queue in a private directory.

It has one port on loopback, asks no DNS that matters, and hands what it accepts to the sink while
the client still waits, so that nothing is ever queued.
"""

import os
import shutil
from collections.abc import Mapping

from . import npm, peers
from .processes import Child, accepts, free_port, private_directory

TEMPLATES = peers.CHECKOUT / "mailfilter/client/mta/templates"
SNIPPET = TEMPLATES / "haraka.ini"
"""config/rspamd.ini, as the documentation shows it."""
PLUGIN = TEMPLATES / "haraka.js"
"""plugins/mailfilter.js."""
SNIPPET_ADDRESS = "host = 127.0.0.1\nport = 11333\n"
DOMAIN = "sink.test"
USER, PASSWORD = "alice", "very secret"
START_SECONDS = 60.0

PLUGINS = ("xclient", "tls", "auth/flat_file", "rcpt_to.in_host_list")
SCANNER = "mailfilter"
QUEUE = "queue/smtp_forward"
MAX_MESSAGE = 64 << 20

_FILES = {
    "loglevel": "NOTICE\n",
    "me": "mx.live.test\n",
    "host_list": f"{DOMAIN}\n",
    "auth_flat_file.ini": f"[core]\nmethods=PLAIN\n[users]\n{USER}={PASSWORD}\n",
    "mailfilter.timeout": "65\n",
    "connection.ini": (
        "[main]\n[max]\nbytes=67108864\nmime_parts=1000\nline_length=512\ndata_line_length=992\n"
        "[headers]\nmax_lines=1000\nmax_received=100\n[message]\nclose=bye\nhelo=hello\n"
        "[uuid]\nbanner_chars=0\ndeny_chars=0\n"
    ),
}


class Haraka:
    """A running Haraka that asks a filter as the documentation says, at another address.

    `changes` are parts of the documented configuration and what takes their places; `more` is put
    behind it; `environment` is added to that of the process; `scanner` is the plugin that asks.
    """

    def __init__(
        self,
        address: str,
        sink_port: int,
        changes: Mapping[str, str] = {},
        more: str = "",
        environment: Mapping[str, str] = {},
        scanner: str = SCANNER,
    ) -> None:
        self.home = private_directory()
        self.port = free_port()
        self._layout(sink_port)
        plugins = (*PLUGINS, scanner, QUEUE)
        (self.home / "config/plugins").write_text("".join(f"{name}\n" for name in plugins))
        text = SNIPPET.read_text()
        for part, replacement in {SNIPPET_ADDRESS: address, **changes}.items():
            assert part in text, part
            text = text.replace(part, replacement)
        (self.home / "config/rspamd.ini").write_text(text + more)
        self._child = self._start(environment)

    def _layout(self, sink_port: int) -> None:
        # What `haraka -i` lays down, and our own on top.
        config = self.home / "config"
        shutil.copytree(npm.HARAKA / "config", config)
        (self.home / "node_modules").symlink_to(npm.NPM / "node_modules")
        for name, text in _FILES.items():
            (config / name).write_text(text)
        (self.home / "plugins").mkdir()
        shutil.copyfile(PLUGIN, self.home / "plugins/mailfilter.js")
        (config / "smtp.ini").write_text(f"listen=127.0.0.1:{self.port}\nnodes=0\n")
        (config / "smtp_forward.ini").write_text(
            f"host=127.0.0.1\nport={sink_port}\nenable_outbound=true\n"
        )

    def _start(self, environment: Mapping[str, str]) -> Child:
        command = ["node", str(npm.HARAKA / "bin/haraka"), "-c", str(self.home)]
        child = Child(command, self.home / "haraka.log", {**os.environ, **environment}, self.home)
        child.wait_ready(lambda: accepts(("127.0.0.1", self.port)), START_SECONDS)
        return child

    def stop(self) -> None:
        """Shut it down."""
        self._child.stop()

    def log(self) -> str:
        """All it has said."""
        return self._child.log.read_text(errors="replace")
