"""A query as it is sent."""

from typing import TYPE_CHECKING

from ..codec.dns import encode_query
from ..codec.dns_answer import Question

if TYPE_CHECKING:
    from .flight import Flight
    from .line import Line
    from .udp import UdpPort

HEAD = 12
"""Octets before the question."""

IS_REPLY = 0x80
"""A bit of the third of them."""


class Query:
    """One query that was sent, or goes by TCP."""

    __slots__ = ("asked", "deadline", "edns_size", "flight", "line", "number", "port", "question")

    def __init__(
        self,
        question: Question,
        asked: bytes,
        line: "Line",
        flight: "Flight | None",
        edns_size: int,
    ) -> None:
        self.question = question
        self.asked = asked
        """The question as it stands in the packet."""
        self.line = line
        self.flight = flight
        """None: it only finds out if the server is back."""
        self.edns_size = edns_size
        self.deadline = 0.0
        self.number = 0
        self.port: UdpPort | None = None
        """Where its answer is expected; none if it is not by UDP, or not any more."""

    def is_answered_by(self, packet: bytes, *, is_exact: bool) -> bool:
        """Whether a packet with its id replies to it; its letters are as sent if `is_exact`."""
        if len(packet) < HEAD or not packet[2] & IS_REPLY:
            return False
        asked = self.asked
        found = packet[HEAD : HEAD + len(asked)]
        return found == asked or (not is_exact and found.lower() == asked.lower())

    def packet(self) -> bytes:
        """The octets to send."""
        return encode_query(self.number, self.question, edns_size=self.edns_size, asked=self.asked)

    def drop(self) -> None:
        """Expect no answer."""
        port, self.port = self.port, None
        if port is not None:
            port.forget(self.number)
