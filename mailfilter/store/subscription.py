"""Who listens to notices, until that ends."""

from twisted.logger import Logger

from .base import Listener

log = Logger()


class Subscription:
    """One listener. After `end` it is told nothing, not even what was on its way already."""

    __slots__ = ("_listener", "topic")

    def __init__(self, topic: bytes, listener: Listener) -> None:
        self.topic = topic
        self._listener: Listener | None = listener

    @property
    def is_ended(self) -> bool:
        """Whether nobody listens any more."""
        return self._listener is None

    def tell(self, value: bytes | None) -> None:
        """Pass a notice on. What a listener raises is its own trouble, and is logged."""
        if self._listener is None:
            return
        try:
            self._listener(value)
        except Exception:
            log.failure("a listener of notices failed")

    def end(self) -> None:
        """Let go of the listener; once more does nothing."""
        self._listener = None
