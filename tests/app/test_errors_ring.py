"""Warnings and errors that controllers show."""

import os
from time import time

from twisted.logger import ILogObserver, Logger, LogLevel
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from mailfilter.app.errors_ring import MAX_KEPT, MAX_TAKEN, MAX_TEXT, ErrorsRing, Troubles, logged
from mailfilter.codec.control import Logged


class Silent(Exception):
    """Has no words."""

    def __str__(self) -> str:
        raise ValueError


class EventTests(SynchronousTestCase):
    def note(self, level: str, text: str, **values: object) -> list[Logged]:
        """What becomes of an event."""
        troubles = Troubles()
        Logger(namespace="a.module", observer=troubles).emit(
            LogLevel.lookupByName(level), text, **values
        )
        return list(troubles.take())

    def test_levels(self) -> None:
        for level, count in (("debug", 0), ("info", 0), ("warn", 1), ("error", 1), ("critical", 1)):
            self.assertEqual([item.level for item in self.note(level, "x")], [level] * count)

    def test_row(self) -> None:
        (found,) = self.note("warn", "{who}\x1b[31m\nis late", who="mx", trace_id="a1b2")
        expected = Logged(
            at=found.at,
            pid=os.getpid(),
            level="warn",
            module="a.module",
            message_id="a1b2",
            text="mx\\x1b[31m\\nis late",
        )
        self.assertEqual(found, expected)
        self.assertLess(abs(time() - found.at), 3600)

    def test_failure(self) -> None:
        """What failed, and how, in one line."""
        (found,) = self.note("critical", "it broke", log_failure=Failure(ValueError("a\nb")))
        self.assertEqual(found.text, "it broke: ValueError: a\\nb")
        (found,) = self.note("critical", "it broke", log_failure=Failure(Silent()))
        self.assertTrue(found.text.startswith("it broke: Silent: "))

    def test_bounded(self) -> None:
        (found,) = self.note("error", "{x}", x="y" * 10_000)
        self.assertEqual(len(found.text), MAX_TEXT)

    def test_odd(self) -> None:
        """Events of others may lack anything."""
        found = logged({"log_level": LogLevel.warn})
        self.assertEqual((found.at, found.module, found.text), (0.0, "", ""))
        Troubles()({})


class TroublesTests(SynchronousTestCase):
    def test_flood(self) -> None:
        """So many, and how many more there were; then it begins anew."""
        troubles = Troubles()
        verifyObject(ILogObserver, troubles)
        log = Logger(namespace="m", observer=troubles)
        for at in range(MAX_TAKEN + 7):
            log.warn("{at}", at=at)
        texts = [item.text for item in troubles.take()]
        self.assertEqual(texts[:-1], [str(at) for at in range(MAX_TAKEN)])
        self.assertEqual(texts[-1], "7 more warnings and errors are in the log")
        self.assertEqual(list(troubles.take()), [])
        log.warn("again")
        self.assertEqual([item.text for item in troubles.take()], ["again"])


class RingTests(SynchronousTestCase):
    def test_rows(self) -> None:
        """Of all processes, the newest first."""
        ring = ErrorsRing()
        verifyObject(ILogObserver, ring)
        log = Logger(namespace="m", observer=ring)
        log.info("nothing")
        log.error("first")
        ring.keep(Logged(at=1.5, pid=7, level="warn", module="w", message_id="id", text="second"))
        rows = ring.rows()
        self.assertEqual([row["message"] for row in rows], ["second", "first"])
        self.assertEqual((rows[1]["type"], rows[1]["pid"]), ("main", os.getpid()))
        expected = {
            "ts": 1.5,
            "pid": 7,
            "type": "worker",
            "id": "id",
            "module": "w",
            "message": "second",
            "level": "warn",
        }
        self.assertEqual(rows[0], expected)

    def test_bounded(self) -> None:
        ring = ErrorsRing()
        log = Logger(namespace="m", observer=ring)
        for at in range(MAX_KEPT + 3):
            log.error("{at}", at=at)
        texts = [row["message"] for row in ring.rows()]
        self.assertEqual(texts, [str(at) for at in reversed(range(3, MAX_KEPT + 3))])
