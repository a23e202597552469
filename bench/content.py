"""CPU time of what is found in content: the whole scan, with all rules, but for DNS.

    python -m bench.content DIR             # microseconds per message, over the *.eml below DIR
    python -m bench.content DIR --checks    # and the dearest checks
    python -m bench.content --turns DIR     # the longest turns that messages keep the reactor for
    python -m bench.content --hostile       # the same for hostile shapes of text and HTML

The messages are split by size as `bench.mail_parse` splits them. The plan is that of the default
configuration without the checks that ask DNS: what those cost has benchmarks of its own.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import mean, median
from time import perf_counter, process_time

from bench.mail_parse import Step, by_size, rounds_of
from mailfilter.app.checks import load_checks
from mailfilter.app.engine import settle
from mailfilter.app.rules import compile_rule_set, load_rule_set
from mailfilter.config.model import CheckSettings, Config
from mailfilter.mail import parse
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.plan import Plan, build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.verdict import Verdict
from mailfilter.testing.turns import Turns
from tests.mail.hostile import hostile_messages

AUTHENTICATION = frozenset(("arc", "arc_sealing", "dkim", "dkim_signing", "dmarc", "spf"))
"""Checks that are left out."""

SHOWN = 30
"""Lines of a table of the dearest."""

LONG = 0.02
"""Seconds of a turn that is measured again."""

SIZE = 1024 * 1024
"""Octets of hostile messages."""

ENVELOPE = Envelope(listener="bench")


def make_plan() -> Plan:
    """The plan that is measured."""
    config = Config(checks={name: CheckSettings(enabled=False) for name in AUTHENTICATION})
    rules = compile_rule_set(load_rule_set(config.rules).rules, config.rules, None)
    return build_plan(config, [*load_checks(), rules.check()])


class Bench:
    """A scanner whose pauses end when the next turn is taken."""

    def __init__(self, plan: Plan, by_cpu: bool = False) -> None:
        """Checks are measured `by_cpu` time if others keep the machine busy; that costs more."""
        self._turns = Turns(process_time)
        work_clock = process_time if by_cpu else perf_counter
        self._scanner = Scanner(plan, Config().scan, self._turns, work_clock=work_clock)

    def scan(self, raw: bytes) -> tuple[Verdict, float]:
        """The verdict of a message, and the longest turn that it took (seconds of CPU time)."""
        self._turns.longest = 0.0
        verdict = self._turns.run(self._scanner.scan(ENVELOPE, raw))
        return verdict, self._turns.longest


def dearest(bench: Bench, messages: Sequence[bytes]) -> Iterator[str]:
    """Lines: microseconds a message that checks took, those that took most first.

    What checks share is worked out once for a message, and counts for the one that asks first.
    """
    costs: defaultdict[str, float] = defaultdict(float)
    for raw in messages:
        for run in bench.scan(raw)[0].runs:
            costs[run.check] += run.took
    for name, seconds in sorted(costs.items(), key=lambda item: -item[1])[:SHOWN]:
        yield f"    {name:24}{seconds / len(messages) * 1e6:8.1f} us"


def costs(bench: Bench, messages: Sequence[bytes], rounds: int) -> Iterator[str]:
    """Lines: what parsing and the whole scan take."""
    steps: tuple[tuple[str, Step], ...] = (("parse", parse), ("scan", bench.scan))
    for label, step in steps:
        found = rounds_of(step, messages, rounds)
        yield f"  {label:10} min {min(found):7.1f} us   median {median(found):7.1f} us"


def print_corpus(bench: Bench, top: Path, rounds: int, most: int, with_checks: bool) -> None:
    """Print the tables for the messages below a directory."""
    for name, raws in by_size(top).items():
        messages = raws[:: max(len(raws) // most, 1)][:most]
        if not messages:
            print(f"{name}: no messages")
            continue
        print(f"{name}: {len(messages)} messages of {mean(map(len, messages)):.0f} octets (mean)")
        print("\n".join(costs(bench, messages, rounds)))
        if with_checks:
            print("\n".join(dearest(bench, messages)))


def turns_of(bench: Bench, messages: Iterable[tuple[str, bytes]]) -> Iterator[str]:
    """Lines: messages with the longest turns (the shorter of two scans), and what was slow."""
    found: list[tuple[float, str, str]] = []
    for name, raw in messages:
        verdict, longest = bench.scan(raw)
        if longest > LONG:
            longest = min(longest, bench.scan(raw)[1])
        slow = sorted(verdict.runs, key=lambda run: -run.took)[:3]
        told = ", ".join(f"{run.check} {run.took * 1e3:.0f}" for run in slow)
        found.append((longest * 1e3, name, told))
    for longest, name, told in sorted(found, reverse=True)[:SHOWN]:
        yield f"{longest:7.1f} ms  {name[-60:]:60}  {told}"


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("directory", nargs="?", type=Path, help="where the messages are")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=int, default=400, help="messages of each size")
    parser.add_argument("--checks", action="store_true", help="the dearest checks, too")
    parser.add_argument("--turns", action="store_true", help="the longest turns")
    parser.add_argument("--hostile", action="store_true", help="hostile shapes instead")
    options = parser.parse_args()
    bench = Bench(make_plan(), by_cpu=options.turns or options.hostile)
    settle()
    if options.hostile:
        print("\n".join(turns_of(bench, hostile_messages(SIZE))))
    elif options.directory is None:
        parser.error("give a directory, or --hostile")
    elif options.turns:
        paths = sorted(path for path in options.directory.rglob("*") if path.is_file())
        messages = ((str(path), path.read_bytes()) for path in paths)
        print("\n".join(turns_of(bench, messages)))
    else:
        print_corpus(bench, options.directory, options.rounds, options.most, options.checks)


if __name__ == "__main__":
    main()
