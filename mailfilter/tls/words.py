"""Why somebody who connects to us is refused: a reason to count by, and words that help."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from cryptography import x509
from OpenSSL import SSL

from .chain_words import SHOWN_NAMES, UNNAMED, chain_words, clean, name_text, whose_words
from .facts import alternative_names, fingerprint

Reason = Literal["plain", "timeout", "limit", "protocol", "certificate", "identity", "gone"]


class Refusal(NamedTuple):
    """Why a connection does not come about."""

    reason: Reason
    """What it is counted by."""
    text: str
    error: int = 47
    """Of X509_verify_cert(3): by it OpenSSL chooses the alert, if it asks about the certificate.
    That of 47, a name that is not permitted, is `certificate unknown`."""


HANDSHAKE = b"\x16"
"""The first octet of whoever speaks TLS (RFC 8446, 5.1)."""

_RECORDS = range(0x14, 0x19)
"""First octets of records; what is no handshake is refused by OpenSSL, with an alert."""

HTTP = re.compile(rb"[A-Z]{3,10} [/*h]")
"""How a request of HTTP begins."""

_SMTP = re.compile(rb"(EHLO|HELO|QUIT|NOOP|STARTTLS)\b", re.IGNORECASE)
_LINES = re.compile(rb"[A-Z]{3,10} R?SPAM")

_HELP = {
    2: "client_ca",
    3: "client_crl",
    11: "client_crl",
    12: "client_crl",
    18: "client_ca, or fingerprints of an identity",
    19: "client_ca",
    20: "client_ca",
    21: "client_ca",
    27: "client_ca",
    33: "client_crl",
}
"""Error of X509_verify_cert(3) -> the key that may mend it on our side."""

_VERSIONS = frozenset({"unsupported protocol", "version too low", "inappropriate fallback"})
_CIPHERS = frozenset({"no shared cipher", "no suitable key share", "no shared groups"})
_OURS = frozenset(
    {
        "bad certificate",
        "certificate expired",
        "certificate revoked",
        "certificate unknown",
        "unknown ca",
        "unsupported certificate",
    }
)
"""Alerts of a peer that does not like our certificate (RFC 8446, 6.2)."""

TOO_LATE = "no complete handshake in time (tls.handshake_timeout)"
TOO_MANY = "too many handshakes under way (tls.max_handshakes)"
ON_PLAIN = "a TLS handshake on a listener without certificates"
FLOOD = "it asks for new keys or a new handshake again and again"
LEFT = Refusal("gone", "it left in the handshake")
NONE_SHOWN = Refusal("certificate", 'no certificate was shown (client_auth = "required")')


def plain(start: bytes) -> Refusal | None:
    """What a connection that begins so speaks instead of TLS; `None` if it may be TLS."""
    if start[0] in _RECORDS:
        return None
    what = "unknown octets"
    if _LINES.match(start):
        what = "lines of spamc or rspamc"
    elif HTTP.match(start):
        what = "plain HTTP"
    elif _SMTP.match(start):
        what = "SMTP"
    elif start[0] == 0:
        what = "plain milter"
    elif start[0] & 0x80 and start[2:3] == b"\x01":
        return Refusal("protocol", "a handshake of SSL 2; ours are TLS 1.2 and 1.3")
    return Refusal("plain", f"{what} on a listener with certificates")


def openssl_reason(error: SSL.Error) -> str:
    """What OpenSSL says it was, in its words."""
    queue = error.args[0] if error.args else []
    return str(queue[0][-1]) if isinstance(queue, list) and queue else "unknown error"


def broken(error: Exception) -> Refusal:
    """Why a handshake could not go on."""
    if not isinstance(error, SSL.Error):
        return Refusal("protocol", f"what it said is not right: {type(error).__name__}")
    if isinstance(error, SSL.SysCallError | SSL.ZeroReturnError):
        return LEFT
    reason = openssl_reason(error)
    if reason == "peer did not return a certificate":
        return NONE_SHOWN
    if reason in _VERSIONS:
        return Refusal("protocol", "no version in common; ours are TLS 1.2 and 1.3")
    if reason in _CIPHERS:
        return Refusal("protocol", "no cipher in common")
    if reason == "excessive message size":
        return Refusal("protocol", "a message of its handshake is too long (certificates: 100 KiB)")
    _, is_alert, alert = reason.partition(" alert ")
    if is_alert:
        what = "it does not take our certificate" if alert in _OURS else "it ended the handshake"
        return Refusal("gone", f"{what}: {clean(alert)}")
    if not reason:
        return Refusal("gone", f"it ended the handshake: {UNNAMED}")
    return Refusal("protocol", f"what it said is not right: {clean(reason)}")


def unspoken(offered: Sequence[bytes], spoken: Sequence[bytes]) -> Refusal:
    """Whose protocols by ALPN are none that the listener speaks."""
    names = [clean(name.decode("ascii", "backslashreplace"), 40) for name in offered]
    theirs = ", ".join(_first(names))
    ours = " or ".join(name.decode("ascii") for name in spoken) or "none that has a name there"
    return Refusal("protocol", f"by ALPN it speaks {theirs}; this listener speaks {ours}")


def fault(error: SSL.Error) -> str:
    """Why a connection that has had its handshake cannot go on."""
    reason = openssl_reason(error)
    _, is_alert, alert = reason.partition(" alert ")
    if alert == "handshake failure":
        return "it ended the connection: handshake failure (a new handshake is not to be had)"
    if is_alert:
        return f"it ended the connection: {clean(alert)}"
    if not reason:
        return f"it ended the connection: {UNNAMED}"
    return f"what it said is not right: {clean(reason)}"


def unverified(number: int, depth: int, certificate: x509.Certificate) -> Refusal:
    """Why a certificate of a chain does not verify; see `chain_words`."""
    if number == _WRONG_USE:
        whose = whose_words(depth, certificate) if depth else "its certificate"
        text = f"{whose} is not for clients (extended key usage clientAuth)"
        return Refusal("certificate", text, number)
    mends = _HELP.get(number)
    text = chain_words(number, depth, certificate)
    return Refusal("certificate", f"{text} ({mends})" if mends else text, number)


_WRONG_USE = 26

UNSAID_USE = Refusal(
    "certificate",
    "its certificate does not say that it is for clients (extended key usage clientAuth;"
    ' client_usage = "any" takes it)',
    _WRONG_USE,
)
UNREADABLE = Refusal("certificate", "its certificate is not well formed", 28)
UNVERIFIED = Refusal("certificate", "its certificate was not verified")
OUTLIVED = Refusal(
    "certificate", "a session from before something of client_ca or client_crl went out of date"
)


def nobody(certificate: x509.Certificate) -> Refusal:
    """Whose certificate verifies, but is of no identity."""
    names = [clean(name, 80) for name in alternative_names(certificate)]
    shown = ", ".join(_first(names)) or "no names"
    return Refusal(
        "identity",
        f"its certificate is of nobody in identities: {name_text(certificate.subject)} with"
        f" {shown}, SHA-256 {fingerprint(certificate)}",
    )


def _first(names: Sequence[str]) -> list[str]:
    """As many as are shown."""
    more = [f"{len(names) - SHOWN_NAMES} more"] if len(names) > SHOWN_NAMES else []
    return [*names[:SHOWN_NAMES], *more]
