"""Making connections: to a server, or to the master that sentinels know."""

from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.endpoints import UNIXClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory

from ...config.model import StoreSettings
from ...config.peer import Peer, parse_peer
from ...tls.errors import TlsError
from ...tls.outgoing import Outgoing
from ...tls.outgoing_twisted import creator
from ...tls.redis import terms_of
from ..errors import ReadOnly, StoreError, TimedOut, Unavailable
from .connection import Connection
from .names import Naming
from .scripts import Trip, all_scripts, same
from .trouble import error_of

MIN_CONNECT = 2.0
"""Seconds that connecting may take at least, whatever a call may: TLS and a name to look up."""
MIN_SHARE = 1.0
"""Seconds that each of several peers has at least, before the next one is tried."""

T = TypeVar("T")
C = TypeVar("C", bound=Connection)
Make = Callable[[Any, float, str, bool], C]
"""Makes a connection, as the class does: clock, timeout, place, whether there is TLS."""


class Connector:
    """Knows where servers are and how one logs in there."""

    def __init__(self, reactor: Any, settings: StoreSettings) -> None:
        self._reactor, self._settings, self._redis = reactor, settings, settings.redis
        self._peers = [parse_peer(server) for server in settings.redis.servers]
        self._naming = Naming(reactor)
        self._outgoing = Outgoing(terms_of(settings.redis))
        self._secrets = (settings.redis.password, settings.redis.sentinel_password)
        self.server = str(self._peers[0])
        """The server that we were connected to last."""

    @property
    def can_move(self) -> bool:
        """Whether another server may become the master."""
        return bool(self._redis.sentinel) or len(self._peers) > 1

    async def connect(self, make: "Make[C]") -> C:
        """A connection that is ready for calls. Raises StoreError, within a time."""
        if self._redis.sentinel:
            peer, master = await self._in_turn(self._ask_sentinel)
            connection = await self._log_in_at(master, make)
        else:
            is_master = self.can_move
            peer, connection = await self._in_turn(lambda peer: self._log_in(peer, make, is_master))
        self._prefer(peer)
        self.server = connection.place
        return connection

    async def master_beside(self, places: Collection[str]) -> str | None:
        """The master that sentinels name, if not all of these places are it. Raises StoreError.

        It says itself that it is one.
        """
        peer, master = await self._in_turn(self._ask_sentinel)
        place = str(master)
        is_elsewhere = any(place != other for other in places)
        if is_elsewhere:
            connection = await self._log_in_at(master, Connection)
            connection.end(Unavailable("closed"))
        self._prefer(peer)
        return place if is_elsewhere else None

    async def _in_turn(self, attempt: Callable[[Peer], Coroutine[Any, Any, T]]) -> tuple[Peer, T]:
        """The first peer with which it works, and what came of it. Raises StoreError."""
        errors: list[StoreError] = []
        for peer in list(self._peers):
            # At once, so that whatever comes of it the next attempt begins with another one.
            self._peers.remove(peer)
            self._peers.append(peer)
            try:
                return peer, await self._within_time(attempt(peer), peer, self._share())
            except StoreError as error:
                errors.append(error)
        raise _all_of(errors)

    def _prefer(self, peer: Peer) -> None:
        """The one that worked is asked first next time."""
        self._peers.remove(peer)
        self._peers.insert(0, peer)

    def _whole(self) -> float:
        return max(MIN_CONNECT, self._settings.timeout)

    def _share(self) -> float:
        """Seconds for a peer: one that drops what we send must not keep us from the others."""
        count = len(self._peers)
        return self._whole() if count == 1 else max(MIN_SHARE, self._whole() / count)

    async def _log_in_at(self, master: Peer, make: "Make[C]") -> C:
        """At the one that a sentinel has named; there is no other, so it gets all of the time."""
        return await self._within_time(self._log_in(master, make, True), master, self._whole())

    async def _within_time(
        self, coroutine: Coroutine[Any, Any, T], peer: Peer, seconds: float
    ) -> T:
        attempt = Deferred.fromCoroutine(coroutine)
        attempt.addTimeout(seconds, self._reactor)
        try:
            return await attempt
        except TimedOut as error:
            # To those whose calls need a connection, it is not there.
            raise Unavailable(str(error)) from None
        except TimeoutError:
            hint = "; does it speak TLS there?" if self._redis.tls else ""
            raise Unavailable(f"{peer}: not connected within {seconds:g} s{hint}") from None
        except (StoreError, CancelledError):
            raise
        except Exception as error:
            # Such as a sentinel that names no port.
            raise StoreError(f"{peer}: {type(error).__name__}: {error}") from error

    def refused(self, reply: Exception, place: str, user: str | None = None) -> StoreError:
        """The error for what a server said."""
        user = self._redis.username if user is None else user
        return error_of(str(reply), place, user, secrets=self._secrets)

    async def _ask_sentinel(self, peer: Peer) -> Peer:
        redis, place = self._redis, f"sentinel {peer}"
        connection = await self._reach(peer, Connection, place)
        try:
            words: list[tuple[Any, ...]] = [_auth(redis.sentinel_username, redis.sentinel_password)]
            words.append(("SENTINEL", "get-master-addr-by-name", redis.sentinel))
            replies = await self._ask(connection, [found for found in words if found])
        finally:
            connection.end(Unavailable("closed"))
        for reply in replies:
            if isinstance(reply, Exception):
                raise self.refused(reply, place, redis.sentinel_username)
        if not isinstance(replies[-1], list) or len(replies[-1]) != 2:
            raise Unavailable(f"{place}: it knows no master named {redis.sentinel!r}")
        host, port = (item.decode("utf-8", "replace") for item in replies[-1])
        return Peer(host, int(port))

    async def _log_in(self, peer: Peer, make: "Make[C]", is_master: bool) -> C:
        connection = await self._reach(peer, make, str(peer))
        try:
            await self._prepare(connection, is_master)
        except BaseException:
            connection.end(Unavailable("closed"))
            raise
        return connection

    async def _prepare(self, connection: Connection, is_master: bool) -> None:
        """Log in, choose the database, bring the scripts: all at once."""
        redis = self._redis
        words: list[tuple[Any, ...]] = [_auth(redis.username, redis.password)]
        words.append(("SELECT", redis.database) if redis.database else ())
        if connection.needs_scripts:
            words += [("SCRIPT", "LOAD", script.text) for script in all_scripts()]
        wanted = [found for found in words if found]
        replies = await self._ask(connection, [*wanted, ("ROLE",)] if is_master else wanted)
        role = replies.pop() if is_master else None
        for reply in replies:
            if isinstance(reply, Exception):
                raise self.refused(reply, connection.place)
        # Whether this is a master one may not be allowed to ask.
        if isinstance(role, list) and role[0] != b"master":
            text = role[0].decode("utf-8", "replace")[:20]
            raise ReadOnly(f"{connection.place}: it is no master but a {text}")

    async def _ask(self, connection: Connection, commands: "list[tuple[Any, ...]]") -> list[Any]:
        """Replies to commands, sent at once; refusals are among them. Raises StoreError."""
        waiters = [connection.send(Trip(words, same).command()) for words in commands]
        replies = []
        for waiter in waiters:
            reply = await waiter
            if isinstance(reply, StoreError):
                raise reply
            replies.append(reply)
        return replies

    async def _reach(self, peer: Peer, make: "Make[C]", place: str) -> C:
        """A connection on which nothing was said yet."""
        redis = self._redis
        connection = make(self._reactor, self._settings.timeout, place, redis.tls)
        factory = Factory.forProtocol(lambda: connection)
        # It would log each attempt.
        factory.noisy = False
        endpoint = self._endpoint(peer)
        try:
            if redis.tls:
                name = redis.tls_name or peer.host or "localhost"
                verified = await creator(self._outgoing, self._reactor, name)
                endpoint = wrapClientTLS(verified, endpoint)
            await endpoint.connect(factory)
            await connection.usable
        except (StoreError, CancelledError):
            # Nobody will wait for it any more.
            connection.usable.addErrback(lambda _: None)
            connection.end(Unavailable("closed"))
            raise
        except ConnectingCancelledError:
            raise CancelledError from None
        except TlsError as error:
            raise Unavailable(f"{place}: TLS: {error}") from error
        except Exception as error:
            raise Unavailable(f"{place}: {str(error)[:200] or type(error).__name__}") from error
        return connection

    def _endpoint(self, peer: Peer) -> IStreamClientEndpoint:
        seconds = self._whole()
        if peer.path:
            return UNIXClientEndpoint(self._reactor, peer.path, seconds)
        return self._naming.endpoint(peer.host, peer.port, seconds)


def _auth(username: str, password: str) -> tuple[str, ...]:
    if not password:
        return ()
    return ("AUTH", username, password) if username else ("AUTH", password)


def _all_of(errors: Sequence[StoreError]) -> StoreError:
    """What several peers failed with: of the first kind that says more than that none is there."""
    kinds = [type(error) for error in errors if type(error) is not Unavailable]
    text = "; ".join(dict.fromkeys(str(error) for error in errors))
    return (kinds or [Unavailable])[0](text)
