"""A private Postfix: own configuration, queue, data and mailboxes in one temporary directory.

`master` runs in the foreground straight from the unpacked package, so that no system file, user
or service takes part. It must be started by root, since it gives its daemons away to the
existing users `daemon` and `mail`.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from email.parser import BytesHeaderParser
from pathlib import Path

from . import peers
from .postfix_cf import Smtpd, main_cf, master_cf
from .postfix_keys import SASL_OPTIONS, write_sasl
from .processes import Child, accepts, free_port, private_directory, wait_until

_PRIVATE_QUEUES = (
    *("active", "bounce", "corrupt", "defer", "deferred", "flush"),
    *("hold", "incoming", "private", "saved", "trace"),
)


class Postfix:
    """A running Postfix; `ports` has the TCP port of each named service on 127.0.0.1.

    `milter` is the filter of main.cf: that of `DOCUMENTED` services and of mail by sendmail(1);
    `more` are lines at its end.
    """

    def __init__(
        self, services: Mapping[str, Smtpd], sink_port: int, milter: str = "", more: str = ""
    ) -> None:
        self.home = private_directory()
        self.ports = {name: free_port() for name in services}
        self._layout()
        self._configure(services, sink_port, milter, more)
        self._child = self._start()

    def _layout(self) -> None:
        spool = self.home / "spool"
        for folder in ("etc", "data", "mail", "spool/pid"):
            (self.home / folder).mkdir(parents=True)
        for folder in _PRIVATE_QUEUES:
            (spool / folder).mkdir(mode=0o700)
            shutil.chown(spool / folder, "daemon")
        for folder, mode in (("maildrop", 0o730), ("public", 0o710)):
            (spool / folder).mkdir()
            shutil.chown(spool / folder, "daemon", "mail")
            (spool / folder).chmod(mode)
        shutil.chown(self.home / "data", "daemon")
        shutil.chown(self.home / "mail", "mail")

    def _configure(
        self, services: Mapping[str, Smtpd], sink_port: int, milter: str, more: str
    ) -> None:
        (self.home / "etc/main.cf").write_text(main_cf(self.home, sink_port, milter) + more)
        by_port = {self.ports[name]: service for name, service in services.items()}
        (self.home / "etc/master.cf").write_text(master_cf(by_port))
        if any(service.options.items() >= SASL_OPTIONS.items() for service in services.values()):
            write_sasl(self.home / "etc/sasl")

    def _start(self) -> Child:
        child = Child(
            [str(peers.find("master")), "-c", str(self.home / "etc"), "-d"],
            self.home / "master.out",
            peers.environment(),
            self.home,
        )
        child.wait_ready(lambda: all(accepts(("127.0.0.1", p)) for p in self.ports.values()))
        return child

    def stop(self) -> None:
        """Shut it down."""
        self._child.stop(signal.SIGTERM)

    def sendmail(self, message: bytes, *recipients: str, sender: str = "") -> int:
        """Hand in a message by sendmail(1), LF line ends; its exit status."""
        command = [str(peers.find("sendmail")), "-C", str(self.home / "etc"), "-i"]
        command += ["-f", sender, *recipients]
        environment = peers.environment()
        done = subprocess.run(command, input=message, env=environment, timeout=60, check=False)
        return done.returncode

    def log(self) -> str:
        """All it has logged."""
        path = self.home / "postfix.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def mailbox(self, recipient: str) -> list[bytes]:
        """The messages delivered to a recipient: LF line ends, trace fields of Postfix on top."""
        return [text for text in self._delivered() if _delivered_to(text) == recipient]

    def wait_mailbox(self, recipient: str, count: int = 1) -> list[bytes]:
        """The messages of a recipient, when there are so many (or more)."""
        wait_until(
            lambda: len(self.mailbox(recipient)) >= count, f"{count} messages to {recipient}", 60
        )
        return self.mailbox(recipient)

    def queued(self) -> Sequence[Path]:
        """The files of messages accepted and not yet delivered, held ones included."""
        spool = self.home / "spool"
        folders = ("incoming", "active", "deferred", "hold", "maildrop")
        return [path for name in folders for path in (spool / name).rglob("*") if path.is_file()]

    def wait_idle(self) -> None:
        """Wait until every accepted message is delivered."""
        wait_until(lambda: not self.queued(), "an empty queue", 60)

    def _delivered(self) -> list[bytes]:
        folder = self.home / "mail/all/new"
        if not folder.exists():
            return []
        return [(folder / name).read_bytes() for name in sorted(os.listdir(folder))]


def _delivered_to(text: bytes) -> str:
    return str(BytesHeaderParser().parsebytes(text)["Delivered-To"])
