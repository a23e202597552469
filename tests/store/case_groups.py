"""What every store must do with sets and hashes."""

from typing import Any

from mailfilter.store.base import (
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
from mailfilter.store.calls.bounds import MAX_FIELDS, MAX_NUMBER
from mailfilter.store.errors import TooLarge

from .case import HOSTILE, A, B


class SetCases:
    """Sets."""

    async def test_members(self: Any) -> None:
        """Members are there once, the newest first."""
        self.assertEqual(await self.do(SetAdd(A, [b"1", b"2", b"1"], 10)), [True, True, False])
        self.assertEqual(await self.do(SetMembers(A)), [b"1", b"2"])
        self.assertEqual(await self.do(SetAdd(A, [b"2", b"3"], 10)), [False, True])
        self.assertEqual(await self.do(SetMembers(A)), [b"3", b"2", b"1"])
        self.assertEqual(await self.do(SetMembers(A, 2)), [b"3", b"2"])
        self.assertEqual(await self.do(SetHas(A, [b"1", b"4", b"3"])), [True, False, True])
        self.assertEqual(await self.do(SetMembers(B)), [])
        self.assertEqual(await self.do(SetHas(B, [b"1"])), [False])

    async def test_cap(self: Any) -> None:
        """The oldest go."""
        await self.do(SetAdd(A, [b"%d" % n for n in range(5)], 5))
        self.assertEqual(await self.do(SetAdd(A, [b"0", b"5", b"6"], 5)), [False, True, True])
        self.assertEqual(await self.do(SetMembers(A)), [b"6", b"5", b"0", b"4", b"3"])
        await self.do(SetAdd(A, [b"7"], 2))
        self.assertEqual(await self.do(SetMembers(A)), [b"7", b"6"])

    async def test_set_expiry(self: Any) -> None:
        """All of a set goes, some time after it was last added to."""
        await self.do(SetAdd(A, [b"1"], 10, self.short))
        await self.passes(self.short * 0.6)
        await self.do(SetAdd(A, [b"2"], 10, self.short))
        await self.passes(self.short * 0.6)
        self.assertEqual(await self.do(SetMembers(A)), [b"2", b"1"])
        await self.passes(self.short * 0.6)
        self.assertEqual(await self.do(SetMembers(A)), [])
        self.assertEqual(await self.do(SetHas(A, [b"1"])), [False])
        self.assertEqual(await self.do(SetRemove(A, [b"1"])), 0)
        self.assertEqual(await self.do(SetAdd(A, [b"1"], 10)), [True])
        self.assertEqual(await self.do(SetMembers(A)), [b"1"])

    async def test_set_remove(self: Any) -> None:
        """Members that were there are counted."""
        await self.do(SetAdd(A, [b"1", b"2", b"3"], 10))
        self.assertEqual(await self.do(SetRemove(A, [b"1", b"4", b"1"])), 1)
        self.assertEqual(await self.do(SetMembers(A)), [b"3", b"2"])
        self.assertEqual(await self.do(SetRemove(A, [b"2", b"3"])), 2)
        self.assertEqual(await self.do(SetMembers(A)), [])

    async def test_add_at_once(self: Any) -> None:
        """Of many that add the same member one is the first."""
        answers = await self.all_of(*(SetAdd(A, [b"id"], 10) for _ in range(20)))
        self.assertEqual(sum(is_new for (is_new,) in answers), 1)

    async def test_hostile_members(self: Any) -> None:
        """Members may be any octets."""
        members = [octets[:1024] for octets in HOSTILE]
        await self.do(SetAdd(A, members, 100))
        self.assertEqual(await self.do(SetMembers(A)), members[::-1])


class HashCases:
    """Hashes."""

    async def test_fields(self: Any) -> None:
        """Fields are replaced one by one."""
        await self.do(HashPut(A, {b"x": b"1", b"y": b"2"}))
        await self.do(HashPut(A, {b"y": b"3", b"z": b""}))
        self.assertEqual(await self.do(HashGet(A, [b"y", b"n", b"x"])), [b"3", None, b"1"])
        self.assertEqual(await self.do(HashAll(A)), {b"x": b"1", b"y": b"3", b"z": b""})
        self.assertEqual(await self.do(HashAll(B)), {})
        self.assertEqual(await self.do(HashGet(B, [b"x"])), [None])

    async def test_hash_add(self: Any) -> None:
        """Fields can be counted in; what is no number counts as 0."""
        self.assertEqual(await self.do(HashAdd(A, {b"x": 5, b"y": -2})), [5, -2])
        await self.do(HashPut(A, {b"y": b"words", b"z": b"12"}))
        self.assertEqual(await self.do(HashAdd(A, {b"z": 1, b"y": 1, b"x": 1})), [13, 1, 6])
        self.assertEqual(await self.do(HashAll(A)), {b"x": b"6", b"y": b"1", b"z": b"13"})

    async def test_hash_ends(self: Any) -> None:
        """Numbers stop at their ends."""
        await self.do(HashAdd(A, {b"x": MAX_NUMBER - 1}))
        self.assertEqual(await self.do(HashAdd(A, {b"x": 5})), [MAX_NUMBER])
        self.assertEqual(await self.do(HashAdd(A, {b"x": -1})), [MAX_NUMBER - 1])

    async def test_hash_adds_at_once(self: Any) -> None:
        """Nothing is lost."""
        answers = await self.all_of(*(HashAdd(A, {b"x": 1}) for _ in range(30)))
        self.assertEqual(sorted(number for (number,) in answers), list(range(1, 31)))

    async def test_hash_expiry(self: Any) -> None:
        """All of a hash goes, some time after it was last changed."""
        await self.do(HashPut(A, {b"x": b"1"}, self.short))
        await self.passes(self.short * 0.6)
        await self.do(HashAdd(A, {b"y": 1}, self.short))
        await self.passes(self.short * 0.6)
        self.assertEqual(await self.do(HashAll(A)), {b"x": b"1", b"y": b"1"})
        await self.passes(self.short * 0.6)
        self.assertEqual(await self.do(HashAll(A)), {})
        self.assertEqual(await self.do(HashAdd(A, {b"y": 1})), [1])
        self.assertEqual(await self.do(HashAll(A)), {b"y": b"1"})

    async def test_hash_remove(self: Any) -> None:
        """Fields that were there are counted."""
        await self.do(HashPut(A, {b"x": b"1", b"y": b"2"}))
        self.assertEqual(await self.do(HashRemove(A, [b"x", b"n"])), 1)
        self.assertEqual(await self.do(HashAll(A)), {b"y": b"2"})

    async def test_too_many_fields(self: Any) -> None:
        """A hash that would be too large stays as it was."""
        await self.do(HashPut(A, {b"%d" % n: b"" for n in range(MAX_FIELDS)}))
        with self.assertRaises(TooLarge):
            await self.do(HashPut(A, {b"0": b"changed", b"more": b""}))
        with self.assertRaises(TooLarge):
            await self.do(HashAdd(A, {b"0": 1, b"more": 1}))
        self.assertEqual(await self.do(HashGet(A, [b"0", b"more"])), [b"", None])
        await self.do(HashPut(A, {b"0": b"changed"}))
