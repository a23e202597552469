"""A stunnel of our own, with a configuration as the documentation shows it."""

from collections.abc import Sequence

from . import peers
from .processes import Child, accepts, private_directory

GLOBAL = "foreground = yes\nsyslog = no\ndebug = notice\n"
"""What goes in front: it stays our child, and says to us what it has to say."""


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
        """Shut it down."""
        self._child.stop()

    def log(self) -> str:
        """All it has said."""
        return self._child.log.read_text(errors="replace")
