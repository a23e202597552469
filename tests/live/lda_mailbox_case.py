"""Base of the tests that fetch mail by POP3 and deliver it to Dovecot, as the page says."""

import functools
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from . import peers
from .delivered import values
from .harness import Filter, LiveCase
from .mail_fetched import Fetchmail
from .mailboxes import FULL, PASSWORD, Dovecot
from .tls_page import blocks, here

PAGE = peers.CHECKOUT / "docs/mta/lda.md"
CLIENT = "/usr/bin/mailfilterc"
SERVER = "127.0.0.1:11333"
LDA = "/usr/lib/dovecot/dovecot-lda"
PATIENCE = "-t 60"
"""For a filter on a busy machine."""
TEMPFAIL = " --on-error tempfail"
"""What the page says so that mail waits for the filter."""

SECONDS = 120
"""Until a delivery must have ended."""

USERS = (
    *("jane", "joe", "ann", "pat", "vera", "owned", "strict", FULL),
    *("box-jane", "box-joe", "box-ann", "box-pat"),
)
"""Mail of those with `box` is fetched."""

_POLL = "pop.example.net protocol pop3"
_ACCOUNT = 'username "alice@example.net" password "secret" is "alice" here ssl'
_PROGRAM = """\
#!{python}
import sys
sys.path.insert(0, {checkout!r})
from mailfilter.client.rspamc.main import main
main()
"""


def shown(heading: str, language: str, number: int = 0) -> str:
    """A block of the page."""
    return all_shown(heading, language)[number]


def all_shown(heading: str, language: str) -> Sequence[str]:
    """All blocks under a heading."""
    return blocks(heading, language, PAGE)


@functools.cache
def lda_filter() -> Filter:
    """The one that the tests kill."""
    return Filter(workers=1)


@functools.cache
def dovecot() -> Dovecot:
    """With the page's configuration, and its script for those who file mail."""
    conf = shown("Dovecot", "conf") + shown("Sieve", "conf")
    running = Dovecot(USERS, here(conf, {"user = vmail": "user = mail"}))
    for user in ("jane", "joe", "vera"):
        running.set_script(user, shown("Sieve", "sieve"))
    return running


class MailboxCase(LiveCase):
    """Base: a filter that may be killed, and a Dovecot."""

    needs: ClassVar[Sequence[str]] = ("dovecot", "doveconf", "fetchmail")
    needs_root = True

    def setUp(self) -> None:
        """Start or reuse both."""
        super().setUp()
        self.filter.ensure_running()
        self.dovecot = dovecot()

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return lda_filter()

    def fetchmail(self, user: str, changes: Mapping[str, str] = {}, number: int = 0) -> Fetchmail:
        """With a fetchmailrc of the page: mail of a box goes to its user. `changes` come last."""
        text = here(shown("fetchmail", "fetchmailrc", number), self._local(user))
        text = text.replace("-d alice", f"-d {user}")
        return Fetchmail(here(text, changes))

    def _local(self, user: str) -> dict[str, str]:
        account = f'username "box-{user}" password "{PASSWORD}" is "{user}" here sslproto ""'
        return {
            _POLL: f"127.0.0.1 protocol pop3 port {self.dovecot.port}",
            _ACCOUNT: account,
            CLIENT: str(_program(self.dovecot.home)),
            SERVER: f"127.0.0.1:{self.filter.http} {PATIENCE}",
            LDA: str(self.dovecot.lda),
        }

    def deliver(
        self, user: str, message: bytes, *options: str, port: int = 0, lda: str = ""
    ) -> subprocess.CompletedProcess[bytes]:
        """Deliver a message as the page does, with options; perhaps with another filter."""
        changes = {
            "mailfilterc -h": str(_program(self.dovecot.home)) + " -h",
            SERVER: f"127.0.0.1:{port or self.filter.http} {PATIENCE}",
            " --mime": "".join(f" {option}" for option in (*options, "--mime")),
            LDA: f"{self.dovecot.lda} {lda}",
            "alice": user,
            " < message.eml": "",
        }
        (_, command) = shown("Delivery through mailfilterc", "sh").splitlines()
        return subprocess.run(
            ["sh", "-c", here(command, changes)],
            input=message,
            env=peers.environment(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )

    def both(self, user: str) -> list[bytes]:
        """All mail of a user."""
        return [*self.dovecot.mailbox(user), *self.dovecot.mailbox(user, "Junk")]


def subjects(messages: Sequence[bytes]) -> list[str]:
    """Of each message its subject, sorted."""
    return sorted(subject for message in messages for subject in values(message, "Subject"))


def _program(folder: Path) -> Path:
    """`mailfilterc` as a program in this folder, as a package would install it."""
    path = folder / "mailfilterc"
    path.write_text(_PROGRAM.format(python=sys.executable, checkout=str(peers.CHECKOUT)))
    path.chmod(0o755)
    return path
