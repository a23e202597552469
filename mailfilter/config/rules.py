"""What must hold between several keys of a configuration."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from itertools import combinations

from .endpoint import parse_endpoint
from .model import Actions, Config
from .names import listed, nearest
from .problem import Origin, Problem
from .toml_text import KeyPath, key_text, string_text, value_text
from .units import format_duration

Place = Callable[[KeyPath], Origin]
"""Where a key is set."""

_ORDER = (
    ("greylist", "add_header"),
    ("greylist", "rewrite_subject"),
    ("add_header", "reject"),
    ("rewrite_subject", "reject"),
    ("greylist", "reject"),
)
"""Milder action first, the nearest pairs before the last.

Two actions may share a threshold: the stronger one is then taken.
"""


def find_problems(config: Config, listeners: Collection[str], place: Place) -> Iterator[Problem]:
    """What is wrong in a configuration whose single values are right.

    `listeners` are the names of all listeners, also of those that could not be built.
    """
    yield from _same_endpoints(config, place)
    yield from _unknown_listeners(config, listeners, place)
    yield from _thresholds(config.actions, place)


def find_warnings(config: Config, place: Place) -> Iterator[Problem]:
    """What is allowed but hardly meant."""
    scan = config.scan
    if scan.check_timeout > scan.timeout:
        key: KeyPath = ("scan", "check_timeout")
        value = string_text(format_duration(scan.check_timeout))
        expected = f"has no effect beyond scan.timeout, {format_duration(scan.timeout)}"
        yield _problem(place, key, value, expected)
    if not any(listener.enabled for listener in config.listeners.values()):
        yield _problem(place, ("listeners",), None, "no listener is enabled")


def _same_endpoints(config: Config, place: Place) -> Iterator[Problem]:
    by_port = defaultdict(list)
    for name, listener in config.listeners.items():
        if listener.enabled:
            endpoint = parse_endpoint(listener.endpoint)
            by_port[endpoint.port].append((name, endpoint))
    for listeners in by_port.values():
        for (first, one), (second, other) in combinations(listeners, 2):
            if one.clashes(other):
                yield _same_endpoint(config, first, second, place)


def _same_endpoint(config: Config, first: str, second: str, place: Place) -> Problem:
    # The one that a file sets is told of, rather than the default that it meets.
    if place(("listeners", second, "endpoint")).file is None:
        first, second = second, first
    first_key = ("listeners", first, "endpoint")
    return _problem(
        place,
        ("listeners", second, "endpoint"),
        string_text(config.listeners[second].endpoint),
        f"{key_text(first_key)} ({place(first_key)}) listens on the same address",
        f"set another address, or {key_text(('listeners', first))}.enabled = false",
    )


def _unknown_listeners(
    config: Config, listeners: Collection[str], place: Place
) -> Iterator[Problem]:
    for profile, settings in config.profiles.items():
        for at, name in enumerate(settings.listeners):
            if name in listeners:
                continue
            near = nearest(name, listeners)
            hint = f"did you mean {string_text(near)}?" if near else f"known: {listed(listeners)}"
            key: KeyPath = ("profiles", profile, "listeners", at)
            yield _problem(place, key, string_text(name), "expected the name of a listener", hint)


def _thresholds(actions: Actions, place: Place) -> Iterator[Problem]:
    """Of two thresholds in the wrong order, the one that a file sets is told of, once."""
    told = set()
    for mild, strong in _ORDER:
        low, high = getattr(actions, mild), getattr(actions, strong)
        if low is None or high is None or low <= high:
            continue
        is_mild_set = place(("actions", mild)).file is not None
        key, other = (mild, strong) if is_mild_set else (strong, mild)
        if key in told:
            continue
        told.add(key)
        bound = f"at {'most' if is_mild_set else 'least'} actions.{other}"
        yield _problem(
            place,
            ("actions", key),
            value_text(getattr(actions, key)),
            f"expected {bound} = {value_text(getattr(actions, other))}",
            f'"off" leaves {key} out',
        )


def _problem(
    place: Place, path: KeyPath, value: str | None, expected: str, hint: str = ""
) -> Problem:
    origin = place(path)
    return Problem(origin.file, origin.line, key_text(path), value, expected, hint)
