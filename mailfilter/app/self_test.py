"""Try new checks on a message before mail is given to them."""

from dataclasses import dataclass

from twisted.internet.interfaces import IReactorTime

from ..config import Loaded
from ..scan.envelope import Envelope, Recipient
from ..scan.plan import Plan
from ..scan.run import Scanner
from .rules import rule_troubles

MESSAGE = (
    b"From: Self-test <self-test@example.org>\r\nTo: <postmaster@example.org>\r\n"
    b"Subject: self-test\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
    b"Message-ID: <self-test@example.org>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe filter tries its checks.\r\n"
)
ENVELOPE = Envelope(
    listener="",
    helo="localhost",
    sender="self-test@example.org",
    recipients=(Recipient("postmaster@example.org"),),
    flags=frozenset({"pass_all"}),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the test showed."""

    errors: tuple[str, ...]
    """Of checks that need nothing but the message: what fails here fails for all mail."""
    warnings: tuple[str, ...]
    """Of checks that wait for others, such as a store: those may be back when mail comes. What is
    wrong with rules, without which the others work."""


async def self_test(loaded: Loaded, plan: Plan, clock: IReactorTime) -> Outcome:
    """Scan a small message, which is neither logged nor counted."""
    scanner = Scanner(plan, loaded.config.scan, clock)
    verdict = await scanner.scan(ENVELOPE, MESSAGE)
    reasons = {item.name: ", ".join(item.options) for item in verdict.symbols}
    failed = [step for step in plan.steps if step.fail_symbol in reasons]
    texts = [(step.waits, f"check {step.name}: {reasons[step.fail_symbol]}") for step in failed]
    return Outcome(
        errors=tuple(text for waits, text in texts if not waits),
        warnings=(*(text for waits, text in texts if waits), *rule_troubles(plan)),
    )
