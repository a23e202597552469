"""What the whole filter costs: `python -m bench.run [--messages DIR]`.

Starts the filter with its default configuration on free ports, in a process of its own, feeds it
from another process, and reads from /proc what that cost, in all processes of the filter. All
clients together keep one core busy at most.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from . import messages
from .dial import Address, text_of

READY_SECONDS = 60.0
"""For the start of the filter; it takes about one."""
LOG_SHOWN = 4000
"""Characters of the end of a log, when a run fails."""
TICK = os.sysconf("SC_CLK_TCK")
CHILD_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(messages.ROOT)}
"""The code of this checkout is measured, whatever else is installed."""

CONFIG = """\
[server]
workers = {workers}
[dns]
servers = ["127.0.0.1:{dns}"]
[listeners.milter]
protocol = "milter"
endpoint = "tcp:{milter}:interface=127.0.0.1"
[listeners.scan]
protocol = "scan"
endpoint = "tcp:{http}:interface=127.0.0.1"
[listeners.spamd]
enabled = false
[listeners.controller]
enabled = false
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """A running filter."""

    process: subprocess.Popen[bytes]
    addresses: Mapping[str, Address]
    """By protocols of `bench.load`."""

    def processes(self) -> list[int]:
        """Process ids: the master, or all there is, and the workers."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [pid, *map(int, children.split())]

    def cpu(self) -> float:
        """CPU seconds used so far, user and system, to a hundredth."""
        return sum(map(cpu_of, self.processes()))

    def memory(self) -> float:
        """Memory in MiB; what processes share counts once."""
        return sum(map(memory_of, self.processes()))


def cpu_of(pid: int) -> float:
    """CPU seconds that a process has used so far."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    # The name of the program is in parentheses and may hold anything.
    numbers = stat.rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / TICK


def memory_of(pid: int) -> float:
    """The proportional share of memory (PSS) of a process in MiB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def free_port() -> int:
    """A TCP port that nobody listens on just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until requests are answered: rules are compiled after connections are taken.

    Raises RuntimeError: the filter has ended, or does not answer in time.
    """
    limit = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < limit:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as client:
            client.sendall(b"GET /ping HTTP/1.0\r\n\r\n")
            if client.makefile("rb").read().endswith(b"pong\r\n"):
                return
        time.sleep(0.05)
    raise RuntimeError("the filter did not start")


@contextmanager
def dns_server() -> Iterator[int]:
    """The port of a server of DNS in a process of its own, so that no network has a part in it."""
    command = [sys.executable, "-m", "bench.dns_server"]
    with subprocess.Popen(
        command, env=CHILD_ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout
        yield int(process.stdout.readline())
        process.stdin.close()


@contextmanager
def running(workers: int = 1) -> Iterator[Filter]:
    """A filter with the default configuration, for as long as the block lasts."""
    ports = {"milter": free_port(), "http": free_port()}
    with tempfile.TemporaryDirectory() as folder, dns_server() as dns:
        config = Path(folder, "mailfilter.toml")
        config.write_text(CONFIG.format(workers=workers, dns=dns, **ports))
        log = Path(folder, "log")
        twistd = str(Path(sys.executable).with_name("twistd"))
        command = [twistd, "-n", "--pidfile=", "mailfilter", "--config", str(config)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=folder, env=CHILD_ENVIRONMENT, stdout=output, stderr=output
            )
        try:
            wait_until_ready(process, ports["http"])
            yield Filter(process, ports)
        except RuntimeError:
            sys.stderr.write(log.read_text("utf-8", "replace")[-LOG_SHOWN:])
            raise
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(READY_SECONDS)


def load(running: Filter, protocol: str, clients: int, *options: str) -> dict[str, float]:
    """Run the load generator and return its figures.

    Raises RuntimeError: a client failed.
    """
    address = text_of(running.addresses[protocol])
    command = [sys.executable, "-m", "bench.load", protocol, address]
    done = subprocess.run(
        [*command, "--clients", str(clients), *options],
        env=CHILD_ENVIRONMENT,
        stdout=subprocess.PIPE,
        check=True,
    )
    figures = json.loads(done.stdout)
    if errors := figures.pop("errors"):
        raise RuntimeError(f"{protocol}: {len(errors)} clients failed: {errors[0]}")
    return {name: float(value) for name, value in figures.items()}


def measure(running: Filter, protocol: str, clients: int, *options: str) -> str:
    """One line of the table."""
    cpu = running.cpu()
    figures = load(running, protocol, clients, *options)
    cpu = running.cpu() - cpu
    count = figures["messages"]
    return (
        f"{protocol:9}{clients:7}{count:10.0f}{count / figures['seconds']:10.0f}"
        f"{1e6 * cpu / count:10.0f}{100 * cpu / figures['seconds']:8.0f}"
        f"{figures['p50']:9.2f}{figures['p95']:9.2f}{figures['p99']:9.2f}"
        f"{running.memory():9.1f}"
    )


HEADINGS = (
    f"{'protocol':9}{'clients':>7}{'messages':>10}{'msg/s':>10}{'CPU us':>10}{'CPU %':>8}"
    f"{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'PSS MiB':>9}"
)


def main() -> None:
    """Measure both protocols with few and with many clients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=Path, help="a directory of messages")
    parser.add_argument("--seconds", type=float, default=5.0, help="per line of the table")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--workers", type=int, default=1, help="of the filter")
    args = parser.parse_args()
    found = messages.load(args.messages)
    size = sum(map(len, found)) / len(found)
    print(f"The whole filter: {len(found)} messages, {size / 1024:.1f} KiB mean; CPU us and CPU %")
    print("are of the filter's processes alone, per message and of one core.")
    options = ["--messages", str(args.messages.absolute())] if args.messages else []
    with running(args.workers) as started:
        print(f"PSS before the first message: {started.memory():.1f} MiB")
        print(HEADINGS)
        for protocol in ("http", "milter"):
            load(started, protocol, 1, "--seconds", "2", *options)
            for clients in args.clients:
                more = ("--seconds", str(args.seconds), *options)
                print(measure(started, protocol, clients, *more), flush=True)


if __name__ == "__main__":
    main()
