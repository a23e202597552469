"""By what listeners know identities: certificates, keys of HTTPCrypt, the word of a proxy."""

from collections.abc import Collection, Mapping

from .model import Config, Identity, Listener

PINS = ("fingerprints", "public_keys")
"""Keys of an identity by which it is known without an authority."""

WAYS: Mapping[str, Collection[str]] = {
    "client_auth": ("dns", "ip", "uri", "email", *PINS, "any_certificate"),
    "client_keys": ("httpcrypt_keys",),
    "proxy_protocol": ("proxy_names",),
}
"""Setting of a listener -> keys of identities by which it then knows them."""


def admitted(config: Config, listener: Listener) -> Mapping[str, Identity]:
    """The identities that may connect to a listener; unknown names are passed over."""
    if not listener.identities:
        return config.identities
    found = config.identities
    return {name: found[name] for name in listener.identities if name in found}


def asks(listener: Listener, setting: str) -> bool:
    """Whether a listener knows somebody by this way in, a key of WAYS."""
    return getattr(listener, setting) not in ("off", ())


def has_way(identity: Identity, setting: str) -> bool:
    """Whether an identity can be known by this way in."""
    return any(getattr(identity, key) for key in WAYS[setting])


def known_at(
    config: Config, listener: Listener, settings: Collection[str] = tuple(WAYS)
) -> Mapping[str, Identity]:
    """The identities that may connect to a listener and can be known there by one of these."""
    asked = [setting for setting in settings if asks(listener, setting)]
    return {
        name: identity
        for name, identity in admitted(config, listener).items()
        if any(has_way(identity, setting) for setting in asked)
    }


def has_nobody(config: Config, listener: Listener, setting: str) -> bool:
    """Whether all that may connect to a listener, if any, are known by other ways in alone.

    Of those that nobody can be that is said already.
    """
    if set(listener.identities) - set(config.identities):
        return False
    return all(
        not has_way(identity, setting) and any(has_way(identity, other) for other in WAYS)
        for identity in admitted(config, listener).values()
    )


def is_pinned(identity: Identity) -> bool:
    """Whether it can be known without an authority."""
    return any(getattr(identity, key) for key in PINS)
