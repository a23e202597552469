"""What fetchmail does with addresses, broken headers and exit codes: what the page is built on.

A program of ours takes the place of mailfilterc.
"""

from pathlib import Path

from .lda_mailbox_case import MailboxCase, all_shown
from .mail_fetched import Fetchmail
from .mailboxes import PASSWORD
from .processes import private_directory

TEXT = b"Subject: a letter\n\nA line.\n"
TRAP = "Return-Path: <a$(touch${{IFS}}{path})@example.org>\n"
"""A sender that is a command for a shell."""
NO_MAIL = 1
"""fetchmail's exit status when there is none."""
BROKEN = "bad-header accept"


class FactTests(MailboxCase):
    """Mail at a POP3 server, for a program that notes its arguments and ends as it is told."""

    def setUp(self) -> None:
        """Have a mailbox without mail."""
        super().setUp()
        self.folder = private_directory()
        self.addCleanup(self.dovecot.empty, "box-ann")

    def client(
        self, words: str, server: str = "", user: str = "", whom: str = '"ann"'
    ) -> Fetchmail:
        """Fetchmail, with these arguments for the program, and these more options of its own."""
        text = f"poll 127.0.0.1 protocol pop3 port {self.dovecot.port} {server}\n"
        text += f'username "box-ann" password "{PASSWORD}" is {whom} here sslproto "" {user}\n'
        return Fetchmail(f"{text}mda '{self.folder}/program {words}'\n")

    def end_by(self, command: str) -> None:
        """Have the program end by a command."""
        path = self.folder / "program"
        note = f"printf '<%s>' \"$@\" > {self.folder}/words; cat > {self.folder}/text"
        path.write_text(f"#!/bin/sh\n{note}\n{command}\n")
        path.chmod(0o755)

    def words(self) -> str:
        """The arguments of the program."""
        return (self.folder / "words").read_text()

    def left(self) -> int:
        """How many messages are at the server."""
        return len(self.dovecot.mailbox("box-ann"))

    def trap(self) -> Path:
        """Have mail by a malicious sender; what is there if a shell does as he says."""
        path = self.folder / "trap"
        self.dovecot.put("box-ann", [TRAP.format(path=path).encode() + TEXT])
        return path

    def test_codes(self) -> None:
        """With any exit code but 0, or killed, mail stays at the server, and comes again."""
        self.dovecot.put("box-ann", [TEXT])
        client = self.client("-d %T")
        for command in ("exit 1", "exit 64", "exit 67", "exit 75", "exit 77", "kill -KILL $$"):
            self.end_by(command)
            self.assertEqual(client.poll(), 0, command)
            self.assertEqual(self.left(), 1, command)
        self.assertEqual(client.refused(), [1, 64, 67, 75, 77, 128 + 9])
        self.end_by("exit 0")
        self.assertEqual(client.poll(), 0)
        self.assertEqual(self.left(), 0)
        self.assertEqual(client.poll(), NO_MAIL)

    def test_kept(self) -> None:
        """Where mail is left at the server, too, it comes again until it was handed on."""
        self.dovecot.put("box-ann", [TEXT])
        client = self.client("-d %T", user="keep")
        for command, code in (("exit 75", 0), ("exit 0", 0), ("exit 0", NO_MAIL)):
            self.end_by(command)
            self.assertEqual(client.poll(), code, client.log())
        self.assertEqual(self.left(), 1)

    def test_command_in_double_quotes(self) -> None:
        """The shell carries out what is in an address there."""
        self.end_by("exit 0")
        trap = self.trap()
        self.client('--exec "lda -f %F"').poll()
        self.assertEqual(self.words(), "<--exec><lda -f 'a@example.org'>")
        self.assertTrue(trap.exists())

    def test_command_behind_them(self) -> None:
        """The shell sees the single quotes of fetchmail, and the program a pair for itself."""
        self.end_by("exit 0")
        trap = self.trap()
        self.client(r'--exec "lda -d \x27"%T"\x27 -f \x27"%F"\x27"').poll()
        sender = f"a$(touch${{IFS}}{trap})@example.org"
        self.assertEqual(self.words(), f"<--exec><lda -d 'ann' -f '{sender}'>")
        self.assertFalse(trap.exists())

    def test_all_lines(self) -> None:
        """Each of the page's delivers one message, whatever its sender is."""
        for number in range(len(all_shown("fetchmail", "fetchmailrc"))):
            trap = self.trap()
            before = len(self.dovecot.mailbox("ann"))
            client = self.fetchmail("ann", number=number)
            self.assertEqual((client.poll(), client.refused()), (0, []), client.log())
            self.assertEqual(len(self.dovecot.mailbox("ann")), before + 1, number)
            self.assertFalse(trap.exists())

    def test_several(self) -> None:
        """Names of several users are one."""
        self.end_by("exit 67")
        self.dovecot.put("box-ann", [b"Delivered-To: a@x.test, b@x.test\n" + TEXT])
        client = self.client(
            r'"-d \x27"%T"\x27"', 'localdomains x.test envelope "Delivered-To"', whom="*"
        )
        client.poll()
        self.assertEqual(self.words(), "<-d 'a@x.test b@x.test'>")
        self.assertEqual((client.refused(), self.left()), ([67], 1))

    def test_broken_header(self) -> None:
        """Such mail stays at the server for ever, unless it is to be accepted."""
        self.end_by("exit 0")
        self.dovecot.put("box-ann", [b"no field\n" + TEXT])
        self.client("-d %T").poll()
        self.assertEqual(self.left(), 1)
        self.assertEqual(self.client("-d %T", BROKEN).poll(), 0)
        self.assertEqual(self.left(), 0)
        self.assertIn(b"no field\n", (self.folder / "text").read_bytes())
