"""The resolver: asks servers of the operator that do the work, and remembers what they say.

A question that many wait for is asked once (`flight.py`); how it is asked, `asking.py` says.
"""

from collections.abc import Sequence
from typing import Any

from ..codec.control import Histogram
from ..codec.dns_answer import Answer, DnsBusy, DnsFailure, DnsTimeout, Question
from ..config.model import Dns
from .asking import UNREACHABLE, Asking
from .cache import Cache, Failed
from .flight import Flight
from .servers import Server
from .statistics import Statistics

PATIENCE = 2
"""Whatever happens, a question is over after so many times `dns.timeout * dns.attempts`."""

_CLOSED = Failed(DnsFailure, "the resolver is closed")


class Resolver:
    """Of one process. Answers never come from a file or a search list."""

    def __init__(self, reactor: Any, settings: Dns, servers: Sequence[Server]) -> None:
        """`servers`: at least one, as `servers.dns_servers` tells."""
        self.servers = tuple(servers)
        self.statistics = Statistics()
        self._reactor = reactor
        self._settings = settings
        self._cache = Cache(settings)
        self._flights: dict[Question, Flight] = {}
        self._asking = Asking(reactor, settings, servers, self.statistics, self._flights, self._end)
        self._turn = 0
        self._is_closed = False

    def peek(self, question: Question) -> Answer | None:
        """An answer that is known already."""
        known = self._cache.find(question, self._reactor.seconds())
        if not isinstance(known, Answer):
            return None
        self.statistics.hits += 1
        return known

    async def lookup(self, question: Question) -> Answer:
        """The answer, from memory or from a server.

        Whoever cancels it leaves others waiting that want to know the same.

        Raises:
            DnsError: no answer.
            BadName: the name can be no name of DNS.
        """
        known = self._cache.find(question, self._reactor.seconds())
        if known is not None:
            self.statistics.hits += 1
            if isinstance(known, Failed):
                raise known.of(question)
            return known
        flight = self._flights.get(question)
        if flight is not None:
            self.statistics.shared += 1
            return await flight.wait()
        flight = self._depart(question)
        waiter = flight.wait()
        self._asking.ask(flight)
        return await waiter

    def close(self) -> None:
        """Ask nobody any more; those who wait are told."""
        self._is_closed = True
        for flight in tuple(self._flights.values()):
            if not flight.is_over:
                self._end(flight, _CLOSED)
        self._asking.close()

    def counters(self) -> dict[str, int]:
        """See `Statistics`."""
        return self.statistics.counters()

    def histograms(self) -> dict[str, Histogram]:
        """See `Statistics`."""
        return self.statistics.histograms()

    def gauges(self) -> dict[str, float]:
        """Numbers of this moment; of each server, whether it is down."""
        lines = self._asking.lines
        return {
            "dns_waiting": float(len(self._flights)),
            "dns_cached": float(len(self._cache)),
            **{f"dns_down/{line.server}": float(line.health.is_down) for line in lines},
        }

    def _depart(self, question: Question) -> Flight:
        if self._is_closed:
            raise _CLOSED.of(question)
        if len(self._flights) >= self._settings.max_waiting:
            self.statistics.busy += 1
            raise DnsBusy(question)
        now = self._reactor.seconds()
        self._turn += 1
        flight = Flight(question, now, self._turn)
        self.statistics.misses += 1
        flight.until = now + PATIENCE * self._settings.timeout * self._settings.attempts
        self._flights[question] = flight
        return flight

    def _end(self, flight: Flight, outcome: Answer | Failed) -> None:
        del self._flights[flight.question]
        now = self._reactor.seconds()
        if isinstance(outcome, Answer):
            self._cache.keep_answer(outcome, now)
        elif not self._is_closed:
            if outcome.reason != UNREACHABLE:
                self._cache.keep_failure(flight.question, outcome, now)
            name = "timeout" if outcome.error is DnsTimeout else "failure"
            self.statistics.failures[name] += 1
        self.statistics.took(now - flight.began)
        flight.end(outcome)
