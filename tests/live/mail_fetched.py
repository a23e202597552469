"""Runs fetchmail with files of ours, perhaps while something else goes on."""

import re

from . import peers
from .processes import Child, private_directory

SECONDS = 300.0
"""Until it must have ended: it runs programs for each of many messages."""


class Fetchmail:
    """A fetchmail that polls whenever it is told to, with the text of a fetchmailrc."""

    def __init__(self, text: str) -> None:
        self._home = private_directory()
        self._control = self._home / "fetchmailrc"
        self._log = self._home / "fetchmail.log"
        self._control.touch(mode=0o600)
        self._control.write_text(text)

    def start(self) -> Child:
        """Begin to poll once."""
        command = [str(peers.find("fetchmail")), "-f", str(self._control), "--nosyslog", "-N"]
        # That of root would be the only one on the machine.
        command += ["--pidfile", str(self._home / "fetchmail.pid")]
        home = {"HOME": str(self._home), "FETCHMAILHOME": str(self._home)}
        return Child(command, self._log, {**peers.environment(), **home}, self._home)

    def poll(self) -> int:
        """Poll; the exit status."""
        return self.start().wait(SECONDS)

    def log(self) -> str:
        """All it has said, and what it ran as well."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def refused(self) -> list[int]:
        """The exit statuses, other than 0, of what it handed mail to."""
        return [int(code) for code in re.findall(r"MDA returned nonzero status (\d+)", self.log())]
