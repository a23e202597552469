"""What the milter protocol alone costs: `python -m bench.milter_cost [--memory]`.

The server of `bench.milter_target` has a process of its own, its client another one, which sends
the same message again and again. Counted is the server's processor time, user and system. With
`--memory` it takes minutes: it shows what memory the server needs after so many connections.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import messages
from .run import CHILD_ENVIRONMENT, Filter, load

COUNT = 10_000
"""Messages for a line of the table: some seconds, since CPU time is told in hundredths."""
WARM_UP = 500
SIZE = 5 * 1024
SESSIONS = (1_000, 10_000, 100_000)
"""Connections after which memory is looked at."""


@dataclass(frozen=True, slots=True)
class Case:
    """A way to use the protocol."""

    title: str
    protocol: str
    """A name of `bench.load`."""
    per_connection: int
    goal: float | None
    """Microseconds of processor time a message."""


CASES = (
    Case("connection reused, few replies", "milter", COUNT, 150.0),
    Case("connection per message", "milter", 1, 350.0),
    Case("connection reused, version 2", "milter-2", COUNT, None),
)


def message() -> bytes:
    """A message of 5 KB with the fields of a usual one."""
    head = (
        "Return-Path: <alice@example.net>\n"
        "Received: from out.example.net (out.example.net [192.0.2.9])\n"
        "\tby mail.example.net (Postfix) with ESMTP id 4A0001\n"
        "\tfor <bob@example.org>; Mon, 02 Nov 2026 09:59:59 +0000 (UTC)\n"
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=2026;\n"
        f"\th=date:from:to:subject; bh={'A' * 43}=;\n"
        f"\tb={'B' * 70}\n\t {'C' * 70}\n\t {'D' * 70}==\n"
        "List-Unsubscribe: <https://example.net/leave?who=bob>\n"
        "X-Mailer: Example 1.0\n"
    ).encode()
    whole = messages.to_crlf(head) + next(messages.made_up())
    whole += b"and one more of these lines that a message is made of\r\n" * (SIZE // 55)
    return whole[: SIZE - 2] + b"\r\n"


@contextmanager
def serving() -> Iterator[Filter]:
    """The server, for as long as the block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.milter_target"],
        env=CHILD_ENVIRONMENT,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Filter(process, dict.fromkeys(("milter", "milter-2"), port))
    finally:
        process.terminate()
        process.wait()


def feed(server: Filter, folder: str, case: Case, count: int) -> float:
    """Send so many messages; the seconds of processor time that the server takes for one.

    Raises RuntimeError: the client failed.
    """
    options = ("--count", str(count), "--per-connection", str(case.per_connection))
    before = server.cpu()
    figures = load(server, case.protocol, 1, "--seconds", "3600", "--messages", folder, *options)
    return (server.cpu() - before) / figures["messages"]


def resident(server: Filter, field: str = "VmRSS") -> float:
    """Memory of the server (RSS) in MiB; `VmHWM` is the most that it was."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


def costs(folder: str, count: int = COUNT) -> Iterator[str]:
    """The table of processor time."""
    yield f"{'way':36}{'us':>8}{'goal':>8}"
    for case in CASES:
        with serving() as server:
            feed(server, folder, case, min(WARM_UP, count))
            cost = feed(server, folder, case, count)
        goal = f"{case.goal:8.0f}" if case.goal else ""
        yield f"{case.title:36}{1e6 * cost:8.1f}{goal}"


def growth(folder: str, sessions: tuple[int, ...] = SESSIONS) -> Iterator[str]:
    """The table of memory, with a connection for each message."""
    yield f"{'connections':>12}{'RSS MiB':>10}"
    done = 0
    with serving() as server:
        for total in sessions:
            feed(server, folder, CASES[1], total - done)
            done = total
            yield f"{total:12}{resident(server):10.1f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", action="store_true", help="measure memory, not time")
    args = parser.parse_args()
    raw = message()
    fields = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n\t", b"").count(b"\r\n") + 1
    what = "memory of the server" if args.memory else "CPU us of the server for a message"
    print(f"The milter protocol alone: {len(raw)} octets, {fields} fields; {what}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "message.eml").write_bytes(raw)
        for line in (growth if args.memory else costs)(folder):
            print(line, flush=True)


if __name__ == "__main__":
    main()
