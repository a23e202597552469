"""A server of DNS in threads, for commands that block: a resolver, or whatever it is told."""

import contextlib
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from threading import Thread

from tests.live import dns_wire as wire
from tests.live.dns_wire import Query

HOST = "127.0.0.1"
LISTED = "127.0.0.2"
AUTHENTIC = 0x20


@dataclass(frozen=True)
class Resolver:
    """What it answers; empty texts are no address."""

    flags: int = wire.REPLY | AUTHENTIC
    listed: str = LISTED
    """Address of the test entry of lists."""
    missing: str = ""
    """Address of a name that does not exist."""

    def __call__(self, query: Query) -> Iterable[bytes]:
        """The packets that are sent for a query; none: over TCP the connection ends."""
        if query.name == "":
            return [wire.reply(query, wire.soa(""), flags=self.flags)]
        found = self.missing if query.name.endswith(".com") else self.listed
        if not found:
            flags = wire.REPLY | wire.NXDOMAIN
            return [wire.reply(query, flags=flags, authority=(wire.soa(""),))]
        return [wire.reply(query, wire.record(wire.A, IPv4Address(found).packed))]


class DnsServer:
    """Listens until it is stopped, with TCP unless told otherwise; `port` is for both."""

    def __init__(
        self, behaviour: Callable[[Query], Iterable[bytes]], *, has_tcp: bool = True
    ) -> None:
        self._behaviour = behaviour
        self.queries: list[Query] = []
        self._stream, self._datagrams = _bound()
        self.port = self._stream.getsockname()[1]
        self._threads = [Thread(target=self._serve_udp, daemon=True)]
        if has_tcp:
            self._stream.listen()
            self._threads.append(Thread(target=self._serve_tcp, daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads."""
        for each in (self._stream, self._datagrams):
            # What ends a call that waits, which closing does not.
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._stream.close()
        self._datagrams.close()

    def _serve_udp(self) -> None:
        while True:
            packet, address = self._datagrams.recvfrom(65535)
            if not packet:
                return
            for answer in self._asked(Query(packet)):
                self._datagrams.sendto(answer, address)

    def _serve_tcp(self) -> None:
        while True:
            try:
                connection, _address = self._stream.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    packet = _exactly(connection, int.from_bytes(_exactly(connection, 2)))
                    for answer in self._asked(Query(packet, is_tcp=True)):
                        connection.sendall(len(answer).to_bytes(2) + answer)
                except OSError:
                    continue

    def _asked(self, query: Query) -> Iterable[bytes]:
        self.queries.append(query)
        return self._behaviour(query)


def _bound() -> tuple[socket.socket, socket.socket]:
    while True:
        stream, datagrams = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            stream.bind((HOST, 0))
            datagrams.bind(stream.getsockname())
            return stream, datagrams
        except OSError:
            stream.close()
            datagrams.close()


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data
