"""What the store knows of a day for aggregate reports of DMARC: who wants one, and its rows.

A domain has a hash for a day, in which each row is a field that counts messages; beside them are
totals, whose names begin with "#". A hash has room for so many fields only: rows that it has no
room for go into the next one. The domains of a day are in sets.

Days are those of UTC. Everything expires by itself, `dmarc_reports.keep` after its day.
"""

import time
from calendar import timegm
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from ..config.model import DmarcReports
from ..store.base import Count, HashAdd, HashAll, HashGet, HashPut, Key, SetAdd, SetMembers, Store
from ..store.base import key as store_key
from ..store.calls.groups import as_number
from ..store.errors import TimedOut, Unavailable
from .dmarc_row import Policy, Row, decoded

DAY = 86400
PART_ROWS = 900
"""Of one hash, which may have 1000 fields."""
MAX_PARTS = 25
ROWS_A_CALL = 300
SHARDS = 128
"""Sets that the domains of a day are in: of one no more than 1000 members can be read."""
SHARD_DOMAINS = 1000
LEAST_SECONDS = 60.0

MESSAGES, ACCEPTED, ROWS, LOST, POLICY = b"#messages", b"#accepted", b"#rows", b"#lost", b"#policy"


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
    expected: Mapping[bytes, int]
    """Row -> what it counts at least if it was."""


@dataclass(slots=True)
class Batch:
    """What is to be added to a day of a domain. Whoever adds it takes away what is done."""

    day: str
    policy: Policy
    rows: dict[bytes, Counted] = field(default_factory=dict)
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class DomainDay:
    """What is known of a day of a domain."""

    day: str
    policy: Policy
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

    async def add(self, batch: Batch, now: float) -> int:
        """Add all of a batch, or as much as the store lets us; `now` is Unix time.

        What was done is not in the batch any more, so that it can be added again after an error.
        Raises StoreError.
        """
        await self._settle(batch)
        seconds = max(LEAST_SECONDS, begin_of(batch.day) + DAY + self._settings.keep - now)
        lost = 0
        while batch.rows:
            names = list(batch.rows)[:ROWS_A_CALL]
            for part in range(MAX_PARTS):
                room = min(PART_ROWS, self._settings.max_rows - part * PART_ROWS)
                if not names or room <= 0:
                    break
                left = await self._add_part(batch, part, names, room, seconds)
                if left is None:
                    return lost + _give_up(batch, list(batch.rows))
                names = left
            if names:
                lost += await self._lose(batch, names, seconds)
        return lost

    async def _is_known(self, batch: Batch, known: bytes | None, seconds: float) -> bool:
        """Whether a domain is one of the day's; if there is room it is from now on.

        Its policy that is `known` is made the last one.
        """
        day, domain = batch.day, batch.policy.domain
        policy = msgspec.json.encode(batch.policy)
        if known is None:
            total = store_key("dmarc_count", day)
            if (await self._store.do(Count({total: 0})))[0] >= self._settings.max_domains:
                return False
            name = [domain.encode()]
            key_of_set = _domains_key(day, _shard(domain))
            added = await self._store.do(SetAdd(key_of_set, name, SHARD_DOMAINS, seconds))
            if added[0]:
                await self._store.do(Count({total: 1}, seconds))
        if known != policy:
            await self._store.do(HashPut(_rows_key(day, domain, 0), {POLICY: policy}, seconds))
        return True

    async def _add_part(
        self, batch: Batch, part: int, names: list[bytes], most: int, seconds: float
    ) -> list[bytes] | None:
        """Add rows to one hash; returns those that it has no room for.

        None if the day has no room for the domain.
        """
        key = _rows_key(batch.day, batch.policy.domain, part)
        rows, policy, *found = await self._store.do(HashGet(key, [ROWS, POLICY, *names]))
        if not part and not await self._is_known(batch, policy, seconds):
            return None
        room = max(0, most - as_number(rows))
        fresh = [name for name, old in zip(names, found, strict=True) if old is None]
        left = fresh[room:]
        before = {name: as_number(old) for name, old in zip(names, found, strict=True)}
        for name in left:
            del before[name]
        if not before:
            return left
        counted = [batch.rows[name] for name in before]
        amounts = {name: batch.rows[name].messages for name in before}
        expected = {name: before[name] + amounts[name] for name in before}
        totals = {
            MESSAGES: sum(item.messages for item in counted),
            ACCEPTED: sum(item.accepted for item in counted),
            ROWS: len(fresh) - len(left),
        }
        try:
            await self._store.do(HashAdd(key, {**amounts, **totals}, seconds))
        except (TimedOut, Unavailable):
            batch.doubt = Doubt(key, expected)
            raise
        _give_up(batch, list(before))
        return left

    async def _lose(self, batch: Batch, names: list[bytes], seconds: float) -> int:
        lost = _give_up(batch, names)
        key = _rows_key(batch.day, batch.policy.domain, 0)
        await self._store.do(HashAdd(key, {LOST: lost}, seconds))
        return lost

    async def _settle(self, batch: Batch) -> None:
        """Look whether the call in doubt was carried out, which is as a whole or not at all."""
        doubt = batch.doubt
        if doubt is None:
            return
        names = list(doubt.expected)
        found = await self._store.do(HashGet(doubt.key, names))
        batch.doubt = None
        if all(
            as_number(now) >= doubt.expected[name] for name, now in zip(names, found, strict=True)
        ):
            _give_up(batch, names)


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


def _policy(octets: bytes) -> Policy | None:
    try:
        return msgspec.json.decode(octets, type=Policy)
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
