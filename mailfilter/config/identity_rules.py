"""Identities: which can be nobody, which are unused, and which are one and the same."""

from collections.abc import Callable, Collection, Iterator, Mapping

from .complaint import Complaint, Doubt, Place, told
from .model import Config, Identity, Listener, Profile
from .names import listed
from .problem import Problem, Unfit
from .tls_names import check_dns, check_email, check_ip, check_uri
from .toml_text import KeyPath, key_text, string_text

PINS = ("fingerprints", "public_keys")
"""Keys of an identity by which it is known without an authority."""

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

_FITTING = (*_CHECKS, *PINS, "any_certificate")
"""Keys of an identity by which it is known."""

_Admitted = Mapping[str, Collection[str]]
"""Listeners that want certificates of clients -> the identities that may connect."""

_USUAL_PROFILE = Profile()


def admitted(config: Config, listener: Listener) -> Mapping[str, Identity]:
    """The identities that may connect to a listener; unknown names are passed over."""
    if not listener.identities:
        return config.identities
    found = config.identities
    return {name: found[name] for name in listener.identities if name in found}


def is_pinned(identity: Identity) -> bool:
    """Whether it can be known without an authority."""
    return any(getattr(identity, key) for key in PINS)


def identity_problems(config: Config, place: Place, is_doubtful: Doubt) -> Iterator[Problem]:
    """What cannot be meant."""
    for name, identity in config.identities.items():
        table: KeyPath = ("identities", name)
        for key, check in _CHECKS.items():
            complaints = unfit_names((*table, key), getattr(identity, key), check)
            yield from told(complaints, place, is_doubtful)
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


def _nobody(table: KeyPath, identity: Identity) -> Iterator[Complaint]:
    if not any(getattr(identity, key) for key in _FITTING):
        expected = f"fits no certificate: expected {listed(_FITTING, 'or')} in it"
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
        name: frozenset(admitted(config, listener))
        for name, listener in config.listeners.items()
        if listener.client_auth != "off"
    }
    yield from told(_unused(config, by_listener), place)
    yield from told(_not_trusted(config, by_listener), place)
    yield from told(_same(config, by_listener), place)
    yield from told(_anybody(config, by_listener), place)


def _unused(config: Config, by_listener: _Admitted) -> Iterator[Complaint]:
    """Those that nobody can be; listeners that are off wait for their time."""
    used = {name for names in by_listener.values() for name in names}
    used.update(name for item in config.listeners.values() for name in item.identities)
    for name in config.identities:
        if name not in used:
            expected = "nobody is asked for its certificate: no listener with client_auth admits it"
            yield Complaint(("identities", name), None, expected)


def _not_trusted(config: Config, by_listener: _Admitted) -> Iterator[Complaint]:
    """Those that are trusted, and come by listeners alone that trust nobody."""
    trusting = {name for name in by_listener if config.listeners[name].trusted}
    believed = {name for listener in trusting for name in by_listener[listener]}
    for name, identity in config.identities.items():
        where = [listener for listener, names in by_listener.items() if name in names]
        if identity.trusted and where and name not in believed:
            said = listed(f"{key_text(('listeners', listener))}.trusted" for listener in where)
            path = ("identities", name, "trusted")
            yield Complaint(path, "true", f"has no effect with {said} = false")


def _anybody(config: Config, by_listener: _Admitted) -> Iterator[Complaint]:
    """Those who may much, and are everybody whom an authority has given a certificate."""
    for name, identity in config.identities.items():
        listeners = [config.listeners[at] for at, names in by_listener.items() if name in names]
        listeners = [listener for listener in listeners if listener.client_ca]
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


def _same(config: Config, by_listener: _Admitted) -> Iterator[Complaint]:
    """What is listed by two identities that the same listener admits: the first is meant."""
    having: dict[tuple[str, str], list[str]] = {}
    for name, path, text in _listed(config):
        before = having.setdefault((str(path[2]), _folded(text)), [])
        first = next((other for other in before if _meet(name, other, by_listener)), None)
        if first is not None:
            expected = f"{key_text(('identities', first))} has it, too, and stands before it"
            value = text if path[2] == "any_certificate" else string_text(text)
            yield Complaint(path, value, expected)
        if name not in before:
            before.append(name)


def _listed(config: Config) -> Iterator[tuple[str, KeyPath, str]]:
    """By what identities are known, in the order in which they are tried."""
    for name, identity in config.identities.items():
        for key in (*_CHECKS, *PINS):
            for at, text in enumerate(getattr(identity, key)):
                yield name, ("identities", name, key, at), text
        if identity.any_certificate:
            yield name, ("identities", name, "any_certificate"), "true"


def _folded(text: str) -> str:
    """A name in which case does not matter where it does not matter in certificates: that of a
    mail address before the @ does, and that of a URI (RFC 5280 7.4, 7.5)."""
    local, at, domain = text.rpartition("@")
    return text if ":" in text else local + at + domain.lower()


def _meet(one: str, other: str, by_listener: _Admitted) -> bool:
    """Whether a listener admits two that are not the same."""
    return one != other and any(one in names and other in names for names in by_listener.values())
