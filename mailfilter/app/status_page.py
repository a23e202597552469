"""The live status as plain values, for `mailfilteradm status` and what else shows it."""

import os
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .. import __version__
from ..codec.control import Report
from ..report.counters import LAST_SCANS, Sizes
from .certificate_status import tls_page
from .hub import Hub
from .keeper import Keeper
from .sockets import Bound
from .status import WorkerStatus

_UNACKED = struct.Struct("=24xI")
"""Of a listening socket, tcp_info's tcpi_unacked is how many connections wait."""


def status_page(
    *,
    state: str,
    generation: int,
    config: str | None,
    uptime: float,
    workers: Sequence[WorkerStatus],
    reports: Sequence[Report],
    bound: Mapping[str, Bound],
    hub: Hub,
    keeper: Keeper,
    maps: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Everything, in units of seconds and octets."""
    counters, histograms = hub.totals(reports)
    return {
        "version": __version__,
        "pid": os.getpid(),
        "state": state,
        "generation": generation,
        "config": config,
        "uptime": round(uptime, 1),
        "workers": [asdict(worker) for worker in workers],
        "listeners": {
            name: {
                "address": item.address(),
                "connections": sum(report.connections.get(name, 0) for report in reports),
                "queue": _queue(item),
            }
            for name, item in bound.items()
        },
        **tls_page(keeper.loaded.config, keeper.held, keeper.now()),
        "maps": list(maps),
        "scans_under_way": sum(report.scans for report in reports),
        "rate": sum(worker.rate for worker in workers),
        "counters": dict(counters),
        "histograms": {name: _plain(sizes) for name, sizes in histograms.items()},
        "gauges": _sums(reports),
        "scan_times": _interleaved([report.last_seconds for report in reports]),
        "events": dict(hub.events),
        "alarms": [asdict(alarm) for alarm in hub.alarms.raised],
    }


def _plain(sizes: Sizes) -> dict[str, Any]:
    """As `asdict` would make it, which copies all numbers one by one."""
    return {"bounds": sizes.bounds, "counts": sizes.counts, "total": sizes.total}


def _sums(reports: Sequence[Report]) -> dict[str, float]:
    names = {name for report in reports for name in report.gauges}
    return {name: sum(report.gauges.get(name, 0.0) for report in reports) for name in names}


def _interleaved(several: Sequence[Sequence[float]]) -> list[float]:
    """What the last scans took, the newest last, as if all workers scanned in turn."""
    ages = ((age, seconds) for last in several for age, seconds in enumerate(reversed(last)))
    newest = [seconds for _age, seconds in sorted(ages)][:LAST_SCANS]
    return newest[::-1]


def _queue(bound: Bound) -> int | None:
    """Connections that nobody has accepted yet; `None` where the kernel does not tell."""
    total = 0
    for sock in bound.sockets:
        if sock.family == socket.AF_UNIX or sock.fileno() < 0:
            return None
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _UNACKED.size)
        total += int(_UNACKED.unpack(info)[0])
    return total
