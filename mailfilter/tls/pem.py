"""Objects in files of PEM (RFC 7468), with what is wrong in words."""

import re
import warnings
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from .errors import TlsError

# Certificates of others are as they are: some roots of the system have the serial number 0.
warnings.filterwarnings("ignore", category=CryptographyDeprecationWarning)

MAX_FILE = 2**20
"""Octets of a file with certificates, keys or an answer of OCSP."""
MAX_LIST = 2**23
"""Octets of a file with lists of revoked certificates."""

_BEGIN = re.compile(rb"^-----BEGIN ([A-Z0-9 ]{1,40})-----\s*$", re.MULTILINE)
DER_SEQUENCE = 0x30
"""How every object in DER begins that these files hold."""
_PKCS12_VERSION = b"\x02\x01\x03"
"""How the contents of a PFX begin, behind tag and length (RFC 7292, 4)."""


def blocks(data: bytes, most: int = MAX_FILE) -> list[tuple[str, bytes]]:
    """Labels and whole text of the objects in a file, in order; text between them is ignored.

    Raises TlsError if one has no end, as in a file that is still being written, or if there are
    more than `most` octets.
    """
    if len(data) > most:
        raise TlsError(f"more than {most // 2**20}MiB")
    data = data.removeprefix(BOM_UTF8)
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
        raise TlsError(f"no certificate in it{instead(data, 'CERTIFICATE')}")
    if len(pems) > limit:
        raise TlsError(f"{len(pems)} certificates, expected at most {limit}")
    return tuple(_certificate(pem, at) for at, pem in enumerate(pems, 1))


def _certificate(pem: bytes, number: int) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except Exception as error:
        raise TlsError(f"certificate {number} in it is damaged: {error}") from None


def instead(data: bytes, label: str) -> str:
    """What a file holds in place of an object in PEM with a label."""
    if not data.strip():
        return ": it is empty"
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return ": it is text in UTF-16, expected ASCII"
    if data[0] != DER_SEQUENCE:
        return f": expected -----BEGIN {label}-----"
    if _PKCS12_VERSION in data[2:9]:
        return ": expected PEM, not PKCS#12; `openssl pkcs12 -noenc -in FILE -out NEW` writes it"
    command = "pkey" if label == "PRIVATE KEY" else "x509"
    return f": expected PEM, not DER; `openssl {command} -inform DER -in FILE -out NEW` writes it"
