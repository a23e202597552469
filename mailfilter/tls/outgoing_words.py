"""Why a connection that we make has no TLS, in words: what OpenSSL says is for programmers.

Whatever comes from a certificate is hostile, and made fit for a line of a log or a terminal.
"""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from OpenSSL import SSL
from service_identity import CertificateError

from .facts import alternative_names

MAX_TEXT = 200
"""Characters that are shown of a name in a certificate."""
SHOWN_NAMES = 5

_PLAIN = frozenset(
    {
        "wrong version number",
        "packet length too long",
        "record layer failure",
        "http request",
        "https proxy request",
    }
)
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

_CHAIN = {
    7: "the signature of {whose} is not right",
    22: "too many authorities up to one that is trusted",
    23: "{whose} is revoked",
    25: "too many authorities below one that is trusted",
    26: "{whose} may not be used by a server",
    34: "{whose} has an extension that is critical and unknown",
    47: "{whose} is for a name that its authority may not sign for",
    48: "{whose} is for a name that its authority may not sign for",
    66: "the key of {whose} is too short",
    67: "the key of {whose} is too short",
    68: "{whose} is signed with an old hash, such as SHA-1",
    79: "{whose} has signed another one, and is no authority",
}
"""Errors of X509_verify_cert(3) that need no more than themselves."""


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """Text with everything unprintable escaped, cut."""
    if len(text) > limit:
        text = text[: limit - 3] + "..."
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def name_text(name: x509.Name) -> str:
    """A subject or an issuer."""
    try:
        return clean(name.rfc4514_string()) or "(no name)"
    except Exception:
        return "(a name that is not well formed)"


def chain_words(number: int, depth: int, certificate: x509.Certificate) -> str:
    """Why a certificate of a chain does not verify; `number` is X509_verify_cert(3)'s.

    `depth` 0 is the other side's own certificate.
    """
    whose = "the certificate"
    if depth:
        whose = f"the certificate of its authority {name_text(certificate.subject)}"
    issuer = name_text(certificate.issuer)
    if number == 9:
        return f"{whose} does not hold before {_moment(certificate.not_valid_before_utc)}"
    if number == 10:
        return f"{whose} has expired on {_moment(certificate.not_valid_after_utc)}"
    if number == 18:
        return "the certificate is self-signed, and not one that is trusted"
    if number in (2, 19, 20, 21, 27):
        # 19 is told of the root at the end of the chain, which has signed itself.
        return f"the certificate is from an authority that is not trusted: {issuer}"
    if number in (3, 33):
        return f"no list of revoked certificates of {issuer}, so that {whose} cannot be trusted"
    if number in (11, 12):
        begun = "is out of date" if number == 12 else "does not hold yet"
        return f"the list of revoked certificates of {issuer} {begun}"
    if number == 8:
        return f"the list of revoked certificates of {issuer} is not signed by it"
    known = _CHAIN.get(number)
    if known is not None:
        return known.format(whose=whose)
    return f"{whose} does not verify (error {number} of X509_verify_cert)"


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


def _moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M UTC")


def _reason(error: SSL.Error) -> tuple[str, bool]:
    """What OpenSSL says it was, and whether it was an alert of the other side."""
    queue = error.args[0] if error.args else []
    if not isinstance(queue, list) or not queue:
        return "", False
    text = str(queue[0][-1])
    for prefix in _ALERTS:
        if text.startswith(prefix):
            return text.removeprefix(prefix).removeprefix("alert "), True
    return text, False


def handshake_words(error: SSL.Error, protocols: Sequence[str], has_certificate: bool) -> str:
    """Why there was no handshake, or why the other side has ended it.

    `protocols` are the versions that we speak.
    """
    ours = " or ".join(protocols)
    if isinstance(error, SSL.SysCallError | SSL.ZeroReturnError):
        return "it ended the connection in the handshake; does it speak TLS there?"
    reason, is_alert = _reason(error)
    if reason in _PLAIN:
        return "it does not speak TLS there"
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
        return "it does not know the name that we asked for"
    if reason == "excessive message size":
        return "its certificates are larger than 100 KiB"
    if is_alert:
        return f"it ended the connection: {clean(reason)}"
    return f"what it said is not right: {clean(reason) or type(error).__name__}"
