"""CPU time of finding the URLs of messages, and of the checks that look at them.

    python -m bench.urls DIR          # microseconds per message, over the *.eml below DIR
    python -m bench.urls --hostile    # milliseconds for hostile messages of half a MiB

The messages are split by size as `bench.mail_parse` splits them; their text is read before.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from time import process_time
from typing import cast

from bench.mail_parse import by_size
from mailfilter.checks import BUILT_IN
from mailfilter.config.model import Scan
from mailfilter.scan.check import Check, Findings, Given
from mailfilter.scan.task import Task
from mailfilter.testing.checks import make_task
from tests.mail.url_shapes import MAKERS, SIZE

NAMES = ("urls", "url_suspect", "url_services", "url_in_subject", "url_alphabets", "phishing")
NAMES_OF_TEXT = ("url_obfuscated",)


def made_checks() -> list[Check]:
    """The checks that look at URLs."""
    given = Given(Scan())
    return [check(given) for check in BUILT_IN if check.name in NAMES + NAMES_OF_TEXT]


def ready(raw: bytes) -> Task:
    """A task whose text is read, but no URL."""
    task = make_task(raw)
    message = task.message
    _ = (message.subject, message.text.plain, message.text.html, message.text.visible)
    return task


def costs(raw: bytes, checks: Sequence[Check]) -> dict[str, float]:
    """Microseconds of each step."""
    task = ready(raw)
    found = {}
    start = process_time()
    _ = task.message.urls
    found["find"] = (process_time() - start) * 1e6
    for check in checks:
        start = process_time()
        list(cast(Findings, check.run(task)))
        found[check.name] = (process_time() - start) * 1e6
    return found


def print_corpus(top: Path, rounds: int, most: int) -> None:
    """Print the table for the messages below a directory."""
    checks = made_checks()
    for name, raws in by_size(top).items():
        raws = raws[:: max(len(raws) // most, 1)][:most]
        if not raws:
            print(f"{name}: no messages")
            continue
        tables = []
        for _ in range(rounds):
            table = [costs(raw, checks) for raw in raws]
            tables.append({step: mean(row[step] for row in table) for step in table[0]})
        print(f"{name}: {len(raws)} messages of {mean(map(len, raws)):.0f} octets (mean)")
        for step in tables[0]:
            found = [table[step] for table in tables]
            print(f"  {step:16} min {min(found):7.1f} us   median {median(found):7.1f} us")


def print_hostile() -> None:
    """Print the dearest step of each hostile message."""
    checks = made_checks()
    for name, make in MAKERS.items():
        raw = make(SIZE)
        tables = [costs(raw, checks) for _ in range(2)]
        least = {step: min(table[step] for table in tables) for step in tables[0]}
        dearest = max(least, key=lambda step: least[step])
        print(
            f"{name:22} find {least['find'] / 1e3:6.1f} ms   "
            f"dearest: {dearest} {least[dearest] / 1e3:.1f} ms"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", nargs="?", type=Path)
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=300)
    given = parser.parse_args(arguments)
    if given.hostile:
        print_hostile()
    elif given.directory:
        print_corpus(given.directory, given.rounds, given.messages)
    else:
        parser.error("a directory of messages, or --hostile")


if __name__ == "__main__":
    main()
