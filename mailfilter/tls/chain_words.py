"""Why a certificate of a chain does not verify, in words: what OpenSSL says is for programmers.

Whatever comes from a certificate is hostile, and made fit for a line of a log or a terminal.
"""

from cryptography import x509

from ..syntax import moment

MAX_TEXT = 200
"""Characters that are shown of a name in a certificate."""
SHOWN_NAMES = 5

UNNAMED = "an alert that is not known"
"""What OpenSSL has no words for."""

NO_LIST = 3
"""X509_V_ERR_UNABLE_TO_GET_CRL."""

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


def whose_words(depth: int, certificate: x509.Certificate) -> str:
    """Which certificate of a chain it is; 0 is the other side's own."""
    if not depth:
        return "the certificate"
    return f"the certificate of its authority {name_text(certificate.subject)}"


def chain_words(number: int, depth: int, certificate: x509.Certificate) -> str:
    """Why a certificate of a chain does not verify; `number` is X509_verify_cert(3)'s.

    `depth` 0 is the other side's own certificate.
    """
    whose = whose_words(depth, certificate)
    issuer = name_text(certificate.issuer)
    if number == 9:
        return (
            f"{whose} does not hold before {moment(certificate.not_valid_before_utc.timestamp())}"
        )
    if number == 10:
        return f"{whose} expired on {moment(certificate.not_valid_after_utc.timestamp())}"
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
