"""What every store must do where an answer would be too large."""

from typing import Any

from mailfilter.store.base import (
    Get,
    HashAdd,
    HashAll,
    HashGet,
    HashPut,
    HistoryAdd,
    HistoryFind,
    Limits,
    Put,
    Row,
    key,
)
from mailfilter.store.calls.bounds import MAX_CALL, MAX_VALUE
from mailfilter.store.errors import TooLarge

from .case import A

FEW = MAX_CALL // MAX_VALUE
"""Of the largest values that fit into an answer."""
LARGE = b"x" * MAX_VALUE


class BoundCases:
    """Answers have bounds as calls have."""

    async def test_large_values(self: Any) -> None:
        """As many values as an answer may have, and not one more."""
        names = [key("test", str(number)) for number in range(FEW + 1)]
        for name in names:
            await self.do(Put({name: LARGE}))
        self.assertEqual(await self.do(Get(names[:FEW])), [LARGE] * FEW)
        with self.assertRaises(TooLarge):
            await self.do(Get(names))
        with self.assertRaises(TooLarge):
            await self.do(Get([names[0]] * (FEW + 1)))
        self.assertEqual(await self.do(Get(names[:1])), [LARGE])

    async def test_large_fields(self: Any) -> None:
        """So it is with fields of a hash; what is no number can be added to all the same."""
        names = [b"%d" % number for number in range(FEW + 1)]
        for name in names[:-2]:
            await self.do(HashPut(A, {name: LARGE}))
        self.assertEqual(len(await self.do(HashAll(A))), FEW - 1)
        for name in names[-2:]:
            await self.do(HashPut(A, {name: LARGE}))
        self.assertEqual(await self.do(HashGet(A, names[:FEW])), [LARGE] * FEW)
        with self.assertRaises(TooLarge):
            await self.do(HashGet(A, names))
        with self.assertRaises(TooLarge):
            await self.do(HashAll(A))
        self.assertEqual(await self.do(HashAdd(A, dict.fromkeys(names, 1))), [1] * (FEW + 1))
        self.assertEqual(await self.do(HashAll(A)), dict.fromkeys(names, b"1"))

    async def test_large_rows(self: Any) -> None:
        """A page of a history ends before it is too large; nothing is left out."""
        for number in range(FEW + 4):
            one = Row(b"%d" % number, 0.0, (), LARGE)
            await self.do(HistoryAdd(A, [one], Limits(100, 3600, 10**9)))
        found: list[bytes] = []
        before = None
        for _ in range(FEW + 5):
            page = await self.do(HistoryFind(A, before=before))
            self.assertLessEqual(sum(len(item.body) for item in page.rows), MAX_CALL)
            found += [item.row_id for item in page.rows]
            before = page.cursor
            if before is None:
                break
        self.assertEqual(found, [b"%d" % number for number in reversed(range(FEW + 4))])
