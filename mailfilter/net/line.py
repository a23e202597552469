"""The way to one server: its health, and the ports from which it is asked.

A reply counts only if it comes from the server's address and port to the port that asked, which
the kernel sees to, since the sockets are connected; with the id of a query that is open there; and
with the question of that query. What a forger must guess changes all the time (RFC 5452).
"""

import socket
from typing import Any

from .health import Health
from .query import Query
from .random_numbers import RandomNumbers
from .servers import Server, connected
from .udp import Hearing, UdpPort

PORT_QUERIES = 200
"""Queries from one port, until another takes its place."""

PORT_SECONDS = 10.0
"""The same by time: a port that is known for long can be flooded with guesses."""

PLAIN_SECONDS = 900.0
"""For so long a server that cannot do EDNS is asked without."""


class Line:
    """One server."""

    def __init__(
        self,
        reactor: Any,
        server: Server,
        ports: int,
        numbers: RandomNumbers,
        hearing: Hearing,
    ) -> None:
        self.server = server
        self.health = Health()
        self._reactor = reactor
        self._numbers = numbers
        self._hearing = hearing
        self._ports: list[UdpPort | None] = [None] * ports
        self._plain_until = 0.0

    def has_edns(self, now: float) -> bool:
        """Whether to ask it with EDNS."""
        return now >= self._plain_until

    def ask_plainly(self, now: float) -> None:
        """It cannot do EDNS, for the time being."""
        self._plain_until = now + PLAIN_SECONDS

    def send(self, query: Query, now: float) -> None:
        """Send it by UDP. Raises OSError; what is lost on the way is not told."""
        port = self._pick(now)
        number = self._numbers.take()
        while number in port.queries:
            number = self._numbers.take()
        query.number = number
        query.port = port
        port.queries[number] = query
        try:
            port.send(query.packet())
        except OSError:
            query.drop()
            raise

    def close(self) -> None:
        """Have no sockets open; queries that are open are not told of it."""
        for port in self._ports:
            if port is not None:
                port.close()
        self._ports = [None] * len(self._ports)

    def _pick(self, now: float) -> UdpPort:
        place = self._numbers.take() % len(self._ports)
        port = self._ports[place]
        if port is None or port.left <= 0 or now >= port.until or not port.is_open:
            if port is not None:
                self._ports[place] = None
                port.retire()
            port = self._ports[place] = self._open(now)
        port.left -= 1
        return port

    def _open(self, now: float) -> UdpPort:
        return UdpPort(
            self._reactor,
            connected(self.server, socket.SOCK_DGRAM),
            self._hearing,
            PORT_QUERIES,
            now + PORT_SECONDS,
        )
