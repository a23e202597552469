"""By what certificates of others are verified: authorities, and lists of what they revoked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from ..codec.control import Trust
from .errors import TlsError
from .pem import DER_SEQUENCE, MAX_LIST, blocks, certificates

MAX_AUTHORITIES = 1000

MAX_LISTS = 100
"""Lists of revoked certificates of one listener."""


class TrustError(TlsError):
    """A trust cannot be used; the text does not name the listener.

    `part` is which setting is wrong, `number` which file of it.
    """

    def __init__(self, part: Literal["authorities", "revoked"], text: str, number: int = 0) -> None:
        self.part = part
        self.number = number
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Verifying:
    """What a listener verifies by."""

    listener: str
    authorities: tuple[x509.Certificate, ...]
    """May be none: then nothing but pinned certificates is taken."""
    revoked: tuple[x509.CertificateRevocationList, ...]

    def unlisted(self) -> list[str]:
        """Authorities without a list of what they revoked, where others have one: all of their
        certificates are refused."""
        issuers = {item.issuer for item in self.revoked}
        return [
            _subject(item) for item in self.authorities if issuers and item.subject not in issuers
        ]

    def newest(self) -> list[x509.CertificateRevocationList]:
        """The last list of each key of an authority: it alone counts, and old ones may stay."""
        found: dict[tuple[x509.Name, bytes | None], x509.CertificateRevocationList] = {}
        for item in self.revoked:
            key = item.issuer, _key_id(item)
            if key not in found or found[key].last_update_utc <= item.last_update_utc:
                found[key] = item
        return list(found.values())

    def stale(self, now: float) -> list[str]:
        """What is out of date at this Unix time, in words, so that all whom it is about are
        refused: lists; authorities if none is left that holds."""
        ended = [item for item in self.authorities if item.not_valid_after_utc.timestamp() < now]
        if len(ended) < len(self.authorities):
            ended = []
        lists = [item for item in self.newest() if (list_expires(item) or now) < now]
        return [
            *(f"the authority {_subject(item)}" for item in ended),
            *(f"the list of revoked certificates of {_issuer(item)}" for item in lists),
        ]


def read_trust(trust: Trust) -> Verifying:
    """Read the files of a listener's trust. Raises TrustError.

    Authorities and lists that are out of date are no error here.
    """
    try:
        authorities = read_authorities(trust.authorities) if trust.authorities else ()
    except TlsError as error:
        raise TrustError("authorities", str(error)) from None
    lists: list[x509.CertificateRevocationList] = []
    for number, data in enumerate(trust.revoked):
        try:
            lists += read_lists(data, authorities)
            if len(lists) > MAX_LISTS:
                raise TlsError(f"more than {MAX_LISTS} lists of revoked certificates")
        except TlsError as error:
            raise TrustError("revoked", str(error), number) from None
    return Verifying(trust.listener, authorities, tuple(lists))


def read_authorities(data: bytes) -> tuple[x509.Certificate, ...]:
    """The authorities in a file of PEM. Raises TlsError if one of them is not an authority."""
    found = certificates(data, MAX_AUTHORITIES)
    for certificate in found:
        if not _may_sign(certificate):
            raise TlsError(
                f"{_subject(certificate)} is not an authority; list a single certificate in"
                " fingerprints"
            )
    return found


def read_lists(
    data: bytes, authorities: Sequence[x509.Certificate]
) -> list[x509.CertificateRevocationList]:
    """Lists of revoked certificates, PEM or one in DER, signed by those of the authorities that
    they name. Raises TlsError."""
    found = [_list(item) for item in _lists(data)]
    for item in found:
        _check_signature(item, authorities)
    return found


def _lists(data: bytes) -> Iterator[bytes]:
    if len(data) > MAX_LIST:
        raise TlsError(f"more than {MAX_LIST // 2**20}MiB")
    if data[:1] == bytes([DER_SEQUENCE]):
        yield data
        return
    pems = [text for label, text in blocks(data, MAX_LIST) if label == "X509 CRL"]
    if not pems:
        raise TlsError(
            "no list of revoked certificates in it; expected -----BEGIN X509 CRL-----, or DER"
        )
    yield from pems


def _list(data: bytes) -> x509.CertificateRevocationList:
    try:
        if data[0] == DER_SEQUENCE:
            return x509.load_der_x509_crl(data)
        return x509.load_pem_x509_crl(data)
    except Exception as error:
        raise TlsError(f"not a list of revoked certificates: {error}") from None


def _check_signature(
    found: x509.CertificateRevocationList, authorities: Sequence[x509.Certificate]
) -> None:
    """Refuse a list that none of the authorities has signed which have the name in it.

    Of those below them we do not have the keys.
    """
    named = [item for item in authorities if item.subject == found.issuer]
    if named and not any(_is_signed(found, item) for item in named):
        raise TlsError(
            f"the list of revoked certificates of {_issuer(found)} is not signed"
            " by the key of that authority"
        )


def _is_signed(found: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    try:
        return found.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    except (InvalidSignature, TypeError, ValueError):
        return False
    except Exception:
        return False


def _may_sign(certificate: x509.Certificate) -> bool:
    """Whether it says that it is an authority (RFC 5280, 4.2.1.9); roots of version 1 cannot."""
    try:
        if certificate.version is x509.Version.v1:
            return certificate.issuer == certificate.subject
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except Exception:
        return False
    return constraints.value.ca


def list_expires(found: x509.CertificateRevocationList) -> float | None:
    """Unix time at which a newer list is due; `None` if that is not said."""
    due = found.next_update_utc
    return None if due is None else due.timestamp()


def _key_id(found: x509.CertificateRevocationList) -> bytes | None:
    """Which of the keys of its authority has signed a list, if it says so (RFC 5280, 5.2.1)."""
    try:
        return found.extensions.get_extension_for_class(
            x509.AuthorityKeyIdentifier
        ).value.key_identifier
    except Exception:
        # Many kinds: that there is none, and all that can be wrong with extensions.
        return None


def _issuer(found: x509.CertificateRevocationList) -> str:
    return found.issuer.rfc4514_string()


def _subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()
