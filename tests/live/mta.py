"""The MTA's side of a milter session, blocking and plain, written apart from the filter's own.

It shows the filter a message as Postfix does (milter.md 2 and 5): header fields one by one with
folds as LF, the body in chunks, no field for what is no field.
"""

import re
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .scan_client import connected

CHUNK = 65535
ALL_ACTIONS = 0x1FF
ALL_STEPS = 0x1FFFFF
LEADING_SPACE = 0x100000
NO_REPLY = {
    b"C": 0x1000,
    b"H": 0x2000,
    b"M": 0x4000,
    b"R": 0x8000,
    b"T": 0x10000,
    b"L": 0x80,
    b"N": 0x40000,
    b"B": 0x80000,
}
FINAL = frozenset(b"acrtdy")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as an MTA shows it."""

    fields: tuple[tuple[bytes, bytes], ...]
    """Names, and values as they stand after the colon, folds as LF."""
    body: bytes

    @property
    def octets(self) -> bytes:
        """The message made of these parts: what the MTA's users get, and what we scan.

        Without any part it is empty, and has no blank line either.
        """
        if not self.fields and not self.body:
            return b""
        head = b"".join(name + b":" + value + b"\n" for name, value in self.fields)
        return head.replace(b"\n", b"\r\n") + b"\r\n" + self.body


@dataclass(slots=True)
class Answer:
    """What the filter said at the end of a message: its final reply, and its changes before."""

    code: str
    text: bytes
    changes: list[tuple[str, bytes]] = field(default_factory=list)


def show(message: bytes) -> Shown:
    """Take a message apart as an MTA does: any line ends, NULs in the header dropped."""
    text = message.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = text.split(b"\n")
    end = next((at for at, line in enumerate(lines) if not _in_head(line, at)), len(lines))
    fields: list[tuple[bytes, bytes]] = []
    for line in lines[:end]:
        clean = line.replace(b"\0", b"")
        if match := _FIELD.fullmatch(clean):
            fields.append((match[1], match[2]))
        else:
            name, value = fields[-1]
            fields[-1] = (name, value + b"\n" + clean)
    rest = lines[end:]
    body = b"\r\n".join(rest[1:] if rest[:1] == [b""] else rest)
    return Shown(tuple(fields), body if not body or body.endswith(b"\r\n") else body + b"\r\n")


def _in_head(line: bytes, at: int) -> bool:
    if at and line[:1] in (b" ", b"\t"):
        return True
    return _FIELD.fullmatch(line.replace(b"\0", b"")) is not None


class Session:
    """A milter session, perhaps on a connection that is there.

    `patience` is the timeout of each read in seconds.
    """

    def __init__(
        self,
        port: int | socket.socket,
        *,
        address: str = "192.0.2.17",
        hostname: str = "client.example.net",
        helo: str = "client.example.net",
        patience: float = 30.0,
    ) -> None:
        self.socket = connected(port, patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._in = self.socket.makefile("rb")
        self.write(negotiation())
        answer = self.read()
        assert answer[:1] == b"O", answer
        self._steps = struct.unpack(">I", answer[9:13])[0]
        self.macros(b"C", j="mx.live.test", v="Postfix 3.7.11")
        family = b"4" + struct.pack(">H", 25) + address.encode()
        self.command(b"C", hostname.encode(), raw=family + b"\0")
        self.command(b"H", helo.encode())

    def send(
        self,
        message: Shown,
        queue_id: str,
        sender: str = "alice@example.org",
        recipients: Sequence[str] = ("bob@box.test",),
    ) -> Answer:
        """Show a message; the answer to its end."""
        self.envelope(sender, recipients, queue_id)
        self.content(message)
        return self.end()

    def envelope(self, sender: str, recipients: Sequence[str], queue_id: str) -> None:
        """Sender, recipients and the start of the data."""
        self.macros(b"M", mail_addr=sender)
        self.command(b"M", b"<%b>" % sender.encode())
        for recipient in recipients:
            self.macros(b"R", i=queue_id, rcpt_addr=recipient)
            self.command(b"R", b"<%b>" % recipient.encode())
        self.macros(b"T", i=queue_id)
        self.command(b"T")

    def content(self, message: Shown) -> None:
        """Header and body, without the end."""
        for name, value in message.fields:
            if not self._steps & LEADING_SPACE:
                value = value.removeprefix(b" ")
            self.command(b"L", name, value)
        self.command(b"N")
        for start in range(0, len(message.body), CHUNK):
            self.command(b"B", raw=message.body[start : start + CHUNK])

    def end(self) -> Answer:
        """Say that the message is complete; wait for the final reply."""
        self.command(b"E")
        changes: list[tuple[str, bytes]] = []
        for frame in self.replies():
            code, payload = chr(frame[0]), frame[1:]
            if frame[0] in FINAL:
                return Answer(code, payload, changes)
            if code != "p":
                changes.append((code, payload))
        raise AssertionError("the filter hung up without a final reply")

    def macros(self, stage: bytes, **values: str) -> None:
        """Define macros for the command that follows."""
        names = {name: name if len(name) == 1 else f"{{{name}}}" for name in values}
        pairs = "".join(f"{names[name]}\0{value}\0" for name, value in values.items())
        self.write(frame(b"D", stage + pairs.encode()))

    def command(self, code: bytes, *strings: bytes, raw: bytes = b"") -> None:
        """Send a command, and read its reply if one was agreed on."""
        self.write(frame(code, b"".join(text + b"\0" for text in strings) + raw))
        if code in NO_REPLY and not self._steps & NO_REPLY[code]:
            answer = self.read()
            assert answer == b"c", (code, answer)

    def quit(self) -> None:
        """End the session."""
        self.write(frame(b"A"))
        self.write(frame(b"Q"))
        self.close()

    def close(self) -> None:
        """Hang up without a word."""
        self._in.close()
        self.socket.close()

    def write(self, octets: bytes) -> None:
        """Send octets as they are."""
        self.socket.sendall(octets)

    def replies(self) -> Iterator[bytes]:
        """Frames until the filter hangs up."""
        while reply := self.read():
            yield reply

    def read(self) -> bytes:
        """One frame without its length; empty when the filter has hung up."""
        head = self._in.read(4)
        if len(head) < 4:
            return b""
        return self._in.read(struct.unpack(">I", head)[0])


def negotiation() -> bytes:
    """The first frame of a session: everything is offered."""
    return frame(b"O", struct.pack(">III", 6, ALL_ACTIONS, ALL_STEPS))


def frame(code: bytes, payload: bytes = b"") -> bytes:
    """A frame: length, code, payload."""
    return struct.pack(">I", 1 + len(payload)) + code + payload
