"""Values, counters and buckets in the file."""

import sqlite3
from collections.abc import Iterable, Sequence

from ..base import MAX_NUMBER, Bucket, Count, Delete, Get, Put, PutIfAbsent, Take
from ..calls.bounds import check_answer
from ..calls.values import wait
from .schema import NEVER


def expiry(now: int, seconds: float | None) -> int:
    """The store's time at which that expires."""
    return NEVER if seconds is None else now + max(1, round(seconds * 1000))


def marks(count: int) -> str:
    """So many parameters of a statement."""
    return ",".join("?" * count)


def get(db: sqlite3.Connection, now: int, call: Get) -> list[bytes | None]:
    keys = call.keys
    if len(keys) == 1:
        statement = "SELECT value FROM value WHERE key = ? AND expires > ?"
        found = db.execute(statement, (keys[0], now)).fetchone()
        return [found[0] if found else None]
    statement = f"SELECT key, value FROM value WHERE key IN ({marks(len(keys))}) AND expires > ?"
    return in_order(keys, db.execute(statement, (*keys, now)))


def in_order(names: Sequence[bytes], found: Iterable[tuple[bytes, bytes]]) -> list[bytes | None]:
    """The values of the names. Raises TooLarge before there are too many of them in memory."""
    values = within_answer(found)
    answer = [values.get(name) for name in names]
    if len(values) < len(names):
        # A name may be there twice.
        check_answer(sum(map(len, filter(None, answer))))
    return answer


def within_answer(found: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Values by name. Raises TooLarge."""
    values, octets = {}, 0
    for name, value in found:
        octets += len(value)
        check_answer(octets)
        values[name] = value
    return values


def put(db: sqlite3.Connection, now: int, call: Put) -> None:
    expires = expiry(now, call.seconds)
    db.executemany(
        "REPLACE INTO value (key, value, expires) VALUES (?, ?, ?)",
        [(key, value, expires) for key, value in call.values.items()],
    )


def put_if_absent(db: sqlite3.Connection, now: int, call: PutIfAbsent) -> bytes | None:
    (found,) = get(db, now, Get([call.key]))
    if found is None:
        put(db, now, Put({call.key: call.value}, call.seconds))
    return found


def delete(db: sqlite3.Connection, now: int, call: Delete) -> int:
    statement = f"DELETE FROM value WHERE key IN ({marks(len(call.keys))}) RETURNING expires"
    return sum(expires > now for (expires,) in db.execute(statement, call.keys).fetchall())


COUNT = (
    "INSERT INTO counter (key, number, expires) VALUES (:key, :amount, :expires)"
    " ON CONFLICT (key) DO UPDATE SET"
    " number = iif(expires <= :now, :amount, max(-:most, min(:most, number + :amount))),"
    " expires = iif(expires <= :now, :expires, expires) RETURNING number"
)


def count(db: sqlite3.Connection, now: int, call: Count) -> list[int]:
    expires = expiry(now, call.seconds)
    numbers = []
    for key, amount in call.amounts.items():
        if amount == 0:
            statement = "SELECT number FROM counter WHERE key = ? AND expires > ?"
            found = db.execute(statement, (key, now)).fetchone()
            numbers.append(found[0] if found else 0)
            continue
        values = {
            "key": key,
            "amount": amount,
            "expires": expires,
            "now": now,
            "most": MAX_NUMBER,
        }
        numbers.append(db.execute(COUNT, values).fetchone()[0])
    return numbers


def take(db: sqlite3.Connection, now: int, call: Take) -> list[float]:
    levels = [_level(db, bucket, now) for bucket in call.buckets]
    waits = [wait(bucket, level) for bucket, level in zip(call.buckets, levels, strict=True)]
    if not any(waits):
        for bucket, level in zip(call.buckets, levels, strict=True):
            if bucket.amount:
                left = level - bucket.amount
                full = (bucket.burst - left) / bucket.rate
                values = (bucket.key, left, now, now + min(round(full * 1000) + 1, NEVER // 2))
                db.execute(
                    "REPLACE INTO bucket (key, tokens, at, expires) VALUES (?, ?, ?, ?)", values
                )
    return waits


def _level(db: sqlite3.Connection, bucket: Bucket, now: int) -> float:
    statement = "SELECT tokens, at FROM bucket WHERE key = ? AND expires > ?"
    found = db.execute(statement, (bucket.key, now)).fetchone()
    if found is None:
        return bucket.burst
    tokens, at = found
    level: float = min(bucket.burst, tokens + max(0, now - at) / 1000 * bucket.rate)
    return level
