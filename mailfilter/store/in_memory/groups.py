"""Sets and hashes in memory."""

from collections.abc import Callable
from itertools import islice

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
from ..calls.bounds import check_answer, check_fields, clamp
from ..calls.groups import as_number
from .space import Space


class Sets:
    """See the calls; a set is a dictionary without values, in order of age."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.sets: Space[dict[bytes, None]] = Space(now)

    def add(self, call: SetAdd) -> list[bool]:
        members = self.sets.get(call.key) or {}
        absent = []
        for member in call.members:
            absent.append(member not in members)
            members.pop(member, None)
            members[member] = None
        for oldest in list(islice(members, max(0, len(members) - call.cap))):
            del members[oldest]
        self.sets.put(call.key, members, call.seconds)
        return absent

    def has(self, call: SetHas) -> list[bool]:
        members = self.sets.get(call.key) or {}
        return [member in members for member in call.members]

    def members(self, call: SetMembers) -> list[bytes]:
        return list(islice(reversed(self.sets.get(call.key) or {}), call.limit))

    def remove(self, call: SetRemove) -> int:
        members = self.sets.get(call.key) or {}
        found = [member for member in set(call.members) if member in members]
        for member in found:
            del members[member]
        if not members:
            self.sets.remove(call.key)
        return len(found)


class Hashes:
    """See the calls."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.hashes: Space[dict[bytes, bytes]] = Space(now)

    def get(self, call: HashGet) -> list[bytes | None]:
        values = self.hashes.get(call.key) or {}
        found = [values.get(name) for name in call.fields]
        check_answer(sum(map(len, filter(None, found))))
        return found

    def all(self, call: HashAll) -> dict[bytes, bytes]:
        values = self.hashes.get(call.key) or {}
        check_answer(sum(map(len, values.values())))
        return dict(values)

    def put(self, call: HashPut) -> None:
        self._store(call.key, dict(call.values), call.seconds)

    def add(self, call: HashAdd) -> list[int]:
        values = self.hashes.get(call.key) or {}
        numbers = [
            clamp(as_number(values.get(name)) + amount) for name, amount in call.amounts.items()
        ]
        new = {name: b"%d" % number for name, number in zip(call.amounts, numbers, strict=True)}
        self._store(call.key, new, call.seconds)
        return numbers

    def remove(self, call: HashRemove) -> int:
        values = self.hashes.get(call.key) or {}
        found = [name for name in set(call.fields) if name in values]
        for name in found:
            del values[name]
        if not values:
            self.hashes.remove(call.key)
        return len(found)

    def _store(self, key: bytes, new: dict[bytes, bytes], seconds: float | None) -> None:
        values = (self.hashes.get(key) or {}) | new
        check_fields(len(values))
        self.hashes.put(key, values, seconds)
