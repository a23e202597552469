"""Statistics of a server, and how long it has been running, as rspamc prints them.

Sources: http-controller.md 2.5; runs of rspamc 3.4 against canned replies.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from .scan_text import Line
from .values import elements, members, number, text, whole

_COUNTS = (
    ("connections", "Connections count"),
    ("control_connections", "Control connections count"),
    ("scan_times", "Average scan time"),
    ("pools_allocated", "Pools allocated"),
    ("pools_freed", "Pools freed"),
    ("bytes_allocated", "Bytes allocated"),
    ("chunks_allocated", "Memory chunks allocated"),
    ("shared_chunks_allocated", "Shared chunks allocated"),
    ("chunks_freed", "Chunks freed"),
    ("chunks_oversized", "Oversized chunks"),
)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def stat_text(fields: Mapping[str, Any]) -> str:
    """Lines for the members of a reply."""
    return "".join(f"{label}: {value}\n" for label, value in stat_lines(fields))


def stat_lines(fields: Mapping[str, Any]) -> Iterator[Line]:
    """What there is to say of a server."""
    scanned = whole(fields.get("scanned"))
    yield "Messages scanned", str(scanned)
    if scanned > 0:
        yield from _shares(fields, scanned)
    yield "Messages learned", str(whole(fields.get("learned")))
    for name, label in _COUNTS:
        if name != "scan_times":
            yield label, str(whole(fields.get(name)))
        elif (average := _average(fields.get(name))) is not None:
            yield label, f"{average:.3f} sec"
    yield from _fuzzy(fields.get("fuzzy_hashes"))
    for statfile in elements(fields.get("statfiles")):
        yield "Statfile", _statfile(members(statfile))
    yield "Total learns", str(whole(fields.get("total_learns")))


def _shares(fields: Mapping[str, Any], scanned: int) -> Iterator[Line]:
    counts = {f"with action {text(k)}": v for k, v in members(fields.get("actions")).items()}
    counts["treated as spam"] = fields.get("spam_count")
    counts["treated as ham"] = fields.get("ham_count")
    for name, value in counts.items():
        yield f"Messages {name}", f"{whole(value)}, {whole(value) / scanned * 100:.2f}%"


def _average(times: Any) -> float | None:
    """Seconds; None if none were measured."""
    known = [number(it) for it in elements(times) if type(it) in (int, float)]
    return sum(known) / len(known) if known else None


def _fuzzy(hashes: Any) -> Iterator[Line]:
    if not isinstance(hashes, dict):
        return
    for name, count in hashes.items():
        yield f'Fuzzy hashes in storage "{text(name)}"', str(whole(count))
    yield "Fuzzy hashes stored", str(sum(map(whole, hashes.values())))


def _statfile(statfile: Mapping[str, Any]) -> str:
    total = whole(statfile.get("total"))
    free = total - whole(statfile.get("used"))
    label = f" <{text(statfile['label'])}>" if "label" in statfile else ""
    return (
        f"{text(statfile.get('symbol', ''))}{label} type: {text(statfile.get('type', ''))}; "
        f"length: {whole(statfile.get('size'))}; free blocks: {free}; total blocks: {total}; "
        f"free: {free * 100 / total if total > 0 else 0:.2f}%; "
        f"learned: {whole(statfile.get('revision'))}; users: {whole(statfile.get('users'))}; "
        f"languages: {whole(statfile.get('languages'))}"
    )


def uptime_text(fields: Mapping[str, Any]) -> str:
    """Lines for the members of a reply; rspamc 3.4 has `%s` in some places."""
    return "".join(f"{label}: {value}\n" for label, value in uptime_lines(fields))


def uptime_lines(fields: Mapping[str, Any]) -> Iterator[Line]:
    """Which server, and for how long."""
    if "version" in fields:
        yield "Rspamd version", text(fields["version"])
    if "uptime" in fields:
        yield "Uptime", _duration(whole(fields["uptime"]))


def _duration(seconds: int) -> str:
    if seconds < _MINUTE:
        return _several(seconds, "second")
    hours, minutes = seconds // _HOUR, seconds // _MINUTE % 60
    if seconds < 2 * _HOUR:
        rest = _several(seconds % _MINUTE, "second")
        return f"{hours} hour {_several(minutes, 'minute')} {rest}"
    days = _several(seconds // _DAY, "day")
    return f"{days} {_several(hours % 24, 'hour')} {_several(minutes, 'minute')}"


def _several(count: int, unit: str) -> str:
    return f"{count} {unit}{'s' if count > 1 else ''}"
