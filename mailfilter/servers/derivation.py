"""Whether a password is that of a hash: found out in a process of its own, and remembered."""

import os
import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from hashlib import blake2b
from typing import Any

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..codec.password import MAX_SECONDS, RIGHT, WRONG, Plain, parse_stored

MAX_AT_ONCE = 2
"""Processes."""

MAX_WAITING = 64
"""Passwords that wait for one."""

MAX_WRONG = 256
"""Wrong passwords that are remembered."""

_MAX_SAID = 1024
"""Octets that are kept of what a process writes."""

log = Logger()


class Undecided(Exception):
    """It cannot be found out now whether a password is right; the text says why."""


Check = Callable[[str, bytes], Awaitable[bool]]
"""Whether a password (second) is that of a hash. Raises `Undecided`."""


async def check_here(hashed: str, password: bytes) -> bool:
    """A `Check` that holds up all else; for tests."""
    return parse_stored(hashed).is_right(password)


class Derivations:
    """A `Check` in processes of their own, few at a time, each killed in time."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._turns = DeferredSemaphore(MAX_AT_ONCE)

    async def check(self, hashed: str, password: bytes) -> bool:
        """See `Check`. To cancel it does not end a process that has begun."""
        if len(self._turns.waiting) >= MAX_WAITING:
            raise Undecided("too many passwords are being checked")
        await self._turns.acquire()
        try:
            return await self._derive(hashed, password)
        finally:
            self._turns.release()

    async def _derive(self, hashed: str, password: bytes) -> bool:
        process = _Process(hashed.encode() + b"\n" + password)
        arguments = [sys.executable, "-P", "-m", "mailfilter.codec.password"]
        try:
            self._reactor.spawnProcess(process, sys.executable, arguments, env=os.environ)
        except OSError as error:
            raise Undecided(f"no process can be started: {error}") from error
        # Longer than its own limit, which is of CPU: it may wait for that.
        timer = self._reactor.callLater(2 * MAX_SECONDS, process.kill)
        try:
            said = await process.ended
        finally:
            if timer.active():
                timer.cancel()
        if said not in (RIGHT, WRONG):
            raise Undecided("the process that should check the password has failed")
        return said == RIGHT


class _Process(ProcessProtocol):
    def __init__(self, task: bytes) -> None:
        self._task = task
        self._said = b""
        self._complaint = b""
        self.ended: Deferred[bytes] = Deferred()
        """Fires with what it has said."""

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._task)
        self.transport.closeStdin()
        self._task = b""

    def outReceived(self, data: bytes) -> None:
        self._said = (self._said + data)[:_MAX_SAID]

    def errReceived(self, data: bytes) -> None:
        self._complaint = (self._complaint + data)[-_MAX_SAID:]

    def kill(self) -> None:
        assert self.transport is not None
        with suppress(ProcessExitedAlready):
            self.transport.signalProcess("KILL")

    def processEnded(self, reason: Failure) -> None:
        if self._said not in (RIGHT, WRONG):
            log.error(
                "a password could not be checked: {reason}: {text!r}",
                reason=reason.getErrorMessage(),
                text=self._complaint.decode("utf-8", "replace"),
            )
        self.ended.callback(self._said)


class Verdicts:
    """What was found out about passwords; of the passwords it keeps keyed digests alone."""

    def __init__(self, check: Check = check_here) -> None:
        self._check = check
        self._key = os.urandom(blake2b.MAX_KEY_SIZE)
        self._right: dict[str, bytes] = {}
        """Hash -> digest of its password."""
        self._wrong: OrderedDict[bytes, None] = OrderedDict()
        self._under_way: dict[bytes, list[Deferred[bool]]] = {}
        """Digest -> who waits for the verdict."""

    def digest(self, stored: str, password: bytes) -> bytes:
        """What stands for a password (and what it is tried against) in memory."""
        return blake2b(stored.encode() + b"\n" + password, key=self._key).digest()

    async def is_right(self, stored: str, password: bytes) -> bool:
        """Whether a password is right by what a configuration holds, which is not damaged.

        Whoever asks for the same at a time gets the same verdict, and it is found out even if
        nobody waits for it any more. Raises `Undecided`.
        """
        plain = parse_stored(stored)
        if isinstance(plain, Plain):
            return plain.is_right(password)
        digest = self.digest(stored, password)
        if self._right.get(stored) == digest:
            return True
        if digest in self._wrong:
            self._wrong.move_to_end(digest)
            return False
        waiting: Deferred[bool] = Deferred()
        if digest in self._under_way:
            self._under_way[digest].append(waiting)
        else:
            self._under_way[digest] = [waiting]
            Deferred.fromCoroutine(self._find_out(stored, password, digest))
        return await waiting

    async def _find_out(self, stored: str, password: bytes, digest: bytes) -> None:
        try:
            verdict = await self._check(stored, password)
        except Exception as error:
            for waiting in self._under_way.pop(digest):
                waiting.errback(error)
            return
        if verdict:
            self._right[stored] = digest
        else:
            self._wrong[digest] = None
            if len(self._wrong) > MAX_WRONG:
                self._wrong.popitem(last=False)
        for waiting in self._under_way.pop(digest):
            waiting.callback(verdict)
