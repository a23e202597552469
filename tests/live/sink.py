"""An SMTP server that takes every message and keeps its exact octets and envelope."""

import contextlib
import socketserver
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .processes import wait_until


@dataclass(frozen=True, slots=True)
class Taken:
    """One message as it came: envelope as in the commands, octets between DATA and the dot."""

    sender: str
    recipients: tuple[str, ...]
    message: bytes
    sender_args: tuple[str, ...] = ()
    """ESMTP arguments of the sender."""


class Sink:
    """The server, on a loopback port of the kernel's choice, in a thread.

    With a certificate and its key it takes mail by STARTTLS only.
    """

    def __init__(
        self, certificate: tuple[Path, Path] | None = None, *, has_8bitmime: bool = True
    ) -> None:
        self._taken: list[Taken] = []
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.taken = self._taken
        self._server.has_8bitmime = has_8bitmime
        if certificate is not None:
            self._server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._server.context.load_cert_chain(*certificate)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def hold(self, hold: Callable[[], None] | None) -> None:
        """Call this with every message before it is confirmed."""
        self._server.hold = hold

    def to(self, recipient: str) -> list[Taken]:
        """The messages that went to a recipient (perhaps with others)."""
        return [taken for taken in tuple(self._taken) if recipient in taken.recipients]

    def forget(self, recipient: str) -> None:
        """Keep nothing of a recipient any more."""
        self._taken[:] = [taken for taken in self._taken if recipient not in taken.recipients]

    def wait_to(self, recipient: str, count: int = 1) -> list[Taken]:
        """The messages of a recipient, when there are so many (or more); also large ones."""
        wait_until(lambda: len(self.to(recipient)) >= count, f"{count} messages to {recipient}", 60)
        return self.to(recipient)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
    taken: list[Taken]
    has_8bitmime = True
    context: ssl.SSLContext | None = None
    hold: Callable[[], None] | None = None


class _Session(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            self._talk()

    def _talk(self) -> None:
        self._say("220 sink ESMTP")
        is_plain = self.server.context is not None
        sender = ""
        arguments: tuple[str, ...] = ()
        recipients: list[str] = []
        while line := self.rfile.readline():
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    more = ["250-STARTTLS"] if is_plain else []
                    more += ["250-8BITMIME", "250-SMTPUTF8"] if self.server.has_8bitmime else []
                    self._say("250-sink", *more, "250 DSN")
                    continue
                case "STARTTLS" if is_plain:
                    self._say("220 go on")
                    if not self._begin_tls():
                        return
                    is_plain = False
                    continue
                case "MAIL" if is_plain:
                    self._say("530 Must issue a STARTTLS command first")
                    continue
                case "MAIL":
                    sender, recipients = _address(rest), []
                    arguments = tuple(rest.partition(">")[2].split())
                case "RCPT":
                    recipients.append(_address(rest))
                case "DATA":
                    self._say("354 go on")
                    taken = Taken(sender, tuple(recipients), self._data(), arguments)
                    self.server.taken.append(taken)
                    if self.server.hold is not None:
                        self.server.hold()
                case "QUIT":
                    self._say("221 bye")
                    return
            self._say("250 ok")

    def _begin_tls(self) -> bool:
        """False if the other side does not want to."""
        assert self.server.context is not None
        try:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        except OSError:
            return False
        self.setup()
        return True

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


def _address(argument: str) -> str:
    return argument.partition("<")[2].partition(">")[0]
