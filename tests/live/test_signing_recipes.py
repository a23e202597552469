"""Signing as the documentation tells it: keys, their records, mail of users and of programs."""

import functools
import subprocess
import sys
from dataclasses import dataclass
from typing import ClassVar

import dkim  # type: ignore[import-untyped]

from . import peers
from .harness import ADM, Filter, LiveCase, MtaCase, message_file, shared_sink
from .postfix import Postfix
from .postfix_cf import DOCUMENTED, Smtpd
from .postfix_keys import PASSWORD, SASL_OPTIONS, USER
from .sendmail import DOCUMENTED as SENDMAIL_DOCUMENTED
from .sendmail import PASSWORD as SENDMAIL_PASSWORD
from .sendmail import REALM, SENDMAIL, Sendmail
from .sendmail import USER as SENDMAIL_USER
from .shapes import DATED
from .signing import fields_of
from .sink import Sink
from .smtp import Client
from .zone_server import ZoneServer

SELECTORS = {"2026": "rsa", "2026e": "ed25519"}
EIGHT_BIT = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
EIGHT_BIT += b"Content-Transfer-Encoding: 8bit\r\n"
LOGINS = "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_path = smtpd\n"
NO_DOMAIN = """
[checks.dkim_signing.options]
allow_username_mismatch = true
"""


@dataclass(frozen=True, slots=True)
class Signer:
    """A filter with keys by `mailfilteradm dkim keygen`, and what is published of them."""

    filter: Filter
    zone: ZoneServer
    records: dict[str, str]

    def verified(self, message: bytes) -> list[bool]:
        """What dkimpy says of each signature."""
        count = len(fields_of(message, b"dkim-signature"))
        return [
            bool(dkim.DKIM(message).verify(index, dnsfunc=self._published))
            for index in range(count)
        ]

    def _published(self, name: bytes, **_: object) -> bytes:
        return self.records[name.decode().rstrip(".")].encode()


def adm(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `mailfilteradm dkim`."""
    return subprocess.run(
        [sys.executable, "-c", ADM, "dkim", *words],
        cwd=peers.CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def check(own: Filter, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `mailfilteradm dkim check` with the configuration of a filter."""
    return adm("check", *words, "--config", str(own.config))


@functools.cache
def signer(domain: str, more: str) -> Signer:
    """Carry out the steps."""
    zone = ZoneServer("")
    own = Filter(start=False, workers=1, dns=zone.address)
    own.configure(more)
    records = {}
    for selector, algorithm in SELECTORS.items():
        file = own.home / f"{domain}.{selector}.key"
        words = ("keygen", domain, selector, "--algorithm", algorithm, "--out", str(file))
        made = adm(*words)
        assert made.returncode == 0, made.stderr
        lines = [line for line in made.stdout.splitlines() if line[:1] not in ("", ";", "#")]
        record, settings = lines[0], lines[1:]
        zone.add(record.replace(". IN TXT ", " TXT "))
        records[f"{selector}._domainkey.{domain}"] = "".join(record.split('"')[1::2])
        own.configure("\n".join(settings))
    own.start()
    return Signer(own, zone, records)


class RecipeCase(MtaCase):
    """Of one domain."""

    domain: ClassVar[str]
    settings: ClassVar[str] = ""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        self.signer = signer(self.domain, self.settings)
        return self.signer.filter

    def setUp(self) -> None:
        """See `LiveCase.setUp`."""
        super().setUp()
        self.sink = shared_sink()
        self.out = f"{type(self).__name__}-{self._testMethodName}@sink.test".lower()

    def message(self, user: str) -> bytes:
        """One of a user."""
        author = f"{user}@{self.domain}".encode()
        return message_file("ham.eml").replace(b"alice@example.org", author)

    def send_as(self, client: Client, user: str, message: bytes) -> None:
        """Send a message over a session."""
        client.envelope(f"{user}@{self.domain}", self.out)
        reply = client.data_octets(message)
        self.assertEqual(reply.code, 250, reply)

    def check_signed(self, sink: Sink | None = None) -> bytes:
        """What arrives has a signature of each key, and both verify."""
        (taken,) = (sink or self.sink).wait_to(self.out)
        self.assertEqual(self.signer.verified(taken.message), [True, True])
        return taken.message

    def check_published(self) -> None:
        """`mailfilteradm dkim check` finds nothing wrong."""
        for selector in SELECTORS:
            done = check(self.filter, self.domain, selector)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


@functools.cache
def own_postfix(sink: Sink, more: str = "") -> Postfix:
    """As documented, with logins."""
    milter = f"inet:127.0.0.1:{signer('live.test', '').filter.milter}"
    # The second one is there for what Postfix needs to know users.
    services = {"documented": DOCUMENTED, "sasl": Smtpd(milter, options=SASL_OPTIONS)}
    return Postfix(services, sink.port, milter, LOGINS + more)


class PostfixRecipeTests(RecipeCase):
    """docs/authentication.md, "With Postfix"."""

    needs: ClassVar = ("master", "saslpasswd2")
    domain = "live.test"

    def submit(self, postfix: Postfix, message: bytes) -> None:
        """Send as a user that has logged in."""
        with Client(postfix.ports["documented"]) as client:
            client.login(USER, PASSWORD)
            self.send_as(client, USER, message)

    def test_submission(self) -> None:
        self.check_published()
        self.submit(own_postfix(self.sink), self.message(USER))
        self.check_signed()

    def test_sendmail_command(self) -> None:
        """Mail of programs on the host."""
        message = self.message("cron").replace(b"\r\n", b"\n")
        sender = f"cron@{self.domain}"
        self.assertEqual(own_postfix(self.sink).sendmail(message, self.out, sender=sender), 0)
        self.check_signed()

    def test_no_eight_bits(self) -> None:
        """A host that takes no 8 bits: signatures break, but for the setting."""
        head = EIGHT_BIT + DATED.replace(b"a@example.org", f"{USER}@{self.domain}".encode())
        message = head + "\r\nGr\u00fc\u00dfe\r\n".encode()
        old = Sink(has_8bitmime=False)
        self.submit(own_postfix(old), message)
        (taken,) = old.wait_to(self.out)
        self.assertIn(b"quoted-printable", taken.message)
        with self.assertRaises(dkim.DKIMException):
            self.signer.verified(taken.message)
        other = Sink(has_8bitmime=False)
        self.submit(own_postfix(other, "disable_mime_output_conversion = yes\n"), message)
        self.check_signed(other)


@functools.cache
def own_sendmail(settings: str) -> Sendmail:
    """As documented."""
    milter = f"inet:{signer(REALM, settings).filter.milter}@127.0.0.1"
    return Sendmail(milter, {}, shared_sink().port)


class SendmailRecipeTests(RecipeCase):
    """docs/authentication.md, "With Sendmail", whose logins here have no domain."""

    needs: ClassVar = (str(SENDMAIL), "m4", "saslpasswd2")
    domain = REALM
    settings = NO_DOMAIN

    def submit(self, settings: str) -> None:
        """Send as a user that has logged in."""
        port = own_sendmail(settings).ports[SENDMAIL_DOCUMENTED]
        with Client(port, stranger=False) as client:
            client.login(SENDMAIL_USER, SENDMAIL_PASSWORD)
            self.send_as(client, SENDMAIL_USER, self.message(SENDMAIL_USER))

    def test_submission(self) -> None:
        self.check_published()
        self.submit(self.settings)
        self.check_signed()


class KeyCheckTests(LiveCase):
    """A record of somebody else's key is found to be wrong."""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return signer("other.test", "").filter

    def test_other_record(self) -> None:
        made = signer("other.test", "")
        (text,) = [text for name, text in made.records.items() if name.startswith("2026e.")]
        made.zone.add(f'gone._domainkey.other.test TXT "{text}"')
        key = str(made.filter.home / "other.test.2026.key")
        done = check(made.filter, "other.test", "gone", "--key", key)
        self.assertEqual(done.returncode, 1, done.stdout)
        done = check(made.filter, "other.test", "nothing")
        self.assertEqual(done.returncode, 1, done.stdout)
