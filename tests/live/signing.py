"""What live tests of signatures share: keys, the zone with what is published, and dkimpy."""

import functools
import re
from base64 import b64encode
from collections.abc import Sequence

import dkim  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailfilter.auth.private_key import PrivateKey, public_record

from .harness import Filter
from .zone_server import ZoneServer

DOMAIN = "live.test"
"""Of the users that log in at the MTAs, and of the keys that sign for them."""
LIST = "list.test"
"""Of a mailing list, and of the key that seals for it."""
PEER = "peer.test"
"""Of mail that others sign."""
AUTHSERV = "mx.live.test"
CLIENT = "203.0.113.5"

SENDERS = """
[headers]
use = ["authentication-results"]
authserv_id = "{name}"
skip_local = false

[checks.spf.options]
skip_local = false

[checks.dkim.options]
skip_local = false

[checks.arc.options]
skip_local = false

[checks.dmarc.options]
skip_local = false
"""
"""Mail is verified that comes from the host itself, as it does in tests."""
SIGNS = """
[checks.dkim_signing.options]
sign_local = false
"""
"""Those that have logged in, and not all that is on the host."""
_KEY = """
[signing_keys.key{name}]
domain = "{domain}"
selector = "{selector}"
file = "{path}"
"""
_SEPARATOR = re.compile(rb"\r\n(?![ \t])")


@functools.cache
def keys() -> dict[tuple[str, str], PrivateKey]:
    """All keys, by domain and selector."""
    return {
        (DOMAIN, "rsa"): generate_private_key(65537, 2048),
        (DOMAIN, "ed"): Ed25519PrivateKey.generate(),
        (LIST, "arc"): generate_private_key(65537, 2048),
        (PEER, "rsa"): generate_private_key(65537, 2048),
        (PEER, "ed"): Ed25519PrivateKey.generate(),
    }


def pem(domain: str, selector: str) -> bytes:
    """A key as a file has it, which all peers read."""
    form = PrivateFormat.PKCS8
    return keys()[domain, selector].private_bytes(Encoding.PEM, form, NoEncryption())


def dkimpy_key(domain: str, selector: str) -> bytes:
    """A key as dkimpy reads it."""
    key = keys()[domain, selector]
    if isinstance(key, Ed25519PrivateKey):
        return b64encode(key.private_bytes_raw())
    return pem(domain, selector)


@functools.cache
def records() -> dict[str, str]:
    """Texts in the zone, by name."""
    published = {
        f"{selector}._domainkey.{domain}": public_record(key)
        for (domain, selector), key in keys().items()
    }
    policies = {
        f"_dmarc.{DOMAIN}": "v=DMARC1; p=reject; adkim=r",
        f"_dmarc.{PEER}": "v=DMARC1; p=reject",
        f"_dmarc.{LIST}": "v=DMARC1; p=none",
    }
    senders = dict.fromkeys((DOMAIN, PEER), "v=spf1 -all")
    return {**published, **policies, **senders, LIST: "v=spf1 ip4:127.0.0.1 -all"}


@functools.cache
def zone() -> ZoneServer:
    """The server of DNS for all filters and peers."""
    lines = [f"{name} TXT {_strings(text)}\n" for name, text in records().items()]
    return ZoneServer("".join(lines))


def signing_filter(
    *signers: tuple[str, str], more: str = "", settings: str = SENDERS.format(name=AUTHSERV)
) -> Filter:
    """A filter that verifies by `zone`, and signs by the keys named: domain and selector."""
    own = Filter(start=False, workers=1, dns=zone().address, senders=True)
    own.configure(settings)
    own.configure(more)
    for number, (domain, selector) in enumerate(signers):
        path = own.home / f"{domain}.{selector}.pem"
        path.write_bytes(pem(domain, selector))
        path.chmod(0o600)
        own.configure(_KEY.format(name=number, domain=domain, selector=selector, path=path))
    own.start()
    return own


def published(name: bytes, **_: object) -> bytes:
    """A record, for dkimpy."""
    return records().get(name.decode().rstrip("."), "").encode()


def fields_of(message: bytes, name: bytes) -> list[bytes]:
    """The fields of a name (lower case), with their folds, from the top."""
    head = message.partition(b"\r\n\r\n")[0]
    fields = _SEPARATOR.split(head)
    return [field for field in fields if field.partition(b":")[0].strip().lower() == name]


def verified(message: bytes) -> list[bool]:
    """What dkimpy says of each signature, from the top; line ends must be CRLF."""
    return [
        _verifies(message, index) for index in range(len(fields_of(message, b"dkim-signature")))
    ]


def _verifies(message: bytes, index: int) -> bool:
    try:
        return bool(dkim.DKIM(message).verify(index, dnsfunc=published))
    except dkim.DKIMException:
        return False


def _strings(text: str) -> str:
    parts: Sequence[str] = [text[at : at + 255] for at in range(0, len(text), 255)]
    return " ".join(f'"{part}"' for part in parts)
