"""Who somebody is by what was shown: [identities] as a listener admits them."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address

from cryptography import x509

from ..codec.base32 import decode_loosely
from ..config.model import Identity
from .facts import fingerprint, public_key
from .known import Known


class Book:
    """The identities that may connect to one listener.

    Pins come before names, names before `any_certificate`; of several that fit, the first in the
    configuration.
    """

    def __init__(self, identities: Mapping[str, Identity], admitted: Collection[str] = ()) -> None:
        """`admitted` are names of identities; none is all."""
        self._pins: dict[str, Known] = {}
        self._dns: dict[str, Known] = {}
        self._addresses: dict[IPv4Address | IPv6Address, Known] = {}
        self._uris: dict[str, Known] = {}
        self._emails: dict[str, Known] = {}
        self._proxy_names: dict[str, Known] = {}
        self._anybody: Known | None = None
        self.by_key: dict[bytes, Known] = {}
        """By the octets of a public key of HTTPCrypt."""
        self._rank = {name: rank for rank, name in enumerate(identities)}
        for name, identity in identities.items():
            if not admitted or name in admitted:
                self._enter(name, identity)

    def _enter(self, name: str, identity: Identity) -> None:
        known = Known(
            name,
            identity.trusted,
            may_read=identity.controller != "none",
            may_change=identity.controller == "write",
        )
        for pin in (*identity.fingerprints, *identity.public_keys):
            self._pins.setdefault(pin, known)
        for dns in identity.dns:
            self._dns.setdefault(_dns(dns), known)
        for address in identity.ip:
            self._addresses.setdefault(ip_address(address), known)
        for uri in identity.uri:
            self._uris.setdefault(uri, known)
        for email in identity.email:
            self._emails.setdefault(_email(email), known)
        for key in identity.httpcrypt_keys:
            self.by_key.setdefault(decode_loosely(key), replace(known, by_key=True))
        for name in identity.proxy_names:
            self._proxy_names.setdefault(name, known)
        if identity.any_certificate and self._anybody is None:
            self._anybody = known

    @property
    def has_pins(self) -> bool:
        """Whether there are certificates that need no authority."""
        return bool(self._pins)

    def pinned(self, certificate: x509.Certificate) -> bool:
        """Whether the certificate, or its public key, is listed itself."""
        return self._pin(certificate) is not None

    def find(self, certificate: x509.Certificate) -> Known | None:
        """Who shows this certificate. Raises what `cryptography` does if it is not well formed."""
        return self._pin(certificate) or self._named(certificate) or self._anybody

    def by_proxy_name(self, name: str) -> Known | None:
        """Who has this common name in a certificate that a proxy has verified."""
        return self._proxy_names.get(name)

    def _pin(self, certificate: x509.Certificate) -> Known | None:
        if not self._pins:
            return None
        found = self._pins.get(fingerprint(certificate))
        return found or self._pins.get(public_key(certificate))

    def _named(self, certificate: x509.Certificate) -> Known | None:
        try:
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except x509.ExtensionNotFound:
            return None
        found = [known for name in names.value if (known := self._by_name(name)) is not None]
        return min(found, key=lambda known: self._rank[known.name], default=None)

    def _by_name(self, name: x509.GeneralName) -> Known | None:
        if isinstance(name, x509.DNSName):
            dns = _dns(name.value)
            label, _, rest = dns.partition(".")
            return self._dns.get(dns) or (self._dns.get("*." + rest) if label else None)
        if isinstance(name, x509.IPAddress) and isinstance(name.value, IPv4Address | IPv6Address):
            return self._addresses.get(name.value)
        if isinstance(name, x509.UniformResourceIdentifier):
            return self._uris.get(name.value)
        if isinstance(name, x509.RFC822Name):
            email = _email(name.value)
            local, _, domain = email.rpartition("@")
            return self._emails.get(email) or self._emails.get("@" + domain) if local else None
        return None


def _dns(name: str) -> str:
    return name.lower().rstrip(".")


def _email(address: str) -> str:
    """The local part of an address is as it is, the domain in any case (RFC 5280, 7.5)."""
    local, at, domain = address.rpartition("@")
    return local + at + _dns(domain)
