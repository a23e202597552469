"""TLS for the client: who is on the other side is always verified.

Imported when there is TLS alone: OpenSSL and what goes with it takes long to load.
"""

import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from threading import Lock

from OpenSSL import SSL

from ...tls.errors import TlsError
from ...tls.outgoing import Outgoing, Terms
from ...tls.verified import Verified
from ...tls.wire import Wire
from .address import Server, read_pin
from .channel import Piece
from .dialing import Deadline
from .exchange import Unanswered
from .options import Trust

RECORDS_AT_ONCE = 2**16
"""Octets that are asked of OpenSSL at a time: some records."""

_LOCK = Lock()
"""So that requests side by side do not all read the same files."""


def new_connection(server: Server, trust: Trust) -> Verified:
    """To be used for one connection to a server. Raises Unanswered and Misused."""
    with _LOCK:
        try:
            return _outgoing(trust).connection(server.host)
        except TlsError as error:
            raise Unanswered(f"no TLS: {error}") from None


@lru_cache(maxsize=4)
def _outgoing(trust: Trust) -> Outgoing:
    terms = Terms(
        authorities=trust.authorities,
        revoked=(trust.revoked,) if trust.revoked else (),
        pins=tuple(map(read_pin, trust.pins)),
        certificate=trust.certificate,
        key=trust.key,
    )
    return Outgoing(terms)


def shake_hands(connection: Verified, sock: socket.socket, deadline: Deadline) -> "TlsChannel":
    """Raises Unanswered."""
    try:
        Wire(connection, sock, deadline.end).handshake()
    except TimeoutError:
        raise Unanswered(f"no TLS handshake {deadline}; does it speak TLS there?") from None
    except (SSL.Error, TlsError) as error:
        raise Unanswered(f"no TLS: {error}") from None
    except OSError as error:
        raise Unanswered(f"no TLS: the connection broke: {error.strerror or error}") from None
    sock.setblocking(False)
    return TlsChannel(connection)


class TlsChannel:
    """Octets in records."""

    def __init__(self, connection: Verified) -> None:
        """The handshake is complete."""
        self.is_ended = False
        self._connection = connection

    def seal(self, piece: Piece) -> Piece:
        """See `Channel`."""
        try:
            self._connection.sendall(piece)
        except SSL.Error as error:
            raise Unanswered(f"TLS broke: {error}") from None
        records = []
        with suppress(SSL.WantReadError):
            while True:
                records.append(self._connection.bio_read(RECORDS_AT_ONCE))
        return b"".join(records)

    def open(self, data: bytes) -> Iterator[bytes]:
        """See `Channel`."""
        if data:
            self._connection.bio_write(data)
        else:
            self._connection.bio_shutdown()
        while not self.is_ended:
            try:
                yield self._connection.recv(RECORDS_AT_ONCE)
            except SSL.WantReadError:
                return
            except SSL.ZeroReturnError:
                self.is_ended = True
            except SSL.Error as error:
                if not data:
                    # Who cuts a connection cannot say that this was all (RFC 8446 6.1).
                    raise Unanswered("the connection was cut: it ended without TLS's end") from None
                raise Unanswered(f"TLS broke: {error}") from None
