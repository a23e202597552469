"""The protocols of a configuration on sockets, from the first connection to the last."""

import os
import socket
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from ..codec.control import Credentials
from ..config import Loaded
from ..config.model import Config, Listener
from ..scan.run import ScanService
from ..servers.controller import ControllerFactory
from ..servers.first_line import ScanFactory
from ..servers.limited import LimitedFactory
from ..servers.milter import MilterFactory
from ..servers.proxied import ProxiedFactory
from ..servers.scan_http import HttpFactory
from ..servers.services import Services
from ..servers.spamd import SpamdFactory
from ..servers.tls_stream import TlsFactory
from ..tls.book import Book
from .acceptor import Acceptor
from .fronts import Fronts
from .rings import Rings
from .sockets import enabled

FACTORIES: Mapping[str, Callable[..., LimitedFactory[Any]]] = {
    "controller": ControllerFactory,
    "http": HttpFactory,
    "milter": MilterFactory,
    "scan": ScanFactory,
    "spamd": SpamdFactory,
}
"""Protocol -> the factory that speaks it. A new protocol adds its line here."""

LOOK_INTERVAL = 0.05
"""Seconds between two looks at whether the last connections have ended."""

RELOAD_GRACE = 5.0
"""Seconds that idle connections have after a reload to send a request and learn from its reply
that it was the last. Closing them at once could cross a request on its way."""

STOP_GRACE = 0.5
"""The same when all of the filter stops."""

NO_CREDENTIALS = Credentials()

log = Logger()


def _more(listener: Listener, services: Services | None) -> Mapping[str, Any]:
    """What the factory of a protocol is given that no other needs."""
    if listener.protocol == "controller":
        return {"services": services}
    if services is not None and listener.protocol in ("spamd", "scan"):
        return {"teacher": services.teacher}
    return {}


class Serving:
    """All listeners of a configuration in one process."""

    def __init__(
        self,
        reactor: Any,
        loaded: Loaded,
        scanner: ScanService,
        alarm: Callable[[str], None],
        credentials: Credentials = NO_CREDENTIALS,
        count: Callable[[str], None] = lambda _: None,
        services: Services | None = None,
    ) -> None:
        """`count` is told the names of counters, `services` for those who need more than scans.

        Raises KeypairError or TlsError if the credentials are no good.
        """
        self._reactor = reactor
        self._alarm = alarm
        self._acceptors: dict[int, tuple[Acceptor, socket.socket]] = {}
        clock = IReactorTime(reactor)
        self.factories = {
            name: FACTORIES[listener.protocol](
                scanner, name, listener, clock, count=count, **_more(listener, services)
            )
            for name, listener in enabled(loaded).items()
        }
        """Listener -> its factory, which knows its connections."""
        self._rings = Rings(loaded.config, self.factories, alarm, credentials)
        self._fronts = Fronts(reactor, loaded.config, self.factories, alarm, credentials)
        self._proxied = {
            name: self._behind_proxies(name, loaded.config)
            for name, factory in self.factories.items()
            if factory.listener.proxy_protocol
        }
        self.is_draining = False

    def accept(self, listener: str, sock: socket.socket, *, is_shared: bool) -> None:
        """Accept connections of a listener on a socket, which stays the caller's."""
        if self.is_draining or sock.fileno() in self._acceptors:
            return
        # A reactor knows readers by their descriptor, and there may be two of us in one process.
        # Not `sock.dup()`: that may make it wait, for all who share it.
        own = socket.socket(sock.family, sock.type, fileno=os.dup(sock.fileno()))
        factory: Any = self._proxied.get(listener) or self._entrance(listener)
        acceptor = Acceptor(self._reactor, own, factory, self._alarm, is_shared=is_shared)
        self._acceptors[sock.fileno()] = acceptor, own
        acceptor.start()
        self._fronts.start()

    def _entrance(self, listener: str) -> LimitedFactory[Any] | TlsFactory:
        """What makes the connections of those who come without a proxy."""
        return self._fronts.by_listener.get(listener) or self.factories[listener]

    def _behind_proxies(self, listener: str, config: Config) -> ProxiedFactory:
        site = self.factories[listener]
        book = Book(config.identities, site.listener.identities)
        timeout = config.tls.handshake_timeout
        return ProxiedFactory(site, self._entrance(listener), book, site.clock, timeout)

    def renew(self, credentials: Credentials) -> Deferred[None]:
        """Open requests with these, and make new connections with them: see `Fronts.renew`."""
        self._rings.renew(credentials)
        return self._fronts.renew(credentials)

    def leave(self, sock: socket.socket) -> None:
        """Accept no more on a socket."""
        if sock.fileno() in self._acceptors:
            self._leave(*self._acceptors.pop(sock.fileno()))

    def _leave(self, acceptor: Acceptor, own: socket.socket) -> None:
        acceptor.stop()
        own.close()

    def connections(self) -> dict[str, int]:
        """Numbers of open connections, by listener."""
        return {name: len(factory.connections) for name, factory in self.factories.items()}

    def drain(self, *, is_stop: bool, seconds: float) -> Deferred[None]:
        """Accept no more; fires when every connection has ended, or been ended in that time.

        What waits in the queues is accepted first: the socket may be about to be closed. When all
        of the filter stops, whoever has nothing under way is soon cut off. After a reload clients
        of HTTP are told by their next reply; a milter session between two messages goes on, since
        its MTA could not know.
        """
        if not self.is_draining:
            self.is_draining = True
            self._fronts.stop()
            for acceptor, own in self._acceptors.values():
                acceptor.sweep()
                self._leave(acceptor, own)
            self._acceptors.clear()
            for factory in self.factories.values():
                factory.is_draining = True
        return Deferred.fromCoroutine(self._drain(is_stop, seconds))

    async def _drain(self, is_stop: bool, seconds: float) -> None:
        begun = self._reactor.seconds()
        grace = min(STOP_GRACE if is_stop else RELOAD_GRACE, seconds)
        while any(factory.connections for factory in self.factories.values()):
            passed = self._reactor.seconds() - begun
            if passed >= seconds:
                self._cut()
                break
            if passed >= grace:
                for factory in self.factories.values():
                    if is_stop or factory.tells_to_close:
                        factory.close_idle()
            await deferLater(self._reactor, LOOK_INTERVAL)
        # For the last replies to leave.
        await deferLater(self._reactor, 0)

    def _cut(self) -> None:
        """End what has not ended: an MTA takes that for a failure and tries again."""
        for factory in self.factories.values():
            busy = sum(not connection.is_idle for connection in factory.connections)
            if busy:
                log.warn(
                    "{listener}: {busy} connections cut off at work",
                    listener=factory.name,
                    busy=busy,
                )
            factory.abort()
