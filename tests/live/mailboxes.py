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
FULL = "full"
"""Whose mailbox takes no mail."""
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
sendmail_path = {home}/sendmail
mail_plugins = quota
plugin {{
  quota = maildir:User quota
}}
service config {{
  unix_listener config {{
    # As anybody may read Debian's files.
    mode = 0666
  }}
}}
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
        # Where Debian has syslog, and mail is sent.
        for name in ("dovecot.log", "sent"):
            (self.home / name).touch()
            (self.home / name).chmod(0o666)
        _write_script(self.home / "sendmail", f"cat >> {self.home}/sent")
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
        lines = [
            f"{user}::{OWNER}:{OWNER}::{self._folder(user)}::{_quota(user)}\n" for user in users
        ]
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
        lines = f"export LD_LIBRARY_PATH={self._path}\n"
        _write_script(self.lda, f'{lines}exec {PACKAGE}/dovecot-lda -c {self.home}/run/config "$@"')

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
        return (self.home / "dovecot.log").read_text(errors="replace")

    def sent(self) -> bytes:
        """All the mail that it has sent, or would have."""
        return (self.home / "sent").read_bytes()

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
        return [path.read_bytes() for path in self._messages(user, folder)]

    def empty(self, user: str, folder: str = "") -> None:
        """Remove all messages."""
        for path in self._messages(user, folder):
            path.unlink()

    def set_broken(self, user: str, is_broken: bool) -> None:
        """Let nothing be written to a mailbox any more, or let it again."""
        for name in ("new", "cur", "tmp", ""):
            owner = "root" if is_broken else OWNER
            shutil.chown(self._folder(user) / "Maildir" / name, owner, OWNER)

    def _messages(self, user: str, folder: str) -> list[Path]:
        maildir = self._folder(user) / "Maildir" / (f".{folder}" if folder else "")
        return [path for name in ("new", "cur") for path in sorted((maildir / name).glob("*"))]

    def _folder(self, user: str) -> Path:
        return self.home / "users.d" / user


def _quota(user: str) -> str:
    return "userdb_quota_rule=*:bytes=10" if user == FULL else ""


def _write_script(path: Path, lines: str) -> None:
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
