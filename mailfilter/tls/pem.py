"""Objects in files of PEM (RFC 7468), with what is wrong in words."""

import re

from cryptography import x509

from .errors import TlsError

MAX_FILE = 2**20
"""Octets of a file with certificates, keys or lists."""

_BEGIN = re.compile(rb"^-----BEGIN ([A-Z0-9 ]{1,40})-----\s*$", re.MULTILINE)
DER_SEQUENCE = 0x30
"""How every object in DER begins that these files hold."""


def blocks(data: bytes) -> list[tuple[str, bytes]]:
    """Labels and whole text of the objects in a file, in order; text between them is ignored.

    Raises TlsError if one has no end, as in a file that is still being written.
    """
    if len(data) > MAX_FILE:
        raise TlsError(f"more than {MAX_FILE // 2**20}MiB")
    found: list[tuple[str, bytes]] = []
    for match in _BEGIN.finditer(data):
        label = match[1]
        end = b"-----END " + label + b"-----"
        stop = data.find(end, match.end())
        following = data.find(b"-----BEGIN ", match.end())
        if stop < 0 or 0 <= following < stop:
            raise TlsError(f"cut off: no end of {label.decode()} {len(found) + 1}")
        found.append((label.decode(), data[match.start() : stop + len(end)] + b"\n"))
    return found


def certificates(data: bytes, limit: int) -> tuple[x509.Certificate, ...]:
    """The certificates of a file, at least one and at most `limit`. Raises TlsError."""
    pems = [text for label, text in blocks(data) if label in ("CERTIFICATE", "X509 CERTIFICATE")]
    if not pems:
        raise TlsError(f"no certificate in it{_instead(data)}")
    if len(pems) > limit:
        raise TlsError(f"{len(pems)} certificates, expected at most {limit}")
    return tuple(_certificate(pem, at) for at, pem in enumerate(pems, 1))


def _certificate(pem: bytes, number: int) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except Exception as error:
        raise TlsError(f"certificate {number} in it is damaged: {error}") from None


def _instead(data: bytes) -> str:
    """What a file holds that has no certificate in PEM."""
    if not data.strip():
        return ": it is empty"
    if data[0] == DER_SEQUENCE:
        return ": expected PEM, not DER; `openssl x509 -inform DER -in FILE` writes it"
    return ": expected -----BEGIN CERTIFICATE-----"
