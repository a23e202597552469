"""Rows of aggregate reports in any store: what several processes add is what is read."""

from typing import Any, cast

from twisted.internet.defer import Deferred, gatherResults

from mailfilter.config.model import DmarcReports
from mailfilter.report.dmarc_day import (
    DAY,
    PART_ROWS,
    Batch,
    Counted,
    DayBook,
    begin_of,
    read_day,
    read_domains,
)
from mailfilter.report.dmarc_row import PublishedPolicy, Row, encoded
from mailfilter.store.base import Store

TODAY = "2026-11-28"
NOON = begin_of(TODAY) + DAY / 2


def make_row(number: int = 1, **changes: Any) -> Row:
    fields: dict[str, Any] = {
        "source_ip": f"192.0.{number // 256}.{number % 256}",
        "disposition": "none",
        "dkim": "pass",
        "spf": "fail",
        "reason": "",
        "comment": "",
        "header_from": "example.com",
        "envelope_from": "mail.example.com",
        "spf_domain": "mail.example.com",
        "spf_scope": "mfrom",
        "spf_result": "pass",
    }
    return Row(**{**fields, **changes})


def make_batch(
    rows: dict[int, int], domain: str = "example.com", accepted: int = 0, **policy: str
) -> Batch:
    """Rows by number, each with how many messages it counts; of the first so many were accepted."""
    made = {encoded(make_row(number)): Counted(count) for number, count in rows.items()}
    if made:
        next(iter(made.values())).accepted = accepted
    return Batch(TODAY, PublishedPolicy(domain, "mailto:a@example.com", **policy), made)


class DmarcCases:
    """Taken in by a test case of a store (`tests.store.case.StoreCase`)."""

    async def second(self: Any) -> Store:
        """The same store, as another process has it; in memory there is only one."""
        return cast(Store, self.store)

    async def test_processes_add(self: Any) -> None:
        """Each to its own rows and to those of others; the last policy is told."""
        books = [DayBook(store, DmarcReports()) for store in (self.store, await self.second())]
        adding = [
            Deferred.fromCoroutine(book.add(make_batch({1: 2, number: 3}, accepted=1), NOON))
            for number, book in enumerate(books, 2)
        ]
        self.assertEqual(await gatherResults(adding), [0, 0])
        await books[0].add(make_batch({}, "empty.example"), NOON)
        await books[0].add(make_batch({7: 1}, "example.org"), NOON)
        await books[1].add(make_batch({1: 1}, p="reject"), NOON)
        self.assertEqual(await read_domains(self.store, TODAY), ["example.com", "example.org"])
        found = await read_day(self.store, TODAY, "example.com")
        assert found is not None
        self.assertEqual(list(found.rows), [(make_row(1), 5), (make_row(2), 3), (make_row(3), 3)])
        self.assertEqual((found.messages, found.accepted, found.lost), (11, 2, 0))
        self.assertEqual(found.policy.p, "reject")
        self.assertIsNone(await read_day(self.store, "2026-11-27", "example.com"))
        self.assertEqual(await read_domains(self.store, "2026-11-27"), [])

    async def test_many_rows(self: Any) -> None:
        """More than a hash has room for."""
        book = DayBook(self.store, DmarcReports(max_rows=PART_ROWS + 100))
        rows = dict.fromkeys(range(PART_ROWS + 150), 2)
        self.assertEqual(await book.add(make_batch(rows), NOON), 100)
        self.assertEqual(await book.add(make_batch(rows), NOON), 100)
        found = await read_day(self.store, TODAY, "example.com")
        assert found is not None
        self.assertEqual(len(found.rows), PART_ROWS + 100)
        self.assertEqual({count for _row, count in found.rows}, {4})
        self.assertEqual((found.messages, found.lost), (4 * (PART_ROWS + 100), 200))

    async def test_many_domains(self: Any) -> None:
        """Others get no report; those that are known go on."""
        book = DayBook(self.store, DmarcReports(max_domains=2))
        for number, domain in enumerate(("a.example", "b.example", "c.example", "a.example")):
            lost = await book.add(make_batch({number: 5}, domain), NOON)
            self.assertEqual(lost, 5 if domain == "c.example" else 0)
        self.assertEqual(await read_domains(self.store, TODAY), ["a.example", "b.example"])
        found = await read_day(self.store, TODAY, "a.example")
        assert found is not None
        self.assertEqual(found.messages, 10)
