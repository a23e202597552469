"""A stunnel of our own, with a configuration as the documentation shows it."""

import signal
from collections.abc import Sequence

from . import peers
from .processes import Child, accepts, private_directory, wait_until

GLOBAL = "foreground = yes\nsyslog = no\ndebug = info\n"
"""What goes in front: it stays our child, and says to us what it has to say."""

CONFIGURED = "Configuration successful"


class Stunnel:
    """A running stunnel; it listens on `ports` of 127.0.0.1."""

    def __init__(self, text: str, ports: Sequence[int]) -> None:
        self.home = private_directory()
        self._ports = ports
        self._file = self.home / "stunnel.conf"
        self._file.write_text(GLOBAL + text)
        self._child = self._start()

    def _start(self) -> Child:
        command = [str(peers.find("stunnel")), str(self._file)]
        child = Child(command, self.home / "stunnel.log", peers.environment(), self.home)
        child.wait_ready(lambda: all(accepts(("127.0.0.1", port)) for port in self._ports))
        return child

    def stop(self) -> None:
        """Shut it down, with its connections."""
        self._child.stop()

    def restart(self) -> None:
        """Start it again after a stop."""
        self._child = self._start()

    def reload(self) -> None:
        """Have it read its certificates anew, as after a renewal."""
        count = self.log().count(CONFIGURED)
        self._child.send(signal.SIGHUP)
        wait_until(lambda: self.log().count(CONFIGURED) > count, "stunnel to read its files")

    def log(self) -> str:
        """All it has said."""
        return self._child.log.read_text(errors="replace")
