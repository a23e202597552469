"""Why a connection that we make has no TLS, in words: see `chain_words`."""

from collections.abc import Sequence

from cryptography import x509
from OpenSSL import SSL
from service_identity import CertificateError

from .chain_words import SHOWN_NAMES, UNNAMED, clean
from .facts import alternative_names

_PLAIN = frozenset(
    {
        "wrong version number",
        "packet length too long",
        "record layer failure",
        "http request",
        "https proxy request",
    }
)
NO_TLS = "it does not speak TLS there"

_OLD = frozenset({"unsupported protocol", "protocol version", "version too low"})
_REFUSED = frozenset(
    {
        "access denied",
        "bad certificate",
        "certificate expired",
        "certificate revoked",
        "certificate unknown",
        "decrypt error",
        "unknown ca",
        "unsupported certificate",
    }
)
"""Alerts about the certificate that we have shown (RFC 8446, 6.2), or have not."""
_ALERTS = ("tls ", "tlsv1 ", "tlsv13 ", "sslv3 ", "ssl/tls ")
"""How the names of alerts begin."""


def name_words(name: str, certificate: x509.Certificate, error: Exception) -> str:
    """Why a certificate is not for a name."""
    try:
        names = list(alternative_names(certificate))
    except Exception:
        return f"the certificate has names that are not well formed, and is not for {clean(name)}"
    if not names:
        return f"the certificate is for no name at all, not for {clean(name)}"
    if isinstance(error, CertificateError) and any("*" in found for found in names):
        # One is enough for service_identity to take none of them.
        return f"the certificate has a name that is not allowed: {clean(str(error))}"
    shown = [clean(found, 80) for found in names[:SHOWN_NAMES]]
    more = [f"{len(names) - SHOWN_NAMES} more"] if len(names) > SHOWN_NAMES else []
    return f"the certificate is not for {clean(name)} but for {', '.join(shown + more)}"


def _reason(error: SSL.Error) -> tuple[str, bool]:
    """What OpenSSL says it was, and whether it was an alert of the other side."""
    queue = error.args[0] if error.args else []
    if not isinstance(queue, list) or not queue:
        return type(error).__name__, False
    text = str(queue[0][-1])
    for prefix in _ALERTS:
        if text.startswith(prefix):
            return text.removeprefix(prefix).removeprefix("alert "), True
    return text, False


def handshake_words(
    error: SSL.Error, protocols: Sequence[str], has_certificate: bool, asked: str
) -> str:
    """Why there was no handshake, or why the other side has ended it.

    `protocols` are the versions that we speak, `asked` is the name or address that we connect to.
    """
    ours = " or ".join(protocols)
    if isinstance(error, SSL.SysCallError | SSL.ZeroReturnError):
        return "it ended the connection in the handshake; does it speak TLS there?"
    reason, is_alert = _reason(error)
    if reason in _PLAIN:
        return NO_TLS
    if reason in _OLD:
        return f"it does not speak {ours}"
    if reason == "certificate required" or (reason in _REFUSED and not has_certificate):
        return f"it wants a certificate of ours, and was shown none ({reason})"
    if reason in _REFUSED:
        return f"it refused the certificate that we showed: {reason}"
    if reason == "handshake failure":
        want = "" if has_certificate else ", or it wants a certificate of ours"
        return f"it refused the handshake: no cipher in common{want}"
    if reason == "unrecognized name":
        return f"it has no certificate for {asked}; it may have one for another name"
    if reason == "excessive message size":
        return "its certificates are larger than 100 KiB"
    if is_alert:
        return f"it ended the connection: {clean(reason)}"
    if not reason:
        return f"it ended the connection: {UNNAMED}"
    return f"what it said is not right: {clean(reason)}"
