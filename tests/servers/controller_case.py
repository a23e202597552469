"""A controller over an in-memory transport, with what it is expected to say."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.testing import StringTransport

from mailfilter.checks import BUILT_IN
from mailfilter.config.model import Config, Controller, Listener
from mailfilter.scan.plan import build_plan
from mailfilter.servers.controller import ControllerFactory
from mailfilter.servers.http_connection import HttpConnection
from mailfilter.store.memory import MemoryStore
from mailfilter.testing.fake_desk import FakeServices
from mailfilter.testing.fake_scanner import FakeScanner
from mailfilter.tls.known import Known

from .http_case import DATE, NOW, SERVER, VERDICT, Case

LOOPBACK = IPv4Address("TCP", "127.0.0.1", 40000)
STRANGER = IPv4Address("TCP", "192.0.2.1", 40000)

DRESS = (
    b"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
    b"Referrer-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\n"
    b"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
)
"""Headers of all replies that are no files."""


def dressed_bytes(
    status: bytes, kind: bytes, body: bytes, more: bytes = b"", *, length: int | None = None
) -> bytes:
    """A whole reply; `more` are headers of its own, `length` is of a body that is left out."""
    size = len(body) if length is None else length
    head = b"HTTP/1.1 %b\r\n%b%bContent-Length: %d\r\nContent-Type: %b\r\n" % (
        status,
        SERVER,
        DATE,
        size,
        kind,
    )
    return head + more + DRESS + b"\r\n" + body


def json_bytes(body: bytes, status: bytes = b"200 OK") -> bytes:
    return dressed_bytes(status, b"application/json", body)


def error_bytes(status: int, text: str) -> bytes:
    body = json.dumps({"error": text}, separators=(",", ":")).encode()
    return json_bytes(body, f"{status} {text}".encode())


OPEN = Controller()
"""Without passwords."""


def make_services(clock: IReactorTime, config: Config | None = None) -> FakeServices:
    """Services with the checks that are part of the tree, and a store in memory that is open."""
    config = config or Config()
    store = MemoryStore(clock)
    store.open()
    return FakeServices(clock, config, build_plan(config, BUILT_IN), store)


class ControllerCase(Case):
    """A controller without passwords, which a client on this machine asks."""

    controller = OPEN
    more: Mapping[str, Any] = {}
    """More of the configuration."""

    def serve(self, scanner: FakeScanner, **settings: Any) -> None:
        self.scanner = scanner
        config = replace(Config(), controller=self.controller, **self.more)
        self.services = make_services(self.clock, config)
        self.desk = self.services.desk
        self.counted: list[str] = []
        listener = Listener(protocol="controller", endpoint="tcp:0", **settings)
        self.factory = ControllerFactory(
            scanner,
            "controller",
            listener,
            self.clock,
            services=self.services,
            count=self.counted.append,
        )
        answers, endpoints = self.factory.answers, self.factory.endpoints
        answers.begin(self.services, endpoints, lambda: NOW, self.counted.append)
        self.factory.wall_clock = lambda: NOW
        self.connect(LOOPBACK)

    def use(self, controller: Controller = OPEN, **more: Any) -> None:
        """Serve anew with this configuration."""
        self.controller, self.more = controller, more
        self.serve(FakeScanner(VERDICT))

    def connect(self, peer: IAddress | None = LOOPBACK, known: Known | None = None) -> None:
        protocol = self.factory.buildProtocol(peer)
        assert isinstance(protocol, HttpConnection)
        protocol.known = known
        self.protocol = protocol
        self.transport = StringTransport(peerAddress=peer)
        self.protocol.makeConnection(self.transport)

    def get(self, path: str, headers: str = "") -> bytes:
        """The reply to a GET on the open connection; `headers` are lines that end in CRLF."""
        return self.ask(f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode("latin-1"))

    def post(self, path: str, body: bytes = b"", headers: str = "") -> bytes:
        """The reply to a POST."""
        head = f"POST {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        return self.ask(head.encode("latin-1") + body)

    def value(self, reply: bytes) -> Any:
        """What a successful reply in JSON holds."""
        head, _, body = reply.partition(b"\r\n\r\n")
        self.assertEqual(b"HTTP/1.1 200 OK", head.partition(b"\r\n")[0], reply)
        return json.loads(body)
