"""Tell systemd how we are (sd_notify(3)); nothing happens where nobody asked."""

import contextlib
import os
import socket
from collections.abc import MutableMapping
from time import monotonic_ns


class Notifier:
    """Takes what it needs out of the environment, so that no child speaks for us."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self._address = environ.pop("NOTIFY_SOCKET", "")
        pid = environ.pop("WATCHDOG_PID", "")
        usec = environ.pop("WATCHDOG_USEC", "")
        is_ours = usec.isdecimal() and pid in ("", str(os.getpid()))
        self.watchdog = int(usec) / 1e6 if is_ours else 0.0
        """Seconds in which systemd wants a sign of life; 0 is none."""

    def ready(self, text: str) -> None:
        """We serve; `text` is shown by systemctl."""
        self._send(f"READY=1\nSTATUS={text}")

    def reloading(self) -> None:
        """A reload has begun; `ready` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """We have begun to stop."""
        self._send("STOPPING=1\nSTATUS=finishing messages under way")

    def alive(self) -> None:
        """A sign of life."""
        self._send("WATCHDOG=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        address = self._address
        if address.startswith("@"):
            address = "\0" + address[1:]
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.sendto(text.encode(), address)
