"""A filter with TLS on every protocol, the certificates around it, and plain Python clients."""

import functools
import hashlib
import itertools
import socket
import ssl
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.authority import Authority, self_signed

from .harness import Filter, LiveCase
from .processes import free_port, private_directory, wait_until

NAME = "mx.filter.test"
"""Of the certificate that is shown to those who name none."""
SECOND = "second.filter.test"
WILD = "any.wild.filter.test"
Files = tuple[Path, Path]
"""A certificate and its key."""

_CERTIFICATE = """\
[certificates.{name}]
chain = "{chain}"
key = "{key}"
"""
_TLS = """\
[tls]
handshake_timeout = "{timeout}"
max_handshakes = {handshakes}

[identities.partner]
dns = ["mx1.partner.test"]
trusted = true

[identities.pinned]
fingerprints = ["{fingerprint}"]
"""
_LISTENER = """\
[listeners.tls-{name}]
protocol = "{protocol}"
endpoint = "tcp:{port}:interface=127.0.0.1"
certificates = ["mx", "second", "wild"]
"""


class Papers:
    """Authorities, and certificates of the filter and of those who ask it."""

    def __init__(self) -> None:
        self.folder = folder = private_directory()
        self.root = Authority(folder, "root")
        self.middle = Authority(folder, "middle", signed_by=self.root)
        self.clients = Authority(folder, "clients")
        self.other = Authority(folder, "other")
        self.stale = Authority(folder, "stale")
        self.mx = self.middle.issue(NAME, usage="server", chain=[self.middle])
        self.second = self.middle.issue(SECOND, key="rsa", usage="server", chain=[self.middle])
        self.wild = self.middle.issue("*.wild.filter.test", usage="server", chain=[self.middle])
        self.ocsp = self.middle.vouch(self.mx[0])
        self.partner = self.clients.issue("mx1.partner.test", usage="client")
        self.nobody = self.clients.issue("mx9.nobody.test", usage="client")
        self.revoked = self.clients.issue("mx1.partner.test", usage="client", stem="revoked")
        self.pinned = self_signed(folder, "mx2.partner.test", usage="client")
        self.late = self.stale.issue("mx1.partner.test", usage="client", stem="late")
        self.crl = self.clients.revoke(self.revoked[0])
        self.old_crl = self.stale.revoke(days=(-30, -1))


@functools.cache
def papers() -> Papers:
    """Those that all tests use."""
    return Papers()


class TlsFilter(Filter):
    """A filter whose listeners with TLS are `ports`; the plain ones are there, too.

    `open`, `lines` and `milter` ask for no certificate, `any` (http) takes one, those with
    `known` must have one. `listed` looks at a list of what is revoked, that of `stale` is out of
    date.
    """

    def __init__(self, timeout: str = "20s", handshakes: int = 500, workers: int = 2) -> None:
        super().__init__(start=False, workers=workers)
        self.ports: dict[str, int] = {}
        own = papers()
        for name, files in (("mx", own.mx), ("second", own.second), ("wild", own.wild)):
            text = _CERTIFICATE.format(name=name, chain=files[0], key=files[1])
            self.configure(text + f'ocsp = "{own.ocsp}"\n' * (name == "mx"))
        fingerprint = _fingerprint(own.pinned[0])
        self.configure(_TLS.format(timeout=timeout, handshakes=handshakes, fingerprint=fingerprint))
        for name, protocol in (("open", "http"), ("lines", "spamd"), ("milter", "milter")):
            self._listen(name, protocol)
            self._listen(f"{name}-known", protocol, "required", own.clients.file)
        self._listen("scan", "scan")
        self._listen("any", "http", "optional", own.clients.file)
        for name, authority, revoked in (
            ("listed", own.clients, own.crl),
            ("stale", own.stale, own.old_crl),
        ):
            admitted = f'identities = ["partner"]\nclient_crl = ["{revoked}"]\n'
            self._listen(name, "http", "required", authority.file, admitted)
        self.start()

    def _listen(
        self,
        name: str,
        protocol: str,
        client_auth: str = "off",
        authority: Path | None = None,
        more: str = "",
    ) -> None:
        self.ports[name] = port = free_port()
        text = _LISTENER.format(name=name, protocol=protocol, port=port)
        if authority is not None:
            text += f'client_auth = "{client_auth}"\nclient_ca = "{authority}"\n'
        self.configure(text + more)

    def tls_counters(self) -> Counter[str]:
        """What its workers have counted of TLS, without that part of the names."""
        counters: Mapping[str, int] = self.status()["counters"]
        found = {key: n for key, n in counters.items() if key.startswith("tls/")}
        return Counter({key.removeprefix("tls/"): n for key, n in found.items()})

    def memory(self) -> int:
        """Resident octets of its workers."""
        return sum(map(_resident, self.workers() or [self.child.pid]))


@functools.cache
def tls_filter() -> TlsFilter:
    """The one that clients of good will use."""
    return TlsFilter()


@functools.cache
def one_process_filter() -> TlsFilter:
    """One without workers: those of others cannot take up a session."""
    return TlsFilter(workers=1)


class TlsCase(LiveCase):
    """Base: a filter with TLS, and what it has counted since the test began."""

    filter: TlsFilter

    def make_filter(self) -> TlsFilter:
        """See `LiveCase`."""
        return tls_filter()

    def setUp(self) -> None:
        """Note what is counted already."""
        super().setUp()
        self._before = self.filter.tls_counters()

    def counted(self) -> Counter[str]:
        """What has been counted of TLS."""
        return self.filter.tls_counters() - self._before

    def wait_counted(self, what: str, least: int = 1) -> None:
        """Wait until it is counted, which workers tell each second."""
        wait_until(lambda: self.counted()[what] >= least, f"{least} of {what}", 30)


def trusting(
    certificate: Files | None = None,
    *,
    version: ssl.TLSVersion | None = None,
    alpn: tuple[str, ...] = (),
) -> ssl.SSLContext:
    """What a client with this certificate uses to connect, by one version if it is given."""
    context = ssl.create_default_context(cafile=str(papers().root.file))
    if certificate is not None:
        context.load_cert_chain(*map(str, certificate))
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def connect(
    port: int,
    context: ssl.SSLContext | None = None,
    name: str = NAME,
    source: str = "127.0.0.1",
    session: ssl.SSLSession | None = None,
) -> ssl.SSLSocket:
    """A connection whose handshake is complete; a cut-off end of it is an error."""
    plain = dial(port, source)
    try:
        return (context or trusting()).wrap_socket(
            plain, server_hostname=name, suppress_ragged_eofs=False, session=session
        )
    except BaseException:
        plain.close()
        raise


def dial(port: int, source: str = "127.0.0.1") -> socket.socket:
    """A connection of TCP alone."""
    plain = socket.create_connection(("127.0.0.1", port), 30, (source, 0))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plain


def read_all(stream: socket.socket) -> bytes:
    """What comes until the end. Raises OSError if that is not in good order."""
    received = b""
    while octets := stream.recv(65536):
        received += octets
    return received


_numbers = itertools.count(1)


def new_source() -> str:
    """An address of this machine that no client has used before."""
    number = next(_numbers)
    return f"127.{64 + number // 62500}.{1 + number // 250 % 250}.{1 + number % 250}"


def _resident(pid: int) -> int:
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * 4096


def _fingerprint(certificate: Path) -> str:
    pem = certificate.read_text()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
