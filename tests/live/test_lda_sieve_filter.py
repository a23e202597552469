"""mailfilterc as a filter that a script of Sieve runs, as the page shows it."""

import functools
import subprocess
from pathlib import Path

from . import lda_agents
from .delivered import values
from .harness import body_of, message_file, wish
from .lda_mailbox_case import SERVER, MailboxCase, shown
from .mailboxes import PACKAGE, Dovecot
from .processes import free_port, private_directory
from .tls_page import here

HEADING = "Sieve filter"
USER = "sue"
FORGED = b"X-Spam: yes\r\nX-Spam-Action: reject\r\n"
HAM = FORGED + message_file("eight-bit.eml")
SPAM = FORGED + wish({"Action": "add header"}, "eight-bit.eml")
ENDS = ("exit 75", "head -c 40; exit 1", "kill -KILL $$")
"""How a filter may fail."""


@functools.cache
def chain() -> tuple[Dovecot, Path]:
    """A Dovecot with the page's configuration, and the folder with what scripts may run."""
    folder = private_directory()
    conf = here(shown(HEADING, "conf"), {"/usr/lib/mailfilter/sieve": str(folder)})
    where = f"plugin {{\n  sieve_plugin_dir = {PACKAGE}/modules/sieve\n}}\n"
    return Dovecot([USER], shown("Sieve", "conf") + where + conf), folder


class FilterTests(MailboxCase):
    """Mail that is delivered to Dovecot without mailfilterc."""

    needs = ("dovecot", "doveconf")

    def setUp(self) -> None:
        """Have no mail, and `mailfilterc` where scripts find it."""
        super().setUp()
        self.dovecot, self.folder = chain()
        for folder in ("", "Junk"):
            self.dovecot.empty(USER, folder)
        self.program = lda_agents.client(private_directory())
        link = self.folder / self.program.name
        link.unlink(missing_ok=True)
        link.symlink_to(self.program)
        self.ask(self.filter.http)

    def ask(self, port: int) -> None:
        """Have a script that asks the filter at this port."""
        script = here(shown(HEADING, "sieve"), {SERVER: f"127.0.0.1:{port}"})
        self.dovecot.set_script(USER, script)

    def deliver_to_dovecot(self, message: bytes) -> None:
        """Deliver a message as any MTA does."""
        command = [str(self.dovecot.lda), "-d", USER]
        done = subprocess.run(command, input=message, capture_output=True, timeout=120, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def only(self, folder: str = "") -> bytes:
        """The only message, which lies in this folder."""
        (found,) = self.both(USER)
        self.assertEqual(self.dovecot.mailbox(USER, folder), [found])
        self.assertEqual(body_of(found), body_of(HAM))
        return found

    def test_ham(self) -> None:
        """What its sender wrote is gone."""
        self.deliver_to_dovecot(HAM)
        self.assertEqual(values(self.only(), "X-Spam-Action"), ["no action"])

    def test_spam(self) -> None:
        """It is marked and filed."""
        self.deliver_to_dovecot(SPAM)
        found = self.only("Junk")
        self.assertEqual(values(found, "X-Spam-Action"), ["add header"])
        self.assertEqual(values(found, "X-Spam"), ["yes"])

    def test_no_filter(self) -> None:
        """It goes on with the reason, and without what its sender wrote."""
        self.ask(free_port())
        self.deliver_to_dovecot(SPAM)
        found = self.only()
        self.assertEqual(values(found, "X-Spam-Action"), [])
        self.assertIn("refused", values(found, "X-Spam-Error")[0])

    def test_fails(self) -> None:
        """It goes on as it was, and nothing in it is believed."""
        for end in ENDS:
            lda_agents.write_script(self.program, end)
            self.check_unchanged(end)
        self.program.unlink()
        self.check_unchanged("no program")

    def check_unchanged(self, why: str) -> None:
        """Spam that says it is lies in the inbox."""
        self.deliver_to_dovecot(SPAM)
        self.assertEqual(values(self.only(), "X-Spam-Action"), ["reject"], why)
        self.dovecot.empty(USER)
