"""Stalwart's side of a milter session: a connection for each message, and one final reply read."""

import socket
import ssl
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..codec.milter_mta import NO_REPLY, connect, frame
from ..codec.milter_stalwart import (
    BadFrameError,
    Change,
    apply,
    body_frames,
    header_frames,
    macros,
    offer,
    read_change,
)

NO_EVENT = {"C": 1, "H": 2, "M": 4, "R": 8, "B": 16, "L": 32, "N": 64, "T": 512}
ACTIONS = "acdrty"
ANSWERS = {"a": 250, "c": 250, "d": 250, "r": 503, "t": 451}


@dataclass(slots=True)
class Outcome:
    """What became of a message."""

    reply: bytes
    """What the SMTP client is told, line end and all."""
    message: bytes | None = None
    """What is delivered."""
    action: str = ""
    changes: list[Change] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The reply's code."""
        return int(self.reply[:3])

    def strings(self, code: str) -> list[tuple[str, ...]]:
        """The strings of the changes of a kind."""
        return [change.strings for change in self.changes if change.code == code]


class Refused(Exception):
    """The filter wants no more of this message."""

    def __init__(self, action: str, payload: bytes) -> None:
        self.action = action
        self.payload = payload


class Stalwart:
    """One session.

    With `tls` and the name of the server it is encrypted, as with `tls = true`. Raises
    BadFrameError for anything that Stalwart takes for an error of the protocol.
    """

    def __init__(
        self, port: int, version: int = 6, tls: ssl.SSLContext | None = None, name: str = ""
    ) -> None:
        self.version = version
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=name)
        self._in = self.socket.makefile("rb")
        self.socket.sendall(offer(version))
        code, payload = self.read()
        if code != "O":
            raise BadFrameError(code, payload)
        _, _, self.steps = struct.unpack(">III", payload[:12])

    def meet(self, helo: str = "client.example.net", name: str | None = None) -> None:
        """Tell of the client. Without a name of its own, what it says is taken for it."""
        told = {"daemon_name": "Stalwart v0.15.5", "j": "mx.live.test", "client_addr": "192.0.2.17"}
        told |= {"client_port": "40000", "client_ptr": name or "unknown"}
        self.event("C", connect(name or helo, "192.0.2.17"), **told)
        self.event("H", frame("H", helo.encode() + b"\0"), cipher="", tls_version="")

    def deliver(
        self,
        raw: bytes,
        sender: str = "alice@example.org",
        recipients: Sequence[str] = ("bob@box.test",),
        user: str = "",
    ) -> Outcome:
        """Hand over a message; the connection is closed then."""
        try:
            self.event("M", frame("M", b"<%b>\0" % sender.encode()), mail_addr=sender,
                       auth_authen=user)  # fmt: skip
            for recipient in recipients:
                self.event("R", frame("R", b"<%b>\0" % recipient.encode()), rcpt_addr=recipient)
            return self._content(raw)
        except Refused as refused:
            return self._refused(refused)
        finally:
            self.close()

    def _content(self, raw: bytes) -> Outcome:
        if self.version > 2:
            self.event("T", frame("T"))
        for data in [*header_frames(raw), frame("N"), *body_frames(raw)]:
            self.event(chr(data[4]), data)
        self.socket.sendall(frame("E"))
        changes: list[Change] = []
        while True:
            code, payload = self.read()
            if code in ACTIONS:
                break
            if code != "p":
                changes.append(read_change(code, payload))
        if code not in "ac":
            raise Refused(code, payload)
        self.quit()
        return Outcome(b"250 2.0.0 ok\r\n", apply(raw, changes), code, changes)

    def _refused(self, refused: Refused) -> Outcome:
        """The reply as it goes to the client: text of the filter is put there as it is."""
        if refused.action != "y":
            return Outcome(b"%d told\r\n" % ANSWERS[refused.action], None, refused.action)
        text, end, _ = refused.payload[4:].partition(b"\0")
        if not end:
            raise BadFrameError("y", refused.payload)
        return Outcome(refused.payload[:3] + b" " + text + b"\r\n", None, "y")

    def event(self, code: str, data: bytes, **values: str) -> None:
        """Tell of an event, its macros before, and read its reply if one was agreed on."""
        if self.steps & NO_EVENT[code]:
            return
        if values:
            self.socket.sendall(macros(code, **values))
        self.socket.sendall(data)
        if self.steps & NO_REPLY[code]:
            return
        reply, payload = self.read()
        if reply not in ACTIONS:
            raise BadFrameError(reply, payload)
        if reply not in "ac":
            raise Refused(reply, payload)

    def read(self) -> tuple[str, bytes]:
        """One frame: code and payload."""
        head = self._in.read(5)
        if len(head) < 5:
            raise BadFrameError("", head)
        length, code = struct.unpack(">IB", head)
        return chr(code), self._in.read(length - 1)

    def quit(self) -> None:
        """Say goodbye; wait until the filter hangs up, without another word."""
        self.socket.sendall(frame("Q"))
        rest = self._in.read()
        if rest:
            raise BadFrameError("after the end", rest)

    def close(self) -> None:
        """Hang up."""
        self._in.close()
        self.socket.close()
