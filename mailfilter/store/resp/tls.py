"""TLS to a server: its certificate is verified, by authority and by name."""

from pathlib import Path
from typing import Any

from cryptography.x509 import load_pem_x509_certificates
from OpenSSL.crypto import X509
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import (
    Certificate,
    optionsForClientTLS,
    platformTrust,
    trustRootFromCertificates,
)
from twisted.internet.threads import deferToThreadPool

from ..errors import Unavailable


class Verified:
    """Makes what each connection needs; a file of authorities is read anew every time."""

    def __init__(self, authorities: str, name: str, reactor: Any) -> None:
        """`authorities` is a path, empty for those of the system; `name` is the certificate's."""
        self._authorities, self._name, self._reactor = authorities, name, reactor

    async def options(self, host: str) -> IOpenSSLClientConnectionCreator:
        """For a connection to a host. Raises Unavailable."""
        if not self._authorities:
            return optionsForClientTLS(self._name or host, platformTrust())
        made: Deferred[Any] = deferToThreadPool(
            self._reactor, self._reactor.getThreadPool(), _read, Path(self._authorities)
        )
        try:
            certificates = await made
        except (OSError, ValueError) as error:
            raise Unavailable(f"{self._authorities}: no certificates to trust: {error}") from error
        trusted = trustRootFromCertificates(certificates)
        return optionsForClientTLS(self._name or host, trusted)


def _read(path: Path) -> list[Certificate]:
    found = load_pem_x509_certificates(path.read_bytes())
    return [Certificate(X509.from_cryptography(item)) for item in found]
