"""mailfilterc with Dovecot's delivery agent: who may run it, how it ends, where Sieve puts mail."""

import subprocess

from .delivered import values
from .harness import body_of, message_file, wish
from .lda_mailbox_case import MailboxCase, subjects
from .mailboxes import FULL, OWNER
from .processes import free_port

EX_OK, EX_NOUSER, EX_TEMPFAIL, EX_NOPERM = 0, 67, 75, 77
FORGED = b"X-Spam: yes\r\nx-spam : yes\r\nX-Spam-Action: reject\r\n"


def letter(action: str) -> bytes:
    """A message for which the filter has an action, and the sender another one."""
    text = wish({"Action": action}) if action else message_file("ham.eml")
    return b"Subject: " + (action or "ham").encode() + b"\r\n" + FORGED + _without_subject(text)


def _without_subject(text: bytes) -> bytes:
    lines = text.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"Subject:"))


class LdaTests(MailboxCase):
    """How it ends is how mailfilterc ends."""

    def test_delivered(self) -> None:
        """A message is delivered as it came, and its line ends as Dovecot keeps them."""
        message = message_file("eight-bit.eml")
        done = self.deliver("pat", message)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (EX_OK, b"", b""))
        (found,) = self.dovecot.mailbox("pat")
        self.assertEqual(body_of(found), body_of(message))
        self.assertEqual(len(values(found, "X-Spam-Action")), 1)

    def test_no_such_user(self) -> None:
        """Nobody gets it."""
        self.assertEqual(self.deliver("nobody-here", letter("")).returncode, EX_NOUSER)

    def test_mailbox_broken(self) -> None:
        """What cannot be delivered now stays where it is fetched from, until it can be."""
        self.dovecot.put("box-pat", [letter("").replace(b"\r\n", b"\n")])
        client = self.fetchmail("pat")
        before = len(self.dovecot.mailbox("pat"))
        self.dovecot.set_broken("pat", True)
        try:
            client.poll()
        finally:
            self.dovecot.set_broken("pat", False)
        self.assertEqual(client.refused(), [EX_TEMPFAIL])
        self.assertEqual(len(self.dovecot.mailbox("box-pat")), 1)
        self.assertEqual(client.poll(), 0)
        self.assertEqual(len(self.dovecot.mailbox("pat")), before + 1)
        self.assertEqual(self.dovecot.mailbox("box-pat"), [])

    def test_owner(self) -> None:
        """The owner of all mailboxes may run it, if Dovecot is set up as the page says."""
        done = subprocess.run(
            [str(self.dovecot.lda), "-d", "owned"],
            input=message_file("ham.eml"),
            cwd="/",
            user=OWNER,
            group=OWNER,
            extra_groups=[],
            capture_output=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(done.returncode, EX_OK, done.stderr)
        self.assertEqual(len(self.dovecot.mailbox("owned")), 1)

    def test_full(self) -> None:
        """Without options, mail goes back to who seems to have sent it, and all is well."""
        message = b"Return-Path: <alice@example.org>\r\n" + letter("")
        for options, code in (("-e", EX_NOPERM), ("-o quota_full_tempfail=yes", EX_TEMPFAIL)):
            self.assertEqual(self.deliver(FULL, message, lda=options).returncode, code, options)
        sent = self.dovecot.sent()
        self.assertEqual(self.deliver(FULL, message).returncode, EX_OK)
        self.assertIn(b"alice@example.org", self.dovecot.sent().removeprefix(sent))
        self.assertEqual((sent, self.both(FULL)), (b"", []))

    def test_refused(self) -> None:
        """So does mail that a script refuses, whatever the options are."""
        self.dovecot.set_script("strict", 'require "reject";\nreject "no mail, please";\n')
        message = b"Return-Path: <alice@example.org>\r\n" + letter("")
        for options in ("", "-e"):
            sent = self.dovecot.sent()
            self.assertEqual(self.deliver("strict", message, lda=options).returncode, EX_OK)
            self.assertIn(b"no mail, please", self.dovecot.sent().removeprefix(sent))
        self.assertEqual(self.both("strict"), [])

    def test_broken_header(self) -> None:
        """A line that is no field ends no header: nothing forged is behind it."""
        head = b"To: Pat <pat@example.org>\n"
        rest = b"no field\n" + letter("").replace(b"\r\n", b"\n")
        forged = FORGED.replace(b"\r\n", b"\n")
        self.assertIn(forged, rest)
        self.dovecot.put("box-ann", [head + rest])
        self.assertEqual(self.fetchmail("ann").poll(), 0)
        (found,) = self.dovecot.mailbox("ann")
        self.assertTrue(found.endswith(b"\n" + rest.replace(forged, b"")), found)
        self.assertEqual(len(values(found, "X-Spam-Action")), 1)


class SieveTests(MailboxCase):
    """The page's script believes the filter, and nobody else."""

    def setUp(self) -> None:
        """Have no mail."""
        super().setUp()
        for folder in ("", "Junk"):
            self.dovecot.empty("vera", folder)

    def test_filed(self) -> None:
        """By the verdict; soft reject is no spam here."""
        ham = ["greylist", "ham", "soft reject"]
        spam = ["add header", "discard", "quarantine", "reject"]
        for action in (*ham, *spam):
            wanted = "" if action == "ham" else action
            self.assertEqual(self.deliver("vera", letter(wanted)).returncode, EX_OK, action)
        self.assertEqual(subjects(self.dovecot.mailbox("vera")), ham)
        self.assertEqual(subjects(self.dovecot.mailbox("vera", "Junk")), spam)

    def test_new_subject(self) -> None:
        """That mail is filed, and has it."""
        text = wish({"Action": "rewrite subject", "Subject": "[spam] for you"})
        self.assertEqual(self.deliver("vera", text).returncode, EX_OK)
        self.assertEqual(subjects(self.dovecot.mailbox("vera", "Junk")), ["[spam] for you"])

    def test_no_filter(self) -> None:
        """Nothing that a sender wrote is believed then either."""
        done = self.deliver("vera", letter("reject"), port=free_port())
        self.assertEqual((done.returncode, done.stdout, done.stderr), (EX_OK, b"", b""))
        (found,) = self.dovecot.mailbox("vera")
        self.assertEqual(values(found, "X-Spam"), [])
        self.assertEqual(len(values(found, "X-Spam-Error")), 1)
        waits = self.deliver("vera", letter("reject"), "--on-error tempfail", port=free_port())
        self.assertEqual(waits.returncode, EX_TEMPFAIL)
        self.assertEqual(len(self.both("vera")), 1)
