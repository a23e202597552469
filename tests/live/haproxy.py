"""An HAProxy of our own, with a configuration as the documentation shows it."""

import re
from collections.abc import Mapping
from pathlib import Path

from . import peers
from .processes import Child, accepts, free_port, private_directory, wait_until
from .tls_page import PageFilter, block, here, put

PAGE = peers.CHECKOUT / "docs/proxy.md"
MILTER = "Milter"
ENDED = "TLS that the proxy ends"
THROUGH = "TLS that goes through"
LINES = "Lines, by a unix socket"
CONTROLLER = "The controller"
OTHERS = "Other proxies"

PROXY = "10.0.0.5"
FILTER = "10.0.0.9"
_SECOND = re.compile(r"^    server two .*\n", re.MULTILINE)
_LISTENER = re.compile(r"^\[listeners\.(\w+)\]", re.MULTILINE)
FOLDER = "/etc/haproxy/tls"
_SOCKETS = "/mailfilter"
"""As HAProxy names the folder of sockets, which it sees from its chroot."""
_OF_SYSTEMD = re.compile(r"systemd:domain=UNIX:name=(\w+)")
_NOBODY = 65534

_GLOBAL = "global\n    log stdout format raw daemon\ndefaults\n    log global\n    option tcplog\n"


class Haproxy:
    """A running HAProxy; `ports` has the port of each proxy on 127.0.0.1, by its name."""

    def __init__(self, *sections: str, chroot: Path | None = None) -> None:
        """`chroot` is where it locks itself in, as nobody; it must be root for that."""
        self.home = private_directory()
        self.ports: dict[str, int] = {}
        text = "".join(map(self._own, sections))
        locked = f"global\n    chroot {chroot}\n    uid {_NOBODY}\n    gid {_NOBODY}\n"
        text = _GLOBAL + (locked if chroot else "") + text
        (self.home / "haproxy.cfg").write_text(text)
        command = [str(peers.find("haproxy")), "-f", str(self.home / "haproxy.cfg"), "-db"]
        self._child = Child(command, self.home / "haproxy.log", peers.environment(), self.home)
        self._child.wait_ready(
            lambda: all(accepts(("127.0.0.1", port)) for port in self.ports.values())
        )

    def _own(self, section: str) -> str:
        (name,) = re.findall(r"^listen (\w+)$", section, re.MULTILINE)
        bind = re.search(r"^    bind :\d+", section, re.MULTILINE)
        if bind is None:
            return section
        self.ports[name] = port = free_port()
        return here(section, {bind[0]: f"    bind 127.0.0.1:{port}"})

    def log(self) -> str:
        """All it has said."""
        return self._child.log.read_text(errors="replace")

    def wait_said(self, text: str) -> None:
        """Wait until it has said that."""
        wait_until(lambda: text in self.log(), f"HAProxy to say {text!r}", 60)


class ProxiedFilter(PageFilter):
    """A filter with the configuration of one part of the page, for proxies on 127.0.0.1.

    `more` takes the place of parts of it. Listeners have `-front` behind their names: there are
    others beside them.
    """

    def __init__(self, heading: str, more: Mapping[str, str] = {}) -> None:
        self.heading = heading
        text = here(block(heading, "toml", PAGE), more)
        if PROXY in text:
            text = here(text, {PROXY: "127.0.0.1"})
        super().__init__(_LISTENER.sub(r"[listeners.\1-front]", text), start=False)

    def _here(self, text: str) -> str:
        folder = self.home / _SOCKETS.strip("/")
        folder.mkdir(exist_ok=True)
        return super()._here(_OF_SYSTEMD.sub(rf"unix:{folder}/\1.sock", text))

    def section(self, more: Mapping[str, str] = {}, *, is_locked: bool = False) -> str:
        """The part of HAProxy's configuration that leads to it, which may be locked in its home."""
        text = here(block(self.heading, "haproxy", PAGE), more)
        text = _SECOND.sub("", text)
        if f"{FOLDER}/" in text:
            text = here(text, {f"{FOLDER}/": f"{self._keys()}/"})
        if not is_locked:
            text = text.replace(f"unix@{_SOCKETS}/", f"unix@{self.home}{_SOCKETS}/")
        for shown, port in self.tls.items():
            text = here(text, {f"{FILTER}:{shown}": f"127.0.0.1:{port}"})
        return text

    def _keys(self) -> Path:
        """A folder with what HAProxy shows, and whom it believes."""
        folder = private_directory()
        put(self.authority / "ca.pem", folder / "ca.pem")
        both = [(self.authority / f"filter.{kind}").read_bytes() for kind in ("pem", "key")]
        (folder / "filter.pem").write_bytes(b"".join(both))
        return folder
