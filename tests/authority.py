"""An authority for tests, which makes certificates on the spot: right ones, and all kinds of wrong.

Times are in days from now; all files are in the authority's folder, those of keys private.
"""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Usage = Literal["both", "server", "client", "unsaid"]
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_USAGES: dict[Usage, list[x509.ObjectIdentifier]] = {
    "both": [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
    "server": [ExtendedKeyUsageOID.SERVER_AUTH],
    "client": [ExtendedKeyUsageOID.CLIENT_AUTH],
    "unsaid": [],
}


class Authority:
    """Signs certificates; `file` holds its own."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        signed_by: "Authority | None" = None,
        only_below: Sequence[str] = (),
        may_sign: bool = True,
        days: tuple[float, float] = (-2, 3650),
        key: PrivateKey | None = None,
    ) -> None:
        """`name` must be another one for each authority of a folder.

        `only_below` are domains: it may then sign for names in these alone. One that may not sign
        is a certificate like others, and does so all the same.
        """
        self._folder = folder
        self._key = _new_key("p256", 0) if key is None else key
        self._name = _named(name)
        self.file = folder / f"{name}.pem"
        issuer, signer = (self._name, self._key) if signed_by is None else signed_by._signer()
        builder = _builder(self._name, issuer, self._key, days)
        builder = builder.add_extension(x509.BasicConstraints(ca=may_sign, path_length=None), True)
        if only_below:
            permitted = [x509.DNSName(domain) for domain in only_below]
            builder = builder.add_extension(x509.NameConstraints(permitted, None), True)
        self.certificate = builder.sign(signer, SHA256())
        self.file.write_bytes(_pem(self.certificate))

    def issue(
        self,
        *names: str,
        usage: Usage = "both",
        days: tuple[float, float] = (-1, 90),
        key: Literal["p256", "rsa"] = "p256",
        bits: int = 2048,
        stem: str = "",
        subject: str = "",
        chain: Sequence["Authority"] = (),
    ) -> tuple[Path, Path]:
        """Make a certificate for these names: its file, and that of its key.

        Names are of DNS, IP addresses, mail addresses or URIs. `days` is when it begins and ends
        to hold, `stem` the name of the files, `subject` its common name in place of the first of
        the names, `chain` what goes behind it in the file.
        """
        base = stem or names[0].replace(":", "_").replace("/", "_").replace("*", "any")
        alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
        return self.issue_for(
            _named(subject or names[0][:60]),
            alternatives,
            stem=base,
            usage=usage,
            days=days,
            key=_new_key(key, bits),
            chain=chain,
        )

    def issue_for(
        self,
        subject: x509.Name,
        alternatives: x509.ExtensionType,
        *,
        stem: str,
        usage: Usage = "both",
        days: tuple[float, float] = (-1, 90),
        key: PrivateKey | None = None,
        chain: Sequence["Authority"] = (),
    ) -> tuple[Path, Path]:
        """As `issue`, for any subject and alternative names, also such as nobody should have."""
        private = _new_key("p256", 0) if key is None else key
        builder = _builder(subject, self._name, private, days)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        builder = builder.add_extension(alternatives, critical=False)
        if _USAGES[usage]:
            builder = builder.add_extension(x509.ExtendedKeyUsage(_USAGES[usage]), critical=False)
        certificate = builder.sign(self._key, SHA256())
        files = self._folder / f"{stem}.crt", self._folder / f"{stem}.key"
        pems = [_pem(certificate), *(_pem(item.certificate) for item in chain)]
        files[0].write_bytes(b"".join(pems))
        write_key(files[1], private)
        return files

    def alter(self, certificate: Path, old: bytes, new: bytes, *, stem: str) -> Path:
        """Put octets in place of as many others, and sign it again; the file of what that gives.

        It need not be anything that can be read.
        """
        original = load(certificate).tbs_certificate_bytes
        assert original.count(old) >= 1 and len(old) == len(new)
        body = original.replace(old, new)
        assert isinstance(self._key, ec.EllipticCurvePrivateKey)
        signature = self._key.sign(body, ec.ECDSA(SHA256()))
        pieces = body + _ECDSA_SHA256 + _der(0x03, b"\0" + signature)
        file = self._folder / f"{stem}.crt"
        file.write_text(ssl.DER_cert_to_PEM_cert(_der(0x30, pieces)))
        return file

    def own_key(self) -> Path:
        """Write the authority's own key, for whoever passes as it; its file."""
        file = self.file.with_suffix(".key")
        write_key(file, self._key)
        return file

    def revoke(self, *certificates: Path, days: tuple[float, float] = (-1, 30)) -> Path:
        """Write a list of revoked certificates, of which there may be none; its file."""
        begin, end = _times(days)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        builder = builder.last_update(begin).next_update(end)
        for path in certificates:
            revoked = x509.RevokedCertificateBuilder().serial_number(load(path).serial_number)
            builder = builder.add_revoked_certificate(revoked.revocation_date(begin).build())
        file = self.file.with_suffix(".crl")
        file.write_bytes(builder.sign(self._key, SHA256()).public_bytes(Encoding.PEM))
        return file

    def vouch(
        self, certificate: Path, *, days: tuple[float, float] = (-1, 7), is_good: bool = True
    ) -> Path:
        """Write an answer of OCSP about a certificate; its file."""
        begin, end = _times(days)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=load(certificate),
            issuer=self.certificate,
            algorithm=SHA256(),
            cert_status=ocsp.OCSPCertStatus.GOOD if is_good else ocsp.OCSPCertStatus.REVOKED,
            this_update=begin,
            next_update=end,
            revocation_time=None if is_good else begin,
            revocation_reason=None,
        )
        responder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.certificate)
        file = certificate.with_suffix(".ocsp")
        file.write_bytes(responder.sign(self._key, SHA256()).public_bytes(Encoding.DER))
        return file

    def _signer(self) -> tuple[x509.Name, PrivateKey]:
        return self._name, self._key


def self_signed(folder: Path, *names: str, usage: Usage = "both") -> tuple[Path, Path]:
    """A certificate that nobody else has signed: its file, and that of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_named(names[0]), _named(names[0]), key, (-1, 90))
    alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
    builder = builder.add_extension(alternatives, critical=False)
    if _USAGES[usage]:
        builder = builder.add_extension(x509.ExtendedKeyUsage(_USAGES[usage]), critical=False)
    files = folder / f"{names[0]}.self.crt", folder / f"{names[0]}.self.key"
    files[0].write_bytes(_pem(builder.sign(key, SHA256())))
    write_key(files[1], key)
    return files


def load(path: Path) -> x509.Certificate:
    """The first certificate of a file."""
    return x509.load_pem_x509_certificates(path.read_bytes())[0]


def write_key(path: Path, key: PrivateKey) -> None:
    """Write a key to a file that nobody else may read."""
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
"""The name of the signature (RFC 5758 section 3.2)."""


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def _new_key(kind: str, bits: int) -> PrivateKey:
    if kind == "rsa":
        return rsa.generate_private_key(65537, bits)
    return ec.generate_private_key(ec.SECP256R1())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, days: tuple[float, float]
) -> x509.CertificateBuilder:
    begin, end = _times(days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _times(days: tuple[float, float]) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now + timedelta(days=days[0]), now + timedelta(days=days[1])


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(name: str) -> x509.GeneralName:
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    if "@" in name:
        return x509.RFC822Name(name)
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)
