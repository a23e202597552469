"""Who may look at the filter over HTTP, and who may change it (http-controller.md 2.3)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hmac import compare_digest
from math import ceil
from typing import Literal, NamedTuple

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ..codec.http1 import RequestHead
from ..codec.password import MAX_PASSWORD
from ..config.model import Controller
from ..scan.envelope import IPAddress
from ..scan.networks import LOOPBACK, Networks, read_address
from ..tls.known import Known
from .derivation import Check, Undecided, Verdicts, check_here
from .forwarded import find_client, is_forwarded
from .http_reply import Reply, error_reply
from .noted import Noted
from .peer import Peer
from .same_origin import host_text, is_foreign, is_our_name, read_origins
from .sources import source_of_host
from .throttle import Throttle

How = Literal["loopback", "unix", "secure_ip", "password", "identity", "nothing"]
"""By what somebody is let in; with `nothing` nobody was asked who it is."""

UNAUTHORIZED = error_reply(401, "Unauthorized")
CROSS_SITE = error_reply(
    403, "Refused as asked for by another site: send the header Password, or X-Mailfilter: 1"
)

_SHIPPED = (b"q1", b"q2")
"""Passwords of examples, which everybody knows."""

_READ_ONLY = (b"GET", b"HEAD")

log = Logger()


@dataclass(frozen=True, slots=True)
class Allowed:
    """Somebody who is let in."""

    who: str
    """For the log, and kept with what is saved."""
    may_change: bool
    how: How


@dataclass(frozen=True, slots=True)
class _Client:
    """From where a request comes, whoever has passed it on."""

    name: str
    """For the log."""
    source: str
    """What the throttle counts."""
    address: IPAddress | None
    is_unix: bool = False
    """By a unix socket, and passed on by nobody."""
    is_direct: bool = True
    """Passed on by nobody."""


class _Password(NamedTuple):
    octets: bytes
    is_header: bool
    """Not an argument of the query."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a request is, as far as it matters here."""

    is_change: bool
    acts: bool
    """Whether it does something that a page of somebody else must not cause."""
    is_foreign: bool
    password: _Password | None = field(repr=False)


class Access:
    """Decides for all controllers of one process."""

    def __init__(
        self, controller: Controller, clock: IReactorTime, check: Check = check_here
    ) -> None:
        """`check` finds out whether a password is that of a hash."""
        self._controller = controller
        self._secure = Networks(controller.secure_ip)
        self._proxies = Networks(controller.trusted_proxies)
        self._loopback = Networks(LOOPBACK)
        self._names = frozenset(name.lower().rstrip(".") for name in controller.hosts)
        self._origins = read_origins(controller.neighbours.values())
        self._has_password = bool(controller.password or controller.enable_password)
        self._is_open = not (self._has_password or controller.secure_ip)
        self._verdicts = Verdicts(check)
        self._throttle = Throttle(
            controller.max_auth_failures, controller.auth_failure_window, clock
        )
        self._noted = Noted(clock)
        self.tell: Callable[[bytes, bool], None] = lambda source, is_right: None
        """Told the source of a wrong password, and of the right one that makes it good."""

    def hear(self, source: bytes, *, is_right: bool) -> None:
        """Another process has told this."""
        if is_right:
            self._throttle.succeed(source.decode())
        else:
            self._throttle.fail(source.decode())

    async def decide(
        self,
        head: RequestHead,
        peer: Peer,
        known: Known | None,
        *,
        is_change: bool,
        acts: bool = False,
    ) -> Allowed | Reply:
        """Let somebody in, or say why not (401, 403, 429; 503 if that cannot be found out now).

        `known` is who has shown a certificate. `acts` is a request that does something, though it
        changes no setting, such as a scan: a page of somebody else must not cause it.
        """
        client = self._client(head, peer)
        wanted = _Wanted(
            is_change,
            is_change or acts or head.method not in _READ_ONLY,
            is_foreign(head, self._origins),
            _find_password(head),
        )
        allowed = self._by_place(client, head) or _by_identity(client, peer, known)
        if allowed is not None and not allowed.may_change and is_change:
            allowed = None
        if allowed is not None and not wanted.is_foreign:
            return allowed
        # A browser asks from where its user is, whoever has made the page: that proves nothing.
        refusal = UNAUTHORIZED if allowed is None else CROSS_SITE
        if wanted.password is None or not self._has_password:
            return refusal
        return await self._by_password(client, wanted, wanted.password)

    # Without a password.

    def _client(self, head: RequestHead, peer: Peer) -> _Client:
        address = None if peer.is_unix else read_address(peer.name)
        source = "unix" if address is None else source_of_host(str(address))
        if not is_forwarded(head):
            return _Client(peer.name, source, address, is_unix=peer.is_unix)
        is_believed = peer.is_unix or address in self._proxies
        found = find_client(head, self._proxies) if is_believed else None
        if found is not None:
            name = f"{found} (by {peer.name})"
            return _Client(name, source_of_host(str(found)), found, is_direct=False)
        reason = _UNCLEAR if is_believed else _NO_PROXY
        if self._noted.is_new(source):
            log.warn("controller: " + reason, peer=peer.name)
        return _Client(peer.name, source, None, is_direct=False)

    def _by_place(self, client: _Client, head: RequestHead) -> Allowed | None:
        """By where a client is; a name that anybody may have pointed at us takes that away."""
        if client.is_unix:
            return Allowed("unix", may_change=True, how="unix")
        is_near = client.is_direct and client.address in self._loopback
        how: How
        if self._is_open and is_near:
            how = "loopback"
        elif client.address in self._secure:
            how = "secure_ip"
        else:
            return None
        if is_our_name(head, self._names, is_near=is_near):
            who = "loopback" if how == "loopback" else client.name
            return Allowed(who, may_change=True, how=how)
        if self._noted.is_new(client.source):
            log.warn("controller: " + _OTHER_NAME, peer=client.name, host=host_text(head))
        return None

    # By a password.

    async def _by_password(
        self, client: _Client, wanted: _Wanted, password: _Password
    ) -> Allowed | Reply:
        attempt = self._verdicts.digest("", password.octets)
        wait = self._throttle.begin(client.source, attempt)
        if wait > 0:
            return _too_many(wait)
        # Whoever does not wait for the verdict has failed, or could try as often as it likes.
        is_wrong = True
        allowed = None
        try:
            if self._may_be_right(client, password):
                allowed = await self._match(client, password)
            is_wrong = allowed is None
        except Undecided as error:
            is_wrong = False
            if self._noted.is_new(client.source):
                log.error("controller: {error}", error=str(error))
            return error_reply(503, "The password cannot be checked now")
        finally:
            if is_wrong:
                self._fail(client)
            self._throttle.end(client.source, attempt)
        if allowed is None:
            return UNAUTHORIZED
        # Whoever may look alone could else guess at the other password for ever.
        if allowed.may_change and self._throttle.succeed(client.source):
            self.tell(client.source.encode(), True)
        if wanted.is_change and not allowed.may_change:
            # No guess: whoever may look alone has asked for too much.
            return UNAUTHORIZED
        if wanted.acts and wanted.is_foreign and not password.is_header:
            return CROSS_SITE
        return allowed

    def _may_be_right(self, client: _Client, password: _Password) -> bool:
        if len(password.octets) > MAX_PASSWORD:
            return False
        is_near = client.is_unix or (client.is_direct and client.address in self._loopback)
        is_shipped = [compare_digest(password.octets, known) for known in _SHIPPED]
        return is_near or not any(is_shipped)

    async def _match(self, client: _Client, password: _Password) -> Allowed | None:
        for key, stored, may_change in self._passwords():
            if await self._verdicts.is_right(stored, password.octets):
                return Allowed(f"{client.name}, by {key}", may_change, how="password")
        return None

    def _passwords(self) -> Iterator[tuple[str, str, bool]]:
        """Key of the configuration, its value, and whether that lets its bearer change things."""
        first, second = self._controller.password, self._controller.enable_password
        if second:
            yield "enable_password", second, True
        if first:
            yield "password", first, not second

    def _fail(self, client: _Client) -> None:
        wait = self._throttle.fail(client.source)
        log.warn("controller: wrong password from {peer}", peer=client.name)
        if wait:
            log.warn(
                "controller: too many wrong passwords from {source}: none is tried for {wait:g} s",
                source=client.source,
                wait=wait,
            )
        self.tell(client.source.encode(), False)


def _by_identity(client: _Client, peer: Peer, known: Known | None) -> Allowed | None:
    """By a certificate; that of a proxy says nothing of those for whom it asks."""
    if known is None or not client.is_direct or not known.may_read:
        return None
    return Allowed(f"{peer.name}, {known.name}", known.may_change, how="identity")


def _find_password(head: RequestHead) -> _Password | None:
    for items, is_header in ((head.headers, True), (head.arguments, False)):
        for name, value in items:
            if name == b"password" and value:
                return _Password(value, is_header)
    return None


def _too_many(wait: float) -> Reply:
    reply = error_reply(429, "Too many authentication failures")
    return Reply(
        reply.status,
        reply.body,
        error=reply.error,
        extra=(("Retry-After", str(ceil(wait))),),
    )


_NO_PROXY = (
    "requests from {peer} say that they were passed on by a proxy; they need a password until it is"
    " in controller.trusted_proxies"
)
_UNCLEAR = (
    "requests from the proxy {peer} do not say clearly from whom they are: X-Forwarded-For or"
    " X-Real-IP must hold an address, and the same; they need a password"
)
_OTHER_NAME = (
    "requests from {peer} are sent to {host!r}, which is no name of ours: they need a password"
    " until it is in controller.hosts"
)
