"""Messages of every shape: what is scanned is what Sendmail delivers, with and without a filter."""

from .delivered import OWN_FIELDS
from .harness import SENDER, Reply
from .sendmail import DOCUMENTED
from .sendmail_case import SendmailCase
from .shapes import BARE_DOTS, BODY, DATED, LARGE, SHAPES, SMUGGLED
from .smtp import Client
from .told import told

ALL_SHAPES = {
    **SHAPES,
    "octets-in-line": DATED + b"\r\n" + bytes(set(range(256)) - set(b"\r\n")) * 3 + b"\r\n",
    "nul-in-header": DATED + b"X-Nul: a\0b\r\n" + BODY,
    "return-path": b"Return-Path: <r@example.org>\r\n" + DATED + BODY,
}
REFUSED = frozenset({"bare-lf", "bare-cr", "all-octets", "header-bare-lf"})
"""Sendmail ends the session at a bare CR or LF: 421."""
NOT_SCANNED = frozenset({"nothing"})
"""Neither header nor body: there is nothing to scan."""
LINE = 2303
"""Octets of one line of a header that Sendmail delivers; the filter is shown the rest too."""
OF_SENDMAIL = (b"received:", b"return-path:")
MADE = (b"date:", b"from:", b"message-id:")
"""What Sendmail adds to a message that lacks it, after the filter has seen it."""

Parts = tuple[list[bytes], bytes]


class SendmailShapeTests(SendmailCase):
    """Every shape over every port."""

    def tell(self, service: str, shape: str) -> str:
        """Who gets a message."""
        return f"tell-sm-{service}-{shape}@sink.test"

    def hand_in(self, service: str, shape: str, message: bytes) -> Reply:
        """Send a message in a session of its own."""
        with Client(self.sendmail.ports[service], stranger=False) as client:
            client.envelope(SENDER, self.tell(service, shape))
            return client.data_octets(message)

    def hand_in_all(self, service: str) -> dict[str, int]:
        """Send all shapes; the code of each reply."""
        return {
            shape: self.hand_in(service, shape, message).code
            for shape, message in ALL_SHAPES.items()
        }

    def arrived(self, service: str, shape: str) -> Parts:
        """What arrives of a message, without what Sendmail and the filter have put there."""
        (taken,) = self.sink.wait_to(self.tell(service, shape))
        fields, body = parts(taken.message)
        foreign = (*OF_SENDMAIL, *OWN_FIELDS)
        return [field for field in fields if not field.lower().startswith(foreign)], body

    def compare(self, service: str, shape: str) -> None:
        """Compare what arrived with what arrives without a filter, and with what was scanned."""
        what = f"{service}: {shape}"
        fields, body = self.arrived(service, shape)
        plain, plain_body = self.arrived("none", shape)
        self.assertTrue(body == plain_body, what)
        if shape in NOT_SCANNED:
            return
        seen, seen_body = parts(told(self.filter, self.tell(service, shape)).raw)
        seen = [field for field in seen if not field.lower().startswith(OF_SENDMAIL)]
        if not seen:
            self.assertEqual(names(fields), list(MADE), what)
            self.assertEqual(names(plain), list(MADE), what)
            fields = plain = []
        self.assertEqual(fields, plain, what)
        self.assertEqual(fields, [cut(field) for field in seen], what)
        self.assertTrue(body == seen_body, what)

    def test_shapes(self) -> None:
        """Over TCP and a unix socket, with and without F=T."""
        codes = self.hand_in_all("none")
        self.assertEqual({shape for shape, code in codes.items() if code == 421}, REFUSED)
        self.assertEqual(set(codes.values()), {250, 421})
        for service in (DOCUMENTED, "unix", "open"):
            self.assertEqual(self.hand_in_all(service), codes, service)
            for shape in sorted(ALL_SHAPES.keys() - REFUSED):
                self.compare(service, shape)

    def test_bare_dots(self) -> None:
        """Lines of one dot with other ends: refused, and nothing of them becomes a command."""
        for shape, message in BARE_DOTS.items():
            with Client(self.sendmail.ports[DOCUMENTED], stranger=False) as client:
                client.envelope(SENDER, self.tell(DOCUMENTED, shape))
                self.assertEqual(client.say("DATA").code, 354)
                client.send(message + b".\r\n")
                self.assertEqual(client.answer().code, 421, shape)
                client.vanish()
        self.wait_idle()
        self.assertEqual(self.sink.to(SMUGGLED), [])
        self.assertEqual(self.filter.records(self.mark), [])

    def test_large(self) -> None:
        """20 MB."""
        for service in ("none", DOCUMENTED):
            self.assertEqual(self.hand_in(service, "large", LARGE).code, 250)
        self.compare(DOCUMENTED, "large")


def parts(message: bytes) -> Parts:
    """The fields of a message, with folds, and its body."""
    if message.startswith(b"\r\n"):
        return [], message[2:]
    head, _, body = message.partition(b"\r\n\r\n")
    fields: list[bytes] = []
    for line in head.split(b"\r\n"):
        if line.startswith((b" ", b"\t")):
            fields[-1] += b"\r\n" + line
        else:
            fields.append(line)
    return fields, body


def cut(field: bytes) -> bytes:
    """What Sendmail delivers of a field."""
    return b"\r\n".join(line[:LINE] for line in field.split(b"\r\n"))


def names(fields: list[bytes]) -> list[bytes]:
    """The names of fields, with their colons."""
    return [field.partition(b":")[0].lower() + b":" for field in fields]
