"""What TLS costs the server: `python -m bench.tls_cost`.

The server of `bench.tls_target` has a process of its own, its clients another one. Counted is the
server's processor time, user and system: of some rounds the cheapest, since whatever else the
machine does only adds to it. What a core would do is worked out from that; what was seen is less
where the clients, which take as much time for a handshake, have no core of their own.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from . import http_client, load
from .dial import Address, Secure
from .http_cost import large_message
from .milter_cost import WARM_UP, message, resident
from .run import CHILD_ENVIRONMENT, Filter
from .run import load as feed
from .scan_requests import ping
from .tls_target import AUTHORITY, CLIENT, certify

HANDSHAKES = 1_500
"""Connections of a round: about a second, since CPU time is told in hundredths."""
MESSAGES = 5_000
"""Messages of a round."""
ROUNDS = 3
CLIENTS = 4
"""At once, so that the server always has something to do."""
IDLE = 1_000
"""Connections whose memory is looked at."""
LARGE = 200 * 2**10
"""Octets of a message that comes in many pieces."""
GOAL = 60.0
"""Microseconds of processor time more for a message of 5 KB than without TLS."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to connect."""

    title: str
    listener: str
    """A listener of `bench.tls_target`."""
    version: Literal["", "1.2", "1.3"] = ""
    """Of TLS; empty is without."""
    resumes: bool = False
    shows: bool = False
    """A certificate of its own."""

    def address(self, port: int, folder: Path) -> Address:
        """Where to connect to, with the certificates of a folder."""
        if not self.version:
            return port
        return Secure(
            port,
            str(folder / f"{AUTHORITY}.pem"),
            str(folder / f"{CLIENT}.crt") if self.shows else "",
            str(folder / f"{CLIENT}.key") if self.shows else "",
            self.version,
            "must" if self.resumes else "no",
        )


PLAIN = Way("without TLS", "http")

CONNECTIONS = (
    Way("P-256, TLS 1.3", "http p256", "1.3"),
    Way("P-256, TLS 1.2", "http p256", "1.2"),
    Way("P-256, TLS 1.3, resumed", "http p256", "1.3", resumes=True),
    Way("P-256, TLS 1.2, resumed", "http p256", "1.2", resumes=True),
    Way("RSA-2048, TLS 1.3", "http rsa", "1.3"),
    Way("RSA-2048, TLS 1.2", "http rsa", "1.2"),
    Way("RSA-2048, TLS 1.3, resumed", "http rsa", "1.3", resumes=True),
    Way("client certificate, TLS 1.3", "http mutual", "1.3", shows=True),
    Way("client certificate, TLS 1.2", "http mutual", "1.2", shows=True),
    Way("client certificate, TLS 1.3, resumed", "http mutual", "1.3", resumes=True, shows=True),
)
"""Each is compared with a connection without TLS."""

KEPT: Mapping[str, Sequence[Way]] = {
    "http": (
        Way("/checkv2", "http"),
        Way("/checkv2, TLS 1.3", "http p256", "1.3"),
        Way("/checkv2, TLS 1.2", "http p256", "1.2"),
        Way("/checkv2, client certificate", "http mutual", "1.3", shows=True),
    ),
    "milter": (
        Way("milter", "milter"),
        Way("milter, TLS 1.3", "milter p256", "1.3"),
        Way("milter, TLS 1.2", "milter p256", "1.2"),
    ),
}
"""Protocol of `bench.load` -> ways to use it, the first without TLS."""


class Server:
    """The server, and how to reach it."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        assert process.stdout is not None
        self._process = process
        self._folder = folder
        self._ports: dict[str, int] = json.loads(process.stdout.readline())

    def by(self, way: Way, protocol: str) -> Filter:
        """The server, for clients that connect in such a way."""
        return Filter(self._process, {protocol: self.address(way)})

    def address(self, way: Way) -> Address:
        """Where to connect to."""
        return way.address(self._ports[way.listener], self._folder)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The server, for as long as the block lasts; the folder is one of `certify`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.tls_target", str(folder)],
        env=CHILD_ENVIRONMENT,
        stdout=subprocess.PIPE,
    )
    try:
        yield Server(process, folder)
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True, slots=True)
class Cost:
    """What one round has shown."""

    cpu: float
    """Microseconds of the server's processor time for a message."""
    rate: float
    """Messages in a second."""


def cost(target: Filter, protocol: str, count: int, clients: int, *options: str) -> Cost:
    """Run clients that send so many messages. Raises RuntimeError: one failed."""
    before = target.cpu()
    more = ("--count", str(count), "--seconds", "3600", *options)
    figures = feed(target, protocol, clients, *more)
    done = figures["messages"]
    return Cost(1e6 * (target.cpu() - before) / done, done / figures["seconds"])


def handshakes(folder: Path, count: int = HANDSHAKES, rounds: int = ROUNDS) -> Iterator[str]:
    """The table of connections, each for one GET /ping."""
    yield f"{'connection for each /ping':40}{'us':>8}{'handshake':>11}{'a core/s':>10}{'seen/s':>8}"
    with serving(folder) as server:
        plain = 0.0
        for way in (PLAIN, *CONNECTIONS):
            target = server.by(way, "ping")
            once = ("--per-connection", "1")
            cost(target, "ping", min(WARM_UP, count), CLIENTS, *once)
            found = [cost(target, "ping", count, CLIENTS, *once) for _ in range(rounds)]
            cpu = min(item.cpu for item in found)
            plain = plain or cpu
            more = f"{cpu - plain:11.1f}" if way.version else f"{'':11}"
            rate = max(item.rate for item in found)
            yield f"{way.title:40}{cpu:8.1f}{more}{1e6 / max(cpu, 1):10.0f}{rate:8.0f}"


def kept(folder: Path, count: int = MESSAGES, rounds: int = ROUNDS) -> Iterator[str]:
    """The table of messages on a connection that is kept."""
    yield f"{'messages of 5 KB, connection reused':40}{'us':>8}{'more':>11}{'goal':>10}"
    with serving(folder) as server, tempfile.TemporaryDirectory() as messages:
        Path(messages, "message.eml").write_bytes(message())
        options = ("--messages", messages)
        for protocol, ways in KEPT.items():
            targets = [server.by(way, protocol) for way in ways]
            for target in targets:
                cost(target, protocol, min(WARM_UP, count), 1, *options)
            # Turn and turn about, so that what else the machine does is the same for all.
            found = [
                [cost(target, protocol, count, 1, *options).cpu for target in targets]
                for _ in range(rounds)
            ]
            least = [min(items) for items in zip(*found, strict=True)]
            for way, cpu in zip(ways, least, strict=True):
                more = f"{cpu - least[0]:11.1f}{GOAL:10.0f}" if way.version else ""
                yield f"{way.title:40}{cpu:8.1f}{more}"


def idle(folder: Path, count: int = IDLE, large: int = LARGE) -> Iterator[str]:
    """The table of memory that a connection needs on which nothing happens."""
    head = f"KiB for one of {count} idle connections"
    yield f"{head:40}{'new':>8}{'after 5 KB':>12}{f'{large >> 10} KiB':>10}"
    for protocol, ways in KEPT.items():
        for way in ways:
            with serving(folder) as server:
                sizes = idle_one(server, way, protocol, count, large)
            yield f"{way.title:40}" + "{:8.1f}{:12.1f}{:10.1f}".format(*sizes)


def idle_one(
    server: Server, way: Way, protocol: str, count: int, large: int
) -> tuple[float, float, float]:
    """KiB of one connection, before its first message, after it, and after a large one."""
    target, address = server.by(way, protocol), server.address(way)
    with ExitStack() as warm:
        connections = connect(warm, protocol, address, 20)
        send(connections, large_message(large))
    with ExitStack() as stack:
        base = resident(target)

        def kib() -> float:
            settle(server)
            return 1024 * (resident(target) - base) / count

        connections = connect(stack, protocol, address, count)
        new = kib()
        send(connections, message())
        small = kib()
        send(connections, large_message(large))
        return new, small, kib()


def connect(stack: ExitStack, protocol: str, address: Address, count: int) -> list[load.Connection]:
    """Connections that are closed with the stack."""
    made = []
    for _ in range(count):
        connection = load.CONNECTIONS[protocol](address)
        stack.callback(connection.close)
        made.append(connection)
    return made


def send(connections: list[load.Connection], raw: bytes) -> None:
    """A message on each."""
    prepared = connections[0].prepare(raw)
    for connection in connections:
        connection.scan(prepared)


def settle(server: Server) -> None:
    """Wait until the server has done what it has to: it answers in turn."""
    for _ in range(3):
        connection = http_client.Connection(server.address(PLAIN), ping)
        connection.scan(ping(b""))
        connection.close()


def main() -> None:
    """Measure and print."""
    print("TLS: CPU us of the server, and its memory")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certify(folder)
        for lines in (handshakes(folder), kept(folder), idle(folder)):
            for line in lines:
                print(line, flush=True)


if __name__ == "__main__":
    main()
