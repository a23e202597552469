"""Settings of listeners that have no effect, or not the one that was meant, beside others."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from .complaint import Complaint, Place, told
from .endpoint import parse_endpoint
from .model import Config, Listener, Protocol
from .names import listed
from .problem import Problem
from .toml_text import key_text, string_text, value_text
from .units import format_duration

_MILTER: tuple[Protocol, ...] = ("milter",)
_LINES: tuple[Protocol, ...] = ("spamd", "scan")
_HTTP: tuple[Protocol, ...] = ("http", "scan", "controller")
_OF_PROTOCOL: Mapping[str, Collection[Protocol]] = {
    "cert_issuer": _MILTER,
    "on_reject": _MILTER,
    "no_action": _MILTER,
    "spam_header": (*_MILTER, *_LINES),
    "request_timeout": (*_HTTP, *_LINES),
    "trusted_peers": (*_HTTP, *_LINES),
    "header_style": _HTTP,
    "classic_actions": _HTTP,
    "local_files": _HTTP,
    "keypairs": _HTTP,
    "learns": _LINES,
}
"""Key -> the protocols that know it."""

_OF_TRUSTED = frozenset(("cert_issuer", "learns", "local_files", "trusted_peers"))
"""Keys that mean something only for those who are believed."""


def listener_warnings(config: Config, place: Place) -> Iterator[Problem]:
    """What is allowed but hardly meant."""
    enabled = {name: item for name, item in config.listeners.items() if item.enabled}
    yield from told(_late(config, enabled, place), place)
    for name, listener in enabled.items():
        usual = Listener(protocol=listener.protocol, endpoint=listener.endpoint)
        changed = [key for key in _OF_PROTOCOL if getattr(listener, key) != getattr(usual, key)]
        yield from told(_foreign(name, listener, changed), place)
        yield from told(_unused(name, listener, changed), place)
        if listener.learns and not config.learning.enabled:
            expected = "has no effect with learning.enabled = false"
            yield from told((_complaint(name, listener, "learns", expected),), place)


def _late(config: Config, enabled: Mapping[str, Listener], place: Place) -> Iterator[Complaint]:
    """Deadlines that are over before a scan is: told where they are set, else where that is."""
    timeout = config.scan.timeout
    defaults = []
    for name, listener in enabled.items():
        path = ("listeners", name, "deadline")
        if listener.deadline > timeout:
            continue
        if place(path).file is None:
            defaults.append(f"{key_text(path)} is {format_duration(listener.deadline)}")
            continue
        expected = f"scans may be given up before scan.timeout, {format_duration(timeout)}"
        yield Complaint(path, _text(listener.deadline), expected)
    if defaults:
        expected = f"no scan can take so long: {listed(defaults)}"
        yield Complaint(("scan", "timeout"), _text(timeout), expected)


def _foreign(name: str, listener: Listener, changed: Sequence[str]) -> Iterator[Complaint]:
    """Keys of another protocol."""
    expected = f"has no effect with protocol = {string_text(listener.protocol)}"
    for key in changed:
        if listener.protocol not in _OF_PROTOCOL[key]:
            yield _complaint(name, listener, key, expected)


def _unused(name: str, listener: Listener, changed: Sequence[str]) -> Iterator[Complaint]:
    """Keys that others of the listener leave without effect."""
    known = [key for key in changed if listener.protocol in _OF_PROTOCOL[key]]
    is_unix = parse_endpoint(listener.endpoint).is_unix
    for key in known:
        if key in _OF_TRUSTED and not listener.trusted:
            yield _complaint(name, listener, key, "has no effect with trusted = false")
        elif key == "trusted_peers" and is_unix and not listener.proxy_protocol:
            expected = "has no effect on a unix socket, whose clients are believed"
            yield _complaint(name, listener, key, expected)
        elif key == "trusted_peers" and (asked := _required(listener)):
            expected = f'has no effect with {asked} = "required", where [identities] say it'
            yield _complaint(name, listener, key, expected)
        elif key == "local_files" and not is_unix:
            yield _complaint(name, listener, key, "has no effect but on a unix socket")
    if listener.protocol != "milter":
        return
    for key in ("on_reject", "spam_header"):
        if key in changed and listener.no_action:
            yield _complaint(name, listener, key, "has no effect with no_action = true")


def _required(listener: Listener) -> str:
    """The key that lets in nobody who is not known, if any."""
    keys = ("client_auth", "client_keys")
    return next((key for key in keys if getattr(listener, key) == "required"), "")


def _complaint(name: str, listener: Listener, key: str, expected: str) -> Complaint:
    return Complaint(("listeners", name, key), _text(getattr(listener, key)), expected)


def _text(value: str | float | tuple[str, ...]) -> str:
    """A value as a file has it; numbers are durations."""
    if isinstance(value, float):
        return string_text(format_duration(value))
    return value_text(value)
