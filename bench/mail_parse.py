"""CPU time of the message parser.

    python -m bench.mail_parse DIR      # microseconds per message, over the *.eml below DIR
    python -m bench.mail_parse --hostile  # milliseconds for hostile shapes at doubling sizes

The messages are split by size into small ones (of about 5 KB in the mean) and large ones with
HTML (about 42 KB); each step includes the ones before it. `--crlf` gives them CRLF line ends.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, median
from time import process_time

from mailfilter.mail import Message, parse
from tests.mail.shapes import SHAPES, parse_and_touch

SMALL = (1500, 10_500)
LARGE = (20_000, 120_000)
DOUBLINGS = 4

Step = Callable[[bytes], object]


def decode(raw: bytes) -> Message:
    """Parse, and undo the transfer encodings."""
    message = parse(raw)
    for part in message.leaves:
        _ = part.decoded
    return message


def characters(raw: bytes) -> Message:
    """Parse, undo the transfer encodings, decode text."""
    message = decode(raw)
    for part in message.leaves:
        _ = part.text
    return message


def fields(raw: bytes) -> Message:
    """All of it, and the fields that nearly every check asks for, and the anomalies."""
    message = characters(raw)
    _ = (message.subject, message.message_id, message.date, message.received)
    _ = (message.from_, message.to, message.cc, message.reply_to, message.anomalies)
    return message


STEPS: tuple[tuple[str, Step], ...] = (
    ("parse", parse),
    ("+ decode", decode),
    ("+ charset", characters),
    ("+ fields", fields),
)


def rounds_of(step: Step, messages: Sequence[bytes], rounds: int) -> list[float]:
    """Microseconds per message for each round."""
    found = []
    for _ in range(rounds):
        start = process_time()
        for raw in messages:
            step(raw)
        found.append((process_time() - start) / len(messages) * 1e6)
    return found


def by_size(top: Path, is_crlf: bool = False) -> dict[str, list[bytes]]:
    """The small and the large messages below a directory, if need be with CRLF line ends."""
    sets: dict[str, list[bytes]] = {"small": [], "large": []}
    for path in sorted(top.rglob("*.eml")):
        raw = path.read_bytes()
        if is_crlf:
            raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        if SMALL[0] <= len(raw) < SMALL[1]:
            sets["small"].append(raw)
        elif LARGE[0] <= len(raw) < LARGE[1] and b"text/html" in raw.lower():
            sets["large"].append(raw)
    return sets


def print_corpus(top: Path, rounds: int, is_crlf: bool) -> None:
    """Print the table for the messages below a directory."""
    for name, messages in by_size(top, is_crlf).items():
        if not messages:
            print(f"{name}: no messages")
            continue
        print(f"{name}: {len(messages)} messages of {mean(map(len, messages)):.0f} octets (mean)")
        for label, step in STEPS:
            found = rounds_of(step, messages, rounds)
            print(f"  {label:10} min {min(found):7.1f} us   median {median(found):7.1f} us")


def print_hostile(size: int) -> None:
    """Print milliseconds for each hostile shape, all of the message asked for."""
    sizes = [size << power for power in range(DOUBLINGS)]
    print(f"{'milliseconds at octets:':32}" + "".join(f"{octets:10}" for octets in sizes))
    for name, shape in SHAPES.items():
        costs = [min(rounds_of(parse_and_touch, [shape(octets)], 2)) / 1000 for octets in sizes]
        print(f"{name:32}" + "".join(f"{cost:10.1f}" for cost in costs))


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("directory", nargs="?", type=Path, help="where the *.eml files are")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--crlf", action="store_true", help="with CRLF line ends")
    parser.add_argument("--hostile", action="store_true", help="hostile shapes instead")
    parser.add_argument("--size", type=int, default=250_000, help="first size of the shapes")
    options = parser.parse_args()
    if options.hostile:
        print_hostile(options.size)
    elif options.directory is not None:
        print_corpus(options.directory, options.rounds, options.crlf)
    else:
        parser.error("give a directory, or --hostile")


if __name__ == "__main__":
    main()
