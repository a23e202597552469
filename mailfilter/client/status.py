"""The live status of a filter as text."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..config.units import format_size
from ..report.escape import escape
from ..syntax import moment

MAX_ALARMS = 10
"""The last ones; all are in the log."""

MAX_NAMES = 3
"""Of a certificate."""

_TABLES = ("certificates", "client_trust", "keypairs", "signing_keys", "signing_sources")
"""Parts of the page whose items may not be what their files hold."""
_WORKER = (
    *("worker", "generation", "state", "up", "connections", "scans", "total", "per s"),
    *("memory", "CPU s"),
)
_LISTENER = ("listener", "address", "connections", "queue")
_CERTIFICATE = ("certificate", "key", "expires", "in days", "listeners", "names")
_MAP = ("map", "kind", "entries", "size", "since", "from")
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"))


def status_text(page: Mapping[str, Any]) -> str:
    """For people; `page` is what the master answers."""
    return "\n".join(_lines(page))


def _lines(page: Mapping[str, Any]) -> Iterator[str]:
    workers = page["workers"]
    yield (
        f"mailfilter {page['version']}, pid {page['pid']}: {page['state']}, generation"
        f" {page['generation']}, up {_duration(page['uptime'])}"
    )
    yield f"configuration: {page['config'] or '(defaults)'}"
    yield (
        f"scans: {page['counters'].get('scans', 0)}, {page['rate']:.1f}/s,"
        f" {page['scans_under_way']} under way; {_actions(page['counters'])}"
    )
    if any(name.startswith("tls/") for name in page["counters"]):
        yield f"TLS: {_handshakes(page['counters'])}"
    if any(name.startswith("proxy/") for name in page["counters"]):
        yield f"proxies: {_passed_on(page['counters'])}"
    if any(name.startswith("httpcrypt/") for name in page["counters"]):
        yield f"HTTPCrypt: {_sealed(page['counters'])}"
    if page["counters"].get("dns/cache_misses"):
        yield f"DNS: {_looked_up(page['counters'], page.get('gauges', {}))}"
    trouble = _trouble(page["counters"])
    if trouble:
        yield f"trouble: {trouble}"
    yield ""
    yield from _table(_WORKER, [_worker(item) for item in workers])
    yield ""
    yield from _table(_LISTENER, [_listener(*item) for item in sorted(page["listeners"].items())])
    if page["certificates"]:
        yield ""
        rows = [_certificate(*item) for item in sorted(page["certificates"].items())]
        yield from _table(_CERTIFICATE, rows)
    for table in _TABLES:
        for name, item in sorted(page.get(table, {}).items()):
            if item["trouble"]:
                yield f"  {escape(name)} is not what its files hold: {escape(item['trouble'])}"
            yield from (f"  {escape(text)}" for text in item["expired"])
    if page.get("maps"):
        yield ""
        yield from _table(_MAP, [_map(item) for item in page["maps"]])
        for item in page["maps"]:
            if item["trouble"]:
                name, trouble = escape(item["name"]), escape(item["trouble"])
                yield f"  {name} is not what its file holds: {trouble}"
    events = ", ".join(f"{name} {count}" for name, count in sorted(page["events"].items()))
    if events:
        yield ""
        yield f"events: {events}"
    alarms = page["alarms"][-MAX_ALARMS:]
    if alarms:
        yield ""
        yield f"last alarms ({len(page['alarms'])} kept):"
        yield from (f"  {moment(alarm['at'])} {escape(alarm['text'])}" for alarm in alarms)


def _trouble(counters: Mapping[str, int]) -> str:
    """What was counted of calls that the store did not answer, and of what was lost by that."""
    found = sorted(name for name in counters if name.startswith(("store/", "history/")))
    return ", ".join(f"{name} {counters[name]}" for name in found if counters[name])


def _handshakes(counters: Mapping[str, int]) -> str:
    text = (
        f"{counters.get('tls/handshakes', 0)} handshakes, {counters.get('tls/resumed', 0)} resumed"
    )
    if counters.get("tls/on_plain"):
        text += f", {counters['tls/on_plain']} on listeners without certificates"
    if counters.get("tls/broken"):
        text += f", {counters['tls/broken']} broken later"
    refused = _of_kind(counters, "tls/refused/")
    return f"{text}; refused: {refused}" if refused else text


def _passed_on(counters: Mapping[str, int]) -> str:
    text = f"{counters.get('proxy/connections', 0)} connections passed on"
    refused = _of_kind(counters, "proxy/refused/")
    return f"{text}; refused: {refused}" if refused else text


def _looked_up(counters: Mapping[str, int], gauges: Mapping[str, float]) -> str:
    asked, known = counters["dns/cache_misses"], counters.get("dns/cache_hits", 0)
    text = f"{asked} questions asked, {known} answered from memory"
    failed = _of_kind(counters, "dns/failures/")
    if failed:
        text += f"; failed: {failed}"
    down = [name.removeprefix("dns_down/") for name in gauges if name.startswith("dns_down/")]
    silent = ", ".join(escape(name) for name in sorted(down) if gauges[f"dns_down/{name}"])
    return f"{text}; does not answer: {silent}" if silent else text


def _sealed(counters: Mapping[str, int]) -> str:
    text = f"{counters.get('httpcrypt/opened', 0)} requests"
    refused = _of_kind(counters, "httpcrypt/refused/")
    return f"{text}; refused: {refused}" if refused else text


def _actions(counters: Mapping[str, int]) -> str:
    return _of_kind(counters, "action/") or "nothing scanned yet"


def _of_kind(counters: Mapping[str, int], prefix: str) -> str:
    found = sorted(name for name in counters if name.startswith(prefix))
    return ", ".join(f"{name.removeprefix(prefix)} {counters[name]}" for name in found)


def _worker(item: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"{item['place']} (pid {item['pid']})",
        str(item["generation"]),
        str(item["state"]),
        _duration(item["uptime"]),
        str(item["connections"]),
        str(item["scans"]),
        str(item["total"]),
        f"{item['rate']:.1f}",
        format_size(item["memory"] >> 20 << 20),
        f"{item['cpu']:.1f}",
    )


def _listener(name: str, item: Mapping[str, Any]) -> tuple[str, ...]:
    queue = "?" if item["queue"] is None else str(item["queue"])
    return name, item["address"], str(item["connections"]), queue


def _certificate(name: str, item: Mapping[str, Any]) -> tuple[str, ...]:
    names = [escape(text) for text in item["names"][:MAX_NAMES]]
    if len(item["names"]) > MAX_NAMES:
        names.append("...")
    return (
        escape(name),
        item["key"],
        moment(item["expires"]),
        f"{item['days']:.1f}",
        " ".join(item["listeners"]),
        " ".join(names) or "(none)",
    )


def _map(item: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        escape(item["name"]),
        item["kind"],
        str(item["entries"]),
        format_size(item["octets"]),
        "never" if item["loaded"] is None else moment(item["loaded"]),
        "what was saved" if item["is_saved"] else escape(item["file"]),
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _duration(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.1f}{unit}"
    return f"{seconds:.0f}s"
