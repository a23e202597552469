"""What a milter session must answer, as a table, and random streams of events to ask it with."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from .milter_mta import frame, macros

FOLLOWS = {
    "R": "MR",
    "T": "MR",
    "L": "MRTL",
    "N": "MRTL",
    "B": "MRTLNB",
    "E": "MRTLNB",
}
"""For events of a message, those that may come right before (milter.md 7)."""
IN_MESSAGE = "MRTLNB"
CODES = "OCHMRTLNBEUADK"


@dataclass(slots=True)
class Message:
    """What came of one message so far."""

    sender: bytes
    recipients: list[bytes] = field(default_factory=list)
    head: bytes = b""
    body: bytes = b""
    has_blank_line: bool = False

    @property
    def raw(self) -> bytes:
        """The whole message; of one without anything nothing is left."""
        if not self.head and not self.body:
            return b""
        return self.head + b"\r\n" + self.body


@dataclass(slots=True)
class Model:
    """A session under version 6 without agreed bits, by the rule of libmilter: what does not fit
    ends the message and has no reply. But the end of no message closes, since an MTA waits for an
    answer to it. Numbers tell what came with which event."""

    state: str = ""
    message: Message | None = None
    is_closed: bool = False

    def take(self, code: str, number: int) -> Message | str | None:
        """The reply's code, if any, or a message that is complete; None closes."""
        if code == "D":
            return ""
        if code == "O":
            reply = "" if self.state else "O"
            self.state = self.state or "O"
            return reply
        if code in "AK":
            self.message = None
            if self.state:
                self.state = "O" if code == "K" or self.state == "O" else "C"
            return ""
        if not self.state:
            return None
        if code == "U":
            return "c"
        return self._go_on(code, number)

    def _go_on(self, code: str, number: int) -> Message | str | None:
        before, fits = self.state, self.state in FOLLOWS.get(code, self.state)
        if code == "E" and not fits:
            return None
        if code == "C":
            fits = self.state == "O"
        if not fits or code in "CHM":
            self.message = None
            self.state = "C" if before in IN_MESSAGE else before
        if not fits:
            return ""
        self.state = "C" if code in "HE" else code
        if code == "M":
            self.message = Message(b"<%d>" % number)
        elif self.message is not None:
            return self._collect(self.message, code, number)
        return "c"

    def _collect(self, message: Message, code: str, number: int) -> Message | str:
        if code == "R":
            message.recipients.append(b"<%d>" % number)
        elif code == "L":
            message.head += b"X: %d\r\n" % number
        elif code in "BE":
            message.body += b"%d;" % number
        if code == "E":
            self.message = None
            return message
        return "c"


def numbered(code: str, number: int) -> bytes:
    """A frame that says which one it is."""
    text = b"%d" % number
    payloads = {
        "O": b"\0\0\0\6\0\0\1\xff\0\0\0\0",
        "C": b"h\0004\0\x19192.0.2.%d\0" % (number % 250),
        "H": text + b"\0",
        "M": b"<" + text + b">\0",
        "R": b"<" + text + b">\0",
        "L": b"X\0" + text + b"\0",
        "B": text + b";",
        "E": text + b";",
        "U": b"XYZZY\0",
    }
    if code == "D":
        return macros("CHMRTLNBEXU"[number % 11], "i", str(number))
    return frame(code, payloads.get(code, b""))


ordinary = "MRTLNBE"
sequences: st.SearchStrategy[str] = st.lists(
    st.one_of(
        st.sampled_from([ordinary, "MRRTLLNBBE", "MRE", "MR", "MRTLNB", "CH", "A", "K", "ME"]),
        st.text(CODES, max_size=4),
    ),
    max_size=12,
).map("".join)
"""Codes of events: messages as they should be, parts of some, and anything."""


def stream(codes: Sequence[str]) -> list[bytes]:
    """The frames of a session of these events."""
    return [numbered(code, number) for number, code in enumerate(codes)]
