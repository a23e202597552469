"""Swaps the keys by which mail is signed, in a process that signs: what comes is read beside the
reactor."""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..auth.signing_keys import SigningKey, SigningKeys
from ..codec.control import SigningFile
from ..servers.background import in_background
from .credential_signing import read_signing_keys

log = Logger()

_Read = tuple[dict[SigningFile, SigningKey], list[str]]


def give_keys(keys: SigningKeys, files: Sequence[SigningFile]) -> list[str]:
    """Give a process the keys that it has at its start; what cannot be used, for people. Blocks."""
    found, refused = read_signing_keys(files, {})
    keys.use(found.values())
    return refused


class KeySwap:
    """Renews keys while mail is signed; of what comes in quick succession only the last counts.

    A message is signed by the keys that there are when its checks look for them.
    """

    def __init__(
        self,
        reactor: Any,
        keys: SigningKeys,
        alarm: Callable[[str], None],
        files: Sequence[SigningFile] = (),
    ) -> None:
        """`files` are what there is already."""
        self._reactor = reactor
        self._keys = keys
        self._alarm = alarm
        self._files: tuple[SigningFile, ...] | None = tuple(files)
        self._known: dict[SigningFile, SigningKey] = {}
        self._is_reading = False

    def take(self, files: Sequence[SigningFile]) -> None:
        """Sign by these, soon."""
        if tuple(files) == self._files:
            return
        self._files = tuple(files)
        if not self._is_reading:
            self._read(self._files)

    def _read(self, files: tuple[SigningFile, ...]) -> None:
        self._is_reading = True
        known = self._known
        reading = maybeDeferred(
            in_background, self._reactor, lambda: read_signing_keys(files, known)
        )
        reading.addCallback(self._use, files)
        reading.addErrback(self._fail, files)

    def _use(self, read: _Read, files: tuple[SigningFile, ...]) -> None:
        self._is_reading = False
        if self._files is not None and files != self._files:
            self._read(self._files)
            return
        self._known, refused = read
        self._keys.use(self._known.values())
        log.info("mail is signed by {count} keys now", count=len(self._known))
        for text in refused:
            self._alarm(text)

    def _fail(self, failure: Failure, files: tuple[SigningFile, ...]) -> None:
        self._is_reading = False
        log.failure("keys that sign mail are not renewed", failure)
        if self._files is not None and files != self._files:
            self._read(self._files)
            return
        # The same ones, told again, are read again.
        self._files = None
