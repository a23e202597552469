"""Clients that are idle, slow, broken or gone: nobody else notices."""

import resource
import socket
import struct
import subprocess
import sys
from collections.abc import Callable

from backports import zstd
from twisted.trial.unittest import SkipTest

from . import mta, peers, scan_client
from .harness import LiveCase, message_file, wish
from .processes import wait_until

Client = mta.Session | scan_client.Connection
IDLE = 5000
SPARE_FILES = 500
"""Descriptors that the filter and the idle client need beside the idle connections."""
SLOW = wish({"Delay": "2.5"})
BOMB = zstd.compress(bytes(2**27))
"""128 MiB in 4 KiB; the filter takes 50 MiB."""


class HostileCase(LiveCase):
    """What is left is checked after each test: both protocols still answer."""

    def check_service(self, tag: str = "after") -> None:
        """Both protocols give a verdict."""
        ham = message_file("ham.eml")
        answer = self.milter_scan(ham, f"{tag}-milter")
        self.assertEqual(answer.code, "a")
        verdict = self.http_scan(scan_client.with_length(ham))
        self.assertEqual(verdict["action"], "no action")

    def milter_scan(self, message: bytes, queue_id: str) -> mta.Answer:
        """One message in a milter session of its own."""
        session = mta.Session(self.filter.milter)
        answer = session.send(mta.show(message), queue_id)
        session.quit()
        return answer

    def http_scan(self, request: bytes) -> dict[str, object]:
        """One request on a connection of its own."""
        connection = scan_client.Connection(self.filter.http)
        try:
            return connection.scan(request)
        finally:
            connection.close()


class IdleTests(HostileCase):
    """Thousands of connections on which nothing comes."""

    def hold(self, port: int) -> None:
        """Another process opens them; mail goes on; it is killed; mail goes on."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < IDLE + SPARE_FILES:
            raise SkipTest(f"a process may open {hard} files here, {IDLE + SPARE_FILES} are needed")
        with subprocess.Popen(
            [sys.executable, "-m", "tests.live.idle", str(port), str(IDLE)],
            cwd=peers.CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as idle:
            self.addCleanup(idle.kill)
            assert idle.stdout is not None
            self.assertEqual(idle.stdout.readline().split(), [b"ready", b"%d" % IDLE])
            wait_until(lambda: self.filter.connections() >= IDLE, "all to be accepted")
            for number in range(10):
                self.check_service(f"busy-{number}")
            idle.kill()
        wait_until(lambda: self.filter.connections() < 10, "all to be closed")
        self.check_service()

    def test_milter(self) -> None:
        """On the milter port."""
        self.hold(self.filter.milter)

    def test_http(self) -> None:
        """On the HTTP port."""
        self.hold(self.filter.http)


class SlowTests(HostileCase):
    """One octet at a time."""

    def test_milter(self) -> None:
        """A whole milter session."""

        class Slow(mta.Session):
            def write(self, octets: bytes) -> None:
                trickle(self.socket, octets)

        session = Slow(self.filter.milter)
        message = mta.show(message_file("gtube-add-header.eml"))
        answer = session.send(message, "slow-milter")
        session.quit()
        self.assertEqual(answer.code, "a")
        record = self.filter.wait_record(self.mark, queue_id="slow-milter")
        self.assertEqual((record["action"], record["size"]), ("add header", len(message.octets)))

    def test_http(self) -> None:
        """A request with a length, and one in chunks of one octet, on the same connection."""
        message = message_file("gtube-add-header.eml")
        connection = scan_client.Connection(self.filter.http)
        self.addCleanup(connection.close)
        requests = (
            scan_client.with_length(message, [("Queue-Id", "slow-length")]),
            scan_client.chunked(message, [("Queue-Id", "slow-chunked")], 1),
        )
        for request in requests:
            trickle(connection.socket, request)
            status, _ = connection.read_reply()
            self.assertEqual(status, 200)
        for queue_id in ("slow-length", "slow-chunked"):
            record = self.filter.wait_record(self.mark, queue_id=queue_id)
            self.assertEqual((record["action"], record["size"]), ("add header", len(message)))


class VanishTests(HostileCase):
    """Clients that hang up, politely or not, wherever they are."""

    def test_milter_stages(self) -> None:
        """After each command of a session."""
        message = mta.show(message_file("ham.eml"))
        steps: list[Callable[[mta.Session], None]] = [
            lambda session: None,
            lambda session: session.envelope("a@example.org", ["b@box.test"], "gone"),
            lambda session: session.content(message),
            lambda session: session.write(mta.frame(b"L", b"Subject\0 cut")[:-3]),
            lambda session: session.write(b"\0\0"),
        ]
        for abort in (False, True):
            for count in range(len(steps) + 1):
                session = mta.Session(self.filter.milter)
                for step in steps[:count]:
                    step(session)
                hang_up(session, abort)
        self.check_service()

    def test_http_stages(self) -> None:
        """In the head, in the body, before the reply."""
        request = scan_client.with_length(message_file("ham.eml"), [("Queue-Id", "gone")])
        for abort in (False, True):
            for cut in (0, 1, 20, request.index(b"\r\n\r\n") + 2, len(request) - 5, len(request)):
                connection = scan_client.Connection(self.filter.http)
                connection.write(request[:cut])
                hang_up(connection, abort)
        self.check_service()

    def test_milter_in_scan(self) -> None:
        """While a check is waiting: it is told."""
        session = mta.Session(self.filter.milter)
        session.envelope("a@example.org", ["b@box.test"], "gone-milter")
        session.content(mta.show(SLOW))
        session.write(mta.frame(b"E"))
        self.vanish(session)

    def test_http_in_scan(self) -> None:
        """The same over HTTP."""
        connection = scan_client.Connection(self.filter.http)
        connection.write(scan_client.with_length(SLOW))
        self.vanish(connection)

    def vanish(self, client: Client) -> None:
        """Others are served while one waits; then it is gone, and its scan with it."""
        self.check_service("during")
        hang_up(client, abort=True)
        wait_until(
            lambda: "the delay was cancelled" in self.filter.log(self.mark),
            "the scan to be cancelled",
        )
        self.check_service()


class GarbageTests(HostileCase):
    """What is no message at all."""

    def test_milter(self) -> None:
        """Lengths that cannot be, commands out of order, other protocols: closed, and no more."""
        for octets in (
            b"\0\0\0\0",
            b"\xff\xff\xff\xffL",
            b"\x7f\xff\xff\xffB",
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"\xaa" * 200,
            b"POST /checkv2 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
            b"EHLO client.example.net\r\n",
            mta.frame(b"E"),
            mta.frame(b"O", b"\0\0"),
            mta.negotiation() + mta.frame(b"?", b"what"),
            mta.negotiation() + mta.frame(b"C", b"no end"),
            mta.negotiation() + mta.frame(b"E") * 3,
        ):
            with socket.create_connection(("127.0.0.1", self.filter.milter), 10) as client:
                client.sendall(octets)
                client.shutdown(socket.SHUT_WR)
                drain(client)
        self.check_service()

    def test_milter_ping(self) -> None:
        """A health check by HTTP is answered on the milter port."""
        connection = scan_client.Connection(self.filter.milter)
        self.addCleanup(connection.close)
        connection.write(b"GET /ping HTTP/1.0\r\n\r\n")
        self.assertEqual(connection.read_reply(), (200, b"pong\r\n"))

    def test_http(self) -> None:
        """Refused with a 4xx or closed."""
        for octets in (
            b"\0" * 100,
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"\xaa" * 200,
            b"GET / HTTP/9.9\r\n\r\n",
            b"POST /checkv2 HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"POST /checkv2 HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
            b"POST /checkv2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            b"GET /" + b"a" * 200_000,
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"POST /checkv2 HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
            b"POST /checkv2 HTTP/1.1\r\nCompression: zstd\r\nContent-Length: 5\r\n\r\nhello",
            b"POST /checkv2 HTTP/1.1\r\nCompression: zstd\r\nContent-Length: %d\r\n\r\n%b"
            % (len(BOMB), BOMB),
            b"POST /checkv3 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
            b"POST /checkv3 HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            b"Content-Length: 10\r\n\r\n--b\n\nx--b--",
            mta.negotiation(),
        ):
            with socket.create_connection(("127.0.0.1", self.filter.http), 10) as client:
                client.sendall(octets)
                client.shutdown(socket.SHUT_WR)
                reply = drain(client)
            if reply:
                self.assertTrue(reply.startswith(b"HTTP/1.1 4"), (octets[:60], reply[:60]))
        self.check_service()


def trickle(client: socket.socket, octets: bytes) -> None:
    """Send octets one by one, each in a packet of its own."""
    for at in range(len(octets)):
        client.sendall(octets[at : at + 1])


def hang_up(client: Client, abort: bool) -> None:
    """Close a connection in good order, or by a reset."""
    if abort:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def drain(client: socket.socket) -> bytes:
    """All that comes until the peer closes."""
    received = b""
    try:
        while octets := client.recv(65536):
            received += octets
    except ConnectionResetError:
        pass
    return received
