"""What the tests of the embedded store under trouble share: a file, and stores of it to come."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.trial.unittest import SkipTest

from mailfilter.store.base import Call, Put, key
from mailfilter.store.embedded import EmbeddedStore
from mailfilter.store.errors import Full, StoreError
from mailfilter.store.sqlite import opening

from .case import A
from .test_embedded import EmbeddedCase


class TroubleCase(EmbeddedCase):
    """A path where no store is yet; tests open one, or several, when they are ready for it."""

    store: EmbeddedStore

    async def _set_up(self) -> None:
        self.path = os.path.join(self.directory(), "store.sqlite")
        # An attempt to open that failed is not followed by a second of silence.
        self.patch(opening, "RETRY_SECONDS", 0.0)

    def start(self, path: str = "", **options: Any) -> EmbeddedStore:
        """Open a store of the file, which is closed at the end; `store` is the last of them."""
        self.store = self.open_store(path or self.path, **options)
        self.addCleanup(lambda store: Deferred.fromCoroutine(store.close()), self.store)
        return self.store

    async def fails(self, kind: type[StoreError], call: Call[Any]) -> str:
        """What the store says when a call meets this trouble."""
        try:
            answer = await self.store.do(call)
        except StoreError as error:
            self.assertIs(type(error), kind, str(error))
            return str(error)
        raise AssertionError(f"answered {answer!r}")

    async def outcomes(self, *calls: Call[Any]) -> list[Any]:
        """The answer to each of several calls at the same time, or the kind of its error."""
        results = await DeferredList(
            [Deferred.fromCoroutine(self.store.do(call)) for call in calls], consumeErrors=True
        )
        return [value if is_good else value.type for is_good, value in results]

    def passes_now(self, seconds: float) -> None:
        """So much time goes by for the machine."""
        self.uptime.advance(seconds)
        self.wall.advance(seconds)

    async def told(self, text: str) -> str:
        """The first alarm with this text, once it has come."""
        await self.until(lambda: any(text in alarm for alarm in self.alarms))
        return next(alarm for alarm in self.alarms if text in alarm)

    def beside(self, pattern: str) -> list[Path]:
        """Files in the directory of the store."""
        return sorted(Path(self.path).parent.glob(pattern))


def query(path: str, *statements: str) -> Any:
    """What SQLite answers to the last of the statements, with nothing of ours in between."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            found = db.execute(statement).fetchall()
    return found


def octets_of(path: str) -> bytes:
    """All of a file."""
    return Path(path).read_bytes()


def write_file(path: str, octets: bytes = b"") -> None:
    """Make or overwrite a file."""
    Path(path).write_bytes(octets)


def damage(path: str, offset: int, octets: bytes) -> None:
    """Overwrite a part of a file."""
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(octets)


@contextmanager
def mounted(options: str) -> Iterator[str]:
    """A file system in memory; the test is skipped where none may be mounted."""
    # Not below the folder of the tests, which trial removes with all that is in it.
    place = subprocess.run(
        ["mktemp", "-d", "/tmp/mf-mount.XXXXXX"], capture_output=True, text=True, check=True
    ).stdout.strip()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False
    )
    try:
        if done.returncode:
            raise SkipTest("no file system may be mounted here")
        yield place
    finally:
        subprocess.run(["umount", "-l", place], capture_output=True, check=False)
        os.rmdir(place)


Test = Callable[[Any], Coroutine[Any, Any, None]]


def mounting(test: Test) -> Test:
    """Run a test that mounts: in namespaces of its own, where that is not allowed here."""

    @wraps(test)
    async def run(case: Any) -> None:
        if _works("unshare", "-m", "true"):
            await test(case)
            return
        if not _works("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"):
            raise SkipTest("no file system may be mounted here")
        case.assertIn("PASSED (successes=1)", _run_apart(case.id(), case.mktemp()))

    return run


def _run_apart(test: str, folder: str) -> str:
    trial = (sys.executable, "-m", "twisted.trial", "--temp-directory", folder, test)
    command = ["unshare", "-rm", *trial]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _works(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def mount_for(case: TroubleCase, options: str) -> tuple[str, Callable[[str], None]]:
    """A file system until the end of a test, and what mounts it anew with other options."""
    manager = mounted(options)
    place = manager.__enter__()
    case.addCleanup(manager.__exit__, None, None, None)

    def remount(changed: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{changed}", place], check=True)

    return place, remount


class SpaceCase(TroubleCase):
    """Stores that are filled."""

    async def fill(self, seconds: float | None = None, size: int = 10_000) -> int:
        """Put values until it is full; how many there are."""
        for number in count():
            try:
                await self.do(Put({key("fill", str(number)): b"x" * size}, seconds))
            except Full:
                return number
            self.assertLess(number, 100_000)
        raise AssertionError

    async def works(self) -> bool:
        """Whether something can be written."""
        try:
            await self.do(Put({A: b"after"}))
        except StoreError:
            return False
        return await self.value(A) == b"after"
