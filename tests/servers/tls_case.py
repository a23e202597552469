"""A listener with TLS in memory, and OpenSSL clients of it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, cast

from OpenSSL import SSL
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.serving import FACTORIES
from mailfilter.codec.control import Credentials, Pair, Trust
from mailfilter.config.model import Certificate, Config, Identity, Listener, Tls
from mailfilter.servers.limited import LimitedFactory
from mailfilter.servers.tls_stream import TlsFactory, TlsStream
from mailfilter.testing.fake_scanner import FakeScanner
from mailfilter.tls.contexts import ServerSide, build_sides
from tests.authority import Authority

from .controller_case import make_services
from .spamd_case import VERDICT, Transport

VERSIONS = (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION)
NAME = "mx.example.org"
Files = tuple[Path, Path]


class Closed:
    def fileno(self) -> int:
        return -1


class Below(Transport):
    """The TCP connection below. What it has is what the server has sent."""

    dataBuffer = b""
    offset = 0
    producer: Any

    def write(self, data: bytes) -> None:
        """Nothing may follow its end."""
        if not (self.half_closed or self.disconnecting):
            super().write(data)

    def getHandle(self) -> Any:
        """A socket that is no more."""
        return Closed()

    def pauseProducing(self) -> None:
        """It may be asked at any time."""

    def resumeProducing(self) -> None:
        """It may be asked at any time."""


class TlsClient:
    """An OpenSSL client on one connection to a factory."""

    def __init__(self, factory: TlsFactory, context: SSL.Context, address: IAddress | None) -> None:
        self.ssl = SSL.Connection(context, None)
        self.ssl.set_connect_state()
        self.transport = Below(peerAddress=address)
        protocol = factory.buildProtocol(address)
        self.is_accepted = protocol is not None
        if protocol is not None:
            self.stream: TlsStream = protocol
            protocol.makeConnection(self.transport)
        self.received = b""
        self.error = ""
        """What it was told in place of a connection: an alert."""
        self.has_end = False
        """The close_notify has come."""

    @property
    def is_up(self) -> bool:
        return bool(self.ssl.get_finished()) and bool(self.ssl.get_peer_finished())

    def outgoing(self) -> bytes:
        """What the client has to say now."""
        self._step()
        try:
            return self.ssl.bio_read(2**20)
        except SSL.Error:
            return b""

    def _step(self) -> None:
        if self.error:
            return
        try:
            if not self.is_up:
                self.ssl.do_handshake()
            while True:
                self.received += self.ssl.recv(2**16)
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.has_end = True
        except SSL.Error as error:
            self.error = str(error.args[0][0][-1]) if error.args and error.args[0] else "?"

    def write(self, data: bytes) -> None:
        """Have something to say."""
        while data and not self.error:
            data = data[self.ssl.send(data) :]

    def deliver(self, data: bytes, size: int = 2**20) -> None:
        """Octets to the server, in pieces of a size."""
        for start in range(0, len(data), size):
            self.stream.dataReceived(data[start : start + size])

    def pump(self, size: int = 2**20) -> None:
        """Let both talk until neither has anything to say."""
        while True:
            sent = self.outgoing()
            if sent:
                self.deliver(sent, size)
            came = self.transport.value()
            self.transport.clear()
            if came:
                self.ssl.bio_write(came)
            if not sent and not came:
                return

    def send(self, data: bytes, size: int = 2**20) -> None:
        """Have the server read something."""
        self.write(data)
        self.pump(size)

    def end(self) -> None:
        """close_notify."""
        self.ssl.shutdown()
        self.pump()

    def fin(self) -> None:
        """The FIN of TCP."""
        self.stream.readConnectionLost()
        self.pump()

    def gone(self) -> None:
        """The connection is no more."""
        self.stream.connectionLost(Failure(ConnectionDone()))

    @property
    def is_closed(self) -> bool:
        """The server has closed it."""
        return bool(self.transport.disconnecting)


class TlsCase(SynchronousTestCase):
    """A listener with one certificate; `serve` says what else."""

    def setUp(self) -> None:
        self.folder = Path(mkdtemp())
        self.clock = Clock()
        self.wall = 0.0
        self.counted: list[str] = []
        self.authority = Authority(self.folder, "ours")
        self.theirs = Authority(self.folder, "theirs")
        self.pair = self.authority.issue(NAME)
        self.events: list[LogEvent] = []
        observer = cast(ILogObserver, self.events.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.addCleanup(self._no_trouble)

    def _no_trouble(self) -> None:
        for event in self.events:
            self.assertNotIn("log_failure", event, event)

    def serve(
        self,
        protocol: str = "spamd",
        *,
        identities: dict[str, Identity] | None = None,
        scanner: FakeScanner | None = None,
        revoked: Iterable[Path] = (),
        tls: Tls | None = None,
        admitted: tuple[str, ...] = (),
        **settings: Any,
    ) -> TlsFactory:
        """Listen with these settings of the listener."""
        listener = Listener(
            protocol=cast(Any, protocol),
            endpoint="tcp:0",
            certificates=("mx",),
            identities=admitted,
            **settings,
        )
        self.config = Config(
            listeners={"here": listener},
            identities=identities or {},
            certificates={"mx": Certificate(chain="chain")},
            tls=tls or Tls(),
        )
        trust = Trust(
            listener="here",
            authorities=self.theirs.file.read_bytes(),
            revoked=tuple(path.read_bytes() for path in revoked),
        )
        self.credentials = Credentials(pairs=(self.shown(*self.pair),), trusts=(trust,))
        self.scanner = scanner or FakeScanner(VERDICT)
        more = {"services": make_services(self.clock)} if protocol == "controller" else {}
        self.site: LimitedFactory[Any] = FACTORIES[protocol](
            self.scanner, "here", listener, self.clock, count=self.counted.append, **more
        )
        self.factory = TlsFactory(self.side(), self.site, self.clock, self.config.tls)
        return self.factory

    def shown(self, chain: Path, key: Path, ocsp: bytes = b"") -> Pair:
        return Pair(name="mx", chain=chain.read_bytes(), key=key.read_bytes(), ocsp=ocsp)

    def side(self, *, now: float | None = None, **changes: Any) -> ServerSide:
        """What the listener is served with, with changes of the credentials."""
        return build_sides(self.config, replace_struct(self.credentials, **changes), now)["here"]

    def context(self, version: int = SSL.TLS1_3_VERSION, files: Files | None = None) -> SSL.Context:
        """A client's, that verifies nothing of ours."""
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        if files is not None:
            context.use_certificate_chain_file(str(files[0]))
            context.use_privatekey_file(str(files[1]))
        return context

    def client(
        self,
        version: int = SSL.TLS1_3_VERSION,
        files: Files | None = None,
        *,
        context: SSL.Context | None = None,
        host: str = "192.0.2.1",
        session: SSL.Session | None = None,
        pump: bool = True,
    ) -> TlsClient:
        address = IPv4Address("TCP", host, 1)
        client = TlsClient(self.factory, context or self.context(version, files), address)
        if session is not None:
            client.ssl.set_session(session)
        if pump and client.is_accepted:
            client.pump()
        return client

    def lines(self) -> list[str]:
        """The log lines about TLS."""
        lines = [formatEvent(event) for event in self.events]
        return [line for line in lines if "TLS refused" in line or "TLS broken" in line]

    def refused(self, reason: str, words: str, times: int = 1) -> None:
        """So many connections were refused for it, and the last line says so."""
        self.assertEqual(self.counted.count(f"tls/refused/{reason}"), times, self.counted)
        self.assertIn(words, self.lines()[-1])

    def broke(self, words: str) -> None:
        """A connection that was served has ended by what is no TLS, and the last line says so."""
        self.assertEqual([name for name in self.counted if "hand" not in name], ["tls/broken"])
        self.assertIn("TLS broken: ", self.lines()[-1])
        self.assertIn(words, self.lines()[-1])


def replace_struct(credentials: Credentials, **changes: Any) -> Credentials:
    return Credentials(
        pairs=changes.get("pairs", credentials.pairs),
        trusts=changes.get("trusts", credentials.trusts),
    )


def identity(*names: str, **settings: Any) -> Identity:
    """One known by DNS names."""
    return replace(Identity(dns=names), **settings)
