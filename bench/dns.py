"""What the resolver costs: `python -m bench.dns [--count N]`.

CPU time of this process for each question, with that of the kernel; the server has a process of
its own. Garbage is collected as in the filter.
"""

import argparse
import gc
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from time import process_time
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import react

from mailfilter.app.engine import settle
from mailfilter.codec.dns_answer import Kind, Question
from mailfilter.config.model import Dns
from mailfilter.net.resolver import Resolver
from mailfilter.net.servers import Server

COUNT = 20_000
AT_ONCE = 64
"""Questions under way."""

CASES: dict[str, dict[str, Any]] = {
    "asked": {},
    "asked, letters of random case": {"mixed_case": True},
}


@contextmanager
def serving() -> Iterator[Server]:
    """A server in another process."""
    command = [sys.executable, "-m", "bench.dns_server"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield Server("127.0.0.1", int(process.stdout.readline()))
        finally:
            process.stdin.close()


async def costs(reactor: Any, count: int) -> AsyncIterator[str]:
    """The lines of a table."""
    yield f"{'a question to DNS':34} {'us':>6}"
    with serving() as server:
        for name, settings in CASES.items():
            resolver = Resolver(reactor, Dns(cache_size=2 * count, **settings), (server,))
            yield f"{name:34} {await _cost(resolver, count):6.1f}"
            if not settings:
                yield f"{'known already':34} {await _cost(resolver, count):6.1f}"
                yield f"{'known already, by peek':34} {_cost_of_peek(resolver, count):6.1f}"
            resolver.close()


async def _cost(resolver: Resolver, count: int) -> float:
    questions = iter([Question(f"host{number}.example.org", Kind.A) for number in range(count)])

    async def ask() -> None:
        for question in questions:
            await resolver.lookup(question)

    # What others have left.
    gc.collect()
    began = process_time()
    await gatherResults([Deferred.fromCoroutine(ask()) for _ in range(AT_ONCE)])
    return (process_time() - began) / count * 1e6


def _cost_of_peek(resolver: Resolver, count: int) -> float:
    questions = [Question(f"host{number}.example.org", Kind.A) for number in range(count)]
    began = process_time()
    for question in questions:
        resolver.peek(question)
    return (process_time() - began) / count * 1e6


async def _print(reactor: Any, count: int) -> None:
    async for line in costs(reactor, count):
        print(line, flush=True)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT)
    count = parser.parse_args().count
    settle()
    react(lambda reactor: Deferred.fromCoroutine(_print(reactor, count)))


if __name__ == "__main__":
    main()
