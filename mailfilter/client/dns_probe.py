"""Asks one resolver one question at a time, as the filter would, and sees what comes back.

Beneath the resolver of the filter: no cache, no other server that helps out.
"""

import secrets
import socket
import time
from dataclasses import dataclass

from ..codec.dns import (
    EDNS_SIZE,
    FORMERR,
    NOTIMP,
    DnsFormatError,
    Reply,
    answer_of,
    decode_reply,
    encode_query,
    question_octets,
)
from ..codec.dns_answer import Answer, DnsFailure, Question
from ..net.servers import Server, connected

ATTEMPTS = 2
"""Datagrams get lost."""
MAX_PACKET = 65535
SILENCE = "nothing came back in time"


@dataclass(frozen=True, slots=True)
class Told:
    """What came back."""

    answer: Answer | None = None
    trouble: str = ""
    """Why there is no answer."""
    seconds: float = 0.0
    """From the question, as it was sent last, to the reply."""
    rcode: int | None = None
    strays: int = 0
    """Packets that were no reply to the question."""


class Probe:
    """For one resolver."""

    def __init__(self, server: Server, timeout: float) -> None:
        """`timeout` is in seconds, for each attempt."""
        self._server = server
        self._timeout = timeout

    def ask(self, question: Question, *, is_tcp: bool = False, edns: bool = True) -> Told:
        """Ask, over UDP twice at most."""
        told = Told()
        for _ in range(1 if is_tcp else ATTEMPTS):
            told = self._ask_once(question, is_tcp=is_tcp, edns=edns)
            if told.trouble != SILENCE:
                break
        return told

    def takes_edns(self, question: Question) -> bool:
        """Whether it answers queries with EDNS, if it answers any."""
        told = self.ask(question)
        if told.rcode not in (FORMERR, NOTIMP):
            return True
        return self.ask(question, edns=False).answer is None

    def _ask_once(self, question: Question, *, is_tcp: bool, edns: bool) -> Told:
        number = secrets.randbelow(1 << 16)
        query = encode_query(number, question, edns_size=EDNS_SIZE if edns else 0)
        receive = self._over_tcp if is_tcp else self._over_udp
        kind = socket.SOCK_STREAM if is_tcp else socket.SOCK_DGRAM
        try:
            with connected(self._server, kind, self._timeout) as connection:
                started = time.monotonic()
                return receive(connection, query, question, started)
        except TimeoutError:
            return Told(trouble=SILENCE)
        except OSError as error:
            return Told(trouble=error.strerror or str(error))

    def _over_udp(
        self, connection: socket.socket, query: bytes, question: Question, started: float
    ) -> Told:
        connection.send(query)
        strays = 0
        while True:
            try:
                packet = self._receive(connection, started)
            except TimeoutError:
                return Told(trouble=SILENCE, strays=strays)
            reply = _reply_to(packet, query, question)
            if reply is not None:
                return _told(reply, question, time.monotonic() - started, strays)
            strays += 1

    def _over_tcp(
        self, connection: socket.socket, query: bytes, question: Question, started: float
    ) -> Told:
        connection.sendall(len(query).to_bytes(2, "big") + query)
        received = b""
        while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2], "big"):
            data = self._receive(connection, started)
            if not data:
                return Told(trouble="it ended the connection")
            received += data
        reply = _reply_to(received[2 : 2 + int.from_bytes(received[:2], "big")], query, question)
        if reply is None:
            return Told(trouble="a reply to another question", strays=1)
        return _told(reply, question, time.monotonic() - started, 0)

    def _receive(self, connection: socket.socket, started: float) -> bytes:
        left = started + self._timeout - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        return connection.recv(MAX_PACKET)


def _reply_to(packet: bytes, query: bytes, question: Question) -> Reply | None:
    """What a packet says, if it is the reply to a query and can be read."""
    try:
        reply = decode_reply(packet)
    except DnsFormatError:
        return None
    if reply.number != int.from_bytes(query[:2], "big"):
        return None
    # Some that refuse leave the question out.
    return reply if reply.question in (b"", question_octets(question)) else None


def _told(reply: Reply, question: Question, seconds: float, strays: int) -> Told:
    answer, trouble = None, ""
    try:
        answer = answer_of(reply, question)
    except DnsFailure as error:
        trouble = error.reason
    return Told(answer, trouble, seconds, reply.rcode, strays)
