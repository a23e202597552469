"""Logins, encryption, client certificates, and mail by sendmail(1), as Postfix tells them."""

import smtplib
import ssl
from pathlib import Path

from twisted.trial.unittest import SkipTest

from .delivered import values
from .harness import SENDER, message_file
from .postfix_keys import ISSUER, PASSWORD, REALM, SUBJECT, USER, certificates, why_no_sasl
from .test_postfix_envelope import HAM, SERVICES, EnvelopeCase
from .told import told


class LoginTests(EnvelopeCase):
    """Who has logged in."""

    def test_forwarded(self) -> None:
        """The login that another server has told, on all ways."""
        for service in SERVICES:
            client = self.connect(service, "ADDR=203.0.113.5", "LOGIN=alice")
            self.assertEqual(self.tell(client).envelope["user"], "alice")
            self.assertIsNone(self.tell(self.connect(service)).envelope["user"])

    def test_auth(self) -> None:
        """The login by SASL, for every message of the session, and for no other."""
        if why := why_no_sasl():
            raise SkipTest(why)
        client = self.connect("sasl")
        with client:
            client.login(USER, PASSWORD)
            for _ in range(2):
                client.sendmail(SENDER, [self.rcpt], HAM)
                user = told(self.filter, self.rcpt).envelope["user"]
                self.assertIn(user, (USER, f"{USER}@{REALM}"))
        self.assertIsNone(self.tell(self.connect("sasl")).envelope["user"])

    def test_logged_out(self) -> None:
        """On one connection a login, and then none: the second message has nothing of it."""
        for service in SERVICES:
            users = []
            with self.connect(service) as client:
                for login in ("alice", "[UNAVAILABLE]", "bob"):
                    client.xclient(f"LOGIN={login}")
                    client.sendmail(SENDER, [self.rcpt], HAM)
                    users.append(told(self.filter, self.rcpt).envelope["user"])
            self.assertEqual(users, ["alice", None, "bob"], service)

    def test_wrong_password(self) -> None:
        """A login that fails is none."""
        if why := why_no_sasl():
            raise SkipTest(why)
        client = self.connect("sasl")
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            client.login(USER, "wrong")
        self.assertIsNone(self.tell(client).envelope["user"])


class TlsTests(EnvelopeCase):
    """What is known of the encryption."""

    def secure(self, own: tuple[Path, Path] | None = None) -> tuple[smtplib.SMTP, str]:
        """An encrypted session, and its cipher."""
        client = smtplib.SMTP("localhost", self.postfix.ports["tls"], timeout=60)
        client.starttls(context=certificates().context(own))
        assert isinstance(client.sock, ssl.SSLSocket)
        cipher = client.sock.cipher()
        assert cipher is not None
        return client, cipher[0]

    def test_tls(self) -> None:
        """Version and cipher."""
        client, cipher = self.secure()
        tls = self.tell(client).envelope["tls"]
        self.assertEqual((tls["version"], tls["cipher"]), ("TLSv1.3", cipher))
        self.assertEqual((tls["cert_subject"], tls["cert_issuer"]), (None, None))

    def test_certificate(self) -> None:
        """A certificate that Postfix trusts: whose it is, and who has signed it."""
        client, _ = self.secure(certificates().client)
        tls = self.tell(client).envelope["tls"]
        self.assertEqual((tls["cert_subject"], tls["cert_issuer"]), (SUBJECT, ISSUER))

    def test_stranger(self) -> None:
        """Of one that it does not trust nothing is told."""
        client, _ = self.secure(certificates().stranger)
        tls = self.tell(client).envelope["tls"]
        self.assertEqual((tls["cert_subject"], tls["cert_issuer"]), (None, None))

    def test_later(self) -> None:
        """A message in the clear, then STARTTLS and another one."""
        seen = []
        with smtplib.SMTP("localhost", self.postfix.ports["tls"], timeout=60) as client:
            for secure in (False, True):
                if secure:
                    client.starttls(context=certificates().context())
                client.sendmail(SENDER, [self.rcpt], HAM)
                seen.append(told(self.filter, self.rcpt).envelope["tls"] is not None)
        self.assertEqual(seen, [False, True])

    def test_plain(self) -> None:
        """Without encryption nothing is known."""
        self.assertIsNone(self.tell(self.connect("tls")).envelope["tls"])


class ListedTests(EnvelopeCase):
    """By version 4 of the protocol the filter cannot ask for macros: the documented lines do."""

    def test_all(self) -> None:
        """Login, encryption, certificate and queue id, each known because a line names it."""
        if why := why_no_sasl():
            raise SkipTest(why)
        with smtplib.SMTP("localhost", self.postfix.ports["all-v4"], timeout=60) as client:
            client.starttls(context=certificates().context(certificates().client))
            client.login(USER, PASSWORD)
            client.mail(SENDER)
            client.rcpt(self.rcpt)
            _, reply = client.data(HAM)
        envelope = told(self.filter, self.rcpt).envelope
        self.assertIn(envelope["user"], (USER, f"{USER}@{REALM}"))
        tls = envelope["tls"]
        self.assertEqual(tls["version"], "TLSv1.3")
        self.assertTrue(tls["cipher"])
        self.assertEqual((tls["cert_subject"], tls["cert_issuer"]), (SUBJECT, ISSUER))
        self.assertEqual(envelope["queue_id"], reply.decode().split()[-1])
        self.assertEqual(envelope["mta_name"], "mx.live.test")


class LocalTests(EnvelopeCase):
    """Mail that programs hand in through sendmail(1)."""

    def test_local(self) -> None:
        """It comes from this host, and has sender, recipients and a queue id."""
        message = HAM.replace(b"\r\n", b"\n")
        status = self.postfix.sendmail(message, self.rcpt, self.box, sender=SENDER)
        self.assertEqual(status, 0)
        delivered = self.postfix.wait_mailbox(self.rcpt)[0]
        shown = told(self.filter, self.rcpt)
        envelope = shown.envelope
        self.assertEqual((envelope["client_ip"], envelope["hostname"]), ("127.0.0.1", "localhost"))
        self.assertEqual((envelope["sender"], envelope["user"]), (SENDER, None))
        self.assertEqual(shown.recipients, [self.rcpt, self.box])
        self.assertIn(f"id {envelope['queue_id']};", values(delivered, "Received")[0])
        self.assertEqual(shown.raw, HAM)

    def test_refused(self) -> None:
        """What the filter refuses goes back to its sender."""
        message = message_file("gtube-reject.eml").replace(b"\r\n", b"\n")
        sender = "local-sender@box.test"
        self.assertEqual(self.postfix.sendmail(message, self.box, sender=sender), 0)
        (bounce,) = self.postfix.wait_mailbox(sender)
        self.assertIn(b"Gtube pattern", bounce)
        self.postfix.wait_idle()
        self.assertEqual(self.postfix.mailbox(self.box), [])
