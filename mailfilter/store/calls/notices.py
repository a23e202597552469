"""Notices: small words to whoever listens now."""

from dataclasses import dataclass

from ..errors import TooLarge
from .bounds import MAX_NOTICE, check_names
from .call import Call


@dataclass(frozen=True, slots=True)
class Publish(Call[None]):
    """Tell all who are subscribed to the topic, in every process, ourselves included.

    Notices of one process come in order, each at most once. Whoever may have missed some, because
    its connection was lost, is told that (`Store.subscribe`).
    """

    topic: bytes
    value: bytes = b""

    def __post_init__(self) -> None:
        check_names((self.topic,))
        if len(self.value) > MAX_NOTICE:
            raise TooLarge(f"a notice of {len(self.value)} octets, expected at most {MAX_NOTICE}")

    @property
    def octets(self) -> int:
        """See `Call`."""
        return len(self.value)
