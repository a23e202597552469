"""What each part of a scan costs: `python -m bench.parts [--messages DIR]`.

Walks the messages through the plan of the default configuration, in this process, and times each
part. What checks share (decoded text, addresses, links) is worked out once for a message and so
counts for the check that asks first.
"""

import argparse
import inspect
import io
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as StandingClock

from mailfilter.app.checks import load_checks
from mailfilter.app.rules import compile_rule_set, load_rule_set
from mailfilter.config.model import Config, HistorySettings
from mailfilter.mail import parse
from mailfilter.report.counters import Counters
from mailfilter.report.history import Recorder
from mailfilter.report.history_row import row_of
from mailfilter.report.logline import ScanLine
from mailfilter.report.logs import LineObserver
from mailfilter.report.privacy import SECRET_OCTETS, Hasher, Masks
from mailfilter.scan.check import Findings
from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.scan.lookups import Lookups
from mailfilter.scan.plan import Plan, Step, build_plan
from mailfilter.scan.render import verdict_of
from mailfilter.scan.tally import Tally
from mailfilter.scan.task import Task
from mailfilter.scan.trace import Trace
from mailfilter.scan.verdict import CheckRun
from mailfilter.servers.reply_form import ReplyForm, render_scan
from mailfilter.store.memory import MemoryStore

from . import messages
from .spf import Warm

WARM = Warm()
"""Answers whatever checks ask of DNS, from memory."""

ROUNDS = 5
"""Walks over all messages. The cheapest one of each part counts: what is dearer is the noise of
other processes."""

ENVELOPE = Envelope(
    listener="http",
    client_ip=ip_address("192.0.2.10"),
    helo="mail.example.net",
    hostname="mail.example.net",
    sender="alice@hosted.example",
    recipients=(Recipient("bob@example.org"),),
    queue_id="4BENCH0001",
)


class Clock:
    """Adds up what each part takes in one round."""

    def __init__(self) -> None:
        self.nanoseconds: dict[str, int] = {}

    def time(self, part: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function, and count its time for a part."""
        begun = time.perf_counter_ns()
        result = function(*args)
        took = time.perf_counter_ns() - begun
        self.nanoseconds[part] = self.nanoseconds.get(part, 0) + took
        return result


def run_check(step: Step, task: Task, tally: Tally) -> None:
    """Run a check and take its findings, as the scanner does."""
    findings: Any = step.check.run(task)
    if inspect.isawaitable(findings):
        findings = answer_at_once(findings)
    tally.take(step.name, findings)


def answer_at_once(coroutine: Any) -> Findings | None:
    """What a check returns that could wait; nothing if it does wait."""
    answers: list[Findings] = []
    deferred: Deferred[Findings] = Deferred.fromCoroutine(coroutine)
    deferred.addCallback(answers.append)
    if not answers:
        deferred.addErrback(lambda _failure: None)
        deferred.cancel()
    return answers[0] if answers else None


def scan(
    plan: Plan,
    config: Config,
    raw: bytes,
    clock: Clock,
    recorder: Recorder,
    envelopes: Iterator[Envelope],
) -> None:
    """One message through all parts."""
    trace = Trace(time.monotonic)
    settings = clock.time("profiles", plan.profiles.settings, ENVELOPE)
    tally = Tally(plan, settings, config.scan.max_options)
    message = clock.time("parse", parse, raw)
    deadline = time.monotonic() + config.scan.timeout
    task = Task(ENVELOPE, message, settings, tally.hits, deadline, time.monotonic, Lookups(WARM))
    for waves in plan.stages.values():
        for wave in waves:
            for step in (*wave.direct, *wave.waiting):
                clock.time(f"check {step.name}", run_check, step, task, tally)
                trace.runs.append(CheckRun(step.name, step.stage, trace.elapsed()))
    verdict = clock.time("scores and verdict", finish, tally, trace, message, config)
    clock.time("reply as JSON", render_scan, verdict, FORM, raw)
    clock.time("log line", write_line, verdict)
    clock.time("counters", COUNTERS.count_scan, ENVELOPE, verdict)
    envelope = next(envelopes)
    clock.time("history: queue", recorder, envelope, verdict)
    clock.time("history: row", row_of, envelope, verdict, 0.0, MASKS)


FORM = ReplyForm()
COUNTERS = Counters()
MASKS = Masks(HistorySettings(), Hasher(bytes(SECRET_OCTETS)))


def strangers() -> Iterator[Envelope]:
    """Envelopes of senders and recipients that have not been seen before."""
    for number in count():
        yield replace(
            ENVELOPE,
            sender=f"alice{number}@example.net",
            recipients=(Recipient(f"bob{number}@example.org"),),
            queue_id=f"4BENCH{number}",
        )


def finish(tally: Tally, trace: Trace, message: Any, config: Config) -> Any:
    """The verdict."""
    return verdict_of(tally, trace, message, config.scan, skipped=False)


LINES = LineObserver(io.StringIO(), as_json=False)


def write_line(verdict: Any) -> None:
    """Write the line to memory, with what Twisted's logger puts around it."""
    LINES({"log_format": "{scan}", "scan": ScanLine(ENVELOPE, verdict), "log_time": 0.0})


def measure(plan: Plan, config: Config, found: list[bytes]) -> dict[str, float]:
    """Microseconds a message, by part, in the order of the scan."""
    best: dict[str, float] = {}
    envelopes = strangers()
    for _ in range(ROUNDS):
        clock = Clock()
        # Nothing is flushed, since time stands still; the store is another bench's.
        standing = StandingClock()
        recorder = Recorder(MemoryStore(standing), config.history, standing)
        for raw in found:
            scan(plan, config, raw, clock, recorder, envelopes)
        for part, nanoseconds in clock.nanoseconds.items():
            cost = nanoseconds / 1000 / len(found)
            best[part] = min(best.get(part, cost), cost)
    return best


def table(costs: dict[str, float]) -> Iterable[str]:
    """The lines to print."""
    total = sum(costs.values())
    yield f"{'part':32}{'us':>10}{'share':>8}"
    for part, cost in costs.items():
        yield f"{part:32}{cost:10.1f}{cost / total:8.1%}"
    yield f"{'together':32}{total:10.1f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=Path, help="a directory of messages")
    args = parser.parse_args()
    found = messages.load(args.messages)
    size = sum(map(len, found)) / len(found)
    config = Config()
    rules = compile_rule_set(load_rule_set(config.rules).rules, config.rules, None)
    plan = build_plan(config, [*load_checks(), rules.check()])
    print(f"Parts of a scan: {len(found)} messages, {size / 1024:.1f} KiB mean; us a message")
    print("\n".join(table(measure(plan, config, found))))


if __name__ == "__main__":
    main()
