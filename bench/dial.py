"""Connections of the load clients: over TCP, with TLS or not, or a unix socket; and how far a
request has come.
"""

import contextlib
import functools
import json
import socket
import ssl
import time
from dataclasses import asdict, dataclass
from typing import Literal

PATIENCE = 60.0
"""Seconds that a client waits for anything."""

NAME = "localhost"
"""That certificates of servers must be for."""


@dataclass(frozen=True, slots=True)
class Secure:
    """A TCP port on 127.0.0.1 where TLS is spoken. Files are in PEM."""

    port: int
    authority: str
    """File of the authority by which the server's certificate is verified."""
    certificate: str = ""
    """File of the client's own; empty shows none."""
    key: str = ""
    version: Literal["", "1.2", "1.3"] = ""
    """The only one that is spoken; empty is what both can."""
    resumes: Literal["no", "may", "must"] = "no"
    """Whether connections but the first offer its session, and fail if it is not resumed."""


Address = int | str | Secure
"""A TCP port on 127.0.0.1, without TLS or with it, or the path of a unix socket."""


def text_of(address: Address) -> str:
    """An address as JSON, for a command line."""
    return json.dumps(asdict(address) if isinstance(address, Secure) else address)


def address_of(text: str) -> Address:
    """What `text_of` has made. Raises ValueError or TypeError: it has not."""
    value = json.loads(text)
    return Secure(**value) if isinstance(value, dict) else value


def dial(address: Address) -> socket.socket:
    """A connection. Raises OSError."""
    if isinstance(address, Secure):
        return _wrapped(_tcp(address.port), address)
    if isinstance(address, int):
        return _tcp(address)
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(PATIENCE)
    try:
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


def _tcp(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class SecureSocket(ssl.SSLSocket):
    """Says at its end that it ends, and does not wait for the other side to say so, too."""

    keeps_session = False

    def close(self) -> None:
        """Close it, and remember its session."""
        if self.fileno() >= 0:
            if self.keeps_session and self.session is not None and self.session.has_ticket:
                _sessions[self.context] = self.session
            self.settimeout(0)
            with contextlib.suppress(OSError, ValueError):
                self.unwrap()
        super().close()


_sessions: dict[ssl.SSLContext, ssl.SSLSession] = {}


@functools.cache
def _context(address: Secure) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=address.authority)
    context.sslsocket_class = SecureSocket
    if address.version:
        version = ssl.TLSVersion[f"TLSv{address.version.replace('.', '_')}"]
        context.minimum_version = context.maximum_version = version
    if address.certificate:
        context.load_cert_chain(address.certificate, address.key or None)
    return context


def _wrapped(sock: socket.socket, address: Secure) -> socket.socket:
    context = _context(address)
    session = None if address.resumes == "no" else _sessions.get(context)
    try:
        secure = context.wrap_socket(sock, server_hostname=NAME, session=session)
    except OSError:
        sock.close()
        raise
    if session is not None and address.resumes == "must" and not secure.session_reused:
        secure.close()
        raise ConnectionError("the session was not resumed")
    assert isinstance(secure, SecureSocket)
    secure.keeps_session = address.resumes != "no"
    return secure


class Progress:
    """How far the request of a client has come: read when it has failed."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A new request."""
        self.sent_at: float | None = None
        """`time.monotonic()` when all of it was sent."""
        self.is_answering = False
        """A part of the answer has come."""

    def sent(self) -> None:
        """All of it was sent."""
        self.sent_at = time.monotonic()
