"""What there is in a server, and what it says of itself."""

from ..errors import Denied
from .scripts import Ask, Trip, same
from .space import Space

NAMES = {
    b"v": "values",
    b"c": "counters",
    b"b": "buckets",
    b"s": "sets",
    b"f": "hashes",
}
ROWS = {b"h": "history rows", b"l": "log entries"}
DETAILS = {
    "redis_version": "version",
    "role": "role",
    "maxmemory_policy": "maxmemory policy",
    "aof_enabled": "append-only file",
    "connected_slaves": "replicas",
}


async def count(space: Space, ask: Ask) -> dict[str, int]:
    """How many things of each kind there are. Raises StoreError."""
    entries = dict.fromkeys((*NAMES.values(), *ROWS.values()), 0)
    async for names in space.scan():
        for name in names:
            letter = name[:1]
            if letter in NAMES:
                entries[NAMES[letter]] += 1
            elif letter in ROWS:
                words = (b"XLEN", space.full(letter, name[2:]))
                entries[ROWS[letter]] += await ask(Trip(words, same))
    return entries


async def information(ask: Ask) -> dict[str, str]:
    """What the server says of itself; nothing if we may not ask."""
    try:
        reply: bytes = await ask(Trip((b"INFO",), same))
    except Denied:
        return {}
    lines = reply.decode("utf-8", "replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)
