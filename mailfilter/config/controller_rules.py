"""Who may use the controller: hashes that are damaged, and what is open, or closed, unawares."""

from collections.abc import Iterator, Mapping
from dataclasses import fields

from ..codec.password import SHIPPED, DamagedHash, Plain, parse_stored
from .complaint import NAMES_ANY, Complaint, Doubt, Place, everybody, told
from .endpoint import parse_endpoint
from .identity_ways import known_at
from .model import Config, Controller, Listener
from .problem import Problem
from .toml_text import KeyPath, key_text, string_text, value_text

_TABLE: KeyPath = ("controller",)
_PASSWORDS = ("password", "enable_password")
_USUAL = Controller()


def controller_problems(config: Config, place: Place, is_doubtful: Doubt) -> Iterator[Problem]:
    """What cannot be meant."""
    yield from told(_damaged(config.controller), place, is_doubtful)
    yield from told(_hosts(config.controller), place, is_doubtful)


def controller_warnings(config: Config, place: Place) -> Iterator[Problem]:
    """What is allowed but hardly meant."""
    enabled = {name: item for name, item in config.listeners.items() if item.enabled}
    serving = {name: item for name, item in enabled.items() if item.protocol == "controller"}
    yield from told(_plain(config.controller), place)
    yield from told(_anybody(config.controller), place)
    yield from told(_settings(config.controller, serving), place)
    yield from told(_identities(config, serving), place)
    for name, listener in serving.items():
        if parse_endpoint(listener.endpoint).is_local is False:
            yield from told(_reached(config, name, listener), place)


def _damaged(controller: Controller) -> Iterator[Complaint]:
    """Passwords for which no password is right, or that would be taken as what they are."""
    for key in _PASSWORDS:
        try:
            parse_stored(getattr(controller, key))
        except DamagedHash as error:
            yield Complaint((*_TABLE, key), None, f"damaged hash: {error}")


def _hosts(controller: Controller) -> Iterator[Complaint]:
    for at, host in enumerate(controller.hosts):
        if not host or any(character in host for character in ":/@* "):
            expected = "expected the name of a host alone, without scheme, port and wildcards"
            yield Complaint((*_TABLE, "hosts", at), string_text(host), expected)


def _plain(controller: Controller) -> Iterator[Complaint]:
    """Passwords that whoever sees the file may use."""
    for key in _PASSWORDS:
        text = getattr(controller, key)
        if text.encode() in SHIPPED:
            yield Complaint((*_TABLE, key), None, "everybody knows it: good for this machine alone")
        elif text and isinstance(parse_stored(text), Plain):
            expected = "a password as it is: expected a hash of it, $scrypt$, $2$ or $1$"
            yield Complaint((*_TABLE, key), None, expected)


def _anybody(controller: Controller) -> Iterator[Complaint]:
    """Networks of all addresses."""
    then = "no password protects anything"
    yield from everybody((*_TABLE, "secure_ip"), controller.secure_ip, then)
    yield from everybody((*_TABLE, "trusted_proxies"), controller.trusted_proxies, NAMES_ANY)


def _settings(controller: Controller, serving: Mapping[str, Listener]) -> Iterator[Complaint]:
    """[controller] without one, or two passwords that are the same."""
    if controller.password and controller.password == controller.enable_password:
        expected = "the same as controller.password, whose bearer may then change things"
        yield Complaint((*_TABLE, "enable_password"), None, expected)
    if serving:
        return
    for item in fields(controller):
        if getattr(controller, item.name) != getattr(_USUAL, item.name):
            expected = 'has no effect: no listener is enabled with protocol = "controller"'
            yield Complaint((*_TABLE, item.name), None, expected)
            return


def _identities(config: Config, serving: Mapping[str, Listener]) -> Iterator[Complaint]:
    """Identities that may use a controller, and cannot show to one who they are."""
    for name, identity in config.identities.items():
        if identity.controller == "none":
            continue
        if not any(name in known_at(config, listener) for listener in serving.values()):
            expected = "has no effect: no controller can know it"
            path = ("identities", name, "controller")
            yield Complaint(path, string_text(identity.controller), expected)


def _reached(config: Config, name: str, listener: Listener) -> Iterator[Complaint]:
    """Of a controller that others reach: what they see, and that they are not let in."""
    controller = config.controller
    path: KeyPath = ("listeners", name, "endpoint")
    endpoint = value_text(listener.endpoint)
    if not listener.certificates and listener.encrypted_only == "off":
        expected = "passwords and mail cross the network for all to read"
        hint = f"set {key_text(('listeners', name, 'certificates'))}, or listen on 127.0.0.1"
        yield Complaint(path, endpoint, expected, hint)
    known = known_at(config, listener).values()
    is_let_in = any(identity.controller != "none" for identity in known)
    if not (is_let_in or controller.password or controller.enable_password or controller.secure_ip):
        expected = "others reach the controller, but nobody but this machine is let in"
        yield Complaint(path, endpoint, expected, "set controller.password")
