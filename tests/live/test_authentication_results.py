"""Authentication-Results, and signatures of ours, by every protocol: the same, and no others."""

from collections import Counter
from typing import Any, ClassVar

import authres  # type: ignore[import-untyped]

from . import mta, scan_client
from .harness import Filter, LiveCase
from .mailfilterc import mailfilterc
from .shapes import DATED
from .signing import AUTHSERV, CLIENT, DOMAIN, PEER, fields_of, verified
from .signing_case import BOTH, FORGED, signed_by_peer
from .test_dkim_postfix import own_filter

SENDER, RECIPIENT = f"bob@{PEER}", "x@our.test"
HELO = "mail.peer.test"
OTHER = b"Authentication-Results: mx.other.test; dkim=pass header.d=bank.test\r\n"
BODY = b"\r\n.Some  text \xc3\xa4\r\n\r\n\r\n"
FIELD = "Authentication-Results"


def from_author(author: str) -> bytes:
    """A message, with a field of ours that we have not written, and with one of others."""
    return FORGED + OTHER + DATED.replace(b"a@example.org", author.encode()) + BODY


class ProtocolCase(LiveCase):
    """Scans a message by each protocol; `user` is the login name, if any."""

    sender: ClassVar[str] = SENDER
    user: ClassVar[str] = ""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return own_filter()

    def by_milter(self, message: bytes) -> bytes:
        """What an MTA makes of the answer."""
        shown = mta.show(message)
        counts: Counter[bytes] = Counter()
        removed, inserted = set(), []
        for code, payload in self.told(shown):
            name, value = payload[4:].split(b"\0")[:2]
            at = int.from_bytes(payload[:4])
            self.assertIn((code, bool(value)), (("m", False), ("i", True)), payload)
            if code == "m":
                removed.add((name.lower(), at))
            else:
                self.assertEqual(at, 1)
                inserted.append((name, value))
        kept = []
        for name, value in shown.fields:
            counts[name.lower()] += 1
            if (name.lower(), counts[name.lower()]) not in removed:
                kept.append((name, value))
        return mta.Shown((*reversed(inserted), *kept), shown.body).octets

    def told(self, shown: mta.Shown) -> list[tuple[str, bytes]]:
        """The changes that the filter wants."""
        session = mta.Session(self.filter.milter, address=CLIENT, hostname=HELO, helo=HELO)
        login = {"auth_authen": self.user} if self.user else {}
        session.macros(b"M", mail_addr=self.sender, **login)
        session.command(b"M", b"<%b>" % self.sender.encode())
        session.macros(b"R", i="4F5", rcpt_addr=RECIPIENT)
        session.command(b"R", b"<%b>" % RECIPIENT.encode())
        session.macros(b"T", i="4F5")
        session.command(b"T")
        session.content(shown)
        answer = session.end()
        session.quit()
        return answer.changes

    def reply(self, message: bytes) -> dict[str, Any]:
        """What the reply by HTTP says of the message."""
        connection = scan_client.Connection(self.filter.http)
        self.addCleanup(connection.close)
        fields = [("From", self.sender), ("Rcpt", RECIPIENT), ("IP", CLIENT), ("Helo", HELO)]
        fields += [("Hostname", HELO)] + ([("User", self.user)] if self.user else [])
        return dict(connection.scan(scan_client.with_length(message, fields)))

    def by_mailfilterc(self, message: bytes) -> bytes:
        """What the client makes of the reply, as a filter in front of a mailbox."""
        words = ["-h", f"127.0.0.1:{self.filter.http}", "-t", "60", "--mime", "-i", CLIENT]
        words += ["-F", self.sender, "-r", RECIPIENT, "--helo", HELO, "--hostname", HELO]
        words += ["-u", self.user] if self.user else []
        ran = mailfilterc(*words, message=message)
        self.assertEqual(ran.code, 0, ran)
        return ran.out


class ResultsTests(ProtocolCase):
    """A message that others have signed."""

    def check_fields(self, message: bytes) -> bytes:
        """There is one field of ours, and that of others; the one of ours."""
        ours, others = fields_of(message, FIELD.lower().encode())
        self.assertEqual(others, OTHER.strip())
        return ours.partition(b":")[2].strip().replace(b"\r\n", b"\n")

    def test_same(self) -> None:
        """The same value by all, which authres reads."""
        message = signed_by_peer(from_author(SENDER), "rsa", "relaxed/simple")
        reply = self.reply(message)
        told = reply["milter"]["add_headers"][FIELD]["value"]
        values = {
            self.check_fields(self.by_milter(message)).decode(),
            self.check_fields(self.by_mailfilterc(message)).decode(),
            told.replace("\r\n", "\n").strip(),
        }
        self.assertEqual(len(values), 1, values)
        found = authres.all_features().parse(f"{FIELD}: {told}")
        self.assertEqual(found.authserv_id, AUTHSERV)
        self.assertEqual(
            [f"{one.method}={one.result}" for one in found.results],
            ["spf=fail", "dkim=pass", "dmarc=pass", "arc=none"],
        )
        self.assertEqual(reply["milter"]["remove_headers"][FIELD], 1)


class SignatureTests(ProtocolCase):
    """A user of ours sends."""

    sender = user = f"carol@{DOMAIN}"

    def test_milter(self) -> None:
        self.assertEqual(verified(self.by_milter(from_author(self.user))), BOTH)

    def test_http(self) -> None:
        """The reply has the values, for those who put them on top."""
        message = from_author(self.user)
        values = self.reply(message)["dkim-signature"]
        fields = [f"DKIM-Signature: {value}\n" for value in values]
        top = "".join(fields).replace("\r\n", "\n").replace("\n", "\r\n").encode()
        self.assertEqual(verified(top + message.removeprefix(FORGED)), BOTH)

    def test_mailfilterc(self) -> None:
        self.assertEqual(verified(self.by_mailfilterc(from_author(self.user))), BOTH)
