"""What contexts of OpenSSL have in common, whichever side we are."""

from collections.abc import Iterable

from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509, X509StoreFlags

from .pair import Shown

MAX_DEPTH = 8
"""Authorities between a certificate and one that is trusted; real chains have up to three."""


def prepare(context: SSL.Context) -> None:
    """Nothing old; and an idle connection keeps no buffers of records."""
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_verify_depth(MAX_DEPTH)


def show(context: SSL.Context, shown: Shown) -> None:
    """Show this certificate. Raises SSL.Error if OpenSSL does not take it."""
    context.use_certificate(shown.chain[0])
    context.use_privatekey(shown.key)
    context.check_privatekey()
    for certificate in shown.chain[1:]:
        context.add_extra_chain_cert(certificate)


def trust_in(
    context: SSL.Context,
    authorities: Iterable[x509.Certificate],
    revoked: Iterable[x509.CertificateRevocationList],
) -> None:
    """Verify by these; with any list, no certificate is believed without the one of its issuer."""
    store = context.get_cert_store()
    assert store is not None
    for authority in authorities:
        store.add_cert(X509.from_cryptography(authority))
    has_lists = False
    for found in revoked:
        store.add_crl(found)
        has_lists = True
    if has_lists:
        store.set_flags(X509StoreFlags.CRL_CHECK | X509StoreFlags.CRL_CHECK_ALL)
