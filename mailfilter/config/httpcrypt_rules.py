"""HTTPCrypt of listeners, and proxies before them: what does not fit together, or has no effect."""

from collections.abc import Iterator

from .complaint import NAMES_ANY, UNIX, Complaint, Doubt, Place, everybody, told
from .endpoint import parse_endpoint
from .identity_rules import believed_unawares
from .identity_ways import has_nobody
from .model import Config, Listener
from .problem import Problem
from .toml_text import KeyPath, key_text, string_text

SPEAK_HTTP = ("scan", "http", "controller")
"""Protocols that know HTTPCrypt."""

_NEED_KEYPAIRS = ("encrypted_only", "client_keys")


def httpcrypt_problems(config: Config, place: Place, is_doubtful: Doubt) -> Iterator[Problem]:
    """What cannot be meant: who wants all to be encrypted must not go without."""
    is_sure = not is_doubtful(("identities",))
    for name, listener in config.listeners.items():
        if listener.enabled and not is_doubtful(("listeners", name)):
            yield from told(_without_keypairs(name, listener), place)
            yield from told(_required(config, name, listener, is_sure=is_sure), place)
            yield from told(_senders(name, listener), place)


def httpcrypt_warnings(config: Config, place: Place) -> Iterator[Problem]:
    """What is allowed but hardly meant."""
    yield from told(_unused(config), place)
    yield from told(_same_file(config), place)
    for name, listener in config.listeners.items():
        if listener.enabled:
            yield from told(_named_twice(name, listener), place)
            yield from told(_nobody_remote(name, listener), place)
            yield from told(_strangers(config, name, listener), place)
            path: KeyPath = ("listeners", name, "proxy_protocol")
            yield from told(everybody(path, listener.proxy_protocol, NAMES_ANY), place)


def _without_keypairs(name: str, listener: Listener) -> Iterator[Complaint]:
    """What would be refused or looked at in requests that cannot come."""
    for key in _NEED_KEYPAIRS:
        value = getattr(listener, key)
        path: KeyPath = ("listeners", name, key)
        if value == "off":
            continue
        if listener.protocol not in SPEAK_HTTP:
            expected = f"has no effect with protocol = {string_text(listener.protocol)}"
            yield Complaint(path, string_text(value), expected, "only HTTP knows HTTPCrypt")
        elif not listener.keypairs:
            hint = f"set {key_text(('listeners', name, 'keypairs'))}"
            expected = "has no effect without keypairs of our own"
            yield Complaint(path, string_text(value), expected, hint)


def _required(
    config: Config, name: str, listener: Listener, *, is_sure: bool
) -> Iterator[Complaint]:
    """Keys that clients must have, and need not use; `is_sure`: all identities are known."""
    if listener.client_keys != "required" or not listener.keypairs:
        return
    path: KeyPath = ("listeners", name, "client_keys")
    value = string_text(listener.client_keys)
    if listener.encrypted_only == "off":
        only = key_text(("listeners", name, "encrypted_only"))
        expected = "plain requests need no key, and are let in"
        yield Complaint(path, value, expected, f'set {only} = "all", or "remote"')
    if is_sure and has_nobody(config, listener, "client_keys"):
        expected = "nobody may connect: no identity that may has httpcrypt_keys"
        yield Complaint(path, value, expected)


def _senders(name: str, listener: Listener) -> Iterator[Complaint]:
    """Proxies that cannot connect to the endpoint."""
    is_unix = parse_endpoint(listener.endpoint).is_unix
    for at, text in enumerate(listener.proxy_protocol):
        if is_unix == (text == UNIX):
            continue
        expected = f"nobody comes from there to a unix socket: expected {string_text(UNIX)}"
        if not is_unix:
            expected = "the endpoint is no unix socket: expected networks of proxies"
        yield Complaint(("listeners", name, "proxy_protocol", at), string_text(text), expected)


def _unused(config: Config) -> Iterator[Complaint]:
    """Keypairs of nobody; listeners that are off wait for their time."""
    used = {name for item in config.listeners.values() for name in item.keypairs}
    for name in config.keypairs:
        if name not in used:
            yield Complaint(("keypairs", name), None, "no listener has it")


def _same_file(config: Config) -> Iterator[Complaint]:
    first: dict[str, str] = {}
    for name, keypair in config.keypairs.items():
        other = first.setdefault(keypair.file, name)
        if other != name:
            path: KeyPath = ("keypairs", name, "file")
            expected = f"{key_text(('keypairs', other))} has the same file"
            yield Complaint(path, string_text(keypair.file), expected)


def _named_twice(name: str, listener: Listener) -> Iterator[Complaint]:
    for at, keypair in enumerate(listener.keypairs):
        if keypair in listener.keypairs[:at]:
            path: KeyPath = ("listeners", name, "keypairs", at)
            yield Complaint(path, string_text(keypair), "stands there before")


def _nobody_remote(name: str, listener: Listener) -> Iterator[Complaint]:
    """Of a listener to which this machine alone can connect, unless proxies tell of others."""
    if listener.encrypted_only != "remote" or listener.proxy_protocol:
        return
    if not parse_endpoint(listener.endpoint).is_local:
        return
    expected = "has no effect: only this machine can connect, and it need not encrypt"
    hint = '"all" refuses its plain requests, too'
    path: KeyPath = ("listeners", name, "encrypted_only")
    yield Complaint(path, string_text(listener.encrypted_only), expected, hint)


def _strangers(config: Config, name: str, listener: Listener) -> Iterator[Complaint]:
    """Of a listener that looks at keys: those that it lets in without, or with keys of nobody."""
    if listener.client_keys == "optional":
        if has_nobody(config, listener, "client_keys"):
            path: KeyPath = ("listeners", name, "client_keys")
            expected = "all are strangers: no identity that may connect has httpcrypt_keys"
            yield Complaint(path, string_text(listener.client_keys), expected)
        if listener.client_auth != "required":
            hint = '"required" lets in no strangers'
            yield from believed_unawares(config, name, "client_keys", "key", hint)
    elif listener.client_keys == "required" and listener.encrypted_only == "remote":
        hint = 'encrypted_only = "all" lets in no strangers'
        yield from believed_unawares(config, name, "client_keys", "key", hint)
