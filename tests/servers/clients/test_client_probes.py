"""Health checks of HAProxy, Kubernetes, Nagios and others."""

from twisted.internet.address import IPv4Address

from mailfilter.testing.fake_scanner import FakeScanner

from .client_case import FACTORIES, ClientCase
from .wire import read_reply

HAPROXY = b"GET /ping HTTP/1.0\r\n\r\n"
PROBES = {
    "HAProxy, option httpchk": HAPROXY,
    "HAProxy, http-check send": (
        b"GET /ping HTTP/1.1\r\nhost: mx.example.org\r\ncontent-length: 0\r\n"
        b"connection: close\r\n\r\n"
    ),
    "Kubernetes": (
        b"GET /ping HTTP/1.1\r\nHost: 10.0.0.1:11333\r\nUser-Agent: kube-probe/1.29\r\n"
        b"Accept: */*\r\nConnection: close\r\n\r\n"
    ),
    "check_http": (
        b"GET /ping HTTP/1.1\r\nUser-Agent: check_http/v2.3 (monitoring-plugins 2.3)\r\n"
        b"Connection: close\r\nHost: 10.0.0.1:11333\r\n\r\n"
    ),
    "wget": (
        b"GET /ping HTTP/1.1\r\nUser-Agent: Wget/1.21\r\nAccept: */*\r\n"
        b"Accept-Encoding: identity\r\nHost: 127.0.0.1:11333\r\nConnection: Keep-Alive\r\n\r\n"
    ),
    "curl": b"GET /ping HTTP/1.1\r\nHost: [::1]:11333\r\nUser-Agent: curl/8\r\nAccept: */*\r\n\r\n",
}


class ProbeTests(ClientCase):
    """They are answered, closed if they want that, and leave no line in the log."""

    def test_ping(self) -> None:
        for self.factory_class in FACTORIES:
            for name, request in PROBES.items():
                self.serve(FakeScanner())
                reply = read_reply(self.ask(request))
                self.assertEqual((reply.status, reply.body), (200, b"pong\r\n"), name)
                self.assertEqual(reply.header("content-type"), "text/plain")
                closes = b"HTTP/1.0" in request or b"onnection: close" in request
                self.assertEqual(self.transport.disconnecting, closes, name)
            self.assertEqual(self.lines(), [])

    def test_cut_anywhere(self) -> None:
        for self.factory_class in FACTORIES:
            self.serve(FakeScanner())
            for at in range(1, len(HAPROXY)):
                self.assertEqual(read_reply(self.ask_in_two(HAPROXY, at)).body, b"pong\r\n")

    def test_anybody(self) -> None:
        """Who is not believed may ask that."""
        self.near = IPv4Address("TCP", "192.0.2.99", 1)
        self.serve(FakeScanner())
        self.assertEqual(read_reply(self.ask(HAPROXY)).body, b"pong\r\n")
        self.assertEqual(self.lines(), [])

    def test_head(self) -> None:
        self.serve(FakeScanner())
        reply = self.ask(b"HEAD /ping HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertIn(b"\r\nContent-Length: 6\r\n", reply)
        self.assertTrue(reply.endswith(b"\r\n\r\n"))

    def test_connections_without_a_request(self) -> None:
        """As filter-rspamd makes one when it starts, and balancers all the time."""
        for self.factory_class in FACTORIES:
            self.serve(FakeScanner())
            self.gone()
            self.assertEqual(self.lines(), [])
