"""Which metrics there are: of the live status, and by the names that Rspamd gives some of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .counters import CHECK, SCANS, STAGE, Sizes
from .metrics import Family, Kind, Sample

Page = Mapping[str, Any]
"""The live status (`app.status_page`)."""

_LABELLED: Mapping[str, tuple[str, str, str]] = {
    "action": ("actions", "action", "Scans by what is to be done with the message."),
    "unscanned": ("unscanned_messages", "reason", "Messages that were not scanned."),
    "check_timeout": ("check_timeouts", "check", "Checks that did not answer in time."),
    "check_failed": ("check_failures", "check", "Checks that failed."),
    "map_lookups": ("map_lookups", "map", "Lookups in a map."),
    "map_hits": ("map_hits", "map", "Lookups in a map that found something."),
    "map_timeouts": ("map_timeouts", "map", "Lookups in a map that were given up."),
    "store": ("store_errors", "error", "Calls of the store that failed."),
    "tls/refused": ("tls_refused", "reason", "Connections refused in the handshake of TLS."),
    "proxy/refused": ("proxy_refused", "reason", "Connections refused for the PROXY protocol."),
    "httpcrypt/refused": ("httpcrypt_refused", "reason", "Requests refused for HTTPCrypt."),
    "dns/replies": ("dns_replies", "rcode", "Replies to questions to DNS."),
    "dns/ignored": ("dns_ignored", "reason", "Packets that answered no question to DNS."),
    "dns/failures": ("dns_failures", "reason", "Questions to DNS that nobody could answer."),
    "connections/refused": ("refused_connections", "limit", "Connections over a limit."),
}
"""What stands before the last slash of a counter -> name, label and meaning of its metric."""

_SINGLE: Mapping[str, tuple[str, str]] = {
    "scans": ("scans", "Messages scanned."),
    "spam": ("spam_scans", "Scans whose action says that the message is spam."),
    "ham": ("ham_scans", "All other scans."),
    "octets": ("scanned_bytes", "Octets of the messages that were scanned."),
    "history/dropped": ("history_dropped", "Scans that could not be remembered."),
    "series/dropped": ("series_dropped", "Blocks of series that could not be stored."),
    "dmarc/dropped": ("dmarc_dropped", "Messages that DMARC reports will not tell."),
    "tls/handshakes": ("tls_handshakes", "Handshakes of TLS that succeeded."),
    "tls/resumed": ("tls_resumed", "Handshakes that resumed an earlier session."),
    "tls/broken": ("tls_broken", "Connections whose TLS broke after the handshake."),
    "tls/on_plain": ("tls_on_plain", "Connections with TLS to listeners without."),
    "proxy/connections": ("proxy_connections", "Connections that a proxy has passed on."),
    "httpcrypt/opened": ("httpcrypt_opened", "Requests sealed by HTTPCrypt."),
    "dns/cache_hits": ("dns_cache_hits", "Questions to DNS answered from memory."),
    "dns/cache_misses": ("dns_cache_misses", "Questions to DNS for which servers were asked."),
    "dns/shared": ("dns_shared", "Questions to DNS that were under way already."),
    "dns/busy": ("dns_busy", "Questions to DNS refused for there being too many."),
    "dns/queries": ("dns_queries", "Queries sent to servers of DNS."),
    "dns/retries": ("dns_retries", "Those that ask again, or another server."),
    "dns/tcp": ("dns_tcp", "Those by TCP."),
    "dns/timeouts": ("dns_timeouts", "Those that were not answered in time."),
}

_SYMBOLS = {"symbol_spam": "spam", "symbol_ham": "ham"}

_HISTOGRAMS: Sequence[tuple[str, str, tuple[str, ...], str]] = (
    (SCANS, "scan_seconds", (), "How long scans take."),
    (STAGE, "stage_seconds", ("stage",), "How long the stages of scans take."),
    (CHECK, "check_seconds", ("check",), "How long checks take, with what they wait for."),
    ("dns_seconds", "dns_seconds", (), "How long questions to DNS take that are not in memory."),
)

_WAITING: Mapping[str, str] = {
    "history_waiting": "Scans that the store has not taken yet.",
    "series_waiting": "Blocks of series that are not stored as they are.",
    "dmarc_waiting": "Messages and rows for DMARC reports that are not stored yet.",
    "dns_waiting": "Questions to DNS under way.",
    "dns_cached": "Answers of DNS in memory.",
}

_DOWN = "dns_down/"
"""With the address of a server of DNS."""

_NOT_KEPT = (
    "pools_allocated",
    "pools_freed",
    "allocated_bytes",
    "chunks_allocated",
    "shared_chunks_allocated",
    "chunks_freed",
    "chunks_oversized",
    "fragmented",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What Rspamd's metrics tell beside the status (http-controller.md 2.6)."""

    config_id: str
    is_read_only: bool
    scanned: int
    spam: int
    ham: int
    actions: Mapping[str, int]
    connections: int
    control_connections: int
    average: float | None
    """Seconds of the last scans."""


def rspamd_families(page: Page, now: float, figures: Figures) -> Iterator[Family]:
    """Those that Rspamd has too, under its names; `now` is Unix time."""
    version = str(page["version"])
    yield _labelled("rspamd_build_info", "gauge", "Version.", "version", {version: 1})
    yield _labelled("rspamd_config", "gauge", "Configuration.", "id", {figures.config_id: 1})
    if figures.average is not None:
        about = "Mean time of the last scans, in seconds."
        yield _single("rspamd_scan_time_average", "gauge", about, figures.average)
    started = round(now - page["uptime"], 1)
    yield _single("process_start_time_seconds", "gauge", "Unix time of the start.", started)
    told = int(figures.is_read_only)
    yield _single("rspamd_read_only", "gauge", "Whether the asker may change nothing.", told)
    yield _single("rspamd_scanned", "counter", "Messages scanned.", figures.scanned)
    yield _single("rspamd_learned", "counter", "Messages learned.", 0)
    yield _single("rspamd_spam", "counter", "Messages classified as spam.", figures.spam)
    yield _single("rspamd_ham", "counter", "Messages classified as ham.", figures.ham)
    yield _single("rspamd_connections", "gauge", "Open connections.", figures.connections)
    about = "Requests to the controller."
    yield _single("rspamd_control_connections", "counter", about, figures.control_connections)
    for name in _NOT_KEPT:
        yield _single(f"rspamd_{name}", "gauge", "Memory of Rspamd; always 0.", 0)
    if figures.scanned:
        yield _labelled("rspamd_actions", "counter", "Scans by action.", "type", figures.actions)


def families(page: Page) -> Iterator[Family]:
    """All that the live status tells."""
    version = str(page["version"])
    yield _labelled("mailfilter_build_info", "gauge", "Version.", "version", {version: 1})
    yield _single("mailfilter_uptime_seconds", "gauge", "Since the start.", page["uptime"])
    yield from _counted(page.get("counters", {}))
    yield from _distributions(page.get("histograms", {}))
    yield from _of_listeners(page.get("listeners", {}))
    yield from _of_workers(page.get("workers", ()))
    events, gauges = page.get("events", {}), page.get("gauges", {})
    about = "What happened to processes, such as their deaths, and reloads."
    yield _labelled("mailfilter_events", "counter", about, "event", events)
    under_way = page.get("scans_under_way", 0)
    yield _single("mailfilter_scans_under_way", "gauge", "Scans under way.", under_way)
    if "store_failing" in gauges:
        is_up = int(not gauges["store_failing"])
        yield _single("mailfilter_store_up", "gauge", "Whether all workers can use it.", is_up)
    for name, about in _WAITING.items():
        if name in gauges:
            yield _single(f"mailfilter_{name}", "gauge", about, gauges[name])
    down = {
        name.removeprefix(_DOWN): count for name, count in gauges.items() if name.startswith(_DOWN)
    }
    about = "Processes that a server of DNS does not answer."
    yield _labelled("mailfilter_dns_down", "gauge", about, "server", down)
    about = "Alarms that administrators have been told of lately."
    yield _single("mailfilter_alarms", "gauge", about, len(page.get("alarms", ())))
    yield from _of_certificates(page.get("certificates", {}))
    yield from _of_maps(page.get("maps", ()))


def _single(name: str, kind: Kind, about: str, value: float) -> Family:
    return Family(name, kind, about, (Sample(value),))


def _labelled(name: str, kind: Kind, about: str, label: str, values: Mapping[str, float]) -> Family:
    samples = [Sample(value, (text,)) for text, value in values.items()]
    return Family(name, kind, about, samples, (label,))


def _counted(counters: Mapping[str, int]) -> Iterator[Family]:
    labelled: dict[str, dict[str, int]] = {kind: {} for kind in _LABELLED}
    symbols: list[Sample] = []
    others: dict[str, int] = {}
    for name, count in counters.items():
        kind, _, what = name.rpartition("/")
        # The name of a symbol that a check makes up may have slashes.
        first, _, symbol = name.partition("/")
        if first in _SYMBOLS:
            symbols.append(Sample(count, (symbol, _SYMBOLS[first])))
        elif first == "symbol" or name in _SINGLE:
            continue
        elif kind in labelled:
            labelled[kind][what] = count
        else:
            others[name] = count
    for name, (metric, about) in _SINGLE.items():
        # From the start: of what appears later the first increase would not be seen.
        yield _single(f"mailfilter_{metric}", "counter", about, counters.get(name, 0))
    about = "Scans that found a symbol, by whether the message was spam."
    yield Family("mailfilter_symbol_hits", "counter", about, symbols, ("symbol", "verdict"))
    for kind, values in labelled.items():
        metric, label, about = _LABELLED[kind]
        yield _labelled(f"mailfilter_{metric}", "counter", about, label, values)
    yield _labelled("mailfilter_other", "counter", "What else is counted.", "name", others)


def _distributions(histograms: Mapping[str, Mapping[str, Any]]) -> Iterator[Family]:
    for prefix, metric, labels, about in _HISTOGRAMS:
        samples = [
            Sample(_sizes(told), (name.removeprefix(prefix),) if labels else ())
            for name, told in histograms.items()
            if (name.startswith(prefix) if labels else name == prefix)
        ]
        yield Family(f"mailfilter_{metric}", "histogram", about, samples, labels)


def _sizes(told: Mapping[str, Any]) -> Sizes:
    return Sizes(tuple(told["bounds"]), tuple(told["counts"]), told["total"])


def _of_listeners(listeners: Mapping[str, Mapping[str, Any]]) -> Iterator[Family]:
    open_ones = {name: told["connections"] for name, told in listeners.items()}
    about = "Open connections."
    yield _labelled("mailfilter_connections", "gauge", about, "listener", open_ones)
    queues = {n: told["queue"] for n, told in listeners.items() if told.get("queue") is not None}
    about = "Connections that nobody has accepted yet."
    yield _labelled("mailfilter_queue", "gauge", about, "listener", queues)


_OF_WORKER: Sequence[tuple[str, Kind, str, str]] = (
    ("memory", "gauge", "memory_bytes", "Resident memory."),
    ("cpu", "counter", "cpu_seconds", "Time of processors, user and system."),
    ("uptime", "gauge", "uptime_seconds", "Since its start."),
    ("scans", "gauge", "scans_under_way", "Scans under way."),
    ("dns_cache_hits", "counter", "dns_cache_hits", _SINGLE["dns/cache_hits"][1]),
    ("dns_cache_misses", "counter", "dns_cache_misses", _SINGLE["dns/cache_misses"][1]),
    ("dns_queries", "counter", "dns_queries", _SINGLE["dns/queries"][1]),
    ("dns_waiting", "gauge", "dns_waiting", _WAITING["dns_waiting"]),
)


def _of_workers(workers: Iterable[Mapping[str, Any]]) -> Iterator[Family]:
    several = list(workers)
    states: dict[str, int] = {}
    for told in several:
        states[told["state"]] = states.get(told["state"], 0) + 1
    yield _labelled("mailfilter_workers", "gauge", "Processes that scan.", "state", states)
    for key, kind, metric, about in _OF_WORKER:
        samples = [
            Sample(told[key], (str(told["generation"]), str(told["place"]), str(told["pid"])))
            for told in several
            if key in told
        ]
        labels = ("generation", "place", "pid")
        yield Family(f"mailfilter_worker_{metric}", kind, about, samples, labels)


def _of_certificates(certificates: Mapping[str, Mapping[str, Any]]) -> Iterator[Family]:
    days = {name: told["days"] for name, told in certificates.items() if "days" in told}
    about = "Days until a certificate expires; below 0 it has."
    yield _labelled("mailfilter_certificate_days", "gauge", about, "certificate", days)


def _of_maps(maps: Iterable[Mapping[str, Any]]) -> Iterator[Family]:
    several = list(maps)
    for key, about in (("entries", "Entries of a map."), ("octets", "Octets of a map.")):
        sizes = {told["name"]: told[key] for told in several if told.get(key) is not None}
        metric = "entries" if key == "entries" else "bytes"
        yield _labelled(f"mailfilter_map_{metric}", "gauge", about, "map", sizes)
