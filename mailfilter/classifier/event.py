"""What is learned, as it stands in the log: no text, only hashes of features."""

from hashlib import blake2b
from typing import Literal

import msgspec
import numpy as np

from ..mail import Message
from .hashing import Slots
from .model import Features

Digest = bytes
"""Of a message, 16 octets; the same wherever a message is learned from."""

Label = Literal["spam", "ham"]

MAX_BY = 200
"""Characters of who taught it."""

_FIELDS = ("from", "date", "message-id", "subject")
"""Of the header: transports leave them as they are, and add others."""


class Learn(msgspec.Struct, frozen=True, array_like=True, tag="l"):
    """A message is of a class from now on."""

    digest: Digest
    label: Label
    text: bytes
    rest: bytes
    version: int
    """Of the features."""
    by: str
    """Who said so."""
    at: float
    """When, in seconds of Unix time."""
    is_human: bool = True
    """Else the filter has taught itself."""

    @property
    def features(self) -> Features:
        """What is known of the message. Raises ValueError."""
        return Features(unpacked(self.text), unpacked(self.rest))


class Unlearn(msgspec.Struct, frozen=True, array_like=True, tag="u"):
    """A message is of no class from now on, as if it had never been learned."""

    digest: Digest
    by: str
    at: float


Event = Learn | Unlearn

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


def encode(event: Event) -> bytes:
    """An event as an entry of the log."""
    return _encoder.encode(event)


def decode(data: bytes) -> Event:
    """An entry of the log. Raises msgspec.MsgspecError."""
    return _decoder.decode(data)


def digest_of(message: Message) -> Digest:
    """What a message is known by."""
    found = blake2b(digest_size=16)
    for name in _FIELDS:
        header = message.headers.get(name)
        value = b"" if header is None else b" ".join(header.value.split())
        found.update(b"%s %d " % (name.encode(), len(value)) + value)
    body = message.raw[message.root.body_start :]
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n")
    found.update(body.rstrip(b"\n"))
    return found.digest()


def packed(slots: Slots) -> bytes:
    """Slots as the steps between them, each as seven bits an octet, the last one below 128.

    Steps are small: 1,000 slots take some 1.5 KB, as numbers of four octets they would take 4.
    """
    steps = np.diff(slots, prepend=np.uint32(0)).astype(np.uint32)
    rows = np.stack([(steps >> shift) & 0x7F for shift in (14, 7, 0)], axis=1).astype(np.uint8)
    rows[:, 0] |= 0x80
    rows[:, 1] |= 0x80
    used = np.stack([steps >= 1 << 14, steps >= 1 << 7, np.ones(len(steps), bool)], axis=1)
    return bytes(rows[used].tobytes())


def unpacked(data: bytes) -> Slots:
    """Slots that `packed` made octets of. Raises ValueError."""
    octets = np.frombuffer(data, np.uint8)
    if not len(octets):
        return np.zeros(0, np.uint32)
    ends = np.flatnonzero(octets < 0x80)
    if not len(ends) or ends[-1] != len(octets) - 1:
        raise ValueError("slots end within a number")
    lengths = np.diff(ends, prepend=-1)
    if lengths.max() > 3:
        raise ValueError("a step between slots has more than 21 bits")
    values = (octets & 0x7F).astype(np.uint32)
    steps = values[ends]
    for more in (1, 2):
        longer = lengths > more
        steps[longer] |= values[ends[longer] - more] << np.uint32(7 * more)
    return np.cumsum(steps, dtype=np.uint32)
