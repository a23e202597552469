"""What maps cost: to be read, to be swapped while a reactor turns, and to be looked up.

python -m bench.maps [--entries N]
"""

import argparse
import gc
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import IPv4Address
from random import Random
from time import perf_counter

from mailfilter.config.model import MapKind
from mailfilter.maps import Sought, Table, read_table
from mailfilter.maps.patterns import MAX_PATTERNS

LOOKUPS = 100_000

SUBJECT = "Your invoice number 12345 is attached, dear customer of ours"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    for line in costs(parser.parse_args().entries):
        print(line)


def costs(count: int) -> Iterator[str]:
    """The lines of a table for maps with so many entries."""
    random = Random(1)
    yield f"{'map':34} {'read':>9} {'held up':>9} {'hit':>10} {'miss':>10}"
    networks = [_network(random) for _ in range(count)]
    inside = [IPv4Address(text.partition("/")[0]) for text in networks[:1000]]
    addresses = [IPv4Address(random.getrandbits(32)) for _ in range(1000)]
    yield _cost(f"networks, {count}, 8 lengths", "networks", networks, inside, addresses)
    names = [f"{'.' if at % 2 else ''}host{at}.example{at % 977}.org" for at in range(count)]
    known = [f"user@{name.strip('.')}" for name in names[:1000]]
    strange = [f"user{at}@mail.of.nobody{at}.example.net" for at in range(1000)]
    yield _cost(f"names, {count}", "names", names, known, strange)
    patterns = [f"/word{at}[a-z]+x/i" for at in range(min(count, MAX_PATTERNS))]
    what = f"patterns, {len(patterns)}, on a subject"
    yield _cost(what, "patterns", patterns, ["Word0ax"], [SUBJECT], 200)


def _network(random: Random) -> str:
    length = random.choice((8, 12, 16, 19, 20, 22, 24, 32))
    number = random.getrandbits(32) >> (32 - length) << (32 - length)
    return f"{IPv4Address(number)}/{length} listed"


def _cost(
    what: str,
    kind: MapKind,
    lines: Sequence[str],
    hits: Sequence[Sought],
    misses: Sequence[Sought],
    lookups: int = LOOKUPS,
) -> str:
    data = "\n".join((*lines, "")).encode()
    seconds, held, table = _swapped(kind, data)
    hit, miss = (_lookup(table.find, values, lookups) for values in (hits, misses))
    return (
        f"{what:34} {seconds * 1e3:6.0f} ms {held * 1e3:6.1f} ms {hit * 1e6:7.2f} us"
        f" {miss * 1e6:7.2f} us"
    )


def _swapped(kind: MapKind, data: bytes) -> tuple[float, float, Table]:
    """Read a table in a thread in place of one that is dropped, while this one turns.

    Seconds that it takes, and the longest in which this thread did not run.
    """
    tables = [read_table(kind, data)]
    gc.collect()
    gc.freeze()
    done = threading.Event()
    took: list[float] = []

    def work() -> None:
        begun = perf_counter()
        table = read_table(kind, data)
        took.append(perf_counter() - begun)
        tables[0] = table
        done.set()

    threading.Thread(target=work).start()
    longest, last = 0.0, perf_counter()
    while not done.wait(0.0005):
        now = perf_counter()
        longest, last = max(longest, now - last), now
    return took[0], max(longest, perf_counter() - last), tables[0]


def _lookup(find: Callable[[Sought], object], values: Iterable[Sought], lookups: int) -> float:
    """Seconds of one."""
    values = list(values)
    begun = perf_counter()
    for _ in range(max(1, lookups // len(values))):
        for value in values:
            find(value)
    return (perf_counter() - begun) / (max(1, lookups // len(values)) * len(values))


if __name__ == "__main__":
    main()
