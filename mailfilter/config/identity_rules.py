"""Identities: which can be nobody, which are unused, and which are one and the same."""

from collections.abc import Callable, Collection, Iterator, Mapping

from .complaint import Complaint, Doubt, Place, told
from .identity_ways import WAYS, admitted, asks, has_way, known_at
from .model import Config, Identity, Profile
from .names import listed
from .problem import Problem, Unfit
from .tls_names import check_dns, check_email, check_ip, check_uri
from .toml_text import KeyPath, key_text, string_text, value_text

CONDITIONS = (
    "networks",
    "listeners",
    "authenticated",
    "users",
    "senders",
    "recipients",
    "mta_tags",
    "identities",
)
"""Keys of a profile that say which messages it applies to."""

_CHECKS: Mapping[str, Callable[[str], None]] = {
    "dns": check_dns,
    "ip": check_ip,
    "uri": check_uri,
    "email": check_email,
}
"""Key of an identity -> what raises Unfit for a name that no certificate has."""

_FITTING = tuple(key for keys in WAYS.values() for key in keys)
_FOLDED = ("dns", "ip", "uri", "email")

_Known = Mapping[str, Collection[str]]
"""Listeners that ask who somebody is -> the identities that they can know."""

_USUAL_PROFILE = Profile()


def identity_problems(config: Config, place: Place, is_doubtful: Doubt) -> Iterator[Problem]:
    """What cannot be meant."""
    for name, identity in config.identities.items():
        table: KeyPath = ("identities", name)
        for key, check in _CHECKS.items():
            complaints = unfit_names((*table, key), getattr(identity, key), check)
            yield from told(complaints, place, is_doubtful)
        yield from told(_unnamed(table, identity), place, is_doubtful)
        yield from told(_nobody(table, identity), place, is_doubtful)
        yield from told(_conditional(config, table, identity), place, is_doubtful)


def unfit_names(
    path: KeyPath, texts: Collection[str], check: Callable[[str], None]
) -> Iterator[Complaint]:
    """Names that no certificate has."""
    for at, text in enumerate(texts):
        try:
            check(text)
        except Unfit as unfit:
            yield Complaint((*path, at), string_text(text), unfit.expected, unfit.hint)


def _unnamed(table: KeyPath, identity: Identity) -> Iterator[Complaint]:
    for at, text in enumerate(identity.proxy_names):
        if not text.strip() or not text.isprintable():
            expected = "expected the common name of a certificate"
            if text.strip():
                expected += ", without characters that cannot be shown: no name with such is taken"
            yield Complaint((*table, "proxy_names", at), string_text(text), expected)


def _nobody(table: KeyPath, identity: Identity) -> Iterator[Complaint]:
    if not any(getattr(identity, key) for key in _FITTING):
        expected = f"fits nobody: expected {listed(_FITTING, 'or')} in it"
        yield Complaint(table, None, expected)


def _conditional(config: Config, table: KeyPath, identity: Identity) -> Iterator[Complaint]:
    """A profile that applies by its conditions alone, so that to name it changes nothing."""
    profile = config.profiles.get(identity.profile)
    if profile is None:
        return
    found = [key for key in CONDITIONS if getattr(profile, key) != getattr(_USUAL_PROFILE, key)]
    if found:
        key = key_text(("profiles", identity.profile))
        expected = f"expected a profile without conditions; {key} has {listed(found)}"
        hint = f"{key}.identities can name the identity in its place"
        path = (*table, "profile")
        yield Complaint(path, string_text(identity.profile), expected, hint)


def identity_warnings(config: Config, place: Place) -> Iterator[Problem]:
    """What is allowed but hardly meant."""
    by_listener = {
        name: frozenset(known_at(config, listener))
        for name, listener in config.listeners.items()
        if any(asks(listener, setting) for setting in WAYS)
    }
    yield from told(_unused(config), place)
    yield from told(_unknowable(config, by_listener), place)
    yield from told(_not_trusted(config, by_listener), place)
    yield from told(_same(config), place)
    yield from told(_anybody(config, by_listener), place)


def _unused(config: Config) -> Iterator[Complaint]:
    """Those that nobody can be; listeners that are off wait for their time."""
    named = {name for item in config.listeners.values() for name in item.identities}
    for name, identity in config.identities.items():
        ways = [setting for setting in WAYS if has_way(identity, setting)]
        lacking = [setting for setting in ways if not _is_met(config, name, setting)]
        if lacking != ways:
            yield from _in_part(name, identity, lacking)
        elif name not in named:
            expected = f"nobody can be it: no listener with {listed(ways, 'or')} admits it"
            yield Complaint(("identities", name), None, expected)


def _in_part(name: str, identity: Identity, lacking: Collection[str]) -> Iterator[Complaint]:
    """Keys of an identity that is known by others alone."""
    for setting in lacking:
        for key in WAYS[setting]:
            if value := getattr(identity, key):
                expected = f"has no effect: no listener with {setting} admits it"
                yield Complaint(("identities", name, key), value_text(value), expected)


def _is_met(config: Config, name: str, setting: str) -> bool:
    listeners = config.listeners.values()
    return any(asks(item, setting) and name in admitted(config, item) for item in listeners)


def _unknowable(config: Config, by_listener: _Known) -> Iterator[Complaint]:
    """Those that a listener admits by name, and cannot know."""
    for name, known in by_listener.items():
        listener = config.listeners[name]
        keys = [key for setting in WAYS if asks(listener, setting) for key in WAYS[setting]]
        for at, identity in enumerate(listener.identities):
            if listener.enabled and identity not in known:
                expected = f"cannot be known there: it has no {listed(keys, 'or')}"
                path = ("listeners", name, "identities", at)
                yield Complaint(path, string_text(identity), expected)


def _not_trusted(config: Config, by_listener: _Known) -> Iterator[Complaint]:
    """Those that are trusted, and come by listeners alone that trust nobody."""
    trusting = {name for name in by_listener if config.listeners[name].trusted}
    believed = {name for listener in trusting for name in by_listener[listener]}
    for name, identity in config.identities.items():
        where = [listener for listener, names in by_listener.items() if name in names]
        if identity.trusted and where and name not in believed:
            said = listed(f"{key_text(('listeners', listener))}.trusted" for listener in where)
            path = ("identities", name, "trusted")
            yield Complaint(path, "true", f"has no effect with {said} = false")


def _anybody(config: Config, by_listener: _Known) -> Iterator[Complaint]:
    """Those who may much, and are everybody whom an authority has given a certificate."""
    for name, identity in config.identities.items():
        listeners = [config.listeners[at] for at, names in by_listener.items() if name in names]
        listeners = [item for item in listeners if item.client_ca and asks(item, "client_auth")]
        if not identity.any_certificate or not listeners:
            continue
        may = []
        if identity.trusted and any(listener.trusted for listener in listeners):
            may.append("is believed in what it says of its client")
        if identity.controller == "write":
            may.append("may change things through the controller")
        if may:
            files = listed(dict.fromkeys(string_text(item.client_ca) for item in listeners), "or")
            expected = f"whoever has any certificate of {files} {listed(may)}"
            hint = "leave it to authorities of your own; dns names single ones of a public one"
            yield Complaint(("identities", name, "any_certificate"), "true", expected, hint)


def _same(config: Config) -> Iterator[Complaint]:
    """What is listed by two identities that the same listener admits: the first is meant."""
    having: dict[tuple[str, str], list[str]] = {}
    for name, path, text in _listed(config):
        key = str(path[2])
        before = having.setdefault((key, _folded(text) if key in _FOLDED else text), [])
        first = next((other for other in before if _meet(config, key, name, other)), None)
        if first is not None:
            expected = f"{key_text(('identities', first))} has it, too, and stands before it"
            value = text if key == "any_certificate" else string_text(text)
            yield Complaint(path, value, expected)
        if name not in before:
            before.append(name)


def _listed(config: Config) -> Iterator[tuple[str, KeyPath, str]]:
    """By what identities are known, in the order in which they are tried."""
    for name, identity in config.identities.items():
        for key in _FITTING:
            value = getattr(identity, key)
            if value is True:
                yield name, ("identities", name, key), "true"
            elif value:
                yield from (
                    (name, ("identities", name, key, at), text) for at, text in enumerate(value)
                )


def _folded(text: str) -> str:
    """A name in which case does not matter where it does not matter in certificates: that of a
    mail address before the @ does, and that of a URI (RFC 5280 7.4, 7.5)."""
    local, at, domain = text.rpartition("@")
    return text if ":" in text else local + at + domain.lower()


def _meet(config: Config, key: str, one: str, other: str) -> bool:
    """Whether a listener that looks for this key admits two that are not the same."""
    setting = next(setting for setting, keys in WAYS.items() if key in keys)
    return one != other and any(
        asks(listener, setting) and {one, other} <= set(admitted(config, listener))
        for listener in config.listeners.values()
    )


def believed_unawares(
    config: Config, name: str, setting: str, lacking: str, hint: str
) -> Iterator[Complaint]:
    """Those who are not to be believed, and are if they do not say who they are.

    `lacking` is what they leave out, `hint` says how nobody could.
    """
    listener = config.listeners[name]
    if not listener.trusted:
        return
    found = known_at(config, listener, [setting]).items()
    doubted = [key_text(("identities", other)) for other, item in found if not item.trusted]
    if not doubted:
        return
    where = "this machine or trusted_peers" if listener.trusted_peers else "this machine"
    expected = (
        f"not trusted, but believed from {where} without its {lacking}, as strangers are:"
        f" {listed(doubted)}"
    )
    path = ("listeners", name, setting)
    yield Complaint(path, string_text(getattr(listener, setting)), expected, hint)
