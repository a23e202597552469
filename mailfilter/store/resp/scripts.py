"""Lua scripts that run in the server, and commands in the form in which they are sent."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib.resources import files
from typing import Any, Generic, TypeVar

from hiredis import pack_command

R_co = TypeVar("R_co", covariant=True)


_FOLDER = files("mailfilter") / "store" / "scripts"
_BEGIN_WITH_SHOWN = frozenset({"history_clear", "history_find", "history_get"})


@dataclass(frozen=True, slots=True)
class Script:
    """A script, and the name under which a server that has it knows it."""

    text: bytes
    sha: bytes


@dataclass(slots=True)
class Trip(Generic[R_co]):
    """One command and what its reply means; not frozen, since one is made for every call."""

    words: Sequence[Any]
    """Octets, texts and whole numbers; with a script, first how many keys there are."""
    decode: Callable[[Any], R_co]
    script: Script | None = None

    def command(self) -> bytes:
        """The command as it is sent."""
        if self.script is None:
            return pack_command(tuple(self.words))  # type: ignore[no-any-return]
        return pack_command((b"EVALSHA", self.script.sha, *self.words))  # type: ignore[no-any-return]

    def whole_command(self) -> bytes:
        """The same with the text of the script, for a server that does not have it."""
        if self.script is None:
            return self.command()
        return pack_command((b"EVAL", self.script.text, *self.words))  # type: ignore[no-any-return]


Ask = Callable[[Trip[Any]], Awaitable[Any]]
"""Sends a command, and makes an answer of the reply. Raises StoreError."""


@cache
def script(name: str) -> Script:
    """A script of ours. Raises FileNotFoundError."""
    text = _FOLDER.joinpath(f"{name}.lua").read_bytes()
    if name in _BEGIN_WITH_SHOWN:
        text = _FOLDER.joinpath("_history_shown.lua").read_bytes() + text
    return Script(text, sha1(text, usedforsecurity=False).hexdigest().encode())


@cache
def all_scripts() -> tuple[Script, ...]:
    """All that there are."""
    names = sorted(item.name for item in _FOLDER.iterdir() if item.name.endswith(".lua"))
    # What begins with an underscore is part of others.
    return tuple(script(name.removesuffix(".lua")) for name in names if not name.startswith("_"))


def same(reply: Any) -> Any:
    """The reply as it is."""
    return reply


def nothing(reply: Any) -> None:
    """For calls without an answer."""


def milliseconds(seconds: float | None) -> bytes:
    """A time until expiry as scripts take it; empty is never."""
    return b"" if seconds is None else b"%d" % max(1, round(seconds * 1000))
