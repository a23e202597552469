"""How commands find a store and wait for it; how they end when nobody reads what they print."""

import os
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import click
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client import with_store
from mailfilter.client.options import PIPE_STATUS
from mailfilter.client.with_store import (
    FIRST_SECONDS,
    SECONDS,
    NoStore,
    Opened,
    find_store,
    run_session,
)
from mailfilter.config import Loaded, load
from mailfilter.config.model import StoreSettings
from mailfilter.store.base import Call
from mailfilter.store.errors import Denied, Unavailable
from mailfilter.store.memory import MemoryStore

from .store_case import StoreCommandCase

COMMAND = "import sys; from mailfilter.app.adm import main; sys.argv[0] = 'mailfilteradm'; main()"


class Silent(MemoryStore):
    """Answers when it is told to."""

    def __init__(self, clock: Any) -> None:
        super().__init__(clock)
        self.wait: Deferred[None] = Deferred()

    async def do(self, call: Call[Any]) -> Any:
        await self.wait
        return await super().do(call)


class PatienceTests(SynchronousTestCase):
    """How long an answer may take."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.store = Silent(self.clock)
        self.made: list[StoreSettings] = []
        self.patch(with_store, "make_store", self.make_store)
        self.folder = self.mktemp()
        os.mkdir(self.folder)

    def make_store(self, _reactor: Any, settings: StoreSettings, *_: Any, **_named: Any) -> Any:
        self.made.append(settings)
        return self.store

    def load(self, text: str) -> Loaded:
        path = os.path.join(self.folder, "m.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"[store]\n{text}\n")
        os.chmod(path, 0o600)
        return load(path)

    def start(self, text: str, work: Callable[[Opened], Any]) -> Deferred[Any]:
        return Deferred.fromCoroutine(run_session(self.clock, self.load(text), "", work))

    async def work(self, opened: Opened) -> str:
        return (await opened.store.stats()).kind

    def test_long_calls(self) -> None:
        """The time of a message's calls is not that of a command's; a longer one stays."""
        for timeout, seconds in (("10ms", SECONDS), ("50s", 50.0)):
            done = self.start(f'timeout = "{timeout}"', self.work)
            self.assertEqual(self.successResultOf(done), "memory")
            self.assertEqual(self.made.pop().timeout, seconds)

    def test_server_away(self) -> None:
        """A server that says nothing is told soon, however long calls may take."""
        done = self.start('kind = "redis"\nredis.servers = ["192.0.2.1:6379"]', self.work)
        self.clock.advance(FIRST_SECONDS - 0.1)
        self.assertNoResult(done)
        self.clock.advance(0.1)
        error = self.failureResultOf(done, Unavailable).value
        self.assertEqual(str(error), "192.0.2.1:6379: no answer within 5 s")

    def test_server_refuses(self) -> None:
        """What a server refuses is told by the work: `store check` lists what is refused."""
        self.store.wait.errback(Denied("not you"))

        async def work(opened: Opened) -> str:
            return opened.store.kind

        done = self.start('kind = "redis"\nredis.servers = ["192.0.2.1:6379"]', work)
        self.assertEqual(self.successResultOf(done), "memory")

    def test_server_there(self) -> None:
        """One that has answered once has the time of a command."""
        slow: Deferred[None] = Deferred()

        async def work(opened: Opened) -> str:
            await slow
            return opened.store.kind

        done = self.start('kind = "redis"\nredis.servers = ["192.0.2.1:6379"]', work)
        self.store.wait.callback(None)
        self.clock.advance(FIRST_SECONDS * 2)
        self.assertNoResult(done)
        slow.callback(None)
        self.assertEqual(self.successResultOf(done), "memory")


class WithStoreTests(StoreCommandCase):
    """What is said where there is no store, or where it is in trouble."""

    def test_no_file(self) -> None:
        """A store is not made where a command happens to look."""
        state = str(self.folder / "elsewhere")
        result = self.run_main("history", state=state)
        self.assertEqual((result.stdout, result.exit_code), ("", 1))
        self.assertIn("there is no store; has the filter run yet", result.stderr)
        self.assertIn(f"{state}/store.sqlite", result.stderr)

    def test_not_allowed(self) -> None:
        """Where only the filter's user may look."""

        def refuse(path: str) -> None:
            raise PermissionError

        with patch("os.stat", refuse):
            error = self.assertRaises(NoStore, find_store, StoreSettings(), ["/nowhere"])
        self.assertIn("/nowhere/store.sqlite: permission denied; try as", str(error))

    def test_memory(self) -> None:
        """Nobody can look into the memory of another process."""
        result = self.run_main("history", config='[store]\nkind = "memory"')
        self.assertEqual((result.stdout, result.exit_code), ("", 1))
        self.assertIn('store.kind = "memory"', result.stderr)

    def test_trouble(self) -> None:
        """What the store says, plainly."""

        class Broken:
            def open(self) -> None:
                """As always."""

            async def close(self) -> None:
                """As always."""

            async def do(self, call: Call[Any]) -> Any:
                raise Unavailable("nobody there")

        self.patch(with_store, "make_store", lambda *_args, **_named: Broken())
        result = self.run_main("explain", "0123456789ab")
        self.assertEqual((result.stdout, result.exit_code), ("", 1))
        self.assertEqual(result.stderr, "store embedded: nobody there\n")

    def test_bad_configuration(self) -> None:
        """Mistakes in the configuration are told as everywhere."""
        result = self.run_main("history", config="[history]\nrow = 1")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("history.row = 1: unknown key", result.stderr)


class CannotOpenTests(StoreCommandCase):
    """What the system says of a store is not mixed up with what it says of our output."""

    def test_cannot_open(self) -> None:
        """Trouble of finding or opening is told as such."""
        for name in ("_become_owner", "make_store"):
            with patch.object(with_store, name, side_effect=OSError(24, "Too many open files")):
                result = self.run_main("history")
            self.assertEqual((result.exit_code, result.stdout), (1, ""))
            self.assertIn("the store cannot be opened: [Errno 24] Too many", result.stderr)

    def test_reader_gone(self) -> None:
        """Nothing is said to whoever has gone."""
        with patch.object(click, "echo", side_effect=BrokenPipeError(32, "Broken pipe")):
            result = self.run_main("history")
        self.assertEqual((result.exit_code, result.output), (PIPE_STATUS, ""))


class PipeTests(StoreCommandCase):
    """Real pipes."""

    def test_closed(self) -> None:
        """No command complains of a pipe that nobody reads."""
        state = ["--state-dir", str(self.folder)]
        for arguments in (["history", *state], ["config", "show"], ["config", "check"]):
            ours, theirs = os.pipe()
            os.close(ours)
            done = subprocess.run(
                [sys.executable, "-c", COMMAND, *arguments],
                stdout=theirs,
                stderr=subprocess.PIPE,
                timeout=60,
                check=False,
            )
            os.close(theirs)
            self.assertEqual((done.returncode, done.stderr), (PIPE_STATUS, b""), arguments)

    def test_full(self) -> None:
        """A full disk is told in a line."""
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [sys.executable, "-c", COMMAND, "config", "show"],
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=60,
                check=False,
            )
        said = b"[Errno 28] No space left on device\n"
        self.assertEqual((done.returncode, done.stderr), (1, said))


class OwnerTests(SynchronousTestCase):
    """Root looks into the store of a user."""

    def test_nameless(self) -> None:
        """The user need not be known by a name."""
        path = self.mktemp()

        found = SimpleNamespace(st_uid=54321, st_gid=54322)
        became: list[tuple[str, object]] = []
        self.patch(os, "stat", lambda path: found)
        self.patch(os, "geteuid", lambda: 0)
        for name in ("setgroups", "setgid", "setuid"):
            self.patch(os, name, lambda value, name=name: became.append((name, value)))
        with_store._become_owner(path)
        expected = [("setgroups", [54322]), ("setgid", 54322), ("setuid", 54321)]
        self.assertEqual(became, expected)
