"""Names of certificates as a configuration gives them: which could be in none, and why."""

import re
from ipaddress import ip_address
from unicodedata import normalize

from .problem import Unfit
from .toml_text import string_text

MAX_DNS_NAME = 253
"""Characters (RFC 1035 2.3.4, as text)."""

ANY = "*"
"""In place of the first label of a DNS name: any one label."""

_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+:[!-~]+")


def check_dns(text: str) -> None:
    """Raises Unfit for what is no DNS name, nor `*.` before one."""
    if not text or len(text) > MAX_DNS_NAME:
        raise Unfit(f"expected a DNS name of at most {MAX_DNS_NAME} characters")
    if _is_address(text):
        raise Unfit("expected a DNS name, not an address")
    if not text.isascii():
        near = _in_ascii(text)
        raise Unfit("certificates have names in ASCII", _meant(near) if _is_name(near) else "")
    if "" in text.split("."):
        near = text.strip(".")
        if text.startswith("."):
            near = f"{ANY}.{near}"
        raise Unfit("has an empty label", _meant(near) if _is_name(near) else "")
    if ANY in text.removeprefix(f"{ANY}."):
        raise Unfit(f"fits no name: {ANY} can only be the whole first label, as in *.example.org")
    if not _is_name(text):
        raise Unfit("expected a DNS name such as mx.example.org")


def check_ip(text: str) -> None:
    """Raises Unfit for an IP address that is in no certificate."""
    if "%" in text:
        raise Unfit("expected an IP address without a zone", _meant(text.partition("%")[0]))


def check_server(text: str) -> None:
    """Raises Unfit for what a server that we connect to has no certificate for."""
    if _is_address(text):
        check_ip(text)
        return
    if ANY in text:
        raise Unfit(f"expected a single name, without {ANY}")
    check_dns(text)


def check_uri(text: str) -> None:
    """Raises Unfit for what is no URI in ASCII."""
    if not _URI.fullmatch(text):
        raise Unfit("expected a URI such as spiffe://example.net/mx1, in ASCII")


def check_email(text: str) -> None:
    """Raises Unfit for what is neither a mail address in ASCII nor @domain."""
    local, _, domain = text.rpartition("@")
    if local == ANY:
        raise Unfit("expected an address or @domain", _meant(f"@{domain}"))
    if not local.isascii():
        raise Unfit("certificates have addresses in ASCII")
    if not domain or ANY in domain:
        raise Unfit("expected an address or @domain")
    try:
        check_dns(domain)
    except Unfit as unfit:
        near = f"{local}@{_in_ascii(domain)}"
        hint = _meant(near) if not domain.isascii() else ""
        raise Unfit(unfit.expected, hint) from None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_name(text: str) -> bool:
    return all(_LABEL.fullmatch(label) for label in text.removeprefix(f"{ANY}.").split("."))


def _in_ascii(name: str) -> str:
    """The form that a name has in DNS (RFC 5891 4.4, without its tests)."""
    labels = normalize("NFC", name.lower()).split(".")
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
        for label in labels
    )


def _meant(text: str) -> str:
    return f"did you mean {string_text(text)}?"
