"""What the store knows of a day for aggregate reports of DMARC: who wants one, and its rows.

A domain has a hash for a day, in which each row is a field that counts messages; beside them are
totals, whose names begin with "#". A hash has room for so many fields only: rows that it has no
room for go into the next one. The domains of a day are in sets.

Days are those of UTC. Everything expires by itself, `dmarc_reports.keep` after its day.
"""

import time
from calendar import timegm
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from math import ceil
from random import randrange

import msgspec

from ..config.model import DmarcReports
from ..mail.public_suffix import organizational_domain
from ..store.base import Count, HashAdd, HashAll, HashGet, HashPut, Key, SetAdd, SetMembers, Store
from ..store.base import key as store_key
from ..store.calls.groups import as_number
from ..store.errors import TimedOut, Unavailable
from .dmarc_row import PublishedPolicy, Row, decoded, encoded, folded

DAY = 86400
PART_ROWS = 900
"""Of one hash, which may have 1000 fields."""
MAX_PARTS = 25
DOMAINS_OF_ONE = 100
"""Domains of one organization on one day: whoever has a domain can make up any number below it."""
ROWS_A_CALL = 300
SHARDS = 128
"""Sets that the domains of a day are in: of one no more than 1000 members can be read."""
SHARD_DOMAINS = 1000
LEAST_SECONDS = 60.0

WRITERS = 64
"""Fields that tell of one who adds whether a call was carried out."""

MESSAGES, ACCEPTED, ROWS, LOST, POLICY = b"#messages", b"#accepted", b"#rows", b"#lost", b"#policy"
CLOSED = b"#closed"


def day_of(at: float) -> str:
    """The day of a Unix time, such as `2026-11-28`."""
    return time.strftime("%Y-%m-%d", time.gmtime(at))


def begin_of(day: str) -> int:
    """Unix time at which a day begins. Raises ValueError if it is not written as `day_of` does."""
    at = timegm(time.strptime(day, "%Y-%m-%d"))
    if day_of(at) != day:
        raise ValueError(f"{day!r}: expected a day such as 2026-11-28")
    return at


@dataclass(slots=True)
class Counted:
    """Messages of one row."""

    messages: int = 0
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class Doubt:
    """A call of which nobody knows whether it was carried out."""

    key: Key
    names: Sequence[bytes]
    """The rows that it adds to."""
    calls: int
    """What our own field counts if it was."""


@dataclass(slots=True)
class Batch:
    """What is to be added to a day of a domain. Whoever adds it takes away what is done."""

    day: str
    policy: PublishedPolicy
    rows: dict[bytes, Counted] = field(default_factory=dict)
    doubt: Doubt | None = None
    lost: int = 0
    """Messages that no report will tell, until whoever adds the batch is told."""


@dataclass(frozen=True, slots=True)
class DomainDay:
    """What is known of a day of a domain."""

    day: str
    policy: PublishedPolicy
    rows: Sequence[tuple[Row, int]]
    accepted: int
    lost: int
    """Messages for which there was no room."""

    @property
    def messages(self) -> int:
        """Of all rows."""
        return sum(count for _row, count in self.rows)


class DayBook:
    """Adds to days. Of messages that no report will tell, `add` returns the number."""

    def __init__(self, store: Store, settings: DmarcReports) -> None:
        self._store = store
        self._settings = settings
        # What others add to a row meanwhile says nothing of a call of ours.
        self._writer = b"#writer-%d" % randrange(WRITERS)

    async def add(self, batch: Batch, now: float) -> int:
        """Add all of a batch, or as much as the store lets us; `now` is Unix time.

        What was done is not in the batch any more, so that it can be added again after an error;
        it then keeps what `lost` counts. Raises StoreError.
        """
        await self._settle(batch)
        await self._add_rows(batch, kept_seconds(batch.day, self._settings, now))
        lost, batch.lost = batch.lost, 0
        return lost

    async def _add_rows(self, batch: Batch, seconds: float) -> None:
        while batch.rows:
            names = list(batch.rows)[:ROWS_A_CALL]
            for part in range(MAX_PARTS):
                most = self._settings.max_rows - part * PART_ROWS
                if not names or most <= 0:
                    break
                left = await self._add_part(batch, part, names, seconds)
                if left is None:
                    batch.lost += _give_up(batch, list(batch.rows))
                    return
                names = left
            if lost := _folded(batch, names):
                await self._lose(batch, lost, seconds)

    async def _is_known(self, batch: Batch, known: bytes | None, seconds: float) -> bool:
        """Whether a domain is one of the day's; if there is room it is from now on.

        Its policy that is `known` is made the last one.
        """
        day, domain = batch.day, batch.policy.domain
        policy = msgspec.json.encode(batch.policy)
        if known is None:
            total = store_key("dmarc_count", day)
            owner = store_key("dmarc_count", day, organizational_domain(domain) or domain)
            counts = await self._store.do(Count({total: 0, owner: 0}))
            if counts[0] >= self._settings.max_domains or counts[1] >= DOMAINS_OF_ONE:
                return False
            name = [domain.encode()]
            key_of_set = _domains_key(day, _shard(domain))
            added = await self._store.do(SetAdd(key_of_set, name, SHARD_DOMAINS, seconds))
            if added[0]:
                await self._store.do(Count({total: 1, owner: 1}, seconds))
        if known != policy:
            await self._store.do(HashPut(_rows_key(day, domain, 0), {POLICY: policy}, seconds))
        return True

    async def _add_part(
        self, batch: Batch, part: int, names: list[bytes], seconds: float
    ) -> list[bytes] | None:
        """Add rows to one hash; returns those that it has no room for.

        None if the day has no room for the domain.
        """
        key = _rows_key(batch.day, batch.policy.domain, part)
        fields = [ROWS, POLICY, CLOSED, self._writer, *names]
        rows, policy, closed, calls, *found = await self._store.do(HashGet(key, fields))
        if closed is not None:
            await self._lose(batch, list(batch.rows), seconds)
            return []
        if not part and not await self._is_known(batch, policy, seconds):
            return None
        fresh = [name for name, old in zip(names, found, strict=True) if old is None]
        left = self._without_room(fresh, part, as_number(rows))
        told = [name for name in names if name not in set(left)]
        if not told:
            return left
        counted = [batch.rows[name] for name in told]
        amounts = {name: batch.rows[name].messages for name in told}
        totals = {
            MESSAGES: sum(item.messages for item in counted),
            ACCEPTED: sum(item.accepted for item in counted),
            ROWS: len(fresh) - len(left),
            self._writer: 1,
        }
        try:
            await self._store.do(HashAdd(key, {**amounts, **totals}, seconds))
        except (TimedOut, Unavailable):
            batch.doubt = Doubt(key, told, as_number(calls) + 1)
            raise
        _give_up(batch, told)
        return left

    def _without_room(self, names: Sequence[bytes], part: int, rows: int) -> list[bytes]:
        """Those of new rows that a hash with so many has no room for."""
        left = []
        for name in names:
            most = ceil(self._settings.max_rows * share_of(name)) - part * PART_ROWS
            if rows < min(PART_ROWS, most):
                rows += 1
            else:
                left.append(name)
        return left

    async def _lose(self, batch: Batch, names: Sequence[bytes], seconds: float) -> None:
        """Give up rows. After a time-out a report may tell of more messages that it does not tell
        than there were."""
        key = _rows_key(batch.day, batch.policy.domain, 0)
        lost = sum(batch.rows[name].messages for name in names)
        await self._store.do(HashAdd(key, {LOST: lost}, seconds))
        batch.lost += _give_up(batch, names)

    async def _settle(self, batch: Batch) -> None:
        """Look whether the call in doubt was carried out, which is as a whole or not at all."""
        doubt = batch.doubt
        if doubt is None:
            return
        (calls,) = await self._store.do(HashGet(doubt.key, [self._writer]))
        batch.doubt = None
        if as_number(calls) >= doubt.calls:
            _give_up(batch, doubt.names)


def share_of(name: bytes) -> float:
    """How much of the rows of a day may be taken when a row like this is added.

    What is in rows that pass is the domain's own. Of others whoever forges it chooses all but the
    address of the host, and could take all room with that.
    """
    row = decoded(name)
    if row is None or "pass" in (row.dkim, row.spf):
        return 1.0
    return 0.75 if row == folded(row) else 0.5


def _folded(batch: Batch, names: Sequence[bytes]) -> list[bytes]:
    """Put rows of a batch together that there is no room for; returns those that stay as they are.

    What is put together may find room as it is now.
    """
    stay = []
    for name in names:
        row = decoded(name)
        if row is None or share_of(name) > 0.5:
            stay.append(name)
            continue
        counted = batch.rows.pop(name)
        into = batch.rows.setdefault(encoded(folded(row)), Counted())
        into.messages += counted.messages
        into.accepted += counted.accepted
    return stay


def kept_seconds(day: str, settings: DmarcReports, now: float) -> float:
    """How long from now what is known of a day is kept."""
    return max(LEAST_SECONDS, begin_of(day) + DAY + settings.keep - now)


async def close_day(store: Store, day: str, domain: str, seconds: float) -> None:
    """Take no more rows: a report on this day goes out. What comes later is counted as lost.

    Raises StoreError.
    """
    await store.do(HashPut(_rows_key(day, domain, 0), {CLOSED: b"1"}, seconds))


async def read_domains(store: Store, day: str) -> list[str]:
    """The domains of which a day knows anything, in order. Raises StoreError."""
    found: set[bytes] = set()
    for shard in range(SHARDS):
        found.update(await store.do(SetMembers(_domains_key(day, shard), SHARD_DOMAINS)))
    return sorted(name.decode("utf-8", "replace") for name in found)


async def read_day(store: Store, day: str, domain: str) -> DomainDay | None:
    """What is known of a day of a domain; None if that is nothing. Raises StoreError."""
    first: dict[bytes, bytes] = {}
    counts: dict[bytes, int] = {}
    accepted = 0
    for part in range(MAX_PARTS):
        fields = await store.do(HashAll(_rows_key(day, domain, part)))
        if not fields:
            break
        first = first or fields
        accepted += as_number(fields.get(ACCEPTED))
        for name, count in fields.items():
            if not name.startswith(b"#"):
                counts[name] = counts.get(name, 0) + as_number(count)
    policy = _policy(first.get(POLICY, b""))
    read = ((decoded(name), count) for name, count in sorted(counts.items()))
    rows = [(row, count) for row, count in read if row is not None and count > 0]
    if policy is None or not rows:
        return None
    return DomainDay(day, policy, rows, accepted, as_number(first.get(LOST)))


def _policy(octets: bytes) -> PublishedPolicy | None:
    try:
        return msgspec.json.decode(octets, type=PublishedPolicy)
    except msgspec.DecodeError:
        return None


def _give_up(batch: Batch, names: Sequence[bytes]) -> int:
    """Take rows away; returns how many messages they count."""
    return sum(batch.rows.pop(name).messages for name in names)


def _rows_key(day: str, domain: str, part: int) -> Key:
    return store_key("dmarc_rows", day, domain, str(part))


def _domains_key(day: str, shard: int) -> Key:
    return store_key("dmarc_domains", day, str(shard))


def _shard(domain: str) -> int:
    return blake2b(domain.encode(), digest_size=2).digest()[0] % SHARDS
