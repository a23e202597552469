"""Sends the aggregate reports of DMARC that are due: each once, whatever happens meanwhile."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from twisted.internet.defer import CancelledError

from ..auth.dmarc_addresses import Address, Destination, find_destinations, read_addresses
from ..auth.drive import AskAll, run
from ..config.model import DmarcReports
from ..report.dmarc_day import (
    DAY,
    DomainDay,
    begin_of,
    close_day,
    day_of,
    kept_seconds,
    read_day,
    read_domains,
)
from ..report.dmarc_mail import report_message
from ..report.dmarc_report import make_report
from ..report.dmarc_rows import is_below, skipped_domains
from ..store.base import Store
from .dmarc_marks import Due, Marks
from .sending import SendError, Unanswered

QUIET_SECONDS = 600.0
"""After the end of a day: what was scanned at its end may still be on its way into the store."""

MAX_FAILURES = 10
"""In a row; then nothing more is tried: the MTA takes nothing. Answers to one message or recipient
do not count, since whoever asks for reports chooses these."""

State = Literal[
    "sent",
    "would send",
    "sent before",
    "skipped",
    "refused",
    "too large",
    "failed",
    "under way",
    "doubtful",
    "given up",
]
TROUBLE: frozenset[State] = frozenset(("failed", "doubtful", "given up"))
"""What an administrator should know of."""

_NOT_DUE: dict[Due, tuple[State, str]] = {
    "sent": ("sent before", ""),
    "under way": ("under way", "another command is sending it"),
    "doubtful": (
        "doubtful",
        "a command ended while it was sending it; --resend sends it, perhaps once more",
    ),
    "too often": ("given up", "it has failed too often"),
}

Send = Callable[[str, str, bytes], Awaitable[str]]
"""Sends a message from an address to another, and returns what the MTA said; raises SendError."""


class GaveUp(Exception):
    """Nothing more is sent; the text says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a report for an address, or of all for a domain if there is none."""

    day: str
    domain: str
    address: str
    state: State
    text: str = ""
    messages: int = 0
    """Those of which the report tells."""
    rows: int = 0


def remembered_days(now: float, settings: DmarcReports) -> list[str]:
    """The days that the store may know, the oldest first, up to today."""
    count = int(settings.keep // DAY) + 2
    return [day_of(now - back * DAY) for back in range(count - 1, -1, -1)]


def is_over(day: str, now: float) -> bool:
    """Whether what was scanned on a day is stored, unless the store was away.

    Raises ValueError if it is no day.
    """
    return now >= begin_of(day) + DAY + QUIET_SECONDS


class Sending:
    """One command that sends reports.

    `tell` hears of each outcome at once; `wall_clock` is Unix time. With `is_dry` nothing is sent
    and nothing is marked; with `resend` what is doubtful is sent again.
    """

    def __init__(
        self,
        store: Store,
        settings: DmarcReports,
        ask_all: AskAll,
        send: Send,
        tell: Callable[[Outcome], None],
        wall_clock: Callable[[], float],
        *,
        is_dry: bool = False,
        resend: bool = False,
    ) -> None:
        self._store = store
        self._settings = settings
        self._ask_all = ask_all
        self._send = send
        self._tell = tell
        self._wall_clock = wall_clock
        self._is_dry = is_dry
        self._resend = resend
        self._marks = Marks(store, settings.keep + 2 * DAY)
        self._skipped = skipped_domains(settings)
        self._failures = 0

    async def days(self, days: Sequence[str], domains: Collection[str] = ()) -> None:
        """Send what is due of these days, of all domains or of some.

        Raises StoreError, GaveUp, and CancelledError if somebody wants us to end.
        """
        for day in days:
            for domain in await read_domains(self._store, day):
                if not domains or domain in domains:
                    await self._domain(day, domain)

    async def _domain(self, day: str, domain: str) -> None:
        known = await self._read(day, domain)
        if known is None:
            return
        addresses, problems = read_addresses(known.policy.rua)
        if why := self._why_not(known, addresses, problems):
            self._tell(_outcome(known, "", "skipped", why))
            return
        for problem in problems:
            self._tell(_outcome(known, "", "refused", problem))
        found = await run(find_destinations(domain, addresses), self._ask_all, _no_pause)
        willing = [item for item in found if item.wish == "yes"]
        for destination in found:
            if destination.wish == "yes":
                await self._deliver(known, destination.address, destination.address)
            else:
                self._tell(_unwilling(known, destination))
        for text in self._settings.bcc if willing else ():
            local, _, host = text.rpartition("@")
            await self._deliver(known, Address(local, host), willing[0].address)

    async def _read(self, day: str, domain: str) -> DomainDay | None:
        """What is known of a day, to which nothing is added any more."""
        if not self._is_dry:
            seconds = kept_seconds(day, self._settings, self._wall_clock())
            await close_day(self._store, day, domain, seconds)
        return await read_day(self._store, day, domain)

    def _why_not(
        self, known: DomainDay, addresses: Sequence[Address], problems: Sequence[str]
    ) -> str:
        if is_below(known.policy.domain, self._skipped):
            return "it is one of dmarc_reports.skip_domains, or our own"
        if not known.accepted and not self._settings.report_spam_only:
            return "no message of it was accepted"
        return "" if addresses else f"no address: {'; '.join(problems)}"

    async def _deliver(self, known: DomainDay, address: Address, shown: Address) -> None:
        """Send to an address, in a message to one that is shown, if that is due."""
        what = known.day, known.policy.domain, str(address)
        standing = await self._marks.read(*what, self._wall_clock(), resend=self._resend)
        if standing.due != "now":
            state, text = _NOT_DUE[standing.due]
            texts = "; ".join(filter(None, (text, standing.text)))
            self._tell(_outcome(known, str(address), state, texts))
            return
        message = report_message(
            make_report(known, self._settings),
            self._settings.address,
            str(shown),
            self._wall_clock(),
        )
        if address.limit is not None and len(message) > address.limit:
            text = f"{len(message)} octets; it wants at most {address.limit}"
            self._tell(_outcome(known, str(address), "too large", text))
        elif self._is_dry:
            self._tell(_outcome(known, str(address), "would send", f"{len(message)} octets"))
        elif await self._marks.begin(*what, standing.attempt, self._wall_clock()):
            await self._attempt(known, address, standing.attempt, message)
        else:
            self._tell(_outcome(known, str(address), *_NOT_DUE["under way"]))

    async def _attempt(
        self, known: DomainDay, address: Address, attempt: int, message: bytes
    ) -> None:
        what = known.day, known.policy.domain, str(address)
        try:
            text = await self._send(self._settings.address, str(address), message)
        except SendError as error:
            is_known = not isinstance(error, Unanswered)
            mark: Literal["failed", "sending"] = "failed" if is_known else "sending"
            await self._marks.end(*what, attempt, self._wall_clock(), mark, str(error))
            state: State = "failed" if is_known else "doubtful"
            self._tell(_outcome(known, str(address), state, str(error)))
            if error.is_interrupted:
                raise CancelledError from None
            self._failures = 0 if error.is_refused else self._failures + 1
            if self._failures >= MAX_FAILURES:
                raise GaveUp(f"{self._failures} reports in a row were not taken: {error}") from None
            return
        self._failures = 0
        await self._marks.end(*what, attempt, self._wall_clock(), "sent", text)
        self._tell(_outcome(known, str(address), "sent", text))


def _unwilling(known: DomainDay, destination: Destination) -> Outcome:
    # What is not known is asked again by the next command.
    state: State = "refused" if destination.wish == "no" else "failed"
    return _outcome(known, str(destination.address), state, destination.reason)


def _outcome(known: DomainDay, address: str, state: State, text: str = "") -> Outcome:
    return Outcome(
        known.day, known.policy.domain, address, state, text, known.messages, len(known.rows)
    )


async def _no_pause() -> None:
    """Nobody waits for us."""
