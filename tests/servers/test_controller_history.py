"""The controller: the history, as pages of Rspamd read it."""

from collections.abc import Sequence
from unittest.mock import patch

from twisted.internet.defer import Deferred

from mailfilter.report.history_row import HISTORY
from mailfilter.servers import controller_history
from mailfilter.store.base import HistoryAdd, Limits, Row

from .controller_case import STRANGER, ControllerCase, error_bytes, json_bytes

LIMITS = Limits(rows=100000, seconds=86400.0, octets=2**30)


class HistoryTests(ControllerCase):
    def add(self, *bodies: bytes) -> None:
        rows = [Row(b"%d" % len(body) + body[:20], 1.0, (), body) for body in bodies]
        self.add_rows(rows)

    def add_rows(self, rows: Sequence[Row]) -> None:
        added = Deferred.fromCoroutine(self.services.store.do(HistoryAdd(HISTORY, rows, LIMITS)))
        self.successResultOf(added)

    def told(self, path: str = "/history") -> list[int]:
        found = self.value(self.get(path))
        self.assertEqual(2, found["version"])
        return [row["n"] for row in found["rows"]]

    def test_empty(self) -> None:
        self.assertEqual(json_bytes(b'{"version":2,"rows":[]}'), self.get("/history"))

    def test_bytes(self) -> None:
        """Newest first, as they were stored but in ASCII."""
        self.add(b'{"a":1}', '{"subject":"caf\u00e9"}'.encode())
        expected = b'{"version":2,"rows":[{"subject":"caf\\u00e9"},{"a":1}]}'
        self.assertEqual(json_bytes(expected), self.get("/history"))

    def test_places(self) -> None:
        self.add(*[b'{"n":%d}' % number for number in range(10)])
        for query, expected in (
            ("", [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
            ("?from=0&to=-1", [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
            ("?from=0&to=0", [9]),
            ("?from=2&to=4", [7, 6, 5]),
            ("?from=8", [1, 0]),
            ("?from=-2", [1, 0]),
            ("?to=-9", [9, 8]),
            ("?from=20&to=30", []),
            ("?from=3&to=1", []),
            ("?from=-100&to=100", [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
            ("?from=&to=", [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        ):
            self.assertEqual(expected, self.told(f"/history{query}"), query)

    def test_bad_places(self) -> None:
        for text in ("x", "1.5", "--1", "1e3", "9" * 13, "%C2%B2", "-"):
            self.assertEqual(
                error_bytes(400, "Invalid argument from"), self.get(f"/history?from={text}"), text
            )

    def test_many(self) -> None:
        """More rows than the store gives at once; those that are there twice are told once."""
        rows = [Row(b"%d" % number, 1.0, (), b'{"n":%d}' % number) for number in range(1200)]
        for start in range(0, 1200, 100):
            self.add_rows(rows[start : start + 100])
        self.add_rows(rows[-10:])
        self.assertEqual([*range(1199, 1189, -1), *range(1189, -1, -1)], self.told())
        self.assertEqual([1199, 1198], self.told("/history?to=1"))
        with patch.object(controller_history, "MAX_ROWS", 700):
            self.assertEqual(700, len(self.told()))
        with patch.object(controller_history, "MAX_OCTETS", 109):
            self.assertEqual([1199, 1198, 1197, 1196, 1195, 1194, 1193, 1192, 1191], self.told())

    def test_bad_rows(self) -> None:
        """What others have written to the store does no harm to the rest."""
        self.add(b"}", b'{"n":1}', b'{"n":"\xff"}', b"[" * 5000, b'"text"', b"")
        found = self.value(self.get("/history"))["rows"]
        self.assertIn({"n": 1}, found)
        self.assertEqual(6, len(found))

    def test_store_away(self) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.services.store.close()))
        for path in ("/history", "/historyreset"):
            self.assertEqual(error_bytes(504, "the store is closed"), self.get(path), path)

    def test_reset(self) -> None:
        self.add(b'{"n":1}', b'{"n":2}')
        self.assertEqual(json_bytes(b'{"success":true}'), self.get("/historyreset"))
        self.assertEqual([], self.told())
        self.assertEqual(["history: 2 rows removed by 'loopback'"], self.lines())

    def test_strangers(self) -> None:
        self.add(b'{"n":1}')
        self.connect(STRANGER)
        for path in ("/history", "/historyreset"):
            self.assertEqual(error_bytes(401, "Unauthorized"), self.get(path), path)
        self.connect()
        self.assertEqual([1], self.told())
