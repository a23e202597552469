"""Who may look at the filter over HTTP, and who may change it (http-controller.md 2.3)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hmac import compare_digest
from math import ceil
from typing import Literal, NamedTuple

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ..codec.http1 import RequestHead
from ..codec.password import MAX_PASSWORD, SHIPPED
from ..config.model import Controller
from ..scan.networks import Networks
from ..tls.known import Known
from .controller_client import Client, Clients
from .derivation import Check, Undecided, Verdicts, check_here
from .http_reply import Reply, error_reply
from .noted import Noted
from .peer import Peer
from .same_origin import hides_its_site, is_of_other_site, read_origins
from .throttle import Throttle

How = Literal["loopback", "unix", "secure_ip", "password", "identity", "nothing"]
"""By what somebody is let in; with `nothing` nobody was asked who it is."""

UNAUTHORIZED = error_reply(401, "Unauthorized")
CROSS_SITE = error_reply(
    403, "Refused as asked for by another site: send the header Password, or X-Mailfilter: 1"
)

log = Logger()


@dataclass(frozen=True, slots=True)
class Allowed:
    """Somebody who is let in."""

    who: str
    """For the log, and kept with what is saved."""
    may_change: bool
    how: How


class _Password(NamedTuple):
    octets: bytes
    is_header: bool
    """Not an argument of the query."""


class Access:
    """Decides for all controllers of one process."""

    def __init__(
        self, controller: Controller, clock: IReactorTime, check: Check = check_here
    ) -> None:
        """`check` finds out whether a password is that of a hash."""
        self._controller = controller
        self._secure = Networks(controller.secure_ip)
        self._clients = Clients(controller, clock)
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
    ) -> Allowed | Reply:
        """Let somebody in, or say why not (401, 403, 429; 503 if that cannot be found out now).

        `known` is who has shown a certificate.
        """
        client = self._clients.client(head, peer)
        allowed = self._by_place(client, head) or _by_identity(client, peer, known)
        if allowed is not None and is_change and not allowed.may_change:
            allowed = None
        is_foreign = is_of_other_site(head, self._origins) or (is_change and hides_its_site(head))
        if allowed is not None and not is_foreign:
            return allowed
        # A browser asks from where its user is, whoever has made the page: that proves nothing.
        refusal = UNAUTHORIZED if allowed is None else CROSS_SITE
        password = _find_password(head)
        if password is None or not self._has_password:
            return refusal
        if is_foreign and not password.is_header:
            # Any page can have it sent: it would guess, or have its reader made wait.
            return CROSS_SITE
        return await self._by_password(client, password.octets, is_change=is_change)

    # Without a password.

    def _by_place(self, client: Client, head: RequestHead) -> Allowed | None:
        """By where a client is; a name that anybody may have pointed at us takes that away."""
        if client.is_unix:
            return Allowed("unix", may_change=True, how="unix")
        found = None
        if self._is_open and client.is_near:
            found = Allowed("loopback", may_change=True, how="loopback")
        elif client.address in self._secure:
            found = Allowed(client.name, may_change=True, how="secure_ip")
        return found if found is not None and self._clients.is_our_name(client, head) else None

    # By a password.

    async def _by_password(
        self, client: Client, password: bytes, *, is_change: bool
    ) -> Allowed | Reply:
        attempt = self._verdicts.digest("", password)
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
        if is_change and not allowed.may_change:
            # No guess: whoever may look alone has asked for too much.
            return UNAUTHORIZED
        return allowed

    def _may_be_right(self, client: Client, password: bytes) -> bool:
        if len(password) > MAX_PASSWORD:
            return False
        is_shipped = [compare_digest(password, known) for known in SHIPPED]
        return client.is_unix or client.is_near or not any(is_shipped)

    async def _match(self, client: Client, password: bytes) -> Allowed | None:
        for key, stored, may_change in self._passwords():
            if await self._verdicts.is_right(stored, password):
                return Allowed(f"{client.name}, by {key}", may_change, how="password")
        return None

    def _passwords(self) -> Iterator[tuple[str, str, bool]]:
        """Key of the configuration, its value, and whether that lets its bearer change things."""
        first, second = self._controller.password, self._controller.enable_password
        if second:
            yield "enable_password", second, True
        if first:
            yield "password", first, not second

    def _fail(self, client: Client) -> None:
        wait = self._throttle.fail(client.source)
        log.warn("controller: wrong password from {peer}", peer=client.name)
        if wait:
            log.warn(
                "controller: too many wrong passwords from {source}: none is tried for {wait:g} s",
                source=client.source,
                wait=wait,
            )
        self.tell(client.source.encode(), False)


def _by_identity(client: Client, peer: Peer, known: Known | None) -> Allowed | None:
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
    return replace(reply, extra=(("Retry-After", str(ceil(wait))),))
