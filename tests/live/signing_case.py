"""Base of tests in which mail that we sign, or verify, goes through an MTA."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import dkim  # type: ignore[import-untyped]

from . import shapes
from .harness import MtaCase, message_file
from .signed_odd import edited
from .signing import AUTHSERV, DOMAIN, PEER, dkimpy_key, fields_of, verified
from .sink import Sink
from .smtp import Client

BOTH = [True, True]
"""A signature of each of two keys verifies."""

MORE_SHAPES = {
    "names": shapes.DATED.replace(b"Subject:", b"SUBJECT :") + shapes.BODY,
    "two-subjects": shapes.DATED + b"Subject: another\r\n" + shapes.BODY,
    "spaces": shapes.DATED + b"X-A: 1\r\n\r\na \t b  \r\n\t\r\n \r\nend \r\n\r\n\r\n",
    "from-lines": shapes.DATED + b"\r\nFrom here\r\n\r\nFrom there\r\n>From x\r\n",
    "long-lines": shapes.DATED + b"\r\n" + 3 * (b"x" * 900 + b"\r\n"),
}
EDITS: Mapping[str, Sequence[tuple[str, str]]] = {
    "subject": [("Action", "rewrite subject"), ("Subject", "[spam] caf\u00e9, and what follows")],
    "header": [("Action", "add header")],
    "add": [("Add", "X-More: 1 @1"), ("Add", "Reply-To: x@example.org @-1")],
    "remove": [("Remove", "Subject @0"), ("Remove", "MIME-Version @1")],
    "change": [("Change", "Subject: another @1"), ("Change", "List-Id: <x.example.org> @1")],
    "body": [("Body", "another body")],
}
"""What `tests/live/checks/force.py` makes the filter do beside signing."""
UNSIGNABLE = frozenset(
    {"no-header", "nothing", "no-colon", "eight-bit-name", "begins-with-blank", "unix-from"}
)
"""Shapes whose header has no From, or lines that are no fields."""
FORGED = f"Authentication-Results: {AUTHSERV}; dkim=pass header.d=bank.test\r\n".encode()


def every_shape(author: str) -> dict[str, bytes]:
    """Messages of every shape, of one author."""
    every = {**shapes.SHAPES, **MORE_SHAPES}
    return {
        name: message.replace(b"a@example.org", author.encode()) for name, message in every.items()
    }


def signed_by_peer(message: bytes, selector: str, form: str) -> bytes:
    """A message with a signature of dkimpy, for `PEER`, in a form of header and body."""
    field = dkim.sign(
        message,
        selector.encode(),
        PEER.encode(),
        dkimpy_key(PEER, selector),
        canonicalize=tuple(form.encode().split(b"/")),
        include_headers=[b"from", b"to", b"subject", b"date", b"message-id", b"x-a", b"x-b"],
        signature_algorithm=b"ed25519-sha256" if selector == "ed" else b"rsa-sha256",
    )
    return bytes(field) + message


class SignedMailCase(MtaCase):
    """What is true with every MTA; `author` is a user that has logged in on `connect()`."""

    author: str
    sink: Sink
    out: str

    def connect(self, service: str = "") -> Client:
        """A session of the author, or with a service without logins of anybody."""
        raise NotImplementedError

    @property
    def ham(self) -> bytes:
        """An ordinary message of the author."""
        return message_file("ham.eml").replace(b"alice@example.org", self.author.encode())

    def hand_in(self, client: Client, message: bytes, *to: str, is_taken: bool = True) -> bool:
        """Send a message over a session; whether it is taken, which it must be by default."""
        client.envelope(self.author, *(to or (self.out,)))
        reply = client.data_octets(message)
        if is_taken:
            self.assertEqual(reply.code, 250, reply)
        return reply.code == 250

    def arrived(self, to: str = "") -> bytes:
        """What arrives at a recipient."""
        (taken,) = self.sink.wait_to(to or self.out)
        return taken.message

    def box_of(self, *words: str) -> str:
        """A recipient for one message of a test."""
        return "-".join([*words, self.out]).lower()

    def pass_all(
        self, service: str, messages: Mapping[str, bytes], label: str = ""
    ) -> dict[str, bytes]:
        """Send messages over one service; what arrives of those that are taken.

        With another label the same may be sent once more.
        """
        taken = []
        for name, message in messages.items():
            client = self.connect(service)
            with client:
                if self.hand_in(
                    client, message, self.box_of(label or service, name), is_taken=False
                ):
                    taken.append(name)
        return {name: self.arrived(self.box_of(label or service, name)) for name in taken}

    def found(self, to: str) -> dict[str, list[str]]:
        """The symbols of a message in the log, with their options."""
        record: dict[str, Any] = self.filter.wait_record(self.mark, recipients=[to])
        return {item["name"]: item.get("options", []) for item in record["symbols"]}


class SigningCases(SignedMailCase):
    """A user who has logged in sends mail, which two keys sign."""

    not_signed: ClassVar[frozenset[str]]
    """Shapes."""
    services: ClassVar[Sequence[str]]

    def test_shapes(self) -> None:
        """Both signatures verify, whatever the message is like."""
        every = every_shape(self.author)
        for service in self.services:
            for shape, arrived in self.pass_all(service, every).items():
                expected = [] if shape in self.not_signed else BOTH
                self.assertEqual(verified(arrived), expected, f"{service}: {shape}")

    def test_edits(self) -> None:
        """What the filter itself changes is signed as it leaves."""
        for service in self.services:
            wishes = {
                name: b"".join(f"X-Test-{field}: {value}\r\n".encode() for field, value in pairs)
                for name, pairs in EDITS.items()
            }
            messages = {name: wish + self.ham for name, wish in wishes.items()}
            arrived = self.pass_all(service, messages)
            self.assertEqual(arrived.keys(), EDITS.keys())
            for name, message in arrived.items():
                self.assertEqual(verified(message), BOTH, f"{service}: {name}")
            self.assertIn(b"[spam]", fields_of(arrived["subject"], b"subject")[0])
            self.assertTrue(arrived["body"].endswith(b"\r\n\r\nanother body\r\n"))

    def test_any_edits(self) -> None:
        """So it is, or not signed, whatever edits come together; here by chance."""
        for service in self.services:
            messages = {str(n): m for n, m in enumerate(edited(self.author, 40, seed=12))}
            arrived = self.pass_all(service, messages, f"any-{service}")
            self.assertEqual(arrived.keys(), messages.keys())
            for name, message in arrived.items():
                self.assertEqual(verified(message), BOTH, f"{service}: {messages[name]!r}")

    def test_recipients(self) -> None:
        """All get the same signatures."""
        boxes = [self.box_of(str(number)) for number in range(20)]
        with self.connect() as client:
            self.hand_in(client, self.ham, *boxes)
        for box in boxes:
            self.assertEqual(verified(self.arrived(box)), BOTH)

    def test_fields(self) -> None:
        """Those of signatures are right below the trace of the MTA, then the message follows."""
        with self.connect() as client:
            self.hand_in(client, b"X-First: 1\r\n" + self.ham)
        head = self.arrived().partition(b"X-First:")[0]
        self.assertTrue(head.startswith((b"Received:", b"Return-Path:")))
        self.assertEqual(len(fields_of(head, b"dkim-signature")), 2)
        self.assertIn(f"d={DOMAIN};".encode(), head)

    def test_not_signed(self) -> None:
        """Mail of others, and of whoever has not logged in."""
        with self.connect() as client:
            message = self.ham.replace(self.author.encode(), b"bob@example.net")
            self.hand_in(client, message, self.box_of("other"))
        with self.connect("in") as client:
            self.hand_in(client, self.ham, self.box_of("stranger"))
        for name in ("other", "stranger"):
            self.assertEqual(verified(self.arrived(self.box_of(name))), [], name)


class VerifyingCases(SignedMailCase):
    """Mail from outside that has passed the MTA before we see it."""

    broken: ClassVar[frozenset[str]]
    """Shapes that the MTA changes, or that dkimpy does not sign as others do."""

    def test_ours(self) -> None:
        """What we have signed comes back, and passes all."""
        with self.connect() as client:
            self.hand_in(client, self.ham, self.box_of("sent"))
        sent = self.arrived(self.box_of("sent"))
        self.assertEqual(verified(sent), BOTH)
        box = self.box_of("back")
        with self.connect("in") as client:
            self.hand_in(client, FORGED + sent, box)
        found = self.found(box)
        options = [f"{DOMAIN}:s=ed", f"{DOMAIN}:s=rsa"]
        self.assertEqual(sorted(found["R_DKIM_ALLOW"]), options)
        self.assertIn("DMARC_POLICY_ALLOW", found)
        (field,) = fields_of(self.arrived(box), b"authentication-results")
        self.assertEqual(field.count(b"dkim=pass"), 2)
        self.assertIn(b"dmarc=pass", field)
        self.assertNotIn(b"bank.test", field)

    def test_changed(self) -> None:
        """What somebody has changed does not."""
        with self.connect() as client:
            self.hand_in(client, self.ham, self.box_of("sent"))
        sent = self.arrived(self.box_of("sent"))
        changed = {
            "body": sent + b"more\r\n",
            "subject": b"Subject: another\r\n" + sent,
            "from": sent.replace(b"\r\nFrom: ", b"\r\nFrom: x "),
        }
        for name, message in changed.items():
            box = self.box_of(name)
            with self.connect("in") as client:
                self.hand_in(client, message, box)
            found = self.found(box)
            self.assertIn("R_DKIM_REJECT", found, name)
            self.assertNotIn("R_DKIM_ALLOW", found, name)
            self.assertIn("DMARC_POLICY_REJECT", found, (name, found))

    def test_shapes(self) -> None:
        """Signatures of a peer, by both algorithms and in both forms."""
        every = every_shape(f"bob@{PEER}")
        for selector, form in (("rsa", "simple/simple"), ("ed", "relaxed/relaxed")):
            sent = every.keys() - self.broken
            for shape in sent:
                # dkimpy signs no such names.
                message = every[shape].replace(b" :", b":")
                with self.connect("in") as client:
                    signed = signed_by_peer(message, selector, form)
                    self.hand_in(client, signed, self.box_of(selector, shape))
            found = {shape: self.found(self.box_of(selector, shape)) for shape in sent}
            wrong = {shape for shape in sent if "R_DKIM_ALLOW" not in found[shape]}
            self.assertEqual(wrong, set(), form)
