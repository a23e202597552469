"""Clients of all kinds that never stop asking: `python -m bench.soak_load`, a process of its own.

TCP, TLS and unix sockets, HTTP and milter, many messages on a connection and one. Prints JSON
lines: `{"count": N}` ten times a second, each failure of a request at once, and a last count when
standard input has ended and every client is done. `Load` starts that and reads it.
"""

import argparse
import contextlib
import itertools
import json
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from . import http_client, messages, milter_client, run
from .dial import Address, address_of, text_of
from .load import Connection

CLIENTS = 24

MESSAGES_KEPT = {"http": 1000, "milter": 20}
"""Messages on a connection that is kept: an MTA's ends after some, one of HTTP hardly ever."""

MOST_SECONDS = 900.0
"""After which the clients stop, whatever happens to who started them."""

PAUSE = 0.05
"""Seconds that a client waits after a failure."""

SHOW_SECONDS = 0.1
"""Between two counts."""


SLOW_FIELD, SLOW_EACH = b"X-Test-Delay: 0.3\r\n", 8
"""What makes a message slow, and one of how many is."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that was not answered. Times are of `time.monotonic`, one clock for all."""

    kind: str
    error: str
    at: float
    begun: float
    sent_at: float | None
    """When all of it was sent."""
    is_answering: bool
    """A part of the answer had come."""
    port: int
    """Of the client's own side; 0 for unix sockets and if there was no connection."""


class Client:
    """One client, in a thread."""

    def __init__(self, name: str, address: Address, keeps: str) -> None:
        protocol = name.partition("_")[0]
        self.kind = f"{name} {keeps}"
        self.address = address
        self.most = MESSAGES_KEPT[protocol] if keeps == "keep" else 1
        self.count = 0
        self._make: Callable[[Address], Any] = {
            "http": http_client.Connection,
            "milter": milter_client.Connection,
        }[protocol]

    def run(self, work: "Work") -> None:
        """Ask until it is time to stop."""
        while not work.is_over.is_set():
            failure = self._connection(work)
            if failure is None:
                continue
            work.fail(failure)
            if work.stops_at_failure:
                return
            time.sleep(PAUSE)

    def _connection(self, work: "Work") -> Failure | None:
        """One connection and what is asked on it."""
        begun = time.monotonic()
        try:
            connection = self._make(self.address)
        except (OSError, ValueError) as error:
            return Failure(self.kind, str(error), time.monotonic(), begun, None, False, 0)
        failure = self._requests(connection, work)
        with contextlib.suppress(OSError):
            connection.close()
        return failure

    def _requests(self, connection: Any, work: "Work") -> Failure | None:
        for _ in range(self.most):
            if work.is_over.is_set() or connection.is_last:
                break
            begun = time.monotonic()
            try:
                connection.scan(work.prepared(self, connection))
            except (OSError, ValueError) as error:
                return self._failure(connection, begun, error)
            self.count += 1
        return None

    def _failure(self, connection: Any, begun: float, error: Exception) -> Failure:
        name = connection.sock.getsockname()
        port = int(name[1]) if isinstance(name, tuple) else 0
        text = f"{type(error).__name__}: {error}"
        how = connection.progress
        now = time.monotonic()
        return Failure(self.kind, text, now, begun, how.sent_at, how.is_answering, port)


@dataclass(slots=True)
class Work:
    """What the clients share."""

    stops_at_failure: bool
    raw: list[bytes]
    is_over: threading.Event = field(default_factory=threading.Event)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _prepared: dict[tuple[str, int], Any] = field(default_factory=dict)
    _output: threading.Lock = field(default_factory=threading.Lock)

    def prepared(self, client: Client, connection: Connection) -> Any:
        """The next message, as it goes over the wire of such a connection."""
        key = client.kind, next(self._numbers) % len(self.raw)
        if key not in self._prepared:
            self._prepared[key] = connection.prepare(self.raw[key[1]])
        return self._prepared[key]

    def fail(self, failure: Failure) -> None:
        """Tell of a failure."""
        self.say(asdict(failure))

    def say(self, line: Mapping[str, object]) -> None:
        """Print a line."""
        with self._output:
            print(json.dumps(line), flush=True)


class Load:
    """The clients, from the driver's side, for as long as the `with` block lasts."""

    def __init__(
        self, addresses: Mapping[str, Address], clients: int = CLIENTS, *options: str
    ) -> None:
        texts = {name: text_of(address) for name, address in addresses.items()}
        command = [sys.executable, "-m", "bench.soak_load", json.dumps(texts), str(clients)]
        self._process = subprocess.Popen(
            [*command, *options],
            env=run.CHILD_ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.count = 0
        """Requests answered."""
        self.failures: list[Failure] = []
        self.seconds = 0.0
        self._began = time.monotonic()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Have the clients end what they are at, and wait for them."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
            self.seconds = time.monotonic() - self._began
        try:
            self._process.wait(120)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        self._reader.join(10)

    def wait(self, more: int, seconds: float = 120.0) -> None:
        """Wait until so many more requests are answered. Raises TimeoutError."""
        wanted, limit = self.count + more, time.monotonic() + seconds
        while self.count < wanted:
            if time.monotonic() > limit or self._process.poll() is not None:
                raise TimeoutError(f"{self.count} requests answered, waited for {wanted}")
            time.sleep(0.02)

    def since(self, moment: float) -> list[Failure]:
        """Failures since then."""
        return [failure for failure in self.failures if failure.at >= moment]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            value = json.loads(line)
            if "count" in value:
                self.count = value["count"]
            else:
                self.failures.append(Failure(**value))


def clients_of(texts: Mapping[str, str], count: int) -> list[Client]:
    """So many clients: of each address, that keep their connections or do not, in turn."""
    kinds = itertools.cycle(itertools.product(texts.items(), ("keep", "once")))
    return [
        Client(name, address_of(text), keeps)
        for (name, text), keeps in itertools.islice(kinds, count)
    ]


def requests(folder: Path | None, has_slow: bool) -> Iterator[bytes]:
    """The messages. Slow ones take as long as the check of the live tests is told to."""
    for number, raw in enumerate(messages.load(folder)):
        is_slow = has_slow and number % SLOW_EACH == 0
        yield SLOW_FIELD + raw if is_slow else raw


def watch(clients: list[Client], threads: list[threading.Thread]) -> Iterator[int]:
    """Counts of answered requests, until nobody wants more."""
    limit = time.monotonic() + MOST_SECONDS
    while time.monotonic() < limit and any(thread.is_alive() for thread in threads):
        if select.select([sys.stdin], [], [], SHOW_SECONDS)[0]:
            return
        yield sum(client.count for client in clients)


def main() -> None:
    """Run the clients until standard input ends."""
    parser = argparse.ArgumentParser(description="Feed a filter without end.")
    parser.add_argument("addresses", type=json.loads, help="by protocol_LISTENER, as JSON")
    parser.add_argument("clients", type=int, help="how many")
    parser.add_argument("--stops-at-failure", action="store_true", help="of each client")
    parser.add_argument("--slow", action="store_true", help="some messages take long")
    parser.add_argument("--messages", type=Path, help="a directory of messages")
    args = parser.parse_args()
    work = Work(args.stops_at_failure, [*requests(args.messages, args.slow)])
    clients = clients_of(args.addresses, args.clients)
    threads = [threading.Thread(target=client.run, args=(work,)) for client in clients]
    for thread in threads:
        thread.start()
    for count in watch(clients, threads):
        work.say({"count": count})
    work.is_over.set()
    for thread in threads:
        thread.join()
    work.say({"count": sum(client.count for client in clients)})


if __name__ == "__main__":
    main()
