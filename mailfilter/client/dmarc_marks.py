"""What the store knows of aggregate reports that were sent, so that none is sent twice.

Each attempt to send one has a key of its own, which can be made only once: of several commands at
the same time one sends. It is made before the message is sent and changed when it is known what
became of it. One that stays as it was made is a command that was killed, or whose connection broke
after the message was handed over and before it was confirmed: the message may have been sent or
not. It is not sent again by itself; whoever runs the command is told, and may.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec import Struct

from ..store.base import Get, Key, Put, PutIfAbsent, Store, key

MAX_ATTEMPTS = 50
"""For one address, a day and a domain."""

SENDING_SECONDS = 1800.0
"""So long a command may be at work on one message; after that it is dead."""

State = Literal["sending", "sent", "failed"]
Due = Literal["now", "sent", "under way", "doubtful", "too often"]


class _Mark(Struct, frozen=True, array_like=True):
    state: State
    at: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a report to an address so far."""

    due: Due
    attempt: int
    """The number of the next attempt."""
    at: float = 0.0
    """Unix time of the last attempt; 0 if there was none."""
    text: str = ""
    """What was said of it."""


class Marks:
    """The attempts to send reports; they expire `seconds` after they were made."""

    def __init__(self, store: Store, seconds: float) -> None:
        self._store = store
        self._seconds = seconds

    async def read(
        self, day: str, domain: str, address: str, now: float, *, resend: bool = False
    ) -> Standing:
        """What became of a report; with `resend` what is doubtful is due again.

        Raises StoreError.
        """
        keys = [_key(day, domain, address, number) for number in range(1, MAX_ATTEMPTS + 1)]
        marks = [mark for octets in await self._store.do(Get(keys)) if (mark := _read(octets))]
        if not marks:
            return Standing("now", 1)
        last, attempt = marks[-1], len(marks) + 1
        due: Due = "now"
        if last.state == "sent":
            due = "sent"
        elif last.state == "sending" and now - last.at < SENDING_SECONDS and not last.text:
            due = "under way"
        elif last.state == "sending" and not resend:
            due = "doubtful"
        elif attempt > MAX_ATTEMPTS:
            due = "too often"
        return Standing(due, attempt, last.at, last.text)

    async def begin(self, day: str, domain: str, address: str, attempt: int, now: float) -> bool:
        """Mark that an attempt begins; false if somebody else has begun it. Raises StoreError."""
        value = _encoded("sending", now, "")
        call = PutIfAbsent(_key(day, domain, address, attempt), value, self._seconds)
        return await self._store.do(call) is None

    async def end(
        self,
        day: str,
        domain: str,
        address: str,
        attempt: int,
        now: float,
        state: State,
        text: str,
    ) -> None:
        """Mark what became of an attempt; `sending` with a text is that nobody knows.

        Raises StoreError.
        """
        value = _encoded(state, now, text)
        await self._store.do(Put({_key(day, domain, address, attempt): value}, self._seconds))


def _encoded(state: State, now: float, text: str) -> bytes:
    return msgspec.json.encode(_Mark(state, now, text))


def _read(octets: bytes | None) -> _Mark | None:
    if octets is None:
        return None
    try:
        return msgspec.json.decode(octets, type=_Mark)
    except msgspec.DecodeError:
        # Something was there: better a report too few than one a day for ever.
        return _Mark("sending", 0.0, "its mark in the store is unreadable")


def _key(day: str, domain: str, address: str, attempt: int) -> Key:
    return key("dmarc_sent", day, domain, address, str(attempt))
