"""What HTTPCrypt costs the server: `python -m bench.httpcrypt`.

Requests for a scan of 10 KiB go through the whole code of a connection, in this process and over a
transport in memory, with a scanner that answers at once: without HTTPCrypt, sealed with a key that
the server has seen before, and with one that it has not. Each has a connection of its own, as
HTTPCrypt wants it. What a client does is not counted. Of some rounds the cheapest counts, since
whatever else the machine does only adds to it.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from mailfilter.codec.httpcrypt import (
    OVERHEAD,
    Keypair,
    SharedKey,
    key_header,
    read_key_header,
    shared_key,
)
from mailfilter.config.model import Listener
from mailfilter.servers.keyring import Keyring
from mailfilter.servers.scan_http import HttpFactory

from .http_cost import large_message
from .http_target import VERDICTS
from .milter_target import Scanner
from .scan_requests import plain

SIZE = 10 * 2**10
"""Octets of the message."""
COUNT = 200
"""Requests of a round."""
ROUNDS = 25
NEW_GOAL, KNOWN_GOAL = 110.0, 60.0
"""Microseconds of processor time more than without HTTPCrypt."""

OURS, THEIRS = Keypair.of(bytes(range(32))), Keypair.of(bytes(range(1, 33)))
"""The key of the server, and that of a client which it knows."""

_CLIENT = IPv4Address("TCP", "127.0.0.1", 40000)
_OUTER = (
    b"POST /post HTTP/1.0\r\nContent-Length: %d\r\nContent-Type: application/octet-stream\r\n"
    b"Connection: close\r\nKey: %b\r\n\r\n%b"
)


def inner() -> bytes:
    """The request, as it is without HTTPCrypt and within it."""
    return plain(large_message(SIZE), b"Connection: close\r\n")


def sealed(request: bytes, client: Keypair) -> bytes:
    """A request as rspamc seals it, for the key of the server."""
    blob = shared_key(client, OURS.public).seal(request)
    return _OUTER % (len(blob), key_header(OURS.public, client.public).encode(), blob)


def known(count: int) -> list[bytes]:
    """Requests of one client, each with a nonce of its own."""
    return [sealed(inner(), THEIRS) for _ in range(count)]


def new(count: int) -> list[bytes]:
    """Requests of clients whose key was never seen before."""
    return [sealed(inner(), Keypair.new()) for _ in range(count)]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to ask."""

    title: str
    make: Callable[[int], list[bytes]]
    """A number -> so many requests."""
    goal: float | None = None
    """Microseconds more than without HTTPCrypt."""

    @property
    def keypairs(self) -> tuple[str, ...]:
        """Of the listener: without HTTPCrypt it has none."""
        return () if self.goal is None else ("bench",)


WAYS = (
    # Copies, since none of the others is in the same place in memory as the one before.
    Way("without HTTPCrypt", lambda count: [bytes(bytearray(inner())) for _ in range(count)]),
    Way("key of a known client", known, KNOWN_GOAL),
    Way("key of a new client", new, NEW_GOAL),
)


class Server:
    """A listener for HTTP that answers at once, always the same."""

    def __init__(self, verdict: str, way: Way) -> None:
        """`verdict` is one of `VERDICTS`."""
        listener = Listener(protocol="http", endpoint="tcp:0", keypairs=way.keypairs)
        self._way = way
        self._factory = HttpFactory(Scanner(VERDICTS[verdict]), "bench", listener, Clock())
        self._factory.keyring = Keyring([OURS])

    def ask(self, request: bytes) -> bytes:
        """The reply to a request on a connection of its own."""
        connection = self._factory.buildProtocol(_CLIENT)
        assert connection is not None
        transport = StringTransport(peerAddress=_CLIENT)
        connection.makeConnection(transport)  # type: ignore[no-untyped-call]
        connection.dataReceived(request)
        connection.connectionLost()
        return bytes(transport.value())

    def cost(self, count: int) -> float:
        """Microseconds for one of so many requests."""
        requests = self._way.make(count)
        begun = time.process_time_ns()
        for request in requests:
            self.ask(request)
        return (time.process_time_ns() - begun) / 1000 / count


def whole(verdict: str, count: int = COUNT, rounds: int = ROUNDS) -> Iterator[str]:
    """The table of whole requests. Raises ValueError: one was not answered."""
    servers = [Server(verdict, way) for way in WAYS]
    check(verdict)
    # Turn and turn about, so that what else the machine does is the same for all.
    found = [[server.cost(count) for server in servers] for _ in range(rounds)]
    least = [min(costs) for costs in zip(*found, strict=True)]
    yield f"{f'/checkv2, {verdict}':36}{'us':>8}{'more':>8}{'goal':>8}"
    for way, cost in zip(WAYS, least, strict=True):
        more = "" if way.goal is None else f"{cost - least[0]:8.1f}{way.goal:8.0f}"
        yield f"{way.title:36}{cost:8.1f}{more}"


def check(verdict: str) -> None:
    """Raises ValueError: what is sealed is not answered as what is not."""
    plain_way, sealed_way, _ = WAYS
    expected = Server(verdict, plain_way).ask(inner())
    reply = Server(verdict, sealed_way).ask(known(1)[0])
    found = shared_key(THEIRS, OURS.public).unseal(reply.partition(b"\r\n\r\n")[2])
    if not found.startswith(b"HTTP/1.1 200 OK\r\n") or len(found) != len(expected):
        raise ValueError(f"answered by {found[:200]!r}")


def parts(count: int = COUNT, rounds: int = ROUNDS) -> Iterator[str]:
    """The table of what a sealed request needs beyond parsing it."""
    key: SharedKey = shared_key(THEIRS, OURS.public)
    header = key_header(OURS.public, THEIRS.public).encode()
    request, reply = inner(), Server("spam", WAYS[0]).ask(inner())
    blob = key.seal(request)
    yield f"{'parts':36}{'us':>8}"
    for title, function in (
        ("reading the Key header", lambda: read_key_header(header)),
        ("agreeing on a key with a new client", lambda: shared_key(OURS, THEIRS.public)),
        (f"opening {len(blob) - OVERHEAD} octets", lambda: key.unseal(blob)),
        (f"sealing {len(reply)} octets", lambda: key.seal(reply)),
    ):
        yield f"{title:36}{min(_cost(function, count) for _ in range(rounds)):8.1f}"


def _cost(function: Callable[[], object], count: int) -> float:
    begun = time.process_time_ns()
    for _ in range(count):
        function()
    return (time.process_time_ns() - begun) / 1000 / count


def main() -> None:
    """Measure and print."""
    print(f"HTTPCrypt: a message of {SIZE} octets; CPU us of the server for a request")
    for lines in (whole("empty"), whole("spam"), parts()):
        for line in lines:
            print(line, flush=True)


if __name__ == "__main__":
    main()
