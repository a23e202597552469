"""The MTA's side of milter for tests: recorded sessions, and frames made to order."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from struct import pack

RECORDINGS = Path(__file__).parent.parent / "data" / "milter" / "captures.json"

ALL_EDITS = 0x1FF
ALL_STEPS = 0x1FFFFF
NO_REPLY = {
    "C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000, "U": 0x20000,
    "L": 0x80, "N": 0x40000, "B": 0x80000,
}  # fmt: skip
"""The bit by which an event has no reply, by the event's code (milter.md 3.2)."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded session: (direction, name, whole frame) in order of time."""

    title: str
    frames: tuple[tuple[str, str, bytes], ...]

    @property
    def mta(self) -> bytes:
        """All that the MTA sent."""
        return b"".join(frame for side, _, frame in self.frames if side == "mta")

    def names(self) -> list[str]:
        """The names of the MTA's frames."""
        return [name for side, name, _ in self.frames if side == "mta"]


@cache
def recordings() -> dict[str, Recording]:
    """All recorded sessions by title."""
    captures = json.loads(RECORDINGS.read_text())["captures"]
    return {
        capture["title"]: Recording(
            capture["title"],
            tuple((side, name, _filled(text)) for side, name, text in capture["frames"]),
        )
        for capture in captures
    }


def _filled(text: str) -> bytes:
    """Long body frames were cut when they were recorded: fill them up."""
    data = bytes.fromhex(text)
    return data.ljust(4 + int.from_bytes(data[:4], "big"), b"y")


def frame(code: str, payload: bytes = b"") -> bytes:
    """One frame."""
    return pack(">IB", len(payload) + 1, ord(code)) + payload


def frames(data: bytes) -> list[tuple[str, bytes]]:
    """Cut replies into (code, payload); fail on what is left over."""
    found = []
    while data:
        length = int.from_bytes(data[:4], "big")
        assert 1 <= length <= len(data) - 4, data
        found.append((chr(data[4]), data[5 : 4 + length]))
        data = data[4 + length :]
    return found


def offer(version: int = 6, edits: int = ALL_EDITS, steps: int = ALL_STEPS) -> bytes:
    """The negotiation."""
    return frame("O", pack(">III", version, edits, steps))


def macros(stage: str, *pairs: str) -> bytes:
    """Macros: names and values in turn."""
    return frame("D", stage.encode() + b"".join(text.encode() + b"\0" for text in pairs))


def connect(hostname: str = "mail.example.net", address: str = "192.0.2.7") -> bytes:
    """An SMTP client over IPv4 or IPv6."""
    family = b"6" if ":" in address else b"4"
    return frame(
        "C", hostname.encode() + b"\0" + family + pack(">H", 2525) + address.encode() + b"\0"
    )


def helo(name: str = "client.example.net") -> bytes:
    """HELO."""
    return frame("H", name.encode() + b"\0")


def mail(*strings: str) -> bytes:
    """MAIL FROM."""
    return frame("M", b"".join(text.encode() + b"\0" for text in strings or ("<a@example.org>",)))


def rcpt(*strings: str) -> bytes:
    """RCPT TO."""
    return frame("R", b"".join(text.encode() + b"\0" for text in strings or ("<b@example.net>",)))


def header(name: str, value: str) -> bytes:
    """A header field as the wire has it."""
    return frame("L", name.encode() + b"\0" + value.encode() + b"\0")


def message(*body: bytes) -> list[bytes]:
    """The frames of one small message, from MAIL to the end."""
    return [
        mail(),
        rcpt(),
        frame("T"),
        header("From", " a@example.org"),
        header("Subject", " hello"),
        frame("N"),
        *(frame("B", chunk) for chunk in body or (b"Hello.\r\n",)),
        frame("E"),
    ]


MESSAGE = b"From: a@example.org\r\nSubject: hello\r\n\r\nHello.\r\n"
"""What `message` amounts to."""
