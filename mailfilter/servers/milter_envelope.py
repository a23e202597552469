"""The envelope of a message that came by milter: events and macros (milter-mapping.md 4.3).

All values are data of strangers: they are bounded here, and absent ones are `None`.
"""

from collections.abc import Mapping
from functools import lru_cache

from ..codec.milter import Connect, Mail, Rcpt
from ..codec.milter_session import Transaction
from ..config.model import Listener
from ..scan.envelope import Envelope, IPAddress, Recipient, TlsFacts
from ..scan.networks import read_address
from .peer import Peer

MAX_VALUE = 4096
"""Octets kept of one value: the longest real ones are names of certificate issuers."""

MAX_ADDRESS_TEXT = 64
"""Octets of an IP address as text, with prefix, brackets and zone."""


def build_envelope(name: str, listener: Listener, transaction: Transaction, peer: Peer) -> Envelope:
    """Make the envelope of a message of an MTA; `name` is that of the listener that it came by."""
    macros = transaction.macros
    connect = transaction.connect
    sender: Mail = transaction.sender
    # A part of an address would be another one.
    recipients = [rcpt for rcpt in transaction.recipients if len(rcpt.address) <= MAX_VALUE]
    lost = len(transaction.recipients) - len(recipients)
    notes = (f"envelope: {lost} recipients are too long",) if lost else ()
    return Envelope(
        listener=name,
        client_ip=_client_ip(connect, macros),
        helo=_text(transaction.helo),
        hostname=_hostname(connect, macros),
        sender=_address(sender.address),
        rewritten_sender=_rewritten_sender(sender, macros),
        sender_args=_args(sender.args),
        recipients=tuple(map(_recipient, recipients)),
        lacks_recipients=lost > 0,
        user=_whole(macros.get(b"auth_authen")) or _certified(listener, macros),
        queue_id=_text(macros.get(b"i")),
        mta_name=_text(macros.get(b"daemon_name")) or _text(macros.get(b"j")),
        # Not {daemon_name}: Sendmail's is the name of a listener.
        mta_host=_text(macros.get(b"j")),
        rewrites_addresses=_is_sendmail(macros),
        tls=_tls(macros),
        identity=peer.identity,
        passed_on=peer.passed_on,
        is_trusted=peer.is_trusted,
        knows_client=peer.knows_client,
        notes=transaction.notes + notes,
    )


def _decode(value: bytes) -> str:
    return value[:MAX_VALUE].decode("utf-8", "replace")


def _text(value: bytes | None) -> str | None:
    return _decode(value) if value else None


def _whole(value: bytes | None) -> str | None:
    """Return a name that gives privileges; a part of it would be another one's."""
    return _decode(value) if value and len(value) <= MAX_VALUE else None


def _address(value: bytes) -> str:
    if value[:1] == b"<" and value[-1:] == b">":
        value = value[1:-1]
    return _decode(value)


def _rewritten_sender(sender: Mail, macros: Mapping[bytes, bytes]) -> str | None:
    """Return the address that Postfix makes of a sender such as `user%example.com`.

    Sendmail's macro has no domain of senders that it delivers to itself.
    """
    told = _address(macros.get(b"mail_addr", b"")) if _is_postfix(macros) else ""
    return told if told and told != _address(sender.address) else None


def _is_postfix(macros: Mapping[bytes, bytes]) -> bool:
    return macros.get(b"v", b"")[:7] == b"Postfix"


def _is_sendmail(macros: Mapping[bytes, bytes]) -> bool:
    # It gives its version alone: 8.17.1.
    return macros.get(b"v", b"")[:2] == b"8."


def _args(values: tuple[bytes, ...]) -> tuple[str, ...]:
    return tuple(_decode(value) for value in values if value) if values else ()


def _recipient(rcpt: Rcpt) -> Recipient:
    return Recipient(_address(rcpt.address), _args(rcpt.args))


def _client_ip(connect: Connect | None, macros: Mapping[bytes, bytes]) -> IPAddress | None:
    """Return the client's address; a unix socket or an unknown client has none.

    The macro stands in only if the MTA told nothing of a connection.
    """
    if connect is None:
        return read_ip(macros.get(b"client_addr", b""))
    return None if connect.family in (b"L", b"U") else read_ip(connect.address)


def read_ip(value: bytes) -> IPAddress | None:
    """Read an IP address as MTAs write it: perhaps in brackets, after `IPv6:`, with a zone.

    An IPv4 address within IPv6 is the IPv4 address (Sendmail, milter.md 2.1).
    """
    return _read_ip(value[:MAX_ADDRESS_TEXT])


@lru_cache(maxsize=4096)
def _read_ip(value: bytes) -> IPAddress | None:
    text = value.decode("ascii", "replace").strip("[]")
    if text[:5].lower() == "ipv6:":
        text = text[5:]
    return read_address(text)


def _certified(listener: Listener, macros: Mapping[bytes, bytes]) -> str | None:
    """Return the subject of a client's certificate that stands for a login.

    Postfix tells of certificates only if they are verified, Sendmail of all, and in a macro of its
    own whether they are.
    """
    issuer = listener.cert_issuer
    if not issuer or _text(macros.get(b"cert_issuer")) != issuer:
        return None
    told = macros.get(b"verify")
    is_verified = told == b"OK" if told is not None else _is_postfix(macros)
    return _whole(macros.get(b"cert_subject")) if is_verified else None


def _hostname(connect: Connect | None, macros: Mapping[bytes, bytes]) -> str | None:
    """Return the reverse name; MTAs write `unknown` or the address if there is none.

    Without a connection the macro stands in. Stalwart writes the name of HELO, which proves
    nothing, where it has no reverse name, and `unknown` in the macro (milter-mapping.md 4.6).
    """
    if connect is not None and connect.family == b"L":
        return None
    if macros.get(b"client_ptr") in _NO_NAMES:
        return None
    name = (connect.hostname if connect is not None else b"") or macros.get(b"client_name", b"")
    return None if name[:1] == b"[" or name.lower() in _NO_NAMES else _text(name)


def _tls(macros: Mapping[bytes, bytes]) -> TlsFacts | None:
    version, cipher, subject, issuer = (_text(macros.get(name)) for name in _TLS_MACROS)
    if version is cipher is subject is issuer is None:
        return None
    return TlsFacts(version, cipher, subject, issuer)


_NO_NAMES = (b"unknown", b"")

_TLS_MACROS = (b"tls_version", b"cipher", b"cert_subject", b"cert_issuer")
