"""Settings of listeners that have no effect, or not the one that was meant, beside others."""

from collections.abc import Callable, Iterator

from .model import Config, Listener
from .names import listed
from .problem import Origin, Problem
from .toml_text import KeyPath, key_text, string_text
from .units import format_duration

_UNUSED = "has no effect with no_action = true"


def listener_warnings(config: Config, place: Callable[[KeyPath], Origin]) -> Iterator[Problem]:
    """What is allowed but hardly meant; `place` tells where a key is set."""
    enabled = {name: item for name, item in config.listeners.items() if item.enabled}
    for path, value, expected in (
        *_late(config, enabled, place),
        *(found for name, item in enabled.items() for found in _unused(name, item)),
    ):
        origin = place(path)
        yield Problem(origin.file, origin.line, key_text(path), string_text(value), expected)


_Found = Iterator[tuple[KeyPath, str, str]]
"""Key, its value, and what is to be said of it."""


def _late(
    config: Config, enabled: dict[str, Listener], place: Callable[[KeyPath], Origin]
) -> _Found:
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
        yield path, format_duration(listener.deadline), expected
    if defaults:
        expected = f"no scan can take so long: {listed(defaults)}"
        yield ("scan", "timeout"), format_duration(timeout), expected


def _unused(name: str, listener: Listener) -> _Found:
    if listener.cert_issuer and not listener.trusted:
        path = ("listeners", name, "cert_issuer")
        yield path, listener.cert_issuer, "has no effect with trusted = false"
    if not listener.no_action:
        return
    usual = Listener(protocol=listener.protocol, endpoint=listener.endpoint)
    for key in ("on_reject", "spam_header"):
        value: str = getattr(listener, key)
        if value != getattr(usual, key):
            yield ("listeners", name, key), value, _UNUSED
