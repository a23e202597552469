"""How a worker is, for `mailfilteradm status`."""

from dataclasses import dataclass

from ..codec.control import Report


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """One process that scans."""

    pid: int
    generation: int
    place: int
    state: str
    """`starting`, `serving`, `draining`, or `stuck`."""
    uptime: float
    """Seconds."""
    connections: int
    scans: int
    """Under way."""
    rate: float
    """Scans a second, lately."""
    total: int
    """Scans since its start."""
    memory: int
    """Resident octets."""
    cpu: float
    """Seconds, user and system."""
    dns_cache_hits: int
    """Questions to DNS since its start; those that its memory has answered."""
    dns_cache_misses: int
    """Those for which servers were asked."""
    dns_queries: int
    """That were sent to servers for them."""
    dns_waiting: int
    """Questions under way."""


class Rate:
    """Scans a second between the last two counts."""

    def __init__(self) -> None:
        self.value = 0.0
        self._last: tuple[float, int] | None = None

    def observe(self, now: float, total: int) -> None:
        """So many scans at this time (seconds)."""
        if self._last is not None and now > self._last[0]:
            self.value = (total - self._last[1]) / (now - self._last[0])
        self._last = now, total


def worker_status(
    report: Report | None,
    *,
    pid: int,
    generation: int,
    place: int,
    state: str,
    uptime: float,
    rate: float,
) -> WorkerStatus:
    """What is known of a worker, from its last report if there was one."""
    counters = report.counters if report else {}
    return WorkerStatus(
        pid=pid,
        generation=generation,
        place=place,
        state=state,
        uptime=round(uptime, 1),
        connections=sum(report.connections.values()) if report else 0,
        scans=report.scans if report else 0,
        rate=rate,
        total=counters.get("scans", 0),
        memory=report.memory if report else 0,
        cpu=report.cpu if report else 0.0,
        dns_cache_hits=counters.get("dns/cache_hits", 0),
        dns_cache_misses=counters.get("dns/cache_misses", 0),
        dns_queries=counters.get("dns/queries", 0),
        dns_waiting=int(report.gauges.get("dns_waiting", 0.0)) if report else 0,
    )
