"""What LDA mode costs: `python -m bench.lda`.

Each message is a process of its own, so what counts is how long one takes from its start to its
end, with a message of 5 KB and a filter that runs already, and how much memory it needs at most.
The goals are 150 ms on a machine that has nothing else to do, and 45 MiB.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from statistics import median

from .run import CHILD_ENVIRONMENT, Filter, running

MESSAGE = (
    b"From: a@example.org\r\nSubject: bench\r\n\r\n" + b"Nothing but a line of text.\r\n" * 175
)
"""5 KB."""
SECONDS = 60.0

MODULE = "mailfilter.client.rspamc.main"
START = ("-c", "pass")
"""Python alone."""
WAYS: dict[str, Sequence[str]] = {"--mime": ("--mime",), "--exec": ("--exec", "cat")}

PEAK = f"""\
import os
end = os._exit
def tell(code):
    with open("/proc/self/status") as status:
        peak = next(line for line in status if line.startswith("VmHWM:"))
    os.write(2, peak.split()[1].encode())
    end(code)
os._exit = tell
from {MODULE} import main
main()
"""
"""The most memory, in KiB: what the system tells of processes that have ended counts their parent,
too. The command of `--exec` takes the place of mailfilterc, so this is for `--mime`."""


def seconds(words: Sequence[str], times: int) -> list[float]:
    """How long each of several processes took.

    Raises RuntimeError: one failed, or put out no verdict.
    """
    return [_seconds(words) for _ in range(times)]


def _seconds(words: Sequence[str]) -> float:
    begun = time.perf_counter()
    _run(words)
    return time.perf_counter() - begun


def _run(words: Sequence[str]) -> bytes:
    done = subprocess.run(
        [sys.executable, *words],
        input=MESSAGE,
        env=CHILD_ENVIRONMENT,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode or (words[0] != "-c" and b"\nX-Spam-Action: " not in done.stdout):
        raise RuntimeError(f"{words}: {done.returncode}, {done.stdout!r}, {done.stderr!r}")
    return done.stderr


def peak(server: str) -> float:
    """The most memory that one needed, in MiB."""
    return int(_run(("-c", PEAK, "-h", server, "--mime"))) / 1024


def costs(started: Filter, times: int) -> Iterator[str]:
    """Lines of the table."""
    server = f"127.0.0.1:{started.addresses['http']}"
    yield f"{'ms for each message':24}{'min':>8}{'median':>8}{'max':>8}"
    yield _line("Python alone", START, times)
    for name, words in WAYS.items():
        yield _line(name, ("-m", MODULE, "-h", server, *words), times)
    yield f"peak of memory (RSS): {peak(server):.1f} MiB"


def _line(name: str, words: Sequence[str], times: int) -> str:
    seconds(words, 2)
    found = [1000 * one for one in seconds(words, times)]
    return f"{name:24}{min(found):8.0f}{median(found):8.0f}{max(found):8.0f}"


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=30, help="messages of each kind")
    args = parser.parse_args()
    print(f"LDA mode of mailfilterc: a message of {len(MESSAGE)} octets, one process for each")
    with running() as started:
        for line in costs(started, args.times):
            print(line, flush=True)


if __name__ == "__main__":
    main()
