"""TLS of listeners and who may connect to them: what does not fit together, or has no effect."""

from collections.abc import Iterator

from .complaint import Complaint, Doubt, Place, told
from .identity_rules import believed_unawares, unfit_names
from .identity_ways import PINS, WAYS, admitted, asks, has_nobody, has_way, is_pinned, known_at
from .model import Config, Listener, Tls
from .problem import Problem, Unfit
from .tls_names import check_dns, check_server
from .toml_text import KeyPath, key_text, string_text, value_text
from .units import format_duration

_OF_CLIENTS = ("client_ca", "client_crl", "client_usage", "identities")
"""Keys of a listener on the certificates of others."""

_USUAL_LISTENER = Listener(protocol="scan", endpoint="")
_USUAL_TLS = Tls()


def tls_problems(config: Config, place: Place, is_doubtful: Doubt) -> Iterator[Problem]:
    """What cannot be meant."""
    yield from told(_server_name(config), place, is_doubtful)
    for name, certificate in config.certificates.items():
        complaints = unfit_names(("certificates", name, "names"), certificate.names, check_dns)
        yield from told(complaints, place, is_doubtful)
    for name, listener in config.listeners.items():
        if not listener.enabled or is_doubtful(("listeners", name)):
            continue
        yield from told(_shown_names(config, name, listener), place, is_doubtful)
        if listener.client_auth != "off":
            is_sure = not is_doubtful(("identities",))
            yield from told(_clients(config, name, listener, is_sure=is_sure), place)
        elif place(("listeners", name, "client_auth")).file is None:
            # Whoever may connect was named, and anybody might: it must not be overlooked.
            near = key_text(("listeners", name, "client_auth")) + ' = "required"'
            hint = f"did you mean {near}?"
            yield from told(_without_effect(name, listener, hint), place)


def tls_warnings(config: Config, place: Place) -> Iterator[Problem]:
    """What is allowed but hardly meant."""
    for name, listener in config.listeners.items():
        if listener.enabled and listener.client_auth == "off":
            yield from told(_without_effect(name, listener), place)
        elif listener.enabled:
            yield from told(_strangers(config, name, listener), place)
            yield from told(_believed(config, name, listener), place)
    yield from told(_unused(config), place)
    yield from told(_settings(config), place)


def _server_name(config: Config) -> Iterator[Complaint]:
    """The name of a server that we connect to, for which there is no certificate."""
    name = config.store.redis.tls_name
    if not name:
        return
    try:
        check_server(name)
    except Unfit as unfit:
        path = ("store", "redis", "tls_name")
        yield Complaint(path, string_text(name), unfit.expected, unfit.hint)


def _shown_names(config: Config, name: str, listener: Listener) -> Iterator[Complaint]:
    """Two certificates for one name."""
    first_with: dict[str, str] = {}
    for certificate in dict.fromkeys(listener.certificates):
        if certificate not in config.certificates:
            continue
        for at, text in enumerate(config.certificates[certificate].names):
            first = first_with.setdefault(text.lower(), certificate)
            if first != certificate:
                where = key_text(("listeners", name))
                other = key_text(("certificates", first))
                expected = f"is a name of {other}, too, which {where} would always show for it"
                path: KeyPath = ("certificates", certificate, "names", at)
                yield Complaint(path, string_text(text), expected, "leave it out of one of them")


def _clients(
    config: Config, name: str, listener: Listener, *, is_sure: bool
) -> Iterator[Complaint]:
    """Of a listener that wants certificates of clients; `is_sure`: all identities are known."""
    path = ("listeners", name, "client_auth")
    auth = string_text(listener.client_auth)
    if not listener.certificates:
        expected = "has no effect without TLS, which begins with certificates of our own"
        hint = f"set {key_text(('listeners', name, 'certificates'))}"
        yield Complaint(path, auth, expected, hint)
    if listener.client_ca:
        is_vain = is_sure and has_nobody(config, listener, "client_auth")
        if listener.client_auth == "required" and is_vain:
            why = "no identity that may has a certificate"
            if not config.identities:
                why = "there are no [identities]"
            yield Complaint(path, auth, f"nobody may connect: {why}")
        return
    if listener.client_crl:
        expected = "has no effect without client_ca, whose certificates it is about"
        crl = ("listeners", name, "client_crl")
        yield Complaint(crl, value_text(listener.client_crl), expected)
    unknown = set(listener.identities) - set(config.identities)
    if is_sure and not unknown and not any(map(is_pinned, admitted(config, listener).values())):
        expected = "nobody can be known: expected client_ca beside it"
        hint = f"or an identity that may connect, with {' or '.join(PINS)}"
        yield Complaint(path, auth, expected, hint)


def _without_effect(name: str, listener: Listener, hint: str = "") -> Iterator[Complaint]:
    """Of a listener that wants no certificates of clients."""
    for key in _OF_CLIENTS:
        if key == "identities" and any(asks(listener, setting) for setting in WAYS):
            continue
        value = getattr(listener, key)
        if value != getattr(_USUAL_LISTENER, key):
            expected = 'has no effect with client_auth = "off"'
            yield Complaint(("listeners", name, key), value_text(value), expected, hint)


def _strangers(config: Config, name: str, listener: Listener) -> Iterator[Complaint]:
    """Of a listener that wants certificates: those that it can make nothing of."""
    table: KeyPath = ("listeners", name)
    if not config.identities:
        auth = string_text(listener.client_auth)
        expected = "all are strangers: there are no [identities]"
        yield Complaint((*table, "client_auth"), auth, expected)
    if listener.client_ca:
        return
    by_others = known_at(config, listener, [way for way in WAYS if way != "client_auth"])
    for at, identity in enumerate(listener.identities):
        if identity in by_others or not has_way(config.identities[identity], "client_auth"):
            continue
        if not is_pinned(config.identities[identity]):
            expected = f"cannot be known without client_ca: it has no {' or '.join(PINS)}"
            yield Complaint((*table, "identities", at), string_text(identity), expected)


def _believed(config: Config, name: str, listener: Listener) -> Iterator[Complaint]:
    if listener.client_auth == "optional" and listener.client_keys != "required":
        hint = '"required" lets in no strangers'
        yield from believed_unawares(config, name, "client_auth", "certificate", hint)


def _unused(config: Config) -> Iterator[Complaint]:
    """Certificates that are not shown; listeners that are off wait for their time."""
    shown = {name for item in config.listeners.values() for name in item.certificates}
    for name in config.certificates:
        if name not in shown:
            yield Complaint(("certificates", name), None, "no listener shows it")


def _settings(config: Config) -> Iterator[Complaint]:
    """[tls] where nobody speaks it, and more handshakes than connections."""
    speaking = [listener for listener in config.listeners.values() if listener.certificates]
    elsewhere = {
        "watch": any(listener.keypairs for listener in config.listeners.values()),
        "handshake_timeout": any(item.proxy_protocol for item in config.listeners.values()),
    }
    for key in ("handshake_timeout", "max_handshakes", "watch", "warn_before"):
        value = getattr(config.tls, key)
        if value == getattr(_USUAL_TLS, key):
            continue
        text = string_text(format_duration(value)) if isinstance(value, float) else str(value)
        if not speaking and elsewhere.get(key):
            continue
        if not speaking:
            yield Complaint(("tls", key), text, "has no effect: no listener has certificates")
        elif key == "max_handshakes":
            most = max(listener.max_connections for listener in speaking)
            if value > most:
                expected = f"has no effect beyond max_connections of listeners, {most}"
                yield Complaint(("tls", key), text, expected)
