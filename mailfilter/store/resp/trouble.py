"""What a Redis server says when it refuses, as the errors of a store."""

from re import compile as compiled

from ..errors import (
    Clustered,
    Denied,
    Full,
    ReadOnly,
    StoreError,
    TooLarge,
    Unavailable,
    WrongKind,
)

MAX_TEXT = 200
"""Characters of what a server says that are kept."""


class BeyondBounds(TooLarge):
    """What one of our scripts refuses: the trouble is that of the caller, not of the store."""


_CODES: dict[str, type[StoreError]] = {
    "READONLY": ReadOnly,
    "OOM": Full,
    "MISCONF": Full,
    "LOADING": Unavailable,
    "MASTERDOWN": Unavailable,
    "CLUSTERDOWN": Unavailable,
    "BUSY": Unavailable,
    "TRYAGAIN": Unavailable,
    "NOREPLICAS": Unavailable,
    "WRONGTYPE": WrongKind,
    "MOVED": Clustered,
    "ASK": Clustered,
    "CROSSSLOT": Clustered,
    "NOAUTH": Denied,
    "WRONGPASS": Denied,
    "NOPERM": Denied,
    "TOOLARGE": BeyondBounds,
}
_CODE = compiled(rf"(?:^|: ?)-?({'|'.join(_CODES)})\b")
"""At the beginning, or behind what versions before 7 put before errors within scripts."""

_PHRASES: tuple[tuple[str, type[StoreError]], ...] = (
    ("cluster mode", Clustered),
    ("in a cluster node", Clustered),
    ("invalid password", Denied),
    ("ERR AUTH", Denied),
    ("ERR Client sent AUTH", Denied),
    ("The user executing the script", Denied),
    ("value is not an integer", WrongKind),
    ("max number of clients", Unavailable),
)

_ADVICE: dict[type[StoreError], str] = {
    Clustered: "; clusters are not supported, a single server or Sentinel is",
    WrongKind: "; something else uses our prefix",
}


def is_lost_script(text: str) -> bool:
    """Whether the server does not have a script of ours, or has it no more."""
    return text.startswith("NOSCRIPT")


def error_of(text: str, place: str, user: str = "", *, secrets: tuple[str, ...] = ()) -> StoreError:
    """The error for what a server said; the text tells neither passwords nor much of mail."""
    kind = _kind(text)
    said = _printable(text, secrets)
    who = f" (user {user or 'default'!r})" if kind is Denied else ""
    return kind(f"{place}{who}: {said}{_ADVICE.get(kind, '')}")


def again(error: StoreError) -> StoreError:
    """The same error anew: one that is raised many times would collect all their tracebacks."""
    return type(error)(*error.args)


def _kind(text: str) -> type[StoreError]:
    found = _CODE.search(text)
    if found:
        return _CODES[found[1]]
    for phrase, kind in _PHRASES:
        if phrase in text:
            return kind
    return StoreError


def _printable(text: str, secrets: tuple[str, ...]) -> str:
    # A server that does not know a command repeats what it was given.
    text = text.partition(", with args beginning with")[0]
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    return "".join(c if c.isprintable() else "?" for c in text[:MAX_TEXT])
