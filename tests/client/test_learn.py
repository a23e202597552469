"""`mailfilteradm learn`: who taught what, and how to take that back."""

import json
import os
import pwd
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from twisted.internet.defer import Deferred

from mailfilter.classifier.event import Event, Learn, Unlearn, decode, digest_of
from mailfilter.client.learn import HEAD
from mailfilter.mail import parse
from mailfilter.report.learning_log import LOG, append, known_key, note
from mailfilter.store.base import Get, LogAppend, LogRead, Snapshot, SnapshotPut

from ..classifier.log_case import learn, unlearn
from .store_case import StoreCommandCase

T = TypeVar("T")

NOW = 1_800_000_000.0
A = b"a".ljust(16).hex()


def taught(event: Learn, by: str, at: float = NOW) -> Event:
    """Taught by somebody."""
    return msgspec.structs.replace(event, by=by, at=at)


class LearnCase(StoreCommandCase):
    def ask(self, work: "Coroutine[Any, Any, T]") -> T:
        """What the store says."""
        return self.successResultOf(Deferred.fromCoroutine(work))

    def teach(self, *events: Event) -> None:
        """More in the log."""
        self.ask(append(self.store, events))
        self.ask(note(self.store, events))

    def log(self) -> list[Event]:
        """All that is in the log."""
        return [decode(entry.data) for entry in self.ask(self.store.do(LogRead(LOG, 0)))]


class ListTests(LearnCase):
    def test_list(self) -> None:
        self.teach(
            taught(learn("a"), "alice"),
            taught(learn("b", "ham", is_human=False), "mail\x1b"),
            unlearn("a"),
        )
        odd = "mail\\x1b (automatic)"
        ran = self.run_main("learn", "list")
        self.assertEqual(ran.exit_code, 0, ran.output)
        self.assertEqual(
            ran.output.splitlines(),
            [
                HEAD,
                f"        3  1970-01-01T00:00:02Z  forget  {'bob':28}  {A}",
                f"        2  2027-01-15T08:00:00Z  ham     {odd:28}  {b'b'.ljust(16).hex()}",
                f"        1  2027-01-15T08:00:00Z  spam    {'alice':28}  {A}",
            ],
        )

    def test_json(self) -> None:
        self.teach(taught(learn("a"), "alice"))
        expected = {
            "position": 1,
            "time": NOW,
            "class": "spam",
            "by": "alice",
            "human": True,
            "message": A,
        }
        self.assertEqual(json.loads(self.run_main("learn", "list", "--json").output), [expected])

    def test_which(self) -> None:
        path = Path(self.mktemp())
        path.write_bytes(b"From: a@b.example\n\nhello\n")
        digest = digest_of(parse(path.read_bytes()))
        self.teach(
            taught(learn("a"), "alice"),
            taught(learn("b", "ham"), "bob", NOW + 60),
            msgspec.structs.replace(learn("c"), digest=digest),
            taught(learn("d"), "alice"),
        )
        for options, expected in (
            ((), [4, 3, 2, 1]),
            (("--by", "alice"), [4, 1]),
            (("--by", "alice", "--limit", "1"), [4]),
            (("--class", "ham"), [2]),
            (("--since", "2027-01-15T08:00:30Z"), [2]),
            (("--message", str(path)), [3]),
            (("--by", "nobody"), []),
        ):
            ran = self.run_main("learn", "list", "--json", *options)
            found = [row["position"] for row in json.loads(ran.output)]
            self.assertEqual(found, expected, options)
        self.assertIn("nothing found", self.run_main("learn", "list", "--by", "x").output)
        ran = self.run_main("learn", "list", "--message", f"{path}.gone")
        self.assertEqual((ran.exit_code, "No such file" in ran.output), (1, True))

    def test_long(self) -> None:
        """More than one call gives, damaged ones among them."""
        self.teach(*(learn(str(number)) for number in range(150)))
        self.ask(self.store.do(LogAppend(LOG, [b"damaged"])))
        self.teach(*(learn(str(number)) for number in range(60)))
        ran = self.run_main("learn", "list", "--json", "--limit", "0")
        positions = [row["position"] for row in json.loads(ran.output)]
        self.assertEqual(positions, [at for at in range(211, 0, -1) if at != 151])

    def test_empty(self) -> None:
        ran = self.run_main("learn", "list")
        self.assertEqual((ran.exit_code, ran.output), (0, "nothing found\n"))


class UndoTests(LearnCase):
    def undo(self, *arguments: str) -> str:
        """Take something back; what it says."""
        ran = self.run_main("learn", "undo", *arguments)
        self.assertEqual(ran.exit_code, 0, ran.output)
        return ran.output

    def known(self, name: str) -> bytes | None:
        """What a message is known as."""
        return self.ask(self.store.do(Get([known_key(name.encode().ljust(16))])))[0]

    def test_by(self) -> None:
        events = (
            taught(learn("a"), "alice"),
            taught(learn("a", "ham"), "eve"),
            taught(learn("b"), "eve"),
            taught(learn("c"), "alice"),
        )
        self.teach(*events)
        said = "2 undone: 1 would be forgotten, 1 would be as before\n"
        self.assertEqual(self.undo("--by", "eve", "--dry-run"), said)
        self.assertEqual(len(self.log()), 4)
        self.assertEqual(self.undo("--by", "eve"), "2 undone: 1 forgotten, 1 as before\n")
        first, again, last = self.log()[4:]
        assert isinstance(first, Unlearn) and isinstance(again, Learn)
        assert isinstance(last, Unlearn)
        who = f"{pwd.getpwuid(os.getuid()).pw_name} (mailfilteradm)"
        self.assertEqual({event.by for event in (first, again, last)}, {who})
        self.assertGreater(again.at, 0)
        self.assertEqual((first.digest, again.digest), (learn("a").digest,) * 2)
        self.assertEqual((again.label, again.text, again.rest), ("spam", *_slots("a")))
        self.assertEqual(last.digest, learn("b").digest)
        self.assertEqual([self.known(name) for name in "abc"], [b"spam", None, b"spam"])
        # It is done: another time changes nothing.
        self.assertEqual(self.undo("--by", "eve"), "2 undone: 0 forgotten, 0 as before\n")
        self.assertEqual(len(self.log()), 7)

    def test_positions(self) -> None:
        self.teach(learn("a"), learn("b"), unlearn("a"))
        self.assertEqual(self.undo("2", "3"), "2 undone: 1 forgotten, 1 as before\n")
        self.assertEqual([self.known(name) for name in "ab"], [b"spam", None])

    def test_many(self) -> None:
        self.teach(*(learn(str(number)) for number in range(250)))
        self.assertEqual(self.undo("--by", "bob"), "250 undone: 250 forgotten, 0 as before\n")
        self.assertEqual(len(self.log()), 500)

    def test_nothing(self) -> None:
        for arguments in (("7",), ("--by", "eve")):
            ran = self.run_main("learn", "undo", *arguments)
            self.assertEqual(
                (ran.exit_code, ran.output), (1, "nothing found that could be undone\n")
            )

    def test_usage(self) -> None:
        """All that was ever taught is not undone by mistake."""
        for arguments in ((), ("--dry-run",), ("7", "--by", "eve"), ("0",)):
            self.assertEqual(self.run_main("learn", "undo", *arguments).exit_code, 2, arguments)

    def test_gone(self) -> None:
        """The log begins behind a snapshot that is damaged."""
        self.teach(learn("a"), learn("b"))
        self.ask(self.store.do(SnapshotPut(LOG, Snapshot(1, b"damaged"))))
        ran = self.run_main("learn", "undo", "2")
        self.assertEqual(ran.exit_code, 1)
        self.assertIn("the snapshot of the log cannot be read: ", ran.output)


def _slots(name: str) -> tuple[bytes, bytes]:
    event = learn(name)
    return event.text, event.rest
