"""A milter client that does what Postfix does; frames are built here, not by the filter's codec."""

import struct
from dataclasses import dataclass

from .dial import Address, Progress, dial

OFFER = (6, 0x1FF, 0x1FFFFF)
"""What Postfix offers: version, actions, steps (milter.md 3)."""
OLD_OFFER = (2, 0x3F, 0x7F)
"""What MTAs of old offer: every event gets its reply."""
DATA_VERSION = 4
"""The first version that tells of DATA."""

NO_EVENT = {"C": 0x1, "H": 0x2, "M": 0x4, "R": 0x8, "B": 0x10, "L": 0x20, "N": 0x40, "T": 0x200}
"""Bits by which the filter asks not to be told of an event."""
NO_REPLY = {
    "C": 0x1000,
    "H": 0x2000,
    "M": 0x4000,
    "R": 0x8000,
    "T": 0x10000,
    "L": 0x80,
    "N": 0x40000,
    "B": 0x80000,
}
"""Bits by which the filter says that it will not answer an event."""
LEADING_SPACE = 0x100000

CHUNK = 65535
"""Octets of a body in one frame."""

FINAL = frozenset(b"cartdy4fs")
"""Replies that end an event; what else comes is a change of the message or a sign of life."""


def frame(code: str, payload: bytes = b"") -> bytes:
    """One frame."""
    return struct.pack(">IB", len(payload) + 1, ord(code)) + payload


def macros(code: str, *pairs: str) -> bytes:
    """The macros for an event, as name, value, name, value, ..."""
    return frame("D", code.encode() + b"".join(text.encode() + b"\0" for text in pairs))


def fields_of(head: bytes, keep_space: bool) -> list[bytes]:
    """The payloads of the header events: name and value, folds kept, with LF line ends."""
    unfolded: list[bytes] = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and unfolded:
            unfolded[-1] += b"\n" + line
        elif line:
            unfolded.append(line)
    payloads = []
    for field in unfolded:
        name, _, value = field.partition(b":")
        if not keep_space:
            value = value.removeprefix(b" ")
        # A NUL ends a string in this protocol; MTAs drop those of a message.
        payloads.append(b"%b\0%b\0" % (name.replace(b"\0", b""), value.replace(b"\0", b"")))
    return payloads


@dataclass(frozen=True, slots=True)
class Step:
    """Octets to send, and whether to wait for a reply after them."""

    data: bytes
    is_answered: bool


class Script:
    """The events of a message for a filter that answered the offer with these steps."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.pending = bytearray()
        self.done: list[Step] = []

    def event(self, code: str, payload: bytes = b"", *pairs: str) -> None:
        """Add an event with its macros; events without reply are sent together with the next."""
        if pairs:
            self.pending += macros(code, *pairs)
        if self.steps & NO_EVENT.get(code, 0):
            return
        self.pending += frame(code, payload)
        if not self.steps & NO_REPLY.get(code, 0):
            self.flush(is_answered=True)

    def flush(self, is_answered: bool) -> None:
        """End a step."""
        if self.pending:
            self.done.append(Step(bytes(self.pending), is_answered))
        self.pending = bytearray()


def connect_script(steps: int) -> list[Step]:
    """The events before the first message of a connection."""
    script = Script(steps)
    address = b"mail.example.net\0004" + struct.pack(">H", 40000) + b"192.0.2.10\0"
    known = ("j", "mx.example.org", "{daemon_name}", "mx.example.org", "v", "Postfix 3.7.11")
    script.event("C", address, *known, "_", "mail.example.net [192.0.2.10]")
    tls = ("{tls_version}", "TLSv1.3", "{cipher}", "TLS_AES_256_GCM_SHA384", "{cipher_bits}", "256")
    script.event("H", b"mail.example.net\0", *tls)
    script.flush(is_answered=False)
    return script.done


def message_script(raw: bytes, steps: int) -> list[Step]:
    """The events of one message."""
    head, _, body = raw.partition(b"\r\n\r\n")
    queue_id = ("i", "4BENCH0001")
    script = Script(steps)
    sender = ("{mail_addr}", "alice@example.net", "{mail_host}", "example.net")
    script.event("M", b"<alice@example.net>\0SIZE=%d\0" % len(raw), *sender)
    script.event("R", b"<bob@example.org>\0", "{rcpt_addr}", "bob@example.org")
    script.event("T", b"", *queue_id)
    for field in fields_of(head, bool(steps & LEADING_SPACE)):
        script.event("L", field, *queue_id)
    script.event("N", b"", *queue_id)
    for start in range(0, len(body), CHUNK):
        script.event("B", body[start : start + CHUNK], *queue_id)
    script.event("E", b"", *queue_id)
    return script.done


class Connection:
    """One connection to the filter.

    Methods raise OSError when the filter is gone and ValueError when it answers nonsense.
    """

    is_last = False
    """A filter does not say in this protocol that a connection ends."""

    def __init__(self, address: Address, offer: tuple[int, int, int] = OFFER) -> None:
        self.sock = dial(address)
        self.stream = self.sock.makefile("rb")
        self.progress = Progress()
        self.is_new = True
        self.sock.sendall(frame("O", struct.pack(">III", *offer)))
        code, payload = self.read()
        if code != ord("O") or len(payload) < 12:
            raise ValueError("no negotiation")
        version, _, self.steps = struct.unpack(">III", payload[:12])
        if version < DATA_VERSION:
            self.steps |= NO_EVENT["T"]
        self.play(connect_script(self.steps))

    def prepare(self, raw: bytes) -> list[Step]:
        """The events of a message, for this connection or another of the same filter."""
        return message_script(raw, self.steps)

    def scan(self, script: list[Step]) -> None:
        """Send a message and wait for what becomes of it."""
        self.progress.begin()
        if not self.is_new:
            # What Postfix sends between two messages.
            self.sock.sendall(frame("A"))
        self.is_new = False
        self.play(script)

    def play(self, script: list[Step]) -> None:
        """Send the events, each after the reply to the one before.

        A reply that settles the message ends it early, as it does in an MTA.
        """
        for step in script:
            self.sock.sendall(step.data)
            self.progress.is_answering = False
            if step is script[-1]:
                self.progress.sent()
            if step.is_answered and self.reply() not in b"cs":
                break

    def reply(self) -> int:
        """The code of the reply that ends an event."""
        while True:
            code, _ = self.read()
            if code in FINAL:
                return code

    def read(self) -> tuple[int, bytes]:
        """One frame of the filter: code and payload."""
        head = self.stream.read(5)
        self.progress.is_answering |= bool(head)
        if len(head) < 5:
            raise ConnectionError("the filter closed the connection")
        length, code = struct.unpack(">IB", head)
        payload = self.stream.read(length - 1)
        if len(payload) < length - 1:
            raise ConnectionError("the filter closed the connection in a reply")
        return code, payload

    def close(self) -> None:
        """Say goodbye and close."""
        self.sock.sendall(frame("A") + frame("Q"))
        self.stream.close()
        self.sock.close()
