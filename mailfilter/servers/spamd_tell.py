"""TELL of SPAMC, by which spamc -L and -C teach (spamd-line.md 3.4, 3.5)."""

from collections.abc import Sequence
from typing import NamedTuple

from twisted.logger import Logger

from ..codec import spamd_reply as replies
from ..codec.spamd import Request
from ..store.errors import StoreError
from .peer import Peer
from .teaching import Label, Teacher

NO_LEARNING = "TELL commands are not enabled"
NOT_LEARNED = "the message was not learned, try again later"
TOO_LARGE = "the message is too large to be learned"

MAX_USER = 64
"""Characters of the name that a client gives of its user."""

_LABELS: dict[bytes, Label] = {b"spam": "spam", b"ham": "ham"}
_PLACES = frozenset((b"local", b"remote"))

log = Logger()


class Wish(NamedTuple):
    """What is to become of a message. Nothing is ever reported to others: `remote` is ignored."""

    label: Label | None
    """Learn it as this."""
    forgets: bool = False


class BadWish(Exception):
    """It cannot be told what is wanted."""


def read_wish(headers: Sequence[tuple[bytes, bytes]]) -> Wish:
    """What the headers of a request say. Raises BadWish."""
    is_set = b"local" in _places(headers, b"set")
    forgets = b"local" in _places(headers, b"remove")
    if is_set and forgets:
        raise BadWish("(Set and Remove are both local)")
    if not is_set:
        return Wish(None, forgets)
    label = _LABELS.get(_one(headers, b"message-class").lower())
    if label is None:
        raise BadWish("(Message-class header is not spam or ham)")
    return Wish(label)


def _places(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> set[bytes]:
    value = _one(headers, name)
    places = {place.strip().lower() for place in value.split(b",")} if value else set()
    if places - _PLACES:
        raise BadWish(f"({name.decode().title()} header is not local or remote)")
    return places


def _one(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> bytes:
    """The value of a header, nothing without one."""
    values = {value for found, value in headers if found == name}
    if len(values) > 1:
        raise BadWish(f"({name.decode().capitalize()} header differs)")
    return values.pop() if values else b""


class Tells:
    """Answers the requests that come by one listener."""

    def __init__(self, name: str, teacher: Teacher) -> None:
        self._name = name
        self._teacher = teacher

    async def answer(self, request: Request, peer: Peer) -> bytes:
        """Do what a request says."""
        try:
            wish = read_wish(request.headers)
        except BadWish as bad:
            self._log(peer, str(bad))
            return replies.bad_request(str(bad))
        raw = request.content.raw
        if raw is None:
            self._log(peer, TOO_LARGE)
            return replies.unavailable(TOO_LARGE)
        try:
            return await self._done(wish, raw, request, peer)
        except StoreError as error:
            self._log(peer, f"{NOT_LEARNED}: {error}")
            return replies.unavailable(NOT_LEARNED)

    async def _done(self, wish: Wish, raw: bytes, request: Request, peer: Peer) -> bytes:
        by, source = _taught_by(request, peer), str(peer)
        if wish.label is not None:
            taught = await self._teacher.learn(raw, wish.label, by, source=source)
        elif wish.forgets:
            taught = await self._teacher.forget(raw, by, source=source)
        else:
            return replies.tell_reply()
        if taught.kind == "refused":
            self._log(peer, taught.text)
            return replies.unavailable(taught.text)
        return replies.tell_reply(
            did_set=taught.kind == "learned", did_remove=taught.kind == "forgotten"
        )

    def _log(self, peer: Peer, text: str) -> None:
        log.info(
            "{listener}: {peer!r}: refused: {error!r}",
            listener=self._name,
            peer=str(peer),
            error=text,
        )


def _taught_by(request: Request, peer: Peer) -> str:
    """Who teaches: where that is from is known, who the user is was only said."""
    for name, value in request.headers:
        if name == b"user":
            user = value.decode("utf-8", "replace")[:MAX_USER]
            return f"{peer} (User: {user})"
    return str(peer)
