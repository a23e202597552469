"""Helpers for tests of checks: one message, one check, what it found."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import cast

from ..config.model import Config, Scan
from ..mail import parse
from ..scan.check import Check, Finding, Findings, Given, Hit
from ..scan.envelope import Envelope
from ..scan.profiles import Profiles
from ..scan.task import Task

ENVELOPE = Envelope(listener="test")
"""An envelope that says nothing."""


def make_task(
    raw: bytes,
    envelope: Envelope = ENVELOPE,
    *,
    config: Config | None = None,
    hits: Iterable[Hit] = (),
) -> Task:
    """A task for a message, with `hits` as what other checks have found."""
    settings = Profiles(config or Config()).settings(envelope)
    found = MappingProxyType({hit.symbol: hit for hit in hits})
    return Task(envelope, parse(raw), settings, found, deadline=60.0, seconds=lambda: 0.0)


def run_check(
    check: type[Check],
    raw: bytes,
    envelope: Envelope = ENVELOPE,
    *,
    scan: Scan | None = None,
    options: Mapping[str, object] = MappingProxyType({}),
    hits: Iterable[Hit] = (),
) -> list[Finding]:
    """Make a check that does not wait, run it, return its findings."""
    made = check(Given(scan=scan or Scan(), options=options))
    return list(cast(Findings, made.run(make_task(raw, envelope, hits=hits))))


def symbols_of(findings: Iterable[Finding]) -> dict[str, tuple[str, ...]]:
    """The symbols among findings, with their options."""
    return {item.symbol: item.options for item in findings if isinstance(item, Hit)}
