"""Run the plan of checks over one message, in time, whatever the checks do."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Protocol

from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..config.model import Scan
from ..mail import Message, parse, parse_text
from .envelope import Envelope
from .leaving import GOES_NOWHERE, leaving, with_added
from .lookups import MAX_QUERIES, Resolves
from .networks import Networks, distrusted, local_networks
from .overlay import with_request
from .plan import Plan
from .profiles import Settings
from .render import verdict_of
from .tally import Tally
from .trace import Trace
from .unscanned import Unscanned, unscanned_verdict
from .verdict import (
    AddHeader,
    Edit,
    LastFields,
    Verdict,
)
from .walk import Walk

FAILURE_LOG_INTERVAL = 60.0
"""Seconds between two tracebacks of one check: a broken check meets every message."""

SETTINGS_NOTE = "settings"
"""How a note of the envelope begins on wishes of the client that cannot be met."""

RAW = "raw"
"""Flag of what is no mail but text."""

Observer = Callable[[Envelope, Verdict], None]

Finisher = Callable[[Envelope, Message, Verdict], Sequence[Edit]]
"""Says what else is to be changed of a message that got this verdict."""

Aside = Callable[[Callable[[], Sequence[AddHeader]]], Awaitable[Sequence[AddHeader]]]
"""Calls something that takes long, where it does not hold up others."""

log = Logger()


async def at_once(make: Callable[[], Sequence[AddHeader]]) -> Sequence[AddHeader]:
    """Call it here."""
    return make()


class ScanService(Protocol):
    """What a server needs of the scanner."""

    max_message: int
    """Octets; what is larger is not handed to `scan`."""

    async def scan(self, envelope: Envelope, raw: bytes) -> Verdict:
        """Scan one message (CRLF or LF line ends, as received).

        Always returns within the configured time. An exception means that no verdict exists:
        the caller then follows its fail policy. Cancelling the Deferred around it ends the scan.
        """
        ...

    def unscanned(self, envelope: Envelope, given: Unscanned) -> Verdict:
        """Make the verdict of a message that cannot be scanned; it is logged as any other.

        Its edits take away what others have written in our name.
        """
        ...


class Scanner:
    """Scans messages by one plan. `observers` are told of every verdict.

    Checks ask DNS by `resolver`, at most `max_queries` questions for a message; without one, all
    that they ask fails.
    `finish` has the last word on edits, but for signatures; those that take long are made
    `aside`, in a thread. `work_clock` measures how long the reactor has been kept
    (seconds).
    """

    def __init__(
        self,
        plan: Plan,
        options: Scan,
        clock: IReactorTime,
        observers: Sequence[Observer] = (),
        finish: Finisher | None = None,
        work_clock: Callable[[], float] = perf_counter,
        *,
        resolver: Resolves | None = None,
        max_queries: int = MAX_QUERIES,
        aside: Aside = at_once,
    ) -> None:
        self.plan = plan
        self._aside = aside
        self.options = options
        self.max_message = options.max_message
        self.clock = clock
        self.work_clock = work_clock
        self.resolver = resolver
        self.max_queries = max_queries
        self.relays = Networks(options.trusted_relays)
        self.running = 0
        """Scans under way."""
        self._observers = tuple(observers)
        self._finish = finish
        self._local = local_networks(options.local_networks)
        self._logged: dict[str, float] = {}

    async def scan(self, envelope: Envelope, raw: bytes) -> Verdict:
        """See `ScanService.scan`."""
        self.running += 1
        envelope = self._believed(envelope)
        try:
            verdict = await self._scan(envelope, raw)
        finally:
            self.running -= 1
        self._tell(envelope, verdict)
        return verdict

    def unscanned(self, envelope: Envelope, given: Unscanned) -> Verdict:
        """See `ScanService.unscanned`."""
        envelope = self._believed(envelope)
        message = parse(given.head)
        settings = self._settings(envelope)
        trace = self._trace(envelope)
        verdict = unscanned_verdict(given, message, settings, trace, self.options)
        verdict = self._finished(envelope, message, verdict)
        self._tell(envelope, verdict)
        return verdict

    async def _scan(self, envelope: Envelope, raw: bytes) -> Verdict:
        trace = self._trace(envelope)
        settings = self._settings(envelope)
        tally = Tally(self.plan, settings, self.options.max_options)
        message = parse_text(raw, envelope.subject) if RAW in envelope.flags else parse(raw)
        skipped = settings.skip or "skip" in envelope.flags
        if raw and not skipped:
            await Walk(self, envelope, message, settings, tally, trace).run()
        verdict = verdict_of(tally, trace, message, self.options, skipped=skipped)
        verdict = self._finished(envelope, message, verdict)
        if not tally.last_fields or verdict.action in GOES_NOWHERE:
            return verdict
        return await self._with_last_fields(envelope, message, verdict, tally.last_fields)

    async def _with_last_fields(
        self,
        envelope: Envelope,
        message: Message,
        verdict: Verdict,
        wanted: Sequence[tuple[str, LastFields]],
    ) -> Verdict:
        """Add what depends on all other edits; what cannot be made costs itself."""
        now = leaving(message.canonical, envelope, verdict)
        added: list[AddHeader] = []
        for check, item in wanted:
            try:
                make = partial(item.make, now)
                is_slow = item.is_slow or now.is_heavy
                made = [*(await self._aside(make) if is_slow else make())]
            except CancelledError:
                raise
            except Exception:
                self.log_failure(check, Failure(), verdict.trace_id)
                continue
            now = with_added(now, made)
            added = [*made, *added]
        return replace(verdict, edits=(*added, *verdict.edits))

    def _believed(self, envelope: Envelope) -> Envelope:
        return envelope if envelope.is_trusted else distrusted(envelope, self._local)

    def _settings(self, envelope: Envelope) -> Settings:
        settings = self.plan.profiles.settings(envelope)
        if envelope.settings is None:
            return settings
        return with_request(settings, envelope.settings, self.plan)

    def _trace(self, envelope: Envelope) -> Trace:
        trace = Trace(self.clock.seconds)
        if envelope.passed_on is not None:
            trace.add("proxy", envelope.passed_on)
        if envelope.identity is not None:
            trust = "" if envelope.is_trusted else ", which is not trusted"
            shown = "key" if envelope.by_key else "certificate"
            check = "httpcrypt" if envelope.by_key else "tls"
            trace.add(check, f"came with the {shown} of {envelope.identity}{trust}")
        for note in envelope.notes:
            trace.add("message", note)
            if note.startswith(SETTINGS_NOTE):
                self._warn("settings", "{listener}: {note}", listener=envelope.listener, note=note)
        wanted = envelope.settings_id
        if self.plan.profiles.lacks(wanted):
            trace.add(
                "profiles", f"no profile has the name that was asked for: {wanted}", quotes=True
            )
            self._warn(
                "settings-id",
                "{listener}: no profile is named {wanted!r}, which a client asked for",
                listener=envelope.listener,
                wanted=wanted,
            )
        return trace

    def _finished(self, envelope: Envelope, message: Message, verdict: Verdict) -> Verdict:
        if self._finish is None:
            return verdict
        try:
            edits = self._finish(envelope, message, verdict)
        except Exception:
            # A header field is not worth a verdict.
            self.log_failure("headers", Failure(), verdict.trace_id)
            return verdict
        return replace(verdict, edits=(*verdict.edits, *edits)) if edits else verdict

    def log_failure(self, check: str, failure: Failure, trace_id: str) -> None:
        """Log why a check gave no answer, but not for every message."""
        if self._is_news(check):
            log.failure(
                "check {check} failed; the scan goes on without it",
                failure,
                check=check,
                trace_id=trace_id,
            )

    def _warn(self, matter: str, text: str, **values: object) -> None:
        """Log a warning, but not for every message."""
        if self._is_news(matter):
            log.warn(text, **values)

    def _is_news(self, matter: str) -> bool:
        now = self.clock.seconds()
        last = self._logged.get(matter)
        if last is not None and now - last < FAILURE_LOG_INTERVAL:
            return False
        self._logged[matter] = now
        return True

    def _tell(self, envelope: Envelope, verdict: Verdict) -> None:
        for observer in self._observers:
            try:
                observer(envelope, verdict)
            except Exception:
                log.failure("an observer of verdicts failed")
