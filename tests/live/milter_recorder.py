"""A filter that asks for nothing, changes nothing, and keeps what an MTA tells it."""

import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from .mta import NO_REPLY, frame

NO_ANSWER = frozenset(b"DAQK")
"""Commands without a reply."""
SETS_MACROS = 0x100
"""Offer to take a list of macros."""
SILENT = sum(NO_REPLY.values())
"""Steps with which no command has a reply before the end of a message."""


@dataclass(slots=True)
class Recorded:
    """One connection: the codes of its commands but macros, and the macros with their stage."""

    commands: str = ""
    macros: dict[str, dict[str, str]] = field(default_factory=dict)
    offered: int = 0
    """The edits, and that a list of macros may be asked for."""
    is_over: bool = False


class Recorder:
    """The server, on a loopback port of the kernel's choice, in a thread.

    It agrees to the steps given, of those that are offered, and asks for the macros of a list if
    one is given: their names by the number of their stage (milter.md 3.3).
    """

    def __init__(self, steps: int = 0, wanted: Mapping[int, str] | None = None) -> None:
        self._steps = steps
        self._wanted = wanted or {}
        self.sessions: list[Recorded] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._server.accept()
            threading.Thread(target=self._session, args=(connection,), daemon=True).start()

    def _session(self, connection: socket.socket) -> None:
        recorded = Recorded()
        self.sessions.append(recorded)
        with connection, connection.makefile("rb") as stream:
            while len(head := stream.read(4)) == 4:
                packet = stream.read(struct.unpack(">I", head)[0])
                connection.sendall(self._answer(recorded, packet))
        recorded.is_over = True

    def _answer(self, recorded: Recorded, packet: bytes) -> bytes:
        code, payload = packet[:1], packet[1:]
        if code == b"O":
            version, edits, steps = struct.unpack(">III", payload[:12])
            recorded.offered = edits
            lists = b"".join(
                struct.pack(">I", stage) + names.encode() + b"\0"
                for stage, names in self._wanted.items()
            )
            agreed = struct.pack(">III", version, edits, steps & self._steps)
            return frame(b"O", agreed + lists)
        if code == b"D":
            words = payload[1:].decode().split("\0")[:-1]
            stage = payload[:1].decode()
            pairs = zip(words[::2], words[1::2], strict=True)
            recorded.macros.setdefault(stage, {}).update(pairs)
            return b""
        recorded.commands += code.decode()
        is_silent = code[0] in NO_ANSWER or self._steps & NO_REPLY.get(code, 0)
        return b"" if is_silent else frame(b"c")
