"""The history as our own pages ask for it."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from twisted.internet.defer import Deferred

from mailfilter.config.model import HistorySettings
from mailfilter.report.history import Recorder
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import Action, Summary, Verdict
from mailfilter.store.errors import TimedOut

from ..report.history_case import ENVELOPE, VERDICT
from .controller_case import ControllerCase, error_bytes


def numbered(number: int, **changes: Any) -> Verdict:
    return replace(VERDICT, trace_id=f"{number:012}", **changes)


class HistoryCase(ControllerCase):
    def remember(self, *verdicts: Verdict, envelope: Envelope = ENVELOPE, at: float = 0.0) -> None:
        store, clock = self.services.store, self.clock
        recorder = Recorder(store, HistorySettings(), clock, wall_clock=lambda: at)
        for verdict in verdicts:
            recorder(envelope, verdict)
        stopped = Deferred.fromCoroutine(recorder.stop(1.0))
        self.clock.advance(0)
        self.successResultOf(stopped)

    def ids(self, **query: str) -> list[int]:
        text = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        found = self.value(self.get(f"/api/history?{text}"))
        return [int(row["trace_id"]) for row in found["rows"]]


class SearchTests(HistoryCase):
    def test_empty(self) -> None:
        found = self.value(self.get("/api/history"))
        self.assertEqual({"rows": [], "cursor": None, "enabled": True, "addresses": "plain"}, found)

    def test_filters(self) -> None:
        """What is found by what; blanks around it do not matter, a plus sign is one."""
        plus = replace(ENVELOPE, sender="a+b@example.net", queue_id="Q2", identity="mx1")
        self.remember(numbered(1), at=1000.0)
        self.remember(numbered(2, action=Action.REJECT), envelope=plus, at=2000.0)
        for query, expected in (
            ({}, [2, 1]),
            ({"address": " <a+b@example.net> "}, [2]),
            ({"address": "@example.org"}, [2, 1]),
            ({"from": "a+b@example.net"}, [2]),
            ({"to": "a+b@example.net"}, []),
            ({"symbol": "one"}, [2, 1]),
            ({"symbol": "NONE"}, []),
            ({"action": "reject"}, [2]),
            ({"action": "add-header", "symbol": "TWO"}, [1]),
            ({"ip": "192.0.2.10"}, [2, 1]),
            ({"queue_id": "q2"}, [2]),
            ({"message_id": "<1@example.net>"}, [2, 1]),
            ({"identity": "mx1"}, [2]),
            ({"user": "alice"}, [2, 1]),
            ({"user": ""}, [2, 1]),
            ({"since": "1500"}, [2]),
            ({"until": "1500"}, [1]),
            ({"limit": "1"}, [2]),
        ):
            self.assertEqual(expected, self.ids(**query), query)

    def test_pages(self) -> None:
        self.remember(*map(numbered, range(1, 6)))
        first = self.value(self.get("/api/history?limit=3"))
        second = self.value(self.get(f"/api/history?limit=3&cursor={first['cursor']}"))
        rows = [*first["rows"], *second["rows"]]
        self.assertEqual([5, 4, 3, 2, 1], [int(row["trace_id"]) for row in rows])

    def test_wrong(self) -> None:
        for query in (
            "action=explode",
            "ip=example.org",
            "since=yesterday",
            "until=inf",
            "limit=0",
            "limit=201",
            "limit=%D9%A3",
            "cursor=x",
            "cursor=" + 30 * "9",
            "&".join(["symbol=A"] * 17),
        ):
            reply = self.get(f"/api/history?{query}")
            self.assertTrue(reply.startswith(b"HTTP/1.1 400 "), (query, reply))

    def test_store_away(self) -> None:
        async def away(_call: object) -> None:
            raise TimedOut("no answer within 5 s")

        self.patch(self.services.store, "do", away)
        for path in ("history", "trace?id=0123456789ab"):
            self.assertEqual(error_bytes(504, "no answer within 5 s"), self.get(f"/api/{path}"))


class TraceTests(HistoryCase):
    def test_trace(self) -> None:
        """The row and what each check did, by an id as it is pasted."""
        self.remember(VERDICT, at=5.0)
        for text in ("0123456789ab", "trace=0123456789AB", "554 no (trace 0123456789ab)"):
            found = self.value(self.get(f"/api/trace?id={quote(text)}"))
            self.assertEqual("0123456789ab", found["row"]["trace_id"])
            self.assertEqual("add header", found["row"]["action"])
            self.assertEqual(["one", "two"], [run["check"] for run in found["detail"]["checks"]])

    def test_hostile(self) -> None:
        """What strangers write is data, in ASCII."""
        evil = "</script>\u2028\u202e<img src=x onerror=alert(1)>"
        self.remember(replace(VERDICT, summary=Summary(subject=evil)))
        reply = self.get("/api/trace?id=0123456789ab")
        self.assertTrue(reply.isascii())
        self.assertEqual(evil, self.value(reply)["row"]["subject"])

    def test_unknown(self) -> None:
        text = "no scan aaaaaaaaaaaa is remembered"
        self.assertEqual(error_bytes(404, text), self.get("/api/trace?id=aaaaaaaaaaaa"))
        for query in ("", "?id=", "?id=x", "?id=%0d%0a"):
            reply = self.get(f"/api/trace{query}")
            self.assertTrue(reply.startswith(b"HTTP/1.1 400 "), reply)
