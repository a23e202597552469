"""A Dovecot of our own: POP3, dovecot-lda with Sieve, and mailboxes in a folder of ours.

It must be started by root, and gives mailboxes to the existing user `mail`.
"""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from . import peers
from .processes import Child, accepts, free_port, private_directory

PACKAGE = peers.DEBIAN / "usr/lib/dovecot"
MODULES = b"/usr/lib/dovecot/modules\0"
"""Where its library looks for modules of OpenSSL, whatever the configuration says."""
PASSWORD = "sesame"
OWNER = "mail"
"""Who owns all mailboxes."""

_CONF = """\
base_dir = {home}/run
state_dir = {home}/state
libexec_dir = {package}
mail_plugin_dir = {package}/modules
login_plugin_dir = {package}/modules
import_environment = LD_LIBRARY_PATH PATH
log_path = {home}/dovecot.log
default_internal_user = daemon
default_internal_group = daemon
default_login_user = nobody
first_valid_uid = 1
listen = 127.0.0.1
protocols = pop3
ssl = no
mail_location = maildir:~/Maildir
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = passwd-file
  args = {home}/users
}}
"""


class Dovecot:
    """A running Dovecot with these mailboxes.

    POP3 is at `port` of 127.0.0.1, the program `lda` is its dovecot-lda. `more` are lines at the
    end of the configuration.
    """

    def __init__(self, users: Sequence[str], more: str = "") -> None:
        self.home = private_directory()
        self.port = free_port()
        self.lda = self.home / "dovecot-lda"
        self._conf = self.home / "dovecot.conf"
        text = _CONF.format(home=self.home, package=PACKAGE, port=self.port, password=PASSWORD)
        self._conf.write_text(text + more)
        self._add(users)
        libraries = [str(self._library()), str(PACKAGE), f"{PACKAGE}/modules/old-stats"]
        self._path = ":".join([*libraries, peers.environment()["LD_LIBRARY_PATH"]])
        self._write_lda()
        self._child = self._start()

    def _library(self) -> Path:
        """A folder with a copy of its library that finds the modules."""
        (self.home / "m").symlink_to(PACKAGE / "modules")
        octets = (PACKAGE / "libdovecot.so.0").read_bytes()
        assert octets.count(MODULES) == 1
        found = f"{self.home}/m".encode().ljust(len(MODULES), b"\0")
        assert len(found) == len(MODULES), found
        folder = self.home / "lib"
        folder.mkdir()
        (folder / "libdovecot.so.0").write_bytes(octets.replace(MODULES, found))
        return folder

    def _add(self, users: Sequence[str]) -> None:
        lines = [f"{user}::{OWNER}:{OWNER}::{self._folder(user)}::\n" for user in users]
        (self.home / "users").write_text("".join(lines))
        for user in users:
            for name in ("cur", "new", "tmp"):
                (self._folder(user) / "Maildir" / name).mkdir(parents=True)
            self._give(user)

    def _give(self, user: str) -> None:
        for path in (self._folder(user), *self._folder(user).rglob("*")):
            shutil.chown(path, OWNER, OWNER)

    def _write_lda(self) -> None:
        """dovecot-lda has the path of its configuration compiled in."""
        self.lda.write_text(
            f"#!/bin/sh\nexport LD_LIBRARY_PATH={self._path}\n"
            f'exec {PACKAGE}/dovecot-lda -c {self.home}/run/config "$@"\n'
        )
        self.lda.chmod(0o755)

    def _start(self) -> Child:
        given = {**peers.environment(), "LD_LIBRARY_PATH": self._path}
        conf = str(self._conf)
        # By itself the server would run /usr/bin/doveconf, to be run by that again.
        command = [str(peers.find("doveconf")), "-c", conf, "-f", "service=master", "-e"]
        command += [str(peers.find("dovecot")), "-F", "-c", conf]
        child = Child(command, self.home / "dovecot.out", given, self.home)
        child.wait_ready(lambda: accepts(("127.0.0.1", self.port)))
        return child

    def stop(self) -> None:
        """Shut it down."""
        self._child.stop()

    def log(self) -> str:
        """All it has logged."""
        path = self.home / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def set_script(self, user: str, text: str) -> None:
        """Let a script in Sieve file the mail of a user."""
        (self._folder(user) / ".dovecot.sieve").write_text(text)
        self._give(user)

    def put(self, user: str, messages: Sequence[bytes]) -> None:
        """Put messages into a mailbox, as those that have come before. Line ends are LF."""
        folder, begin = self._folder(user) / "Maildir/new", int(time.time()) - len(messages) - 60
        for number, message in enumerate(messages):
            path = folder / f"{begin + number}.M{number}.test"
            path.write_bytes(message)
            shutil.chown(path, OWNER, OWNER)

    def mailbox(self, user: str, folder: str = "") -> list[bytes]:
        """The messages in a mailbox, or in another folder of the user; line ends are LF."""
        maildir = self._folder(user) / "Maildir" / (f".{folder}" if folder else "")
        paths = [path for name in ("new", "cur") for path in sorted((maildir / name).glob("*"))]
        return [path.read_bytes() for path in paths]

    def _folder(self, user: str) -> Path:
        return self.home / "users.d" / user
