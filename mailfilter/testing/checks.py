"""Helpers for tests of checks: one message, one check, what it found."""

from collections.abc import Coroutine, Iterable, Mapping, Sequence
from inspect import iscoroutine
from types import MappingProxyType
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from ..auth.signing_keys import SigningKeys
from ..classifier.shared import Shared
from ..config.model import Config, MapKind, Scan
from ..config.model import Map as MapSettings
from ..mail import parse
from ..maps import Maps
from ..scan.check import Check, Finding, Findings, Given, Hit
from ..scan.envelope import Envelope
from ..scan.lookups import Lookups, Resolves
from ..scan.networks import Networks
from ..scan.plan import build_plan
from ..scan.profiles import Profiles
from ..scan.run import Scanner
from ..scan.task import Task
from ..scan.verdict import AuthResult, Verdict

ENVELOPE = Envelope(listener="test")
"""An envelope that says nothing."""


def make_task(
    raw: bytes,
    envelope: Envelope = ENVELOPE,
    *,
    config: Config | None = None,
    hits: Iterable[Hit] = (),
    auth_results: Sequence[AuthResult] = (),
    resolver: Resolves | None = None,
) -> Task:
    """A task for a message, with `hits` and `auth_results` as what other checks have found.

    What it asks of DNS is answered by `resolver`, such as a `FakeDns`.
    """
    config = config or Config()
    settings = Profiles(config).settings(envelope)
    found = MappingProxyType({hit.symbol: hit for hit in hits})
    lookups = Lookups(resolver, config.dns.max_queries)
    relays = Networks(config.scan.trusted_relays)
    return Task(
        envelope,
        parse(raw),
        settings,
        found,
        60.0,
        lambda: 0.0,
        lookups,
        relays,
        auth_results,
    )


def make_maps(**texts: tuple[MapKind, str]) -> Maps:
    """Maps by name, of their kind and what is in them, for `maps` of `run_check`.

    `maps.give(name, octets)` changes one. Raises MapError.
    """
    made = Maps({name: MapSettings(kind=kind, file=name) for name, (kind, _) in texts.items()})
    for name, (_, text) in texts.items():
        made.give(name, text.encode())
    return made


def run_check(
    check: type[Check],
    raw: bytes,
    envelope: Envelope = ENVELOPE,
    *,
    scan: Scan | None = None,
    options: Mapping[str, object] = MappingProxyType({}),
    hits: Iterable[Hit] = (),
    auth_results: Sequence[AuthResult] = (),
    maps: Maps | None = None,
    keys: SigningKeys | None = None,
    resolver: Resolves | None = None,
    classifier: Shared | None = None,
) -> list[Finding]:
    """Make a check, run it, return its findings.

    What it asks of DNS is answered by `resolver`, such as a `FakeDns`. A check that waits must get
    its answers at once, as fakes give them; else `scan_message` with a `Clock` is the way.
    """
    config = Config(scan=scan or Scan())
    given = Given(
        config.scan,
        options,
        maps or make_maps(),
        keys or SigningKeys(),
        classifier=classifier or Shared(),
    )
    made = check(given)
    task = make_task(
        raw, envelope, config=config, hits=hits, auth_results=auth_results, resolver=resolver
    )
    answer = made.run(task)
    if not iscoroutine(answer):
        return list(cast(Findings, answer))
    found: list[Findings] = []
    failures: list[Failure] = []
    waiting = Deferred.fromCoroutine(cast("Coroutine[Any, Any, Findings]", answer))
    waiting.addCallbacks(found.append, failures.append)
    if not found and not failures:
        waiting.cancel()
        raise AssertionError(f"check {check.name} waits for something that does not come")
    if failures:
        failures[0].raiseException()
    return list(found[0])


def scan_message(
    raw: bytes,
    checks: Iterable[type[Check]],
    envelope: Envelope = ENVELOPE,
    *,
    config: Config | None = None,
    clock: Clock | None = None,
    maps: Maps | None = None,
    keys: SigningKeys | None = None,
    resolver: Resolves | None = None,
) -> Deferred[Verdict]:
    """Scan a message with some checks, as the server does: scores, composites, time and all.

    Time passes only when the test moves `clock`.
    """
    config = config or Config()
    clock = clock or Clock()
    scanner = Scanner(
        build_plan(config, checks, maps, keys),
        config.scan,
        IReactorTime(clock),
        work_clock=clock.seconds,
        resolver=resolver,
        max_queries=config.dns.max_queries,
    )
    return Deferred.fromCoroutine(scanner.scan(envelope, raw))


def symbols_of(findings: Iterable[Finding]) -> dict[str, tuple[str, ...]]:
    """The symbols among findings, with their options."""
    return {item.symbol: item.options for item in findings if isinstance(item, Hit)}
