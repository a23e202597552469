"""What an authority says of a certificate, for us to show with it (RFC 6960, RFC 6066 8)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, Hash
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from .errors import TlsError
from .pem import MAX_FILE

MAX_RESPONDERS = 3
"""Certificates in an answer that are looked at, for one that may sign it."""


class RevokedError(TlsError):
    """The authority says that the certificate is revoked."""


@dataclass(frozen=True, slots=True)
class Staple:
    """That a certificate is good, and for how long."""

    begins: float
    """Unix time."""
    expires: float | None
    """Unix time; `None` is without limit."""


def read_staple(data: bytes, chain: Sequence[x509.Certificate]) -> Staple:
    """Read an answer of OCSP in DER about the first certificate of a chain.

    Raises TlsError if it is none, is about another one, or says anything but good (RevokedError
    if that it is revoked); also if the issuer has not signed it, where the chain has that.
    """
    if len(data) > MAX_FILE:
        raise TlsError(f"more than {MAX_FILE // 2**20}MiB")
    if data.lstrip().startswith(b"-----BEGIN"):
        raise TlsError("an answer of OCSP in PEM, expected DER")
    try:
        answer = ocsp.load_der_ocsp_response(data)
        status = answer.response_status
    except Exception as error:
        raise TlsError(f"not an answer of OCSP in DER: {error}") from None
    if status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise TlsError(f"the authority has not answered: {status.name.lower()}")
    try:
        return _read(answer, chain)
    except TlsError:
        raise
    except Exception as error:
        # ValueError for several answers in one, UnsupportedAlgorithm, ...
        raise TlsError(f"an answer of OCSP that cannot be used: {error}") from None


def _read(answer: ocsp.OCSPResponse, chain: Sequence[x509.Certificate]) -> Staple:
    certificate = chain[0]
    if answer.serial_number != certificate.serial_number or not _is_of_issuer(answer, chain):
        raise TlsError(
            f"an answer of OCSP about another certificate (serial number"
            f" {answer.serial_number:x}, expected {certificate.serial_number:x})"
        )
    if len(chain) > 1 and not _is_signed(answer, chain[1]):
        raise TlsError("its authority has not signed it")
    status = answer.certificate_status
    if status is ocsp.OCSPCertStatus.REVOKED:
        text = "the authority says that the certificate is revoked; a new one is needed"
        raise RevokedError(text)
    if status is not ocsp.OCSPCertStatus.GOOD:
        raise TlsError("the authority says that it does not know the certificate")
    expires = answer.next_update_utc
    begins = answer.this_update_utc.timestamp()
    return Staple(begins, None if expires is None else expires.timestamp())


def _is_of_issuer(answer: ocsp.OCSPResponse, chain: Sequence[x509.Certificate]) -> bool:
    """Without the issuer's certificate its name must do."""
    issuer = chain[1] if len(chain) > 1 else chain[0]
    builder = ocsp.OCSPRequestBuilder()
    asked = builder.add_certificate(chain[0], issuer, answer.hash_algorithm).build()
    if len(chain) > 1 and answer.issuer_key_hash != asked.issuer_key_hash:
        return False
    digest = Hash(answer.hash_algorithm)
    digest.update(chain[0].issuer.public_bytes())
    return answer.issuer_name_hash == digest.finalize()


def _is_signed(answer: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    """By the authority itself, or by one that it has allowed to answer (RFC 6960, 4.2.2.2)."""
    if _verifies(answer, issuer):
        return True
    return any(
        _may_answer(certificate, issuer) and _verifies(answer, certificate)
        for certificate in answer.certificates[:MAX_RESPONDERS]
    )


def _may_answer(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except Exception:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage


def _verifies(answer: ocsp.OCSPResponse, by: x509.Certificate) -> bool:
    key = by.public_key()
    signature, signed = answer.signature, answer.tbs_response_bytes
    if answer.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
        return isinstance(key, rsa.RSAPublicKey) and _verifies_pss(key, signature, signed)
    algorithm = answer.signature_hash_algorithm
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(signature, signed, ec.ECDSA(algorithm))
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, signed)
        else:
            return False
    except Exception:
        return False
    return True


def _verifies_pss(key: rsa.RSAPublicKey, signature: bytes, signed: bytes) -> bool:
    """By one of the hashes that are in use: which one it is cannot be asked of an answer."""
    for algorithm in (SHA256(), SHA384(), SHA512()):
        with suppress(InvalidSignature, ValueError):
            scheme = padding.PSS(padding.MGF1(algorithm), padding.PSS.AUTO)
            key.verify(signature, signed, scheme, algorithm)
            return True
    return False
