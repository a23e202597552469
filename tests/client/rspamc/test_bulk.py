"""Many messages, several at a time."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc import bulk
from mailfilter.client.rspamc.commands import COMMANDS, SYMBOLS
from mailfilter.client.rspamc.exchange import (
    Failure,
    Item,
    Misused,
    Outcome,
    Reply,
    Unanswered,
)
from mailfilter.client.rspamc.journal import Journal, digest_of, journal_path
from mailfilter.client.rspamc.options import Options
from mailfilter.client.rspamc.progress import Screen

SPAM = next(command for command in COMMANDS if command.name == "learn_spam")
SECONDS = 60


def reply(item: Item) -> Reply:
    """A reply to anything."""
    return Reply(item, 0.0, (), b"{}", {})


def ask(item: Item) -> Reply:
    """A server that does not answer to some."""
    if b"bad" in item.octets:
        raise Unanswered(f"no answer to {item.name}")
    return reply(item)


class BulkCase(SynchronousTestCase):
    """Runs whose output is kept."""

    def setUp(self) -> None:
        """Keep what would be shown, and the journal, apart."""
        self.shown: list[Outcome] = []
        self.told: list[str] = []
        self.patch(Screen, "complain", lambda screen, text: self.told.append(text))
        self.state = Path(self.mktemp()).absolute()
        self.patch(os, "environ", {**os.environ, "XDG_STATE_HOME": str(self.state)})
        self.options = Options(parallel=3)

    def show(self, outcome: Outcome) -> bytes:
        """Show nothing."""
        self.shown.append(outcome)
        return b""

    def go(self, *contents: str, **named: Any) -> int:
        """Run with messages of these contents, which are their names, too."""
        sources: Iterator[Item | Failure] = (
            Failure(Item(content), "unreadable")
            if content.startswith("!")
            else Item(content, content.encode())
            for content in contents
        )
        self.shown.clear()
        self.told.clear()
        given = {"command": SYMBOLS, "options": self.options, "ask": ask, **named}
        return bulk.run(sources=sources, show=self.show, **given)

    def names(self) -> list[str]:
        """Of what was shown, sorted."""
        return sorted(outcome.item.name for outcome in self.shown)


class OutcomeTests(BulkCase):
    """What comes of messages."""

    def test_answered(self) -> None:
        """All are asked and shown, and there is nothing to say."""
        contents = [f"{number:03}" for number in range(200)]
        self.assertEqual(self.go(*contents), 0)
        self.assertEqual(self.names(), contents)
        self.assertEqual(self.told, [])

    def test_order(self) -> None:
        """One at a time, they keep their order."""
        contents = [f"{number}" for number in range(50, 0, -1)]
        self.go(*contents, options=Options(parallel=1))
        self.assertEqual([outcome.item.name for outcome in self.shown], contents)

    def test_nothing(self) -> None:
        """An empty folder is no failure."""
        self.assertEqual(self.go(), 0)
        self.assertEqual((self.shown, self.told), ([], []))

    def test_failed(self) -> None:
        """One failure of many is shown, counted, and makes the exit code."""
        self.assertEqual(self.go("a", "bad", "c"), 1)
        self.assertEqual(self.names(), ["a", "bad", "c"])
        self.assertIn(Failure(Item("bad"), "no answer to bad"), self.shown)
        self.assertEqual(self.told, ["1 of 3 messages failed"])

    def test_one_failed(self) -> None:
        """Of a single message nothing is summed up."""
        self.assertEqual(self.go("bad"), 1)
        self.assertEqual((self.names(), self.told), (["bad"], []))

    def test_unread(self) -> None:
        """What cannot be read is told of, not shown among the results."""
        self.assertEqual(self.go("!x", "a"), 1)
        self.assertEqual(self.names(), ["a"])
        self.assertEqual(self.told, ["!x: unreadable", "1 of 2 messages failed"])
        self.assertEqual(self.go("!x"), 1)
        self.assertEqual(self.told, ["!x: unreadable"])

    def test_unexpected(self) -> None:
        """A message whose answer is too much for us fails alone."""

        def greedy(item: Item) -> Reply:
            if item.name == "b":
                raise MemoryError
            return reply(item)

        self.assertEqual(self.go("a", "b", "c", ask=greedy), 1)
        self.assertIn(Failure(Item("b"), "unexpected MemoryError"), self.shown)

    def test_error(self) -> None:
        """What is no failure of one message ends the run, from wherever it is raised."""

        def broken(item: Item) -> Reply:
            raise Misused("wrong")

        self.assertRaises(Misused, self.go, *"abcdefgh", ask=broken)

        def sources() -> Iterator[Item]:
            yield from (Item("a"), Item("b"), Item("c"))
            raise RuntimeError("broken")

        with self.assertRaises(RuntimeError):
            bulk.run(SYMBOLS, self.options, sources(), ask, self.show)


class BoundTests(BulkCase):
    """How many at a time."""

    def test_several_at_a_time(self) -> None:
        """As many as were asked for are under way together."""
        together = threading.Barrier(3)

        def patient(item: Item) -> Reply:
            together.wait(SECONDS)
            return reply(item)

        self.assertEqual(self.go(*"abcdef", ask=patient), 0)

    def test_no_more(self) -> None:
        """Never more, and no message is read before its turn."""
        lock = threading.Lock()
        taken = asked = 0
        most = 0

        def sources() -> Iterator[Item]:
            nonlocal taken, most
            for number in range(200):
                with lock:
                    taken += 1
                    most = max(most, taken - asked)
                yield Item(f"{number}", b"x")

        def counting(item: Item) -> Reply:
            nonlocal asked
            with lock:
                asked += 1
            return reply(item)

        bulk.run(SYMBOLS, self.options, sources(), counting, self.show)
        self.assertEqual(asked, 200)
        self.assertLessEqual(most, self.options.parallel + 1)

    def test_octets_are_let_go(self) -> None:
        """What was asked is not kept for the one who shows it."""
        self.go("a", "bad")
        self.assertEqual([outcome.item.octets for outcome in self.shown], [b"", b""])

    def test_slow_output(self) -> None:
        """While nobody reads results, no more messages are asked."""
        asked: list[str] = []
        most = 0

        def counting(item: Item) -> Reply:
            asked.append(item.name)
            return reply(item)

        def slow(outcome: Outcome) -> bytes:
            nonlocal most
            self.shown.append(outcome)
            # Whoever can go on meanwhile, does.
            for _ in range(1000):
                if len(asked) - len(self.shown) >= 2 * self.options.parallel:
                    break
                threading.Event().wait(0.0001)
            most = max(most, len(asked) - len(self.shown))
            return b""

        sources = (Item(f"{number}", b"x") for number in range(40))
        bulk.run(SYMBOLS, self.options, sources, counting, slow)
        self.assertEqual(len(asked), 40)
        self.assertLessEqual(most, 2 * self.options.parallel)

    def test_threads_end(self) -> None:
        """None stays behind, and there are no more than make sense."""
        before = threading.active_count()
        self.patch(bulk, "MAX_PARALLEL", 5)
        most = 0

        def counting(item: Item) -> Reply:
            nonlocal most
            # Others may start meanwhile, if there are any.
            threading.Event().wait(0.02)
            most = max(most, threading.active_count() - before)
            return reply(item)

        for parallel, limit in ((0, 1), (-1, 1), (2, 2), (100_000, 5)):
            most = 0
            self.go(*"abcdefghij", ask=counting, options=Options(parallel=parallel))
            self.assertLessEqual(most, limit)
        for _ in range(1000):
            if threading.active_count() == before:
                break
            threading.Event().wait(0.01)
        self.assertEqual(threading.active_count(), before)


class JournalTests(BulkCase):
    """Learning that can go on."""

    def setUp(self) -> None:
        """Name the journal."""
        super().setUp()
        self.path = journal_path(SPAM, (), self.options)

    def learn(self, *contents: str, **named: Any) -> int:
        """Run with the command that keeps a journal."""
        return self.go(*contents, command=SPAM, **named)

    def test_complete(self) -> None:
        """Nothing stays of what is complete."""
        self.assertEqual(self.learn("a", "b", "c"), 0)
        self.assertFalse(self.path.exists())

    def test_failed_is_done_again(self) -> None:
        """What failed is done again with --resume, and nothing else."""
        self.assertEqual(self.learn("a", "bad", "c", "!d"), 1)
        self.assertEqual(
            self.told[1:],
            ["2 of 4 messages failed", "2 done, the rest with --resume"],
        )
        resume = replace(self.options, resumes=True)
        self.assertEqual(self.learn("a", "bad", "c", "d", options=resume, ask=reply), 0)
        self.assertEqual(self.names(), ["bad", "d"])
        self.assertEqual(self.told, ["2 done before"])
        self.assertFalse(self.path.exists())

    def test_refused_is_done_again(self) -> None:
        """What was not learned in spite of its status is a failure, and shown as the reply it is.

        What the server knew already, or need not learn, is done.
        """
        said = {
            "a": (200, {"success": False}),
            "b": (200, {"error": "no storage"}),
            "c": (200, {"success": True}),
            "d": (208, {"error": "x has been already learned as spam, ignore it"}),
            "e": (204, {"error": "fewer tokens"}),
            "f": (200, [1]),
        }

        def refusing(item: Item) -> Reply:
            status, document = said[item.name]
            return Reply(item, 0.0, (), b"x", document, status=status)

        self.assertEqual(self.learn(*said, ask=refusing), 1)
        self.assertEqual(self.names(), list(said))
        self.assertTrue(all(isinstance(outcome, Reply) for outcome in self.shown))
        self.assertEqual(self.told[0], "2 of 6 messages failed")
        resume = replace(self.options, resumes=True)
        self.assertEqual(self.learn(*said, options=resume, ask=reply), 0)
        self.assertEqual(self.names(), ["a", "b"])
        self.assertEqual(self.learn("a", ask=refusing), 1)
        self.assertEqual(self.go("a", "b", ask=refusing), 0)

    def test_last_one(self) -> None:
        """Also if one message is left, and that was done."""
        self.learn("a", "bad")
        resume = replace(self.options, resumes=True)
        self.assertEqual(self.learn("a", options=resume), 0)
        self.assertEqual((self.names(), self.told), ([], ["1 done before"]))
        self.assertFalse(self.path.exists())

    def test_copies(self) -> None:
        """A message that is there twice is asked twice, in however many runs."""
        options = replace(self.options, parallel=1)
        self.learn("a", "bad", "a", "a", options=options)
        self.assertEqual(self.names(), ["a", "a", "a", "bad"])
        resume = replace(options, resumes=True)
        self.learn("a", "bad", "a", "a", "a", options=resume, ask=reply)
        self.assertEqual(self.names(), ["a", "bad"])
        self.assertEqual(self.told, ["3 done before"])

    def test_not_resumed(self) -> None:
        """Without --resume everything is done again."""
        self.learn("a", "bad")
        self.assertEqual(self.learn("a", "bad", ask=reply), 0)
        self.assertEqual(self.names(), ["a", "bad"])

    def test_answered_is_noted_at_once(self) -> None:
        """Before the next message is asked: we may be killed then."""
        noted: list[bool] = []

        def looking(item: Item) -> Reply:
            if item.name == "b":
                noted.append(digest_of(b"a").hex().encode() in self.path.read_bytes())
            return reply(item)

        options = replace(self.options, parallel=1)
        self.learn("a", "b", ask=looking, options=options)
        self.assertEqual(noted, [True])

    def test_error_keeps_it(self) -> None:
        """A run that breaks off leaves what it did."""

        def broken(item: Item) -> Reply:
            if item.name == "b":
                raise Misused("wrong")
            return reply(item)

        options = replace(self.options, parallel=1)
        self.assertRaises(Misused, self.learn, "a", "b", "c", ask=broken, options=options)
        journal = Journal(self.path, resumes=True)
        self.addCleanup(journal.close, is_complete=False)
        self.assertEqual([journal.skips(digest_of(name)) for name in (b"a", b"b")], [True, False])

    def test_others_keep_none(self) -> None:
        """Scanning changes nothing, and one message is not worth it."""
        self.go("a", "bad")
        self.learn("bad")
        self.assertFalse(self.state.exists())

    def test_no_place(self) -> None:
        """Learning goes on without; going on with nothing does not."""
        self.state.write_bytes(b"")
        self.assertEqual(self.learn("a", "b"), 0)
        self.assertEqual(self.names(), ["a", "b"])
        (text,) = self.told
        self.assertTrue(text.startswith("this cannot be resumed: "), text)
        resume = replace(self.options, resumes=True)
        self.assertRaises(Misused, self.learn, "a", "b", options=resume)
        self.assertEqual(self.shown, [])

    def test_full_disk(self) -> None:
        """A journal that lacks something says so, if it is needed."""
        self.patch(Journal, "add", _full)
        self.assertEqual(self.learn("a", "b"), 0)
        self.assertEqual(self.told, [])
        self.assertEqual(self.learn("a", "bad"), 1)
        self.assertIn("the journal lacks messages: No space left on device", self.told)


def _full(journal: Journal, digest: bytes) -> None:
    journal.trouble = OSError(28, "No space left on device")
