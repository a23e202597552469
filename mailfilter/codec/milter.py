"""The milter wire protocol, reading side: bytes of the MTA in, events out, no I/O (milter.md 1, 2).

`milter_replies` holds the other direction, `milter_session` the rules between events.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntFlag
from struct import Struct

MAX_FRAME = 2**20
"""Octets of a frame after its length. Above the 64 KiB of libmilter: Postfix sends one header field
of up to its header_size_limit in one frame (milter.md 1)."""

MAX_STRINGS = 512
"""Strings read of one frame: ESMTP arguments, macro names and values. More are left out."""

MAX_MACROS = 64 * 1024
"""Octets read of the macros of one event, the classic limit of a frame. More are left out."""

_HEAD = Struct(">IB")
_OFFER = Struct(">III")
_LENGTH_SIZE = 4


class Edits(IntFlag):
    """What a filter may do to a message (SMFIF_*, milter.md 3.1)."""

    ADD_HEADER = 0x01
    CHANGE_BODY = 0x02
    ADD_RECIPIENT = 0x04
    REMOVE_RECIPIENT = 0x08
    CHANGE_HEADER = 0x10
    QUARANTINE = 0x20
    CHANGE_SENDER = 0x40
    SET_MACROS = 0x100


class Steps(IntFlag):
    """How the events go (SMFIP_*, milter.md 3.2): NR is "no reply to this event"."""

    NR_HEADER = 0x80
    NR_CONNECT = 0x1000
    NR_HELO = 0x2000
    NR_MAIL = 0x4000
    NR_RCPT = 0x8000
    NR_DATA = 0x10000
    NR_UNKNOWN = 0x20000
    NR_END_OF_HEADERS = 0x40000
    NR_BODY = 0x80000
    LEADING_SPACE = 0x100000
    """Header values come and go with the blanks after the colon."""


@dataclass(frozen=True, slots=True)
class Negotiate:
    """What the MTA offers."""

    version: int
    actions: int
    steps: int


@dataclass(frozen=True, slots=True)
class Macros:
    """Macros for one stage; `stage` is the command code of the event they belong to."""

    stage: bytes
    pairs: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Connect:
    """The SMTP client; `family` is 4, 6, L (unix socket) or U (unknown, no address)."""

    hostname: bytes
    family: bytes
    port: int
    address: bytes


@dataclass(frozen=True, slots=True)
class Helo:
    """HELO or EHLO."""

    name: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """MAIL FROM: address with its angle brackets, ESMTP arguments."""

    address: bytes
    args: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Rcpt:
    """RCPT TO: address with its angle brackets, ESMTP arguments."""

    address: bytes
    args: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Data:
    """DATA."""


@dataclass(frozen=True, slots=True)
class HeaderField:
    """One header field, folds as LF."""

    name: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class EndOfHeaders:
    """The blank line."""


@dataclass(frozen=True, slots=True)
class Body:
    """A piece of the body."""

    data: bytes


@dataclass(frozen=True, slots=True)
class EndOfMessage:
    """End of the message, perhaps with the last piece of its body."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Unknown:
    """An SMTP command that the MTA does not know."""

    command: bytes


@dataclass(frozen=True, slots=True)
class Abort:
    """The message is given up."""


@dataclass(frozen=True, slots=True)
class Quit:
    """The MTA closes."""


@dataclass(frozen=True, slots=True)
class QuitNew:
    """The SMTP connection has ended, another follows on this socket."""


@dataclass(frozen=True, slots=True)
class ProtocolError:
    """The peer does not speak milter; nothing after it can be read."""

    reason: str


Event = (
    Negotiate
    | Macros
    | Connect
    | Helo
    | Mail
    | Rcpt
    | Data
    | HeaderField
    | EndOfHeaders
    | Body
    | EndOfMessage
    | Unknown
    | Abort
    | Quit
    | QuitNew
    | ProtocolError
)


class MilterReader:
    """Cuts the byte stream of an MTA into events.

    Keeps at most one incomplete frame. After a `ProtocolError` it gives nothing more.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        # Octets that must be there before looking again: keeps drips of one octet linear.
        self._needed = 0
        self._is_broken = False
        self._last_payload = b""
        self._last_macros: Event = Macros(b"", ())

    def receive(self, data: bytes) -> list[Event]:
        """Take what came in, return the events that it completes."""
        if self._is_broken:
            return []
        if self._pending:
            self._pending += data
            if len(self._pending) < self._needed:
                return []
            data = bytes(self._pending)
        events: list[Event] = []
        used = self._cut(data, events)
        self._pending = bytearray() if self._is_broken else bytearray(data[used:])
        return events

    def _cut(self, data: bytes, events: list[Event]) -> int:
        """Append the events of all complete frames, return how many octets they took."""
        at = 0
        size = len(data)
        while size - at > _LENGTH_SIZE:
            length, code = _HEAD.unpack_from(data, at)
            if not 1 <= length <= MAX_FRAME:
                break
            end = at + _LENGTH_SIZE + length
            if end > size:
                self._needed = length + _LENGTH_SIZE
                return at
            decode = _DECODERS.get(code)
            if decode is None:
                return self._fail(f"unknown command {code:#04x}", events)
            payload = data[at + _HEAD.size : end]
            event = self._macros(payload) if decode is _macros else decode(payload)
            events.append(event)
            if type(event) is ProtocolError:
                self._is_broken = True
                return at
            at = end
        self._needed = _LENGTH_SIZE
        if size - at >= _LENGTH_SIZE:
            length = int.from_bytes(data[at : at + _LENGTH_SIZE], "big")
            if not 1 <= length <= MAX_FRAME:
                return self._fail(f"frame of {length} octets", events)
            self._needed += length
        return at

    def _macros(self, payload: bytes) -> Event:
        """Postfix sends the same macros before each header field: decode them once."""
        if payload != self._last_payload:
            self._last_payload = payload[:MAX_MACROS]
            self._last_macros = _macros(payload)
        return self._last_macros

    def _fail(self, reason: str, events: list[Event]) -> int:
        self._is_broken = True
        events.append(ProtocolError(reason))
        return 0


def _negotiate(payload: bytes) -> Event:
    if len(payload) < _OFFER.size:
        return ProtocolError("short negotiation")
    return Negotiate(*_OFFER.unpack_from(payload))


def _macros(payload: bytes) -> Event:
    """Whatever is odd in a macro packet is left out, never refused: macros are only hints."""
    strings = payload[1:MAX_MACROS].split(b"\0", MAX_STRINGS)
    if len(payload) > MAX_MACROS:
        # A part of a value is another value.
        strings.pop()
    names, values = strings[:MAX_STRINGS:2], strings[1:MAX_STRINGS:2]
    return Macros(payload[:1], tuple(zip(names, values, strict=False)))


def _connect(payload: bytes) -> Event:
    hostname, end, rest = payload.partition(b"\0")
    if not end or not rest:
        return ProtocolError("truncated connect")
    family = rest[:1]
    if family not in (b"4", b"6", b"L"):
        return Connect(hostname, b"U", 0, b"")
    address, end, _ = rest[3:].partition(b"\0")
    if not end:
        return ProtocolError("truncated connect")
    return Connect(hostname, family, int.from_bytes(rest[1:3], "big"), address)


def _helo(payload: bytes) -> Event:
    name, end, _ = payload.partition(b"\0")
    return Helo(name) if end else ProtocolError("truncated helo")


def _mail(payload: bytes) -> Event:
    if payload[-1:] != b"\0":
        return ProtocolError("truncated mail")
    address, *args = payload[:-1].split(b"\0", MAX_STRINGS)[:MAX_STRINGS]
    return Mail(address, tuple(args))


def _rcpt(payload: bytes) -> Event:
    if payload[-1:] != b"\0":
        return ProtocolError("truncated rcpt")
    address, *args = payload[:-1].split(b"\0", MAX_STRINGS)[:MAX_STRINGS]
    return Rcpt(address, tuple(args))


def _header(payload: bytes) -> Event:
    name, end, value = payload.partition(b"\0")
    if not end or value[-1:] != b"\0":
        return ProtocolError("truncated header")
    # No MTA can send a NUL inside: as libmilter, the value ends at the first.
    return HeaderField(name, value[: value.index(b"\0")])


def _unknown(payload: bytes) -> Event:
    command, end, _ = payload.partition(b"\0")
    return Unknown(command) if end else ProtocolError("truncated unknown command")


_DATA, _END_OF_HEADERS = Data(), EndOfHeaders()
_ABORT, _QUIT, _QUIT_NEW = Abort(), Quit(), QuitNew()

_DECODERS: dict[int, Callable[[bytes], Event]] = {
    ord("O"): _negotiate,
    ord("D"): _macros,
    ord("C"): _connect,
    ord("H"): _helo,
    ord("M"): _mail,
    ord("R"): _rcpt,
    ord("T"): lambda _: _DATA,
    ord("L"): _header,
    ord("N"): lambda _: _END_OF_HEADERS,
    ord("B"): Body,
    ord("E"): EndOfMessage,
    ord("U"): _unknown,
    ord("A"): lambda _: _ABORT,
    ord("Q"): lambda _: _QUIT,
    ord("K"): lambda _: _QUIT_NEW,
}
