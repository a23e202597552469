"""Questions whose answers are too long for a packet, asked again over TCP (RFC 7766)."""

from collections.abc import Callable
from typing import Any

from twisted.internet import defer
from twisted.internet.error import TimeoutError
from twisted.python.failure import Failure

from ..codec.dns_answer import DnsFailure, DnsTimeout
from .cache import Failed
from .flight import Flight
from .query import Query
from .random_numbers import RandomNumbers
from .statistics import Statistics
from .tcp import Tcp

TCP_FACTOR = 2
"""A question over TCP has so many times `dns.timeout`: it takes more than one exchange."""


class ByTcp:
    """One exchange for a flight at a time."""

    def __init__(
        self,
        reactor: Any,
        seconds: float,
        numbers: RandomNumbers,
        statistics: Statistics,
        hear: Callable[[Query, Flight, bytes], None],
        lose: Callable[[Query, Failed], None],
    ) -> None:
        """`seconds`: `dns.timeout`; `hear` takes packets with the id of their query."""
        self._tcp = Tcp(reactor)
        self._seconds = TCP_FACTOR * seconds
        self._numbers = numbers
        self._statistics = statistics
        self._hear_packet = hear
        self._lose_query = lose

    def ask(self, udp: Query, flight: Flight) -> None:
        """Ask the same server what was asked by UDP, unless it is asked so already."""
        if flight.tcp is not None:
            return
        query = Query(udp.question, udp.asked, udp.line, flight, udp.edns_size)
        query.number = self._numbers.take()
        flight.latest = query
        self._statistics.queries += 1
        self._statistics.retries += 1
        self._statistics.tcp += 1
        asking = self._tcp.ask(query, self._seconds)
        flight.tcp = asking
        asking.addCallbacks(
            lambda packet: self._hear(query, flight, packet),
            lambda failure: self._lose(query, flight, failure),
        )

    def _hear(self, query: Query, flight: Flight, packet: bytes) -> None:
        flight.tcp = None
        if packet[:2] == query.number.to_bytes(2, "big"):
            self._hear_packet(query, flight, packet)
        else:
            self._lose_query(query, Failed(DnsFailure, "another answer over TCP"))

    def _lose(self, query: Query, flight: Flight, failure: Failure) -> None:
        if flight.tcp is None:
            # We have given it up.
            return
        flight.tcp = None
        is_late = failure.check(TimeoutError, defer.TimeoutError)
        trouble = Failed(DnsTimeout) if is_late else Failed(DnsFailure, "lost over TCP")
        self._lose_query(query, trouble)
