"""Sets and hashes in the file: a row for the whole, and one for each member or field."""

import sqlite3
from collections.abc import Mapping

from ..base import (
    HashAdd,
    HashAll,
    HashGet,
    HashPut,
    HashRemove,
    SetAdd,
    SetHas,
    SetMembers,
    SetRemove,
)
from ..calls.bounds import check_fields, clamp
from ..calls.groups import MAX_DIGITS, as_number
from .budget import STEP_ITEMS, Budget
from .values import expiry, in_order, marks, within_answer

_OF_SET = (
    "FROM container c JOIN member m ON m.container = c.id"
    " WHERE c.kind = 'set' AND c.key = ? AND c.expires > ?"
)
_OF_HASH = (
    "FROM container c JOIN field f ON f.container = c.id"
    " WHERE c.kind = 'hash' AND c.key = ? AND c.expires > ?"
)
_PARTS = {"set": ("member", "member", "length(member)"), "hash": ("field", "name", "length(value)")}
"""Table of the parts, their names, and what they weigh."""
_FORGET = """
DELETE FROM {part} WHERE container = :id AND {name} IN (
  SELECT {name} FROM (
    SELECT {name}, sum(weight) OVER (ORDER BY {name} ROWS UNBOUNDED PRECEDING) - weight AS before
    FROM (
      SELECT {name}, {octets} AS weight FROM {part} WHERE container = :id
      ORDER BY {name} LIMIT :items
    )
  ) WHERE before < :octets
) RETURNING {octets}
"""


def set_add(db: sqlite3.Connection, now: int, call: SetAdd) -> list[bool]:
    container, size, last = _find(db, now, "set", call.key) or _make(db, "set", call.key)
    absent = []
    for member in call.members:
        last += 1
        absent.append(_add_member(db, container, member, last))
    size += sum(absent)
    if size > call.cap:
        # What is beyond a cap that was lowered goes with the next calls.
        over = min(size - call.cap, len(call.members) + STEP_ITEMS)
        _drop_oldest(db, container, over)
        size -= over
    _keep(db, container, size, last, expiry(now, call.seconds))
    return absent


def set_has(db: sqlite3.Connection, now: int, call: SetHas) -> list[bool]:
    statement = f"SELECT m.member {_OF_SET} AND m.member IN ({marks(len(call.members))})"
    found = {member for (member,) in db.execute(statement, (call.key, now, *call.members))}
    return [member in found for member in call.members]


def set_members(db: sqlite3.Connection, now: int, call: SetMembers) -> list[bytes]:
    statement = f"SELECT m.member {_OF_SET} ORDER BY m.number DESC LIMIT ?"
    return [member for (member,) in db.execute(statement, (call.key, now, call.limit))]


def set_remove(db: sqlite3.Connection, now: int, call: SetRemove) -> int:
    found = _find(db, now, "set", call.key)
    if found is None:
        return 0
    container, size, _ = found
    members = marks(len(call.members))
    statement = f"DELETE FROM member WHERE container = ? AND member IN ({members})"
    count = db.execute(statement, (container, *call.members)).rowcount
    _shrink(db, container, size - count)
    return count


def hash_get(db: sqlite3.Connection, now: int, call: HashGet) -> list[bytes | None]:
    statement = f"SELECT f.name, f.value {_OF_HASH} AND f.name IN ({marks(len(call.fields))})"
    return in_order(call.fields, db.execute(statement, (call.key, now, *call.fields)))


def hash_all(db: sqlite3.Connection, now: int, call: HashAll) -> dict[bytes, bytes]:
    return within_answer(db.execute(f"SELECT f.name, f.value {_OF_HASH}", (call.key, now)))


def hash_put(db: sqlite3.Connection, now: int, call: HashPut) -> None:
    _put_fields(db, now, call.key, call.values, call.seconds)


def hash_add(db: sqlite3.Connection, now: int, call: HashAdd) -> list[int]:
    # What is longer is no number, and may be large.
    statement = (
        f"SELECT f.name, substr(f.value, 1, {MAX_DIGITS + 1}) {_OF_HASH}"
        f" AND f.name IN ({marks(len(call.amounts))})"
    )
    texts = dict(db.execute(statement, (call.key, now, *call.amounts)).fetchall())
    numbers = [clamp(as_number(texts.get(name)) + amount) for name, amount in call.amounts.items()]
    new = {name: b"%d" % number for name, number in zip(call.amounts, numbers, strict=True)}
    _put_fields(db, now, call.key, new, call.seconds)
    return numbers


def hash_remove(db: sqlite3.Connection, now: int, call: HashRemove) -> int:
    found = _find(db, now, "hash", call.key)
    if found is None:
        return 0
    container, size, _ = found
    statement = f"DELETE FROM field WHERE container = ? AND name IN ({marks(len(call.fields))})"
    count = db.execute(statement, (container, *call.fields)).rowcount
    _shrink(db, container, size - count)
    return count


def forget(db: sqlite3.Connection, container: int, kind: str, budget: Budget) -> None:
    """Remove a set or a hash, with as much of what is in it as may go at once.

    The rest belongs to one that has expired and that nobody finds; it goes with the next sweeps.
    """
    part, name, octets = _PARTS[kind]
    values = {"id": container, "items": max(1, budget.items), "octets": budget.octets}
    statement = _FORGET.format(part=part, name=name, octets=octets)
    gone = [weight for (weight,) in db.execute(statement, values).fetchall()]
    budget.spend(len(gone), sum(gone))
    if db.execute(f"SELECT 1 FROM {part} WHERE container = ? LIMIT 1", (container,)).fetchone():
        statement = "UPDATE container SET key = ?, expires = 0 WHERE id = ?"
        db.execute(statement, (b"\0%d" % container, container))
    else:
        db.execute("DELETE FROM container WHERE id = ?", (container,))


def _find(db: sqlite3.Connection, now: int, kind: str, key: bytes) -> tuple[int, int, int] | None:
    """Id, size and last number of what has not expired; what has is removed."""
    statement = "SELECT id, size, last, expires FROM container WHERE kind = ? AND key = ?"
    found = db.execute(statement, (kind, key)).fetchone()
    if found is None:
        return None
    container, size, last, expires = found
    if expires <= now:
        forget(db, container, kind, Budget())
        return None
    return container, size, last


def _make(db: sqlite3.Connection, kind: str, key: bytes) -> tuple[int, int, int]:
    statement = "INSERT INTO container (kind, key, size, last, expires) VALUES (?, ?, 0, 0, 0)"
    return db.execute(statement, (kind, key)).lastrowid or 0, 0, 0


def _keep(db: sqlite3.Connection, container: int, size: int, last: int, expires: int) -> None:
    statement = "UPDATE container SET size = ?, last = ?, expires = ? WHERE id = ?"
    db.execute(statement, (size, last, expires, container))


def _shrink(db: sqlite3.Connection, container: int, size: int) -> None:
    if size:
        db.execute("UPDATE container SET size = ? WHERE id = ?", (size, container))
    else:
        db.execute("DELETE FROM container WHERE id = ?", (container,))


def _add_member(db: sqlite3.Connection, container: int, member: bytes, number: int) -> bool:
    statement = "UPDATE member SET number = ? WHERE container = ? AND member = ?"
    if db.execute(statement, (number, container, member)).rowcount:
        return False
    statement = "INSERT INTO member (container, member, number) VALUES (?, ?, ?)"
    db.execute(statement, (container, member, number))
    return True


def _drop_oldest(db: sqlite3.Connection, container: int, count: int) -> None:
    db.execute(
        "DELETE FROM member WHERE container = :set AND member IN"
        " (SELECT member FROM member WHERE container = :set ORDER BY number LIMIT :count)",
        {"set": container, "count": count},
    )


def _put_fields(
    db: sqlite3.Connection,
    now: int,
    key: bytes,
    values: Mapping[bytes, bytes],
    seconds: float | None,
) -> None:
    container, size, last = _find(db, now, "hash", key) or _make(db, "hash", key)
    statement = f"SELECT count(*) FROM field WHERE container = ? AND name IN ({marks(len(values))})"
    (known,) = db.execute(statement, (container, *values)).fetchone()
    size += len(values) - known
    check_fields(size)
    db.executemany(
        "REPLACE INTO field (container, name, value) VALUES (?, ?, ?)",
        [(container, name, value) for name, value in values.items()],
    )
    _keep(db, container, size, last, expiry(now, seconds))
