"""A connection of OpenSSL whose other side is verified in the handshake, with the reason if not."""

import re
from dataclasses import dataclass
from ipaddress import ip_address

import service_identity.cryptography as service_identity
from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509
from service_identity import CertificateError, VerificationError

from .chain_words import NO_LIST, chain_words, clean
from .errors import TlsError
from .facts import fingerprint, public_key
from .outgoing_words import handshake_words, name_words

MAX_NAME = 253
"""Characters of a DNS name (RFC 1035 2.3.4, as text)."""
_LABEL = "[A-Za-z0-9_-]{1,63}"
_DNS_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")

VERSIONS = ("TLS 1.2", "TLS 1.3")


class Refused(SSL.Error, TlsError):
    """There is no connection with the other side; the text says why.

    An error of OpenSSL, since Twisted hands on no other.
    """

    def __init__(self, text: str) -> None:
        # As OpenSSL's errors come: Twisted takes an empty queue for the end of the connection.
        super().__init__([("", "", text)])
        self.text = text

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked of the other side beside what its context asks."""

    pins: frozenset[str] = frozenset()
    """SHA-256 of certificates or public keys, of which it must have one if there are any."""
    authorities: frozenset[x509.Certificate] = frozenset()
    """Certificates that are trusted as they are: no list need say that they are not revoked."""
    has_certificate: bool = False
    """Whether we show one."""


class Verified(SSL.Connection):
    """A client's connection. Its handshake fails with `Refused` unless the certificate is right.

    Chain, revocation, times and use are OpenSSL's; the name is service_identity's (RFC 9525). All
    is decided while OpenSSL verifies, so that the other side gets an alert, and nothing of ours.
    No session is ever resumed: who is on the other side is asked of each connection.
    """

    def __init__(self, context: SSL.Context, name: str, demands: Demands) -> None:
        """`name` is a DNS name or an IP address; the context verifies with `verify`.

        Raises TlsError for a name that is neither.
        """
        self.name = read_name(name)
        super().__init__(context, None)
        self.demands = demands
        self._reason = ""
        self.is_known = False
        """Whether its certificate was shown, and is right."""
        self.set_connect_state()
        self._is_address = is_address(self.name)
        if not self._is_address:
            self.set_tlsext_host_name(self.name.encode("ascii"))

    def do_handshake(self) -> None:
        """As OpenSSL's. Raises Refused."""
        try:
            super().do_handshake()
        except (SSL.WantReadError, SSL.WantWriteError):
            raise
        except SSL.Error as error:
            raise self._refused(error) from None
        self._check()

    def recv(self, bufsiz: int, flags: int | None = None) -> bytes:
        """As OpenSSL's. Raises Refused when it is the certificate that is not liked."""
        try:
            data = super().recv(bufsiz, flags)
        except (SSL.WantReadError, SSL.WantWriteError, SSL.ZeroReturnError):
            raise
        except SSL.SysCallError as error:
            if self.is_known:
                raise
            raise self._refused(error) from None
        except SSL.Error as error:
            raise self._refused(error) from None
        self._check()
        return data

    read = recv

    def _check(self) -> None:
        # Whatever went on in OpenSSL: nobody is let through who was not looked at.
        if not self.is_known:
            raise Refused("the certificate was not verified")

    def _refused(self, error: SSL.Error) -> Refused:
        words = handshake_words(error, VERSIONS, self.demands.has_certificate, self.name)
        return Refused(self._reason or words)

    def verify(self, certificate: x509.Certificate, number: int, depth: int) -> bool:
        """What OpenSSL asks for each certificate of the chain, the other side's own at last.

        `number` is the error that it has found, 0 for none.
        """
        try:
            reason = self._why_not(certificate, number, depth)
        except Exception as error:
            reason = f"a certificate that is not well formed: {clean(str(error))}"
        if reason:
            # Constraints on names are looked at last, when the other side's own was found right.
            self.is_known = False
            self._reason = self._reason or reason
        elif depth == 0:
            self.is_known = True
        return not reason

    def _why_not(self, certificate: x509.Certificate, number: int, depth: int) -> str:
        if number == NO_LIST and certificate in self.demands.authorities:
            return ""
        if number:
            return chain_words(number, depth, certificate)
        if depth:
            return ""
        return self._why_not_it(certificate)

    def _why_not_it(self, certificate: x509.Certificate) -> str:
        try:
            if self._is_address:
                service_identity.verify_certificate_ip_address(certificate, self.name)
            else:
                service_identity.verify_certificate_hostname(certificate, self.name)
        except (CertificateError, VerificationError, ValueError) as error:
            return name_words(self.name, certificate, error)
        found = fingerprint(certificate), public_key(certificate)
        if self.demands.pins and self.demands.pins.isdisjoint(found):
            return (
                f"the certificate is not pinned: SHA-256 {found[0]}, of its public key {found[1]}"
            )
        return ""


def verify(
    connection: SSL.Connection, certificate: X509, number: int, depth: int, is_right: int
) -> bool:
    """The callback of contexts that make `Verified` connections."""
    if not isinstance(connection, Verified):
        return False
    try:
        found = certificate.to_cryptography()
    except Exception:
        return False
    return connection.verify(found, 0 if is_right else number or -1, depth)


def is_address(name: str) -> bool:
    """Whether it is an IP address rather than a name."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def read_name(text: str) -> str:
    """A DNS name or an IP address as certificates have it. Raises TlsError if it is neither.

    The zone of an address, which is of this machine alone, is left out.
    """
    name = text.removesuffix(".")
    if is_address(name):
        return name.partition("%")[0]
    if len(name) > MAX_NAME or not _DNS_NAME.fullmatch(name):
        raise TlsError(f"{clean(text)} is not a DNS name that a certificate could be for")
    return name
