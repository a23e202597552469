"""TLS where there is none: closed without a reply, counted, and said once a minute."""

from typing import Any

from twisted.internet.address import IPv4Address

from mailfilter.app.serving import FACTORIES
from mailfilter.config.model import Listener
from mailfilter.servers.limited import LimitedFactory
from mailfilter.testing.fake_scanner import FakeScanner

from .controller_case import make_services
from .http_case import PING
from .spamd_case import Case, Transport

HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(506)
LINE = "here: '192.0.2.1': TLS refused: a TLS handshake on a listener without certificates"


class OnPlainTests(Case):
    def serve(self, scanner: FakeScanner, **settings: Any) -> None:
        self.scanner = scanner

    def listen(self, protocol: Any) -> LimitedFactory[Any]:
        self.counted: list[str] = []
        self.events.clear()
        self.clock.advance(60)
        given = {"services": make_services(self.clock)} if protocol == "controller" else {}
        self.factory = FACTORIES[protocol](
            self.scanner,
            "here",
            Listener(protocol=protocol, endpoint="tcp:0"),
            self.clock,
            count=self.counted.append,
            **given,
        )
        self.connect(IPv4Address("TCP", "192.0.2.1", 1))
        return self.factory

    def closed(self, transport: Transport) -> bool:
        return transport.disconnecting or transport.half_closed

    def test_refused(self) -> None:
        for protocol in FACTORIES:
            for size in (1, 1000):
                self.listen(protocol)
                for start in range(0, len(HELLO), size):
                    self.protocol.dataReceived(HELLO[start : start + size])
                self.clock.advance(0)
                self.assertEqual(self.transport.value(), b"", protocol)
                self.assertTrue(self.closed(self.transport), protocol)
                self.assertEqual(self.counted, ["tls/on_plain"], protocol)
                self.assertEqual(self.lines(), [LINE], protocol)
                self.gone()
                self.assertFalse(self.factory.connections)
                self.assertFalse(self.clock.getDelayedCalls())

    def test_said_once(self) -> None:
        for protocol in FACTORIES:
            self.listen(protocol)
            for _ in range(3):
                self.connect(IPv4Address("TCP", "192.0.2.1", 1))
                self.protocol.dataReceived(HELLO)
            self.assertEqual([line for line in self.lines() if "TLS" in line], [LINE])
            self.assertEqual(self.counted, ["tls/on_plain"] * 3)

    def test_first_octet_alone(self) -> None:
        """In a body, or behind a request, such an octet is like any other."""
        for protocol in ("http", "scan"):
            self.listen(protocol)
            self.protocol.dataReceived(b"POST /checkv2 HTTP/1.1\r\nContent-Length: 517\r\n\r\n")
            self.protocol.dataReceived(HELLO)
            self.clock.advance(0)
            self.assertEqual(self.scanner.calls[-1][1], HELLO)
            self.protocol.dataReceived(PING)
            self.assertTrue(self.transport.value().endswith(b"pong\r\n"))
            self.assertEqual(self.counted, [])
