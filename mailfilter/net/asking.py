"""How questions go to servers and come back: whom to ask, how often, and what counts as an answer.

A reply counts only if it came to the very query (`line.py`), and only for the name that was asked
(`codec.dns.answer_of`). Time is bounded: each server has `dns.timeout` to answer, and a question
goes out `dns.attempts` times. One sweep looks after all that was sent.
"""

import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from ..codec.dns import (
    EDNS_SIZE,
    FORMERR,
    NOERROR,
    NOTIMP,
    NXDOMAIN,
    REFUSED,
    Reply,
    answer_of,
    is_unfinished,
    mixed_case,
    question_octets,
    rcode_text,
)
from ..codec.dns_answer import Answer, DnsError, DnsFailure, DnsTimeout, Kind, Question
from ..config.model import Dns
from .by_tcp import ByTcp
from .cache import Failed
from .flight import Flight
from .line import Line
from .lines import Lines
from .query import Query
from .random_numbers import RandomNumbers
from .reading import read_reply
from .servers import Server
from .statistics import Statistics

MAX_STEPS = 8
"""CNAMEs that lead out of a reply and are asked for; a resolver follows them all by itself."""

UNREACHABLE = "no server can be reached"
"""Why there is no answer: this is known at once, so it need not be remembered."""

_SWEEPS = 10
"""In each time-out; so much of it later may be noticed what has not come."""

_PROBE = Question("", Kind.NS)
"""What every resolver knows."""

End = Callable[[Flight, Answer | Failed], None]


class Asking:
    """Asks the servers. It is the `Hearing` of all ports."""

    def __init__(
        self,
        reactor: Any,
        settings: Dns,
        servers: Sequence[Server],
        statistics: Statistics,
        flights: Mapping[Question, Flight],
        end: End,
    ) -> None:
        """`servers`: at least one; `flights`: those under way; `end`: takes what becomes of one."""
        self._reactor = reactor
        self._settings = settings
        self._statistics = statistics
        self._flights = flights
        self._end = end
        self._is_exact = settings.mixed_case
        self._numbers = RandomNumbers()
        self._by_tcp = ByTcp(
            reactor, settings.timeout, self._numbers, statistics, self._hear_tcp, self._spurn
        )
        self.lines = Lines(
            [Line(reactor, server, settings.ports, self._numbers, self) for server in servers]
        )
        self._sent: deque[Query] = deque()
        """By UDP, the earliest first; those that are answered go when their time is over."""
        self._sweeping: IDelayedCall | None = None

    def ask(self, flight: Flight) -> None:
        """Send it to the next server, or end it if there is none or it has been asked enough."""
        now = self._reactor.seconds()
        is_away = False
        while flight.tries < self._settings.attempts and now < flight.until:
            line = self.lines.next_for(flight)
            if line is None:
                break
            if self._send(flight, line, EDNS_SIZE if line.has_edns(now) else 0, now):
                flight.tries += 1
                return
            is_away = True
        # Those that cannot be reached count once, so that others are asked.
        flight.tries += is_away
        if self._may_wait(flight, now):
            flight.resume_at = now + self._settings.timeout
            self._plan_sweep()
            return
        self._end(flight, flight.trouble or Failed(DnsTimeout))

    def _may_wait(self, flight: Flight, now: float) -> bool:
        """Whether none can be reached, and one may be back soon: where there never was any it is
        not waited for."""
        return (
            0 < len(self.lines) == len(flight.lost)
            and any(line.health.may_return(now) for line in flight.lost)
            and flight.tries < self._settings.attempts
            and now + self._settings.timeout < flight.until
        )

    def close(self) -> None:
        """Hear nothing any more. What is under way is not ended."""
        # A sweep may be what this comes from: it has nothing left to look after.
        self.lines.close()
        self._sent.clear()
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None

    def _send(self, flight: Flight, line: Line, edns_size: int, now: float) -> bool:
        query = Query(flight.asked, self._letters(flight.octets), line, flight, edns_size)
        try:
            self._transmit(query, now)
        except OSError:
            self._lose_server(flight, line, now)
            flight.spurned.add(line)
            flight.trouble = Failed(DnsFailure, UNREACHABLE)
            return False
        if flight.is_sent:
            self._statistics.retries += 1
        flight.is_sent = True
        flight.latest = query
        flight.queries.append(query)
        return True

    def _transmit(self, query: Query, now: float) -> None:
        """By UDP. Raises OSError."""
        query.line.send(query, now)
        query.deadline = now + self._settings.timeout
        self._statistics.queries += 1
        self._sent.append(query)
        self._plan_sweep()

    def _letters(self, octets: bytes) -> bytes:
        """A question's octets as they are sent."""
        if not self._settings.mixed_case:
            return octets
        return mixed_case(octets, os.urandom(len(octets)))

    def hear(self, query: Query, packet: bytes) -> None:
        """See `Hearing`."""
        reply = read_reply(query, packet, self._statistics, is_exact=self._is_exact)
        if reply is None:
            return
        query.drop()
        now = self._reactor.seconds()
        query.line.health.heard(now)
        if query.flight is None:
            self.lines.answered(query.line)
            return
        query.flight.queries.remove(query)
        if isinstance(reply, Failed):
            self._lose_server(query.flight, query.line, now)
            self._spurn(query, reply)
        elif reply.is_truncated:
            self.lines.answered(query.line)
            self._by_tcp.ask(query, query.flight)
        else:
            self._take(query, query.flight, reply, now)

    def lose(self, query: Query) -> None:
        """See `Hearing`."""
        if query.flight is None:
            return
        query.flight.queries.remove(query)
        self._lose_server(query.flight, query.line, self._reactor.seconds())
        self._spurn(query, Failed(DnsFailure, UNREACHABLE))

    def _lose_server(self, flight: Flight, line: Line, now: float) -> None:
        """It cannot be reached, or makes no sense; it may be able to answer soon."""
        self.lines.failed(line, now)
        flight.lost.add(line)

    def _hear_tcp(self, query: Query, flight: Flight, packet: bytes) -> None:
        reply = read_reply(query, packet, self._statistics, is_exact=self._is_exact)
        if isinstance(reply, Reply):
            self._take(query, flight, reply, self._reactor.seconds())
        else:
            self._spurn(query, reply or Failed(DnsFailure, "another answer over TCP"))

    def stray(self) -> None:
        """See `Hearing`."""
        self._statistics.ignored["id"] += 1

    def _take(self, query: Query, flight: Flight, reply: Reply, now: float) -> None:
        """A whole reply: the end, a step to the end, or none."""
        code = rcode_text(reply.rcode)
        self._statistics.replies[code] += 1
        if reply.rcode in (NOERROR, NXDOMAIN):
            self.lines.answered(query.line)
            if not query.edns_size and query.line.has_edns(now):
                query.line.ask_plainly(now)
            self._land(query, flight, reply)
            return
        is_plain_next = (
            reply.rcode in (FORMERR, NOTIMP) and query.edns_size and query is flight.latest
        )
        if is_plain_next and self._send(flight, query.line, 0, now):
            return
        if reply.rcode == REFUSED:
            # Of all questions; SERVFAIL may be one zone's fault.
            self.lines.failed(query.line, now)
        self._spurn(query, Failed(DnsFailure, code))

    def _land(self, query: Query, flight: Flight, reply: Reply) -> None:
        try:
            answer = answer_of(reply, flight.asked)
        except DnsError as error:
            self._spurn(query, Failed(type(error), error.reason))
            return
        flight.is_authentic &= answer.is_authentic
        if is_unfinished(reply, answer):
            self._follow(flight, reply, answer)
            return
        if flight.asked != flight.question:
            answer = Answer(
                flight.question,
                answer.status,
                answer.records,
                min(flight.ttl, answer.ttl),
                flight.is_authentic,
                answer.name,
            )
        self._end(flight, answer)

    def _follow(self, flight: Flight, reply: Reply, answer: Answer) -> None:
        """Ask for what the last CNAME leads to."""
        flight.steps += 1
        if flight.steps >= MAX_STEPS:
            self._end(flight, Failed(DnsFailure, "CNAMEs in a loop or too many"))
            return
        flight.ttl = min([flight.ttl, *[each.ttl for each in reply.answers]])
        flight.drop_queries()
        flight.begin(Question(answer.name, flight.asked.kind))
        self.ask(flight)

    def _spurn(self, query: Query, trouble: Failed) -> None:
        """This server cannot answer this question."""
        flight = query.flight
        if flight is None or flight.is_over:
            return
        flight.spurned.add(query.line)
        flight.trouble = trouble
        if query is flight.latest:
            self.ask(flight)

    # What becomes of time.

    def _plan_sweep(self) -> None:
        if self._sweeping is not None:
            return
        seconds = self._settings.timeout / _SWEEPS
        self._sweeping = self._reactor.callLater(seconds, self._sweep)

    def _sweep(self) -> None:
        """Ask again what was not answered in time, and look if servers are back."""
        self._sweeping = None
        now = self._reactor.seconds()
        for line in self.lines:
            if line.health.takes_probe(now):
                self._probe(line, now)
        sent = self._sent
        while sent and sent[0].deadline <= now:
            query = sent.popleft()
            if query.port is not None:
                self._time_out(query, now)
        self._give_up(now)
        self._resume(now)
        if sent or self._flights or self.lines.has_down():
            self._plan_sweep()

    def _resume(self, now: float) -> None:
        """Ask again those that could not be reached."""
        for flight in [each for each in self._flights.values() if each.resume_at <= now]:
            if not flight.is_over:
                flight.resume()
                self.ask(flight)

    def _give_up(self, now: float) -> None:
        """End what has taken too long, whatever is under way for it."""
        for flight in [each for each in self._flights.values() if each.until <= now]:
            # What those do who wait for one may end others.
            if not flight.is_over:
                self._end(flight, flight.trouble or Failed(DnsTimeout))

    def _time_out(self, query: Query, now: float) -> None:
        self._statistics.timeouts += 1
        self.lines.kept_silent(query.line, query.deadline - self._settings.timeout, now)
        if query.flight is None:
            query.drop()
        elif query is query.flight.latest:
            self.ask(query.flight)

    def _probe(self, line: Line, now: float) -> None:
        query = Query(_PROBE, question_octets(_PROBE), line, None, EDNS_SIZE)
        with suppress(OSError):
            self._transmit(query, now)
