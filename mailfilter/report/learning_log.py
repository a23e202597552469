"""What is to be learned, as the store keeps it: the log, and what each message was learned as."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from ..classifier.event import Digest, Event, Learn, encode
from ..store.base import Delete, Entry, Key, LogAppend, LogRead, Publish, Put, Store, key
from ..store.errors import StoreError

LOG = key("classifier_log")

TOPIC = b"classifier"
"""Of notices that there is something to learn."""

MAX_TOGETHER = 100
"""Events in one call of the store: some 200 KiB."""

KNOWN_SECONDS = 366 * 86400.0
"""How long it is known what a message was learned as, so that it is not learned again."""


def known_key(digest: Digest) -> Key:
    """Where it stands what a message was learned as."""
    return key("classifier_known", digest)


async def append(store: Store, events: Sequence[Event]) -> int:
    """Put events into the log, from where they are learned, whatever happens then.

    The answer is the position of the last one. Raises a StoreError.
    """
    return await store.do(LogAppend(LOG, [encode(event) for event in events]))


async def note(store: Store, events: Sequence[Event]) -> None:
    """Remember what messages were learned as, and tell learners. Raises a StoreError."""
    known: dict[Digest, bytes | None] = {}
    for event in events:
        known[event.digest] = event.label.encode() if isinstance(event, Learn) else None
    put = {known_key(digest): label for digest, label in known.items() if label is not None}
    gone = [known_key(digest) for digest, label in known.items() if label is None]
    with suppress(StoreError):
        # They look for themselves, too, each second.
        await store.do(Publish(TOPIC))
    if put:
        await store.do(Put(put, KNOWN_SECONDS))
    if gone:
        await store.do(Delete(gone))


async def entries(store: Store, after: int, until: int) -> AsyncIterator[Entry]:
    """What is in the log behind one position and up to another. Raises a StoreError."""
    while after < until:
        found = await store.do(LogRead(LOG, after, min(MAX_TOGETHER, until - after)))
        if not found:
            return
        for entry in found:
            yield entry
        after = found[-1].position
