"""The load generator: `python -m bench.load`, a process of its own.

Each client is a thread with a blocking socket, which sends a message, waits for the verdict and
goes on with the next one. Prints one JSON object: messages, errors, seconds, and latencies in
milliseconds. A latency is the time from the first octet of a message to the last of its answer.
"""

import argparse
import itertools
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from . import http_client, line_client, messages, milter_client, scan_requests
from .dial import Address, address_of


class Connection(Protocol):
    """What a client does on its connection; a prepared message is its own affair."""

    def prepare(self, raw: bytes) -> Any:
        """A message as it goes over the wire, so that making it costs nothing later."""

    def scan(self, prepared: Any, /) -> None:
        """Send a message and read the answer."""

    def close(self) -> None:
        """Close the connection."""


CONNECTIONS: dict[str, Callable[[Address], Connection]] = {
    **{
        name: partial(http_client.Connection, make=make)
        for name, make in scan_requests.HTTP.items()
    },
    **{
        name: partial(line_client.Connection, make=make)
        for name, make in scan_requests.LINES.items()
    },
    "milter": milter_client.Connection,
    "milter-2": lambda address: milter_client.Connection(address, milter_client.OLD_OFFER),
}


@dataclass(slots=True)
class Work:
    """What all clients share: the messages, when to stop, and what was measured."""

    connect: Callable[[], Connection]
    prepared: list[Any]
    until: float
    most: int
    per_connection: int
    numbers: Iterator[int] = field(default_factory=itertools.count)
    latencies: list[float] = field(default_factory=list)
    """Seconds; list.append is atomic."""
    errors: list[str] = field(default_factory=list)

    def next_message(self) -> Any:
        """The next message; `None` when it is time to stop."""
        number = next(self.numbers)
        if number >= self.most or time.monotonic() >= self.until:
            return None
        return self.prepared[number % len(self.prepared)]


def run_client(work: Work) -> None:
    """Scan until it is time to stop; what breaks a client is an error of the run."""
    try:
        while scan_on_one_connection(work):
            pass
    except (OSError, ValueError) as error:
        work.errors.append(f"{type(error).__name__}: {error}")


def scan_on_one_connection(work: Work) -> bool:
    """Scan as many messages as a connection shall see; false when it is time to stop."""
    connection = work.connect()
    try:
        for _ in range(work.per_connection):
            message = work.next_message()
            if message is None:
                return False
            begun = time.perf_counter()
            connection.scan(message)
            work.latencies.append(time.perf_counter() - begun)
    finally:
        connection.close()
    return True


def percentile(values: list[float], percent: float) -> float:
    """The value below which that share of the sorted values lies; 0 without values."""
    if not values:
        return 0.0
    return values[min(len(values) - 1, int(len(values) * percent / 100))]


def report(work: Work, seconds: float) -> dict[str, object]:
    """The figures of a run."""
    ordered = sorted(1000 * latency for latency in work.latencies)
    return {
        "messages": len(ordered),
        "seconds": seconds,
        "errors": work.errors,
        **{f"p{percent}": percentile(ordered, percent) for percent in (50, 95, 99)},
    }


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Feed messages to a running filter.")
    parser.add_argument("protocol", choices=sorted(CONNECTIONS))
    parser.add_argument("address", type=address_of, help="of bench.dial, as JSON")
    parser.add_argument("--messages", type=Path, help="a directory of messages")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--count", type=int, default=sys.maxsize, help="stop after that many")
    parser.add_argument(
        "--per-connection", type=int, default=sys.maxsize, help="messages on a connection"
    )
    return parser.parse_args()


def main() -> None:
    """Run the clients and print the figures."""
    args = parse_arguments()

    def connect() -> Connection:
        return CONNECTIONS[args.protocol](args.address)

    first = connect()
    prepared = [first.prepare(raw) for raw in messages.load(args.messages)]
    first.close()
    begun = time.monotonic()
    work = Work(connect, prepared, begun + args.seconds, args.count, args.per_connection)
    threads = [threading.Thread(target=run_client, args=(work,)) for _ in range(args.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(report(work, time.monotonic() - begun)))


if __name__ == "__main__":
    main()
