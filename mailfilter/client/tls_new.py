"""Certificates that nobody but their own key has signed: for trying out, and for pinning."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..config.problem import Unfit
from ..config.tls_names import check_dns
from .new_file import create

MAX_COMMON_NAME = 64
"""Characters (RFC 5280, appendix A, ub-common-name)."""

_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_MAILBOX = re.compile(rf"[!-?A-~]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[!-~]{1,200}")
_NO_FILE_NAME = re.compile("[^A-Za-z0-9._@-]+")
_SKEW = timedelta(hours=1)
"""Before now it begins to hold: clocks differ."""


@dataclass(frozen=True, slots=True)
class Written:
    """Where it is."""

    stem: str
    """What the files are called, without their suffix."""
    chain: Path
    key: Path
    certificate: x509.Certificate


def read_name(text: str, *, is_client: bool) -> x509.GeneralName:
    """A name for a certificate. Raises ValueError that says what it would have to be."""
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        pass
    if is_client and _MAILBOX.fullmatch(text):
        return x509.RFC822Name(text)
    if is_client and _URI.fullmatch(text):
        return x509.UniformResourceIdentifier(text)
    try:
        check_dns(text)
    except Unfit as unfit:
        expected = "a name of DNS, an IP address, a mail address or a URI"
        if not is_client:
            expected = "a name of DNS or an IP address"
        raise Unfit(f"expected {expected}", unfit.hint) from None
    return x509.DNSName(text)


def write(names: Sequence[str], folder: Path, days: int, *, is_client: bool) -> Written:
    """Write a certificate and its key, which nobody else may read.

    Raises OSError, FileExistsError if one of the files is there, and ValueError for a name.
    """
    alternatives = [read_name(name, is_client=is_client) for name in names]
    stem = _NO_FILE_NAME.sub("_", names[0].replace("*", "any")).lstrip(".")[:100]
    chain, key_file = folder / f"{stem}.pem", folder / f"{stem}.key"
    for path in (chain, key_file):
        if os.path.lexists(path):
            raise FileExistsError(f"{path} is there already; it is not overwritten")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(names[0], alternatives, key, days, is_client)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    create(key_file, pem, 0o600)
    try:
        create(chain, certificate.public_bytes(Encoding.PEM), 0o644)
    except OSError:
        key_file.unlink()
        raise
    return Written(stem, chain, key_file, certificate)


def _certificate(
    name: str,
    alternatives: Sequence[x509.GeneralName],
    key: ec.EllipticCurvePrivateKey,
    days: int,
    is_client: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:MAX_COMMON_NAME])])
    usage = ExtendedKeyUsageOID.CLIENT_AUTH if is_client else ExtendedKeyUsageOID.SERVER_AUTH
    builder = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    )
    return builder.sign(key, SHA256())
