"""Handshakes in memory between a connection of ours and a server of the test."""

from contextlib import suppress
from pathlib import Path

from OpenSSL import SSL
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.tls.outgoing import Outgoing, Terms
from mailfilter.tls.verified import Refused, Verified
from tests.authority import Authority

ROUNDS = 20
"""Of octets to and fro; a handshake takes three."""


def server_context(
    certificate: Path, key: Path, *, newest: int = SSL.TLS1_3_VERSION, client_ca: Path | None = None
) -> SSL.Context:
    """Of a server that speaks TLS from 1.0, and wants a certificate if it has an authority."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_max_proto_version(newest)
    context.use_certificate_chain_file(str(certificate))
    context.use_privatekey_file(str(key))
    context.set_session_id(b"test")
    if client_ca is not None:
        context.load_verify_locations(str(client_ca))
        context.set_verify(
            SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *arguments: bool(arguments[4])
        )
    return context


def server_of(context: SSL.Context) -> SSL.Connection:
    """A connection of a server, in memory."""
    connection = SSL.Connection(context, None)
    connection.set_accept_state()
    return connection


def shake(client: Verified, server: SSL.Connection) -> None:
    """Have both shake hands, and the client read what comes behind. Raises what the client does."""
    trouble: SSL.Error | None = None
    for _ in range(ROUNDS):
        try:
            client.do_handshake()
            client.recv(1000)
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            trouble = error
        _carry(client, server)
        if trouble is not None:
            raise trouble
        # Its alert, if there is one, is carried.
        with suppress(SSL.Error):
            server.do_handshake()
        _carry(server, client)


def _carry(source: SSL.Connection, target: SSL.Connection) -> None:
    try:
        while True:
            target.bio_write(source.bio_read(65536))
    except SSL.WantReadError:
        pass


class OutgoingCase(SynchronousTestCase):
    """With an authority that is trusted, and a folder."""

    def setUp(self) -> None:
        """Make the authority."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.authority = Authority(self.folder, "right")

    def terms(self, **options: object) -> Terms:
        """With our authority, unless told otherwise."""
        options.setdefault("authorities", str(self.authority.file))
        return Terms(**options)  # type: ignore[arg-type]

    def connects(
        self, files: tuple[Path, Path], *, name: str = "mx.example.org", **options: object
    ) -> Verified:
        """Shake hands with a server of this certificate and key."""
        client = Outgoing(self.terms(**options)).connection(name)
        shake(client, server_of(server_context(*files)))
        self.assertTrue(client.is_known)
        return client

    def refuses(
        self, files: tuple[Path, Path], *, name: str = "mx.example.org", **options: object
    ) -> str:
        """Why we do not want to speak with a server of this certificate and key."""
        client = Outgoing(self.terms(**options)).connection(name)
        server = server_of(server_context(*files))
        refused = self.assertRaises(Refused, shake, client, server)
        self.assertFalse(client.is_known)
        return str(refused)
