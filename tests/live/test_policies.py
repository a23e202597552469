"""Policies of listeners, texts and header fields of the settings, through Postfix and Sendmail."""

import functools
from collections.abc import Sequence
from pathlib import Path

from tests.authority import Authority

from . import policies
from .harness import SENDER, message_file, shared_sink
from .policies import SENDMAIL_ISSUER, SENDMAIL_SUBJECT, own_filter
from .postfix import Postfix
from .postfix_cf import Smtpd
from .postfix_keys import SUBJECT, certificates, tls_options
from .processes import private_directory, wait_until
from .sendmail import Sendmail
from .sendmail_case import SendmailCase
from .smtp import Client
from .test_forced import ForcedPostfixCase
from .told import told

Key = tuple[Path, Path]
"""A certificate and its key."""


@functools.cache
def own_postfix() -> Postfix:
    """A Postfix with a service for each listener."""
    services = {
        name: Smtpd(f"inet:127.0.0.1:{port}", options=tls_options())
        for name, port in own_filter()[1].items()
    }
    return Postfix(services, shared_sink().port)


@functools.cache
def own_sendmail() -> Sendmail:
    """A Sendmail with a port for each listener."""
    own, ports = own_filter()
    filters = {name: f"S=inet:{port}@127.0.0.1, F=T" for name, port in ports.items()}
    return Sendmail(f"inet:{own.milter}@127.0.0.1", filters, shared_sink().port)


class PostfixPolicyTests(ForcedPostfixCase, policies.PolicyCases):
    """Postfix."""

    def setUp(self) -> None:
        """Take a Postfix of our own."""
        super().setUp()
        self.postfix = own_postfix()

    def client(self, service: str) -> Client:
        """See `PolicyCases`."""
        return Client(self.postfix.ports[service])

    def check_reason(self, held: Sequence[Path], reason: str) -> None:
        """It has no place for the reason, neither in the queue file nor in its log."""
        (path,) = held
        said = f"{path.name}: milter-hold: END-OF-MESSAGE from"
        wait_until(lambda: said in self.postfix.log(), "a line in the log")

    def user(self, service: str, own: Key | None, login: str = "") -> str | None:
        """Who is taken for logged in of a client with a certificate, and perhaps a login."""
        self.box = f"tell-{service}-{self._testMethodName}@box.test"
        port = self.postfix.ports[service]
        with Client(port, stranger=False) as client:
            client.starttls(context=certificates().context(own))
            client.ehlo()
            if login:
                client.xclient(f"LOGIN={login}")
            client.sendmail(SENDER, [self.box], message_file("ham.eml"))
        user = told(self.filter, self.box).envelope["user"]
        record = self.filter.wait_record(self.mark, recipients=[self.box])
        self.assertEqual(record.get("user"), user)
        return None if user is None else str(user)

    def test_certificate(self) -> None:
        """cert_issuer: a certificate that Postfix has verified counts as a login."""
        made = certificates()
        self.assertEqual(self.user("certified", made.client), SUBJECT)
        self.assertIsNone(self.user("junk", made.client))
        self.assertIsNone(self.user("certified-dn", made.client))

    def test_certificate_unverified(self) -> None:
        """One that only says that it is of that issuer does not, nor does none."""
        self.assertIsNone(self.user("certified", certificates().impostor))

    def test_no_certificate(self) -> None:
        """Nor does none."""
        self.assertIsNone(self.user("certified", None))

    def test_login(self) -> None:
        """A login counts before a certificate."""
        self.assertEqual(self.user("certified", certificates().client, "alice"), "alice")

    def test_untrusted(self) -> None:
        """trusted = false: neither does."""
        self.assertIsNone(self.user("untrusted", certificates().client, "alice"))


class SendmailPolicyTests(SendmailCase, policies.PolicyCases):
    """Sendmail."""

    def make_sendmail(self) -> Sendmail:
        """One of our own."""
        return own_sendmail()

    def client(self, service: str) -> Client:
        """See `PolicyCases`."""
        return Client(self.sendmail.ports[service], stranger=False)

    def check_reason(self, held: Sequence[Path], reason: str) -> None:
        """It keeps the reason."""
        (path,) = [path for path in held if path.name.startswith("hf")]
        (line,) = [line for line in path.read_bytes().split(b"\n") if line.startswith(b"q")]
        self.assertEqual(line.removeprefix(b"q").decode(), reason)

    def user(self, service: str, own: Key | None) -> str | None:
        """Who is taken for logged in of a client with a certificate."""
        self.box = f"tell-sm-{service}-{self._testMethodName.replace('_', '-')}@sink.test"
        with self.client(service) as client:
            context = self.sendmail.client_context()
            if own is not None:
                context.load_cert_chain(*own)
            client.starttls(context=context)
            client.sendmail(SENDER, [self.box], message_file("ham.eml"))
        envelope = told(self.filter, self.box).envelope
        self.assertEqual(envelope["tls"]["cert_issuer"], SENDMAIL_ISSUER if own else None)
        user = envelope["user"]
        return None if user is None else str(user)

    def test_certificate(self) -> None:
        """cert_issuer: a certificate that Sendmail has verified counts as a login."""
        own = self.sendmail.authority.issue("client", subject=SUBJECT)
        self.assertEqual(self.user("certified-dn", own), SENDMAIL_SUBJECT)
        self.assertIsNone(self.user("certified", own))
        self.assertIsNone(self.user("junk", own))

    def test_certificate_unverified(self) -> None:
        """Sendmail tells the names of one that it could not verify: it does not count."""
        name = SENDMAIL_ISSUER.removeprefix("/CN=")
        impostor = Authority(private_directory(), name).issue("impostor", subject=SUBJECT)
        self.assertIsNone(self.user("certified-dn", impostor))

    def test_no_certificate(self) -> None:
        """Nor does none."""
        self.assertIsNone(self.user("certified-dn", None))
