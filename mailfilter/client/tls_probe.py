"""What a server speaks that has TLS, and whether we would connect to it.

It is connected to by whatever it speaks, to see what that is, with nothing verified and nothing
sent; then as the filter would, on the same terms; then once more, to see if a session goes on.
"""

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from cryptography import x509
from OpenSSL import SSL

from ..config.peer import Peer
from ..tls.chain_words import clean
from ..tls.errors import TlsError
from ..tls.outgoing import Outgoing, Terms
from ..tls.outgoing_words import handshake_words
from ..tls.verified import Verified, is_address, read_name
from ..tls.wire import Wire

MAX_CHAIN = 10
"""Certificates that are looked at; real chains have up to four."""
FIRST_SECONDS = 1.0
"""To wait for what a server says after a handshake: with TLS 1.3, that it does not want us, and
tickets for sessions."""
MIN_SECONDS = 0.5
"""For each address of a name, at least."""

_VERSIONS = ("TLS 1.0", "1.1", "1.2", "1.3")
_ALL_CIPHERS = b"ALL:@SECLEVEL=0"
_ALPN = [b"http/1.1", b"h2"]
_NO_PROTOCOL = "it ended the connection: no application protocol"
"""What is said of a server that speaks others by ALPN than those that we ask for."""
_WANTS = b"SSLv3/TLS read server certificate request"
"""What OpenSSL calls the state in which a server has asked for a certificate, in all versions."""
_LATEST = "TLSv1.3"
_NAMES = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2", _LATEST: "TLS 1.3"}


class Unreachable(Exception):
    """There is no connection; the text says why."""


@dataclass(slots=True)
class Look:
    """What it speaks; `trouble` is empty if the handshake was complete."""

    version: str = ""
    cipher: str = ""
    alpn: str = ""
    chain: Sequence[x509.Certificate] = ()
    """As it was shown, its own certificate first; may be cut."""
    shown: int = 0
    """How many certificates were."""
    staple: bytes = b""
    wants_certificate: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it when we connected as the filter would."""

    trouble: str = ""
    """Why we would not; empty if we would."""
    has_certificate: bool = False
    """Whether we had one to show."""
    chain: Sequence[x509.Certificate] = ()
    """As it was verified, up to an authority of ours."""
    is_resumed: bool | None = None
    """Whether it goes on with a session; `None` is not known."""


@dataclass(frozen=True, slots=True)
class Findings:
    """All of it."""

    look: Look
    trial: Trial | None = field(default=None)
    """`None` where there is nothing to try."""


def probe(peer: Peer, name: str, terms: Terms, seconds: float) -> Findings:
    """Find it out within a time.

    Raises Unreachable, and TlsError for what is no name and for files that cannot be used.
    """
    name = read_name(name)
    outgoing = Outgoing(terms)
    # Before anybody is connected to: a mistake in the terms says nothing about the server.
    outgoing.context()
    end = time.monotonic() + seconds
    look = _look(peer, name, end, _ALPN)
    if look.trouble == _NO_PROTOCOL:
        look = _look(peer, name, end, [])
    if not look.shown:
        return Findings(look)
    return Findings(look, _try(peer, outgoing.connection(name), end, bool(terms.certificate)))


def _look(peer: Peer, name: str, end: float, protocols: list[bytes]) -> Look:
    look = Look()
    context = _all_context(look)
    if protocols:
        context.set_alpn_protos(protocols)
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    connection.request_ocsp()
    if not is_address(name):
        connection.set_tlsext_host_name(name.encode("ascii"))
    with _connect(peer, end) as sock:
        try:
            Wire(connection, sock, end).handshake()
        except SSL.Error as error:
            look.trouble = handshake_words(error, _VERSIONS, False, name)
        except (TlsError, OSError) as error:
            look.trouble = _text(error)
        else:
            _hear(look, connection)
    _see(look, connection)
    return look


def _all_context(look: Look) -> SSL.Context:
    """For looking only: nothing is ever sent over it."""

    def answered(connection: SSL.Connection, answer: bytes, data: object) -> bool:
        look.staple = answer
        return True

    def goes_on(connection: SSL.Connection, where: int, value: int) -> None:
        look.wants_certificate |= connection.get_state_string() == _WANTS

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_cipher_list(_ALL_CIPHERS)
    context.set_verify_depth(MAX_CHAIN)
    context.set_verify(SSL.VERIFY_PEER, lambda *arguments: True)
    context.set_ocsp_client_callback(answered)
    context.set_info_callback(goes_on)
    return context


def _hear(look: Look, connection: SSL.Connection) -> None:
    look.version = _NAMES.get(connection.get_protocol_version_name(), "")
    look.cipher = connection.get_cipher_name() or ""
    look.alpn = connection.get_alpn_proto_negotiated().decode("ascii", "replace")


def _see(look: Look, connection: SSL.Connection) -> None:
    shown = connection.get_peer_cert_chain() or []
    look.shown = len(shown)
    if not shown:
        return
    _hear(look, connection)
    chain = []
    for certificate in shown[:MAX_CHAIN]:
        try:
            chain.append(certificate.to_cryptography())
        except Exception:
            # Those behind one that makes no sense make none either.
            break
    look.chain = chain


def _try(peer: Peer, connection: Verified, end: float, has_certificate: bool) -> Trial:
    try:
        with _connect(peer, end) as sock:
            _shake(connection, sock, end)
    except (Unreachable, TlsError, OSError) as error:
        return Trial(_text(error), has_certificate)
    chain = connection.get_verified_chain(as_cryptography=True) or ()
    return Trial("", has_certificate, chain, _is_resumed(peer, connection, end))


def _shake(connection: Verified, sock: socket.socket, end: float) -> None:
    """Raises TlsError where the other side does not want us, also after the handshake."""
    wire = Wire(connection, sock, end)
    wire.handshake()
    if connection.get_protocol_version_name() != _LATEST:
        return
    try:
        wire.first_octets(FIRST_SECONDS)
    except SSL.Error as error:
        if isinstance(error, TlsError):
            raise
        raise TlsError("it ended the connection after the handshake") from None


class _Again(Verified):
    """Shakes hands by the session of one that was verified, and is for nothing else."""

    def do_handshake(self) -> None:
        """As OpenSSL's: that nothing is shown, and verified, is what is looked for."""
        SSL.Connection.do_handshake(self)


def _is_resumed(peer: Peer, first: Verified, end: float) -> bool | None:
    again = _Again(first.get_context(), first.name, first.demands)
    session = first.get_session()
    if session is not None:
        again.set_session(session)
    try:
        with _connect(peer, end) as sock:
            Wire(again, sock, end).handshake()
    except (Unreachable, TlsError, OSError, SSL.Error):
        return None
    return not again.is_known


def _text(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time; does it speak TLS there?"
    if isinstance(error, OSError):
        return f"the connection was lost: {error.strerror or error}"
    return str(error)


def _connect(peer: Peer, end: float) -> socket.socket:
    """Raises Unreachable."""
    if peer.path:
        return _open(socket.AF_UNIX, peer.path, end)
    found = _look_up(peer, end)
    reasons = []
    for at, (family, address) in enumerate(found):
        now = time.monotonic()
        share = max(MIN_SECONDS, (end - now) / (len(found) - at))
        try:
            return _open(family, address, min(end, now + share))
        except Unreachable as error:
            reasons.append(str(error))
    raise Unreachable("; ".join(dict.fromkeys(reasons)))


def _open(family: int, address: Any, end: float) -> socket.socket:
    sock = socket.socket(family)
    try:
        sock.settimeout(max(0.001, end - time.monotonic()))
        sock.connect(address)
    except OSError as error:
        sock.close()
        where = address[0] if isinstance(address, tuple) else address
        reason = "no answer" if isinstance(error, TimeoutError) else error.strerror or error
        raise Unreachable(f"cannot connect to {where}: {reason}") from None
    return sock


def _look_up(peer: Peer, end: float) -> list[tuple[int, Any]]:
    """Families and addresses; in a thread, since resolvers know no time limit."""
    found: list[tuple[int, Any]] = []
    reasons = ["no answer"]

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(peer.host, peer.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            reasons[0] = getattr(error, "strerror", None) or str(error)
        else:
            found.extend((family, address) for family, _, _, _, address in answers)

    thread = Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(max(0.001, end - time.monotonic()))
    if not found:
        raise Unreachable(f"there is no address of {clean(peer.host)}: {reasons[0]}")
    return list(found)
