"""What an answer of OCSP that a server has stapled is worth (RFC 6960, 3.2)."""

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from ..tls.errors import TlsError
from ..tls.staple import read_staple


def staple_words(data: bytes, chain: Sequence[x509.Certificate], now: float) -> str:
    """`data` is empty if there is none; the chain is that of the server, its own first.

    `now` is Unix time. Never raises.
    """
    if not data:
        return "not stapled"
    if not chain:
        return "stapled, about an unknown certificate"
    try:
        staple = read_staple(data, chain)
        answer = ocsp.load_der_ocsp_response(data)
        is_signed = len(chain) > 1 and _is_signed(answer, chain[1])
    except TlsError as error:
        return f"stapled, but not good: {error}"
    except Exception as error:
        return f"stapled, but cannot be read: {error}"
    if len(chain) < 2:
        return "stapled; its authority is not known, so that it cannot be verified"
    if not is_signed:
        return "stapled, but not good: its authority has not signed it"
    if now < staple.begins:
        return f"stapled, but does not hold before {_moment(staple.begins)}"
    if staple.expires is None:
        return "stapled and good"
    if now > staple.expires:
        return f"stapled, but out of date since {_moment(staple.expires)}"
    return f"stapled and good until {_moment(staple.expires)}"


def _is_signed(answer: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    """By the authority itself, or by one whom it has allowed to (RFC 6960, 4.2.2.2)."""
    if _verifies(answer, issuer):
        return True
    return any(
        _may_answer(certificate, issuer) and _verifies(answer, certificate)
        for certificate in answer.certificates[:3]
    )


def _may_answer(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except Exception:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage


def _verifies(answer: ocsp.OCSPResponse, by: x509.Certificate) -> bool:
    key, algorithm = by.public_key(), answer.signature_hash_algorithm
    signature, signed = answer.signature, answer.tbs_response_bytes
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


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
