"""What must hold between several keys of a configuration."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

from .complaint import Complaint, Doubt, Place
from .composite_rules import composite_problems
from .controller_rules import controller_problems, controller_warnings
from .dmarc_rules import dmarc_problems, dmarc_warnings
from .endpoint import parse_endpoint
from .header_rules import header_problems, header_warnings
from .httpcrypt_rules import httpcrypt_problems, httpcrypt_warnings
from .identity_rules import identity_problems, identity_warnings
from .listener_rules import listener_warnings
from .model import CROWDED, Actions, Config, ProfileActions
from .peer import parse_peer
from .problem import Origin, Problem
from .references import Named, unknown_names
from .signing_rules import signing_problems
from .text_rules import text_warnings
from .tls_rules import tls_problems, tls_warnings
from .toml_text import KeyPath, key_text, string_text, value_text
from .units import format_duration, format_size

_Thresholds = Mapping[str, tuple[float, KeyPath]]
"""Action -> threshold and the key that sets it."""

_ACTIONS = ("greylist", "add_header", "rewrite_subject", "reject")
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


def find_problems(
    config: Config, named: Named, place: Place, is_doubtful: Doubt
) -> Iterator[Problem]:
    """What is wrong in a configuration whose single values are right."""
    yield from _same_endpoints(config, place, is_doubtful)
    yield from unknown_names(config, named, place, is_doubtful)
    yield from identity_problems(config, place, is_doubtful)
    yield from tls_problems(config, place, is_doubtful)
    yield from httpcrypt_problems(config, place, is_doubtful)
    yield from header_problems(config, place, is_doubtful)
    yield from composite_problems(config, place, is_doubtful)
    yield from controller_problems(config, place, is_doubtful)
    yield from signing_problems(config, place, is_doubtful)
    yield from dmarc_problems(config, place, is_doubtful)
    yield from threshold_problems(config, place, lambda at: at.file is not None, is_doubtful)


def threshold_problems(
    config: Config,
    place: Place,
    is_own: Callable[[Origin], bool],
    is_doubtful: Doubt = lambda _: False,
) -> Iterator[Problem]:
    """Thresholds in the wrong order, if one of them comes from where `is_own` says, or a profile.

    That one is told of.
    """
    usual = _thresholds(config.actions, ("actions",))
    wrong = list(_disorder(usual, lambda path: is_own(place(path)), place, is_doubtful))
    yield from wrong
    told = {problem.key for problem in wrong}
    usual = {key: item for key, item in usual.items() if key_text(item[1]) not in told}
    for name in config.profiles:
        yield from _profile_thresholds(config, name, usual, place, is_doubtful)


def find_warnings(config: Config, place: Place) -> Iterator[Problem]:
    """What is allowed but hardly meant."""
    scan = config.scan
    if scan.check_timeout > scan.timeout:
        key: KeyPath = ("scan", "check_timeout")
        value = string_text(format_duration(scan.check_timeout))
        expected = f"has no effect beyond scan.timeout, {format_duration(scan.timeout)}"
        yield _problem(place, key, value, expected)
    if config.store.timeout >= scan.timeout:
        value = string_text(format_duration(config.store.timeout))
        expected = f"no scan can wait so long: scan.timeout is {format_duration(scan.timeout)}"
        yield _problem(place, ("store", "timeout"), value, expected)
    yield from _size_warnings(config, place)
    yield from _redis_warnings(config, place)
    yield from listener_warnings(config, place)
    yield from tls_warnings(config, place)
    yield from httpcrypt_warnings(config, place)
    yield from identity_warnings(config, place)
    yield from text_warnings(config, place)
    yield from header_warnings(config, place)
    yield from controller_warnings(config, place)
    yield from dmarc_warnings(config, place)
    if not any(listener.enabled for listener in config.listeners.values()):
        yield _problem(place, ("listeners",), None, "no listener is enabled")


def _size_warnings(config: Config, place: Place) -> Iterator[Problem]:
    """A history that the store would have to throw away."""
    store, history = config.store, config.history
    most = store.max_size * CROWDED
    if store.kind == "embedded" and history.enabled and history.size > most:
        value = string_text(format_size(history.size))
        expected = f"more than nine tenths of store.max_size, {format_size(store.max_size)}"
        yield _problem(place, ("history", "size"), value, expected)


def _redis_warnings(config: Config, place: Place) -> Iterator[Problem]:
    """Settings of Redis that change nothing, or send a password where others may read it."""
    redis, table = config.store.redis, ("store", "redis")
    if config.store.kind != "redis":
        return
    needs = (
        ("username", "password", "a password"),
        ("sentinel_username", "sentinel_password", "sentinel_password"),
        ("sentinel_password", "sentinel", "sentinel"),
        ("tls_name", "tls", "tls = true"),
        ("tls_ca", "tls", "tls = true"),
        ("tls_crl", "tls", "tls = true"),
        ("tls_pins", "tls", "tls = true"),
        ("tls_certificate", "tls", "tls = true"),
        ("tls_key", "tls_certificate", "tls_certificate"),
    )
    for key, needed, words in needs:
        if getattr(redis, key) and not getattr(redis, needed):
            yield _problem(place, (*table, key), None, f"has no effect without {words}")
    if not redis.prefix:
        expected = "keys of other programs may be taken for ours"
        yield _problem(place, (*table, "prefix"), string_text(""), expected)
    if (redis.password or redis.sentinel_password) and not redis.tls:
        for at, server in enumerate(redis.servers):
            if not parse_peer(server).is_local:
                expected = "the password goes there unencrypted; set tls = true"
                yield _problem(place, (*table, "servers", at), string_text(server), expected)


def _same_endpoints(config: Config, place: Place, is_doubtful: Doubt) -> Iterator[Problem]:
    by_port = defaultdict(list)
    for name, listener in config.listeners.items():
        path = ("listeners", name)
        if is_doubtful((*path, "endpoint")) or is_doubtful((*path, "enabled")):
            continue
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


def _profile_thresholds(
    config: Config, name: str, usual: _Thresholds, place: Place, is_doubtful: Doubt
) -> Iterator[Problem]:
    """Of the thresholds that hold where one profile applies: other profiles may apply as well."""
    table: KeyPath = ("profiles", name, "actions")
    off_path = (*table, "off")
    actions = config.profiles[name].actions
    own = _thresholds(actions, table)
    for at, key in enumerate(actions.off):
        if key in own:
            value, path = own[key]
            expected = f"{key_text(path)} = {value_text(value)} sets it"
            element = (*off_path, at)
            yield _problem(place, element, string_text(key), expected, "leave one of the two out")
    if is_doubtful(off_path):
        return
    hold = {
        key: item
        for key, item in {**usual, **own}.items()
        if key not in actions.off and not is_doubtful((*table, key))
    }
    yield from _disorder(hold, lambda path: path[: len(table)] == table, place, is_doubtful)


def _thresholds(actions: Actions | ProfileActions, table: KeyPath) -> _Thresholds:
    values = ((key, getattr(actions, key)) for key in _ACTIONS)
    return {key: (value, (*table, key)) for key, value in values if value is not None}


def _disorder(
    thresholds: _Thresholds, is_own: Doubt, place: Place, is_doubtful: Doubt
) -> Iterator[Problem]:
    """Of two thresholds in the wrong order, one that is set here is told of, once."""
    told = set()
    for mild, strong in _ORDER:
        if mild not in thresholds or strong not in thresholds:
            continue
        (low, low_path), (high, high_path) = thresholds[mild], thresholds[strong]
        is_mild = is_own(low_path)
        if low <= high or not (is_mild or is_own(high_path)):
            continue
        if is_doubtful(low_path) or is_doubtful(high_path):
            continue
        key, value, path = (mild, low, low_path) if is_mild else (strong, high, high_path)
        other, bound = (high_path, high) if is_mild else (low_path, low)
        if key in told:
            continue
        told.add(key)
        expected = f"expected at {'most' if is_mild else 'least'} {key_text(other)}"
        yield _problem(
            place,
            path,
            value_text(value),
            f"{expected} = {value_text(bound)}",
            _leave_out(path, other),
        )


def _leave_out(path: KeyPath, other: KeyPath) -> str:
    """How to do without one of two thresholds; a profile can only take away those of [actions]."""
    if path[0] == "actions":
        return f'"off" leaves {path[-1]} out'
    if other[0] != "actions":
        return ""
    return f"{key_text((*path[:-1], 'off'))} = {value_text([other[-1]])} leaves {other[-1]} out"


def _problem(
    place: Place, path: KeyPath, value: str | None, expected: str, hint: str = ""
) -> Problem:
    return Complaint(path, value, expected, hint).at(place)
