"""What systemd gives us, and tell it how we are (sd_notify(3)); nothing where nobody asked.

All is taken out of the environment, so that no child speaks for us or takes our sockets for its.
"""

import contextlib
import os
import socket
from collections.abc import MutableMapping
from time import monotonic_ns

from twisted.python.systemd import ListenFDs


def listen_fds(environ: MutableMapping[str, str]) -> ListenFDs:
    """The sockets that were handed over to this process, if any (sd_listen_fds(3))."""
    found = ListenFDs.fromEnvironment(environ)
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        environ.pop(name, None)
    for descriptor in found.inheritedDescriptors():
        with contextlib.suppress(OSError):
            os.set_inheritable(descriptor, False)
    return found


class Notifier:
    """Says what state we are in."""

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
