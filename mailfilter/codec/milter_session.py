"""The rules of a milter session between events and replies, no I/O (milter.md 3, 4, 5, 7).

A `Session` takes the events of one connection, says what to answer, and hands out each message as
a `Transaction` at its end.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from . import milter_replies as replies
from .milter import (
    Abort,
    Body,
    Connect,
    Data,
    EndOfHeaders,
    EndOfMessage,
    Event,
    HeaderField,
    Helo,
    Macros,
    Mail,
    Negotiate,
    ProtocolError,
    Quit,
    QuitNew,
    Rcpt,
    Steps,
    Unknown,
)
from .milter_agreement import VERSION, Agreement, agree, encode_agreement
from .milter_headers import repeats_head
from .milter_macros import MacroSets

MAX_ENVELOPE = 8 * 2**20
"""Octets of addresses and ESMTP arguments of one message: some 50,000 recipients."""

_NO_REPLY_STEPS: Mapping[type[Event], Steps] = {
    Connect: Steps.NR_CONNECT,
    Helo: Steps.NR_HELO,
    Mail: Steps.NR_MAIL,
    Rcpt: Steps.NR_RCPT,
    Data: Steps.NR_DATA,
    HeaderField: Steps.NR_HEADER,
    EndOfHeaders: Steps.NR_END_OF_HEADERS,
    Body: Steps.NR_BODY,
    Unknown: Steps.NR_UNKNOWN,
}

_NOT_OF_STALWART = frozenset((b"v", b"_", b"i"))
"""Macros that others send by default: names of themselves and the client, the queue id."""

_LOOSE_BREAK = re.compile(rb"\n(?![ \t])")
_BREAKS = bytes.maketrans(b"\r\n", b"  ")


@dataclass(frozen=True, slots=True)
class Transaction:
    """One message, complete, that waits for its final reply."""

    connect: Connect | None
    helo: bytes | None
    sender: Mail
    recipients: tuple[Rcpt, ...]
    macros: Mapping[bytes, bytes]
    """The latest value by name, braces removed."""
    raw: bytes | None
    """The message with CRLF line ends as the MTA showed it; `None` if it is too large.

    Of a message with neither fields nor body nothing is left, not even the blank line.
    """
    head: bytes
    """The header block as built from header events, empty if that alone is too large."""
    fields: int
    """Number of header fields."""
    size: int
    """Octets of the message, also if it is too large."""
    notes: tuple[str, ...] = ()
    """What was done to have the message as it was sent, where the MTA did not show it so."""


@dataclass(frozen=True, slots=True)
class Close:
    """End of the session; `reason` is `None` when the MTA said goodbye."""

    reason: str | None


Outcome = bytes | Transaction | Close
"""What follows from an event: octets to send (often none), a message to answer, or the end."""


BLANKS_RESTORED = "the MTA takes a blank after the colon of header fields away: put back"
HEAD_TAKEN_OFF = "the MTA sends the header again as the beginning of the body: taken off"

_BLANK_LINE = b"\r\n"

_NEW, _NEGOTIATED, _CONNECTED, _MAIL, _RCPT, _DATA, _HEADERS, _BODY = range(8)
"""States in their order; those from `_MAIL` on are of a message. Plain integers: they are compared
for every event."""


class Session:
    """The state of one connection of an MTA.

    `max_message` is in octets; of a larger message the header alone is kept, but every event is
    answered. Events out of order follow libmilter: a message in progress is given up, and what does
    not fit even then is ignored without a reply (milter.md 7); but the end of no message closes.
    """

    def __init__(self, max_message: int) -> None:
        self.agreement = Agreement(VERSION, 0, 0)
        self._has_leading_space = False
        self._max_message = max_message
        self._state = _NEW
        self._connect: Connect | None = None
        self._helo: bytes | None = None
        self._macros = MacroSets()
        self._replies: dict[type[Event], bytes] = {}
        self._handlers: Mapping[type[Event], Callable[[Any], Outcome]] = {
            Negotiate: self._on_negotiate,
            Macros: self._on_macros,
            Connect: self._on_connect,
            Helo: self._on_helo,
            Mail: self._on_mail,
            Rcpt: self._on_rcpt,
            Data: self._on_data,
            HeaderField: self._on_header,
            EndOfHeaders: self._on_end_of_headers,
            Body: self._on_body,
            EndOfMessage: self._on_end_of_message,
            Unknown: self._on_unknown,
            Abort: self._on_abort,
            Quit: self._on_quit,
            QuitNew: self._on_quit_new,
            ProtocolError: self._on_protocol_error,
        }
        self._forget_message()

    def handle(self, event: Event) -> Outcome:
        """Take one event, say what follows from it."""
        return self._handlers[type(event)](event)

    @property
    def in_message(self) -> bool:
        """The MTA has begun a message and not ended it."""
        return self._state >= _MAIL

    @property
    def is_new(self) -> bool:
        """Nothing is negotiated yet."""
        return self._state == _NEW

    def _forget_message(self) -> None:
        self._sender: Mail | None = None
        self._recipients: list[Rcpt] = []
        self._envelope_size = 0
        self._raw = bytearray()
        self._head_size = 0
        self._fields = 0
        self._size = 0

    def _give_up_message(self) -> None:
        if self._state >= _MAIL:
            self._forget_message()
            self._state = _CONNECTED

    def _on_negotiate(self, event: Negotiate) -> Outcome:
        if self._state != _NEW:
            return b""
        agreement = agree(event)
        if agreement is None:
            return Close(f"protocol version {event.version}")
        self.agreement = agreement
        self._has_leading_space = agreement.has_leading_space
        self._replies = {
            kind: b"" if agreement.steps & step else replies.CONTINUE
            for kind, step in _NO_REPLY_STEPS.items()
        }
        self._state = _NEGOTIATED
        return encode_agreement(agreement)

    def _on_macros(self, event: Macros) -> Outcome:
        self._macros.put(event)
        return b""

    def _on_connect(self, event: Connect) -> Outcome:
        if self._state == _NEW:
            return _not_negotiated()
        if self._state != _NEGOTIATED:
            self._give_up_message()
            return b""
        self._connect = event
        self.agreement = replace(self.agreement, is_verbatim=self._is_stalwart())
        self._macros.begin(b"C")
        self._state = _CONNECTED
        return self._replies[Connect]

    def _is_stalwart(self) -> bool:
        told = self._macros.of_stage(b"C")
        # To Postfix it is the name of its host.
        is_other = not told.keys().isdisjoint(_NOT_OF_STALWART)
        return not is_other and told.get(b"daemon_name", b"").startswith(b"Stalwart")

    def _on_helo(self, event: Helo) -> Outcome:
        if self._state == _NEW:
            return _not_negotiated()
        self._give_up_message()
        self._helo = event.name
        self._macros.begin(b"H")
        self._state = _CONNECTED
        return self._replies[Helo]

    def _on_mail(self, event: Mail) -> Outcome:
        if self._state == _NEW:
            return _not_negotiated()
        self._give_up_message()
        self._sender = event
        self._macros.begin(b"M")
        self._state = _MAIL
        return self._replies[Mail]

    def _on_rcpt(self, event: Rcpt) -> Outcome:
        if not _MAIL <= self._state <= _RCPT:
            return self._misplaced()
        self._envelope_size += len(event.address) + sum(map(len, event.args)) + 64
        if self._envelope_size > MAX_ENVELOPE:
            return Close("too many recipients")
        self._recipients.append(event)
        self._state = _RCPT
        return self._replies[Rcpt]

    def _on_data(self, _: Data) -> Outcome:
        if not _MAIL <= self._state <= _RCPT:
            return self._misplaced()
        self._state = _DATA
        return self._replies[Data]

    def _on_header(self, event: HeaderField) -> Outcome:
        if not _MAIL <= self._state <= _HEADERS:
            return self._misplaced()
        self._state = _HEADERS
        self._fields += 1
        value = event.value
        if b"\n" in value:
            # One event is one field: as MTAs do, a line that would begin another is indented.
            value = _LOOSE_BREAK.sub(b"\n\t", value.replace(b"\r\n", b"\n"))
            value = value.replace(b"\n", b"\r\n")
        # Without LEADING_SPACE the MTA took one space away, but neither a tab nor a line break.
        if not self._has_leading_space and value[:1] not in (b"\t", b"\r"):
            value = b" " + value
        name = event.name
        if b"\n" in name:
            name = name.translate(_BREAKS)
        self._keep(b"%b:%b\r\n" % (name, value))
        return self._replies[HeaderField]

    def _on_end_of_headers(self, _: EndOfHeaders) -> Outcome:
        if not _MAIL <= self._state <= _HEADERS:
            return self._misplaced()
        self._end_headers()
        return self._replies[EndOfHeaders]

    def _end_headers(self) -> None:
        self._head_size = len(self._raw)
        self._keep(_BLANK_LINE)
        self._state = _BODY

    def _on_body(self, event: Body) -> Outcome:
        if self._state < _MAIL:
            return self._misplaced()
        if self._state < _BODY:
            self._end_headers()
        self._keep(event.data)
        return self._replies[Body]

    def _keep(self, data: bytes) -> None:
        """Add to the message, unless that makes it too large: then forget what there is."""
        self._size += len(data)
        if self._size <= self._max_message:
            self._raw += data
        elif len(self._raw) > self._head_size:
            # The header, if it is complete: forged fields may have to go.
            del self._raw[self._head_size :]

    def _on_end_of_message(self, event: EndOfMessage) -> Outcome:
        sender = self._sender
        if sender is None:
            # It always has a reply (milter.md 3.2), and of nothing there is none.
            return _not_negotiated() if self._state == _NEW else Close("no message to end")
        if self._state < _BODY:
            self._end_headers()
        if event.data:
            self._keep(event.data)
        transaction = self._transaction(sender)
        self._give_up_message()
        self._macros.end_message()
        return transaction

    def _transaction(self, sender: Mail) -> Transaction:
        is_kept = self._size <= self._max_message
        raw = bytes(self._raw) if is_kept else None
        head = bytes(self._raw[: self._head_size])
        macros = self._macros.latest()
        notes: tuple[str, ...] = ()
        if raw is not None and self._is_repeated(raw, macros):
            raw = raw[self._head_size + 2 :]
            notes = (HEAD_TAKEN_OFF,)
            self.agreement = replace(self.agreement, is_verbatim=True)
        elif head and not self._has_leading_space:
            notes = (BLANKS_RESTORED,)
        if raw == _BLANK_LINE:
            raw = b""
        return Transaction(
            connect=self._connect,
            helo=self._helo,
            sender=sender,
            recipients=tuple(self._recipients),
            macros=macros,
            raw=raw,
            head=head,
            fields=self._fields,
            size=self._size,
            notes=notes,
        )

    def _is_repeated(self, raw: bytes, macros: Mapping[bytes, bytes]) -> bool:
        """The header stands in the body again, and not because somebody has sent it so.

        Of MTAs that show header values exactly, or that tell what Stalwart does not, bodies are
        what they are.
        """
        is_other = self._has_leading_space or not macros.keys().isdisjoint(_NOT_OF_STALWART)
        if is_other and not self._is_stalwart():
            return False
        if not self._fields:
            return self.agreement.is_verbatim
        return repeats_head(raw, self._head_size)

    def _on_unknown(self, _: Unknown) -> Outcome:
        if self._state == _NEW:
            return _not_negotiated()
        return self._replies[Unknown]

    def _on_abort(self, _: Abort) -> Outcome:
        self._give_up_message()
        self._macros.end_message()
        return b""

    def _on_quit(self, _: Quit) -> Outcome:
        self._give_up_message()
        return Close(None)

    def _on_quit_new(self, _: QuitNew) -> Outcome:
        self._give_up_message()
        self._connect = self._helo = None
        self._macros.clear()
        if self._state != _NEW:
            self._state = _NEGOTIATED
        return b""

    def _on_protocol_error(self, event: ProtocolError) -> Outcome:
        self._give_up_message()
        return Close(event.reason)

    def _misplaced(self) -> Outcome:
        if self._state == _NEW:
            return _not_negotiated()
        self._give_up_message()
        return b""


def _not_negotiated() -> Close:
    return Close("no negotiation")
