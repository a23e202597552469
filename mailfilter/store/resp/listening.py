"""Notices that come from the server, on a connection of their own."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ..base import Listener
from ..errors import StoreError, Unavailable
from ..health import Health
from .connection import Connection
from .connector import Connector
from .pool import Kept
from .scripts import Trip, same

PING_SECONDS = 5.0
"""Between questions whether the server is still there, which it would not tell by itself."""

log = Logger()


class NoticeConnection(Connection):
    """What comes is either a notice or the reply to something we asked."""

    needs_scripts = False

    def __init__(self, clock: IReactorTime, timeout: float, place: str, is_tls: bool) -> None:
        super().__init__(clock, timeout, place, is_tls)
        self.heard: Callable[[bytes, bytes], None] = lambda channel, value: None

    def replyReceived(self, reply: Any) -> None:
        """Tell notices from replies."""
        if isinstance(reply, list) and len(reply) == 3 and reply[0] == b"message":
            self.heard(reply[1], reply[2])
            return
        super().replyReceived(reply)


class Subscription:
    """One listener of a topic."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.is_told = False
        """Whether it knows that notices come."""

    def tell(self, value: bytes | None) -> None:
        """Have it hear; what it raises is its own trouble."""
        self.is_told = True
        try:
            self._listener(value)
        except Exception:
            log.failure("a listener to notices failed")


class Listening:
    """Who listens to what; connected while anybody does."""

    def __init__(self, reactor: Any, connector: Connector, health: Health, prefix: bytes) -> None:
        self._reactor, self._connector, self._health = reactor, connector, health
        self._prefix = prefix + b"n:"
        self._subscriptions: dict[bytes, list[Subscription]] = {}
        self._kept: Kept | None = None
        self._connection: NoticeConnection | None = None
        self._subscribed: set[bytes] = set()
        self._live: set[bytes] = set()
        self._is_open = False
        self._ping: Any = None

    def channel(self, topic: bytes) -> bytes:
        """The channel of a topic."""
        return self._prefix + topic

    def start(self) -> None:
        """Connect, if anybody listens."""
        self._is_open = True
        self._look()

    def stop(self) -> None:
        """Let go; listeners stay, for when it starts again."""
        self._is_open = False
        self._disconnect()

    @property
    def connections(self) -> list[Connection]:
        """The one, if it is there."""
        return [] if self._connection is None else [self._connection]

    def subscribe(self, topic: bytes, listener: Listener) -> Callable[[], None]:
        """Begin to listen; what is returned ends that."""
        subscription = Subscription(listener)
        self._subscriptions.setdefault(topic, []).append(subscription)
        if topic in self._live:
            self._reactor.callLater(0, self._tell_begin, topic)
        else:
            self._look()
        return lambda: self._unsubscribe(topic, subscription)

    def _unsubscribe(self, topic: bytes, subscription: Subscription) -> None:
        left = self._subscriptions.get(topic, [])
        if subscription not in left:
            return
        left.remove(subscription)
        if left:
            return
        del self._subscriptions[topic]
        if not self._subscriptions:
            self._disconnect()
        elif topic in self._subscribed:
            self._subscribed.discard(topic)
            self._live.discard(topic)
            self._send(b"UNSUBSCRIBE", topic)

    def _look(self) -> None:
        """Be connected if anybody listens, and subscribed to all topics."""
        if not self._is_open or not self._subscriptions:
            return
        if self._kept is None:
            self._kept = Kept(
                self._reactor, self._connector, NoticeConnection, self._is_up, self._is_down
            )
            self._kept.start()
            return
        for topic in set(self._subscriptions) - self._subscribed:
            self._subscribed.add(topic)
            self._send(b"SUBSCRIBE", topic)

    def _disconnect(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.stop()
        self._forget()

    def _is_up(self, connection: NoticeConnection) -> None:
        self._connection = connection
        connection.heard = self._heard
        self._health.succeeded("subscribe")
        self._look()
        self._ping = self._reactor.callLater(PING_SECONDS, self._ask)

    def _is_down(self, error: StoreError) -> None:
        self._forget()
        self._health.failed(error, "subscribe")

    def _forget(self) -> None:
        self._connection = None
        self._subscribed.clear()
        self._live.clear()
        if self._ping is not None and self._ping.active():
            self._ping.cancel()
        self._ping = None
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.is_told = False

    def _send(self, word: bytes, topic: bytes) -> None:
        if self._connection is None:
            self._subscribed.discard(topic)
            return
        waiter = self._say(self._connection, word, self.channel(topic))
        if waiter is not None:
            waiter.addCallback(self._replied, self._connection, word, topic)

    def _say(self, connection: NoticeConnection, *words: bytes) -> "Deferred[Any] | None":
        """Send something. If there is no reply to it nobody knows what it did: all begins anew."""
        try:
            waiter = connection.send(Trip(words, same).command())
        except StoreError as error:
            connection.end(Unavailable(str(error)))
            return None
        waiter.addErrback(lambda failure: connection.end(Unavailable(str(failure.value))))
        return waiter

    def _replied(self, reply: Any, connection: NoticeConnection, word: bytes, topic: bytes) -> None:
        # None where it was given up.
        if reply is None or isinstance(reply, StoreError) or connection is not self._connection:
            return
        if isinstance(reply, Exception):
            connection.end(self._connector.refused(reply, connection.place))
        elif word == b"SUBSCRIBE" and topic in self._subscribed:
            self._live.add(topic)
            self._tell_begin(topic)

    def _tell_begin(self, topic: bytes) -> None:
        for subscription in list(self._subscriptions.get(topic, ())):
            if not subscription.is_told:
                subscription.tell(None)

    def _heard(self, channel: bytes, value: bytes) -> None:
        topic = channel.removeprefix(self._prefix)
        for subscription in list(self._subscriptions.get(topic, ())):
            if subscription.is_told:
                subscription.tell(value)

    def _ask(self) -> None:
        """A server that is gone without a word does not answer in time, which ends it."""
        self._ping = self._reactor.callLater(PING_SECONDS, self._ask)
        if self._connection is not None:
            self._say(self._connection, b"PING")
