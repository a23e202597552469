"""What the scan protocols alone cost, HTTP and lines: `python -m bench.http_cost [--memory]`.

The server of `bench.http_target` has a process of its own, its clients another one, which send the
same message again and again. Counted is the server's processor time, user and system: of some
rounds the cheapest, since whatever else the machine does only adds to it. With `--memory` it takes
minutes: it shows what memory the server needs after so many requests, and for large ones.
"""

import argparse
import base64
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import messages, milter_cost
from .milter_cost import WARM_UP, feed, message, resident
from .run import CHILD_ENVIRONMENT, Filter, load

COUNT = 5_000
"""Messages of a round: half a second, since CPU time is told in hundredths."""
ROUNDS = 3
CROWD = 200
"""Clients at once."""
REQUESTS = (1_000, 10_000, 100_000)
"""Requests after which memory is looked at."""
LARGE = 50 * 2**20
"""Octets of a large message: the most that is taken."""


@dataclass(frozen=True, slots=True)
class Case(milter_cost.Case):
    """A way to use the protocols; `protocol` is a name of `bench.scan_requests`."""

    target: str = "http spam"
    """A server of `bench.http_target`."""


KEPT = COUNT * 10
"""Messages on a connection that is kept."""

CASES = (
    Case("/ping", "ping", KEPT, 75.0, "http empty"),
    Case("/checkv2, nothing found", "http", KEPT, 150.0, "http empty"),
    Case("/checkv2", "http", KEPT, 150.0),
    Case("/checkv2 by protocol scan", "http", KEPT, 150.0, "scan spam"),
    Case("/checkv2, connection per message", "http", 1, None),
    Case("/checkv2, the same by protocol scan", "http", 1, None, "scan spam"),
    Case("/checkv2, MessagePack", "msgpack", KEPT, None),
    Case("/checkv2, zstd both ways", "zstd", KEPT, None),
    Case("/checkv2 as Haraka asks, in chunks", "haraka", KEPT, None),
    Case("/checkv3", "form", KEPT, None),
    Case("/checkv3, message by zstd", "packed-form", KEPT, None),
    Case("RSPAMC CHECK", "rspamc", 1, 300.0, "spamd spam"),
    Case("RSPAMC CHECK by protocol scan", "rspamc", 1, 300.0, "scan spam"),
    Case("SPAMC CHECK", "spamc", 1, 300.0, "spamd spam"),
    Case("SPAMC CHECK by protocol scan", "spamc", 1, 300.0, "scan spam"),
    Case("SPAMC PROCESS", "spamc-process", 1, 300.0, "spamd spam"),
)
"""But for the first two a message gets 20 symbols and three edits. Lines have a connection for
each message, RSPAMC tells three recipients."""

CROWDED = (
    Case("/checkv2, connection reused", "http", KEPT, None, "scan spam"),
    Case("/checkv2, connection per message", "http", 1, None, "scan spam"),
    Case("RSPAMC CHECK", "rspamc", 1, None, "scan spam"),
)

GROWING = (
    Case("/checkv2, connection reused", "http", KEPT, None, "scan spam"),
    Case("/checkv2 by zstd, reused", "zstd", KEPT, None, "scan spam"),
    Case("/checkv2, connection per message", "http", 1, None, "scan spam"),
    Case("RSPAMC CHECK", "rspamc", 1, None, "scan spam"),
)

LARGE_CASES = (
    Case("/checkv2", "http", 1, None, "scan spam"),
    Case("/checkv2, chunks", "haraka", 1, None, "scan spam"),
    Case("/checkv2, zstd", "zstd", 1, None, "scan spam"),
    Case("/checkv3", "form", 1, None, "scan spam"),
    Case("/checkv3, message by zstd", "packed-form", 1, None, "scan spam"),
    Case("RSPAMC CHECK", "rspamc", 1, None, "scan spam"),
    Case("SPAMC CHECK", "spamc", 1, None, "scan spam"),
    Case("SPAMC PROCESS (and the reply)", "spamc-process", 1, None, "scan spam"),
    Case("SPAMC PROCESS by zlib", "spamc-zlib", 1, None, "scan spam"),
)


@contextmanager
def serving() -> Iterator[Callable[[Case], Filter]]:
    """The servers, for as long as the block lasts: a function that gives the one for a case."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.http_target"],
        env=CHILD_ENVIRONMENT,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline())
        yield lambda case: Filter(process, {case.protocol: ports[case.target]})
    finally:
        process.terminate()
        process.wait()


def costs(
    folder: str, count: int = COUNT, rounds: int = ROUNDS, cases: Iterable[Case] = CASES
) -> Iterator[str]:
    """The table of processor time."""
    yield f"{'way':36}{'us':>8}{'goal':>8}"
    with serving() as of:
        for case in cases:
            server = of(case)
            feed(server, folder, case, min(WARM_UP, count))
            cost = min(feed(server, folder, case, count) for _ in range(rounds))
            goal = f"{case.goal:8.0f}" if case.goal else ""
            yield f"{case.title:36}{1e6 * cost:8.1f}{goal}"


def crowds(folder: str, count: int = 4 * COUNT, clients: int = CROWD) -> Iterator[str]:
    """The table of many clients at once. Raises RuntimeError: one of them failed."""
    columns = ("p50", "p95", "p99")
    yield f"{f'{clients} clients at once':36}{'us':>8}" + "".join(
        f"{f'{column} ms':>9}" for column in columns
    )
    with serving() as of:
        for case in CROWDED:
            server = of(case)
            most = str(case.per_connection)
            options = ("--messages", folder, "--count", str(count), "--per-connection", most)
            before = server.cpu()
            figures = load(server, case.protocol, clients, "--seconds", "3600", *options)
            cost = (server.cpu() - before) / figures["messages"]
            times = "".join(f"{figures[column]:9.1f}" for column in columns)
            yield f"{case.title:36}{1e6 * cost:8.1f}{times}"


def growth(folder: str, requests: tuple[int, ...] = REQUESTS) -> Iterator[str]:
    """The table of memory after so many requests."""
    yield f"{'RSS MiB after requests':36}" + "".join(f"{total:9}" for total in requests)
    for case in GROWING:
        line, done = f"{case.title:36}", 0
        with serving() as of:
            server = of(case)
            for total in requests:
                feed(server, folder, case, total - done)
                done = total
                line += f"{resident(server):9.1f}"
        yield line


def peaks(small: str, size: int = LARGE) -> Iterator[str]:
    """The table of memory for a large message, over that for small ones: the most that one needs,
    and what is left after some.
    """
    yield f"{f'RSS MiB for {size / 2**20:.0f} MiB, over base':36}{'peak':>9}{'after 4':>9}"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "large.eml").write_bytes(large_message(size))
        for case in LARGE_CASES:
            with serving() as of:
                server = of(case)
                feed(server, small, case, 10)
                base = resident(server)
                # Sets the highest value so far to the present one (proc(5)).
                Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")
                feed(server, folder, case, 1)
                peak = resident(server, "VmHWM")
                feed(server, folder, case, 3)
                yield f"{case.title:36}{peak - base:9.1f}{resident(server) - base:9.1f}"


def large_message(size: int) -> bytes:
    """A message with an attachment that nothing can make much smaller."""
    octets = base64.encodebytes(random.Random(20).randbytes(size * 3 // 4))
    whole = message().partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + messages.to_crlf(octets)
    return whole[: size - 2] + b"\r\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", action="store_true", help="measure memory, not time")
    parser.add_argument("--only", default="", metavar="TEXT", help="the ways with that in them")
    args = parser.parse_args()
    raw = message()
    what = "memory of the server" if args.memory else "CPU us of the server for a request"
    print(f"The scan protocols alone: {len(raw)} octets; {what}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "message.eml").write_bytes(raw)
        for lines in tables(folder, args.only, is_memory=args.memory):
            for line in lines:
                print(line, flush=True)


def tables(folder: str, only: str, *, is_memory: bool) -> Iterator[Iterator[str]]:
    """The tables that are asked for."""
    if is_memory:
        yield peaks(folder)
        yield growth(folder)
        return
    yield costs(folder, cases=[case for case in CASES if only in case.title])
    if not only:
        yield crowds(folder)


if __name__ == "__main__":
    main()
