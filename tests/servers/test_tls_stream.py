"""TLS below each protocol: requests, replies, ends of every kind."""

import gc
import random
from weakref import ref
from zlib import compress

from OpenSSL import SSL

from mailfilter.servers.closing import LINGER_SECONDS
from mailfilter.servers.tls_stream import PIECE
from mailfilter.testing.fake_scanner import FakeScanner
from tests.codec.milter_mta import frames

from .milter_server import START
from .spamd_case import CHECK, CHECKED, VERDICT, request
from .tls_case import VERSIONS, TlsCase, TlsClient

POST = b"POST /checkv2 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"


class TalkTests(TlsCase):
    def test_lines(self) -> None:
        for protocol in ("spamd", "scan"):
            for version in VERSIONS:
                for size in (1, 2**20):
                    self.serve(protocol)
                    client = self.client(version, pump=False)
                    client.pump(size)
                    client.send(CHECK, size)
                    self.assertEqual(client.received, CHECKED)
                    self.assertTrue(client.has_end)
                    self.assertTrue(client.transport.half_closed)

    def test_http(self) -> None:
        for protocol in ("http", "scan"):
            for version in VERSIONS:
                self.serve(protocol)
                client = self.client(version)
                for number in range(1, 4):
                    client.send(POST)
                    self.assertEqual(client.received.count(b"HTTP/1.1 200 OK"), number)
                self.assertFalse(client.has_end)

    def test_milter(self) -> None:
        for version in VERSIONS:
            self.serve("milter")
            client = self.client(version)
            for part in START:
                client.send(part)
            self.assertEqual(frames(client.received)[0][0], "O")

    def test_pieces(self) -> None:
        """OpenSSL is never given much at once: it keeps as much room for the next time."""
        self.serve("http")
        client = self.client()
        given: list[int] = []
        tls = client.stream.tls

        def write(data: bytes) -> int:
            given.append(len(data))
            return SSL.Connection.bio_write(tls, data)

        self.patch(tls, "bio_write", write)
        client.send(POST.replace(b"5", b"200000").replace(b"hello", b"x" * 200_000))
        self.assertIn(b"HTTP/1.1 200 OK", client.received)
        self.assertGreater(sum(given), 200_000)
        self.assertLessEqual(max(given), PIECE)

    def test_counted(self) -> None:
        self.serve()
        client = self.client()
        self.assertEqual(self.counted, ["tls/handshakes"])
        self.assertEqual(len(self.site.connections), 1)
        client.gone()
        self.assertEqual(len(self.site.connections), 0)
        self.assertFalse(self.clock.getDelayedCalls())

    def test_stopped_anywhere(self) -> None:
        """Nothing is left of a connection, however far its handshake has come."""
        for protocol in ("http", "milter", "scan", "spamd"):
            for version in VERSIONS:
                self.serve(protocol)
                for octets in range(0, 2000, 211):
                    client = self.client(version, pump=False)
                    self.talk(client, octets)
                    client.gone()
                    self.assertFalse(self.clock.getDelayedCalls())
                    self.assertFalse(self.site.connections)
        self.assertLessEqual(set(self.counted), {"tls/handshakes", "tls/refused/gone"})
        self.assertIn("it left in the handshake", self.lines()[0])

    def test_memory(self) -> None:
        """It is free again when a connection has ended, whoever ends it how."""
        gc.disable()
        self.addCleanup(gc.enable)
        for protocol in ("http", "milter", "scan", "spamd"):
            self.serve(protocol)
            for octets in (0, 5, 300, 10_000):
                for ending in (TlsClient.gone, TlsClient.fin, TlsClient.end):
                    client = self.client(pump=False)
                    self.talk(client, octets)
                    if ending is TlsClient.end and client.is_up:
                        client.end()
                    elif ending is TlsClient.fin:
                        client.stream.readConnectionLost()
                    client.gone()
                    # As Twisted does it.
                    client.transport.producer = None
                    left = ref(client.stream)
                    del client
                    self.assertIsNone(left(), (protocol, octets, ending))

    def talk(self, client: TlsClient, octets: int) -> None:
        """Let the client say no more than so many octets."""
        while octets and (sent := client.outgoing()):
            client.deliver(sent[:octets])
            octets -= len(sent[:octets])
            if came := client.transport.value():
                client.ssl.bio_write(came)
                client.transport.clear()


class EndTests(TlsCase):
    def test_half_close(self) -> None:
        """close_notify ends what the client sends; the reply still comes, and then our end."""
        for protocol in ("spamd", "scan"):
            for version in VERSIONS:
                scanner = FakeScanner(VERDICT, wait=True)
                self.serve(protocol, scanner=scanner)
                client = self.client(version)
                client.send(b"CHECK SPAMC/1.2\r\n\r\nSubject: x\r\n\r\n")
                self.assertEqual(scanner.waiting, 0)
                client.end()
                client.fin()
                self.assertEqual(scanner.waiting, 1)
                scanner.release()
                client.pump()
                self.assertEqual(client.received, CHECKED)
                self.assertTrue(client.has_end)
                self.assertTrue(client.is_closed)
                self.assertFalse(client.transport.aborted)

    def test_half_close_of_http(self) -> None:
        for protocol in ("http", "scan"):
            scanner = FakeScanner(VERDICT, wait=True)
            self.serve(protocol, scanner=scanner)
            client = self.client()
            client.send(POST)
            client.end()
            self.patch(client.stream.tls, "bio_write", self.fail)
            client.stream.dataReceived(b"what comes behind the end is not even kept")
            scanner.release()
            client.pump()
            self.assertIn(b"HTTP/1.1 200 OK\r\nConnection: close", client.received)
            self.assertTrue(client.has_end)
            self.assertTrue(client.is_closed)

    def test_half_close_of_milter(self) -> None:
        """An MTA that sends no more is gone, as without TLS."""
        self.serve("milter")
        client = self.client()
        client.send(START[0])
        client.end()
        self.assertTrue(client.has_end)
        self.assertTrue(client.is_closed)

    def test_fin_alone(self) -> None:
        """A FIN without close_notify may cut off anything: the client is gone."""
        for protocol, octets in (("spamd", CHECK), ("http", POST)):
            scanner = FakeScanner(VERDICT, wait=True)
            self.serve(protocol, scanner=scanner)
            client = self.client()
            client.send(octets)
            client.fin()
            self.assertTrue(client.is_closed)
            client.gone()
            self.assertEqual(scanner.cancelled, 1)
            self.assertFalse(self.site.connections)

    def test_fin_of_one_that_does_not_read(self) -> None:
        """What it does not read cannot hold the connection."""
        self.serve("http")
        client = self.client()
        client.transport.dataBuffer = bytes(10)
        client.fin()
        self.assertTrue(client.transport.aborted)

    def test_end_after_ours(self) -> None:
        """Once our FIN is out, a transport of Twisted is closed at once, within what is read."""
        for version in VERSIONS:
            self.serve("spamd")
            client = self.client(version)
            client.send(CHECK)
            self.assertTrue(client.transport.half_closed)
            client.transport.loseConnection = client.gone  # type: ignore[method-assign]
            client.end()
            self.assertEqual(client.received, CHECKED)
            self.assertFalse(self.site.connections)

    def test_gone(self) -> None:
        scanner = FakeScanner(VERDICT, wait=True)
        self.serve("http", scanner=scanner)
        client = self.client()
        client.send(POST)
        client.gone()
        self.assertEqual(scanner.cancelled, 1)
        client.stream.abortConnection()
        client.stream.loseConnection()
        client.stream.loseWriteConnection()
        client.stream.write(b"late")
        client.stream.pauseProducing()
        client.stream.resumeProducing()

    def test_sends_on(self) -> None:
        """What a client sends after the reply is read and dropped, until it ends or time is up."""
        self.serve("spamd")
        client = self.client()
        client.send(CHECK + bytes(100_000))
        self.assertTrue(client.has_end)
        client.send(bytes(100_000))
        self.assertFalse(client.is_closed)
        client.end()
        self.assertTrue(client.is_closed)
        client = self.client()
        client.send(CHECK)
        self.clock.pump([LINGER_SECONDS] * 2)
        self.assertTrue(client.transport.aborted)

    def test_large_reply(self) -> None:
        """In many records, up to the end."""
        self.serve("spamd")
        client = self.client()
        body = b"A: 1\n\n".ljust(2**20, b"x")
        client.send(request(b"PROCESS SPAMC/1.5", body))
        self.assertGreater(len(client.received), len(body))
        self.assertTrue(client.has_end)

    def test_broken(self) -> None:
        """Octets that are no TLS any more: closed, counted, said."""
        for version in VERSIONS:
            self.serve("http")
            self.counted.clear()
            client = self.client(version)
            client.deliver(b"\x17\x03\x03\x00\x20" + bytes(32))
            client.pump()
            self.assertIn("alert bad record mac", client.error)
            self.assertTrue(client.is_closed)
            self.broke("what it said is not right: ")
            client.gone()
            self.assertFalse(self.site.connections)


class PauseTests(TlsCase):
    def test_order(self) -> None:
        """One that is paused gets nothing, also not what is decrypted already."""
        self.serve("spamd")
        message = random.Random(1).randbytes(100_000)
        body = compress(message)
        text = b"CHECK SPAMC/1.5\r\nCompress: zlib\r\nContent-length: %d\r\n\r\n" % len(body)
        client = self.client()
        data = text + body
        self.assertGreater(len(data), 16 * 1024)
        client.write(data)
        sent = client.outgoing()
        client.deliver(sent)
        for _ in range(1000):
            self.clock.advance(0)
        client.pump()
        self.assertEqual(self.scanner.calls[-1][1], message)

    def test_producer(self) -> None:
        """The connection is told below TLS when its octets wait."""
        self.serve("http")
        client = self.client()
        producer = client.transport.producer
        producer.pauseProducing()
        client.send(POST * 3)
        self.assertEqual(client.received.count(b"HTTP/1.1 200 OK"), 1)
        producer.resumeProducing()
        self.clock.advance(0)
        for _ in range(10):
            client.pump()
            self.clock.advance(0)
        self.assertEqual(client.received.count(b"HTTP/1.1 200 OK"), 3)

    def test_end_of_one_that_is_paused(self) -> None:
        """It is heard when it reads on, behind all that came before."""
        self.serve("http", scanner=FakeScanner(VERDICT, wait=True))
        client = self.client()
        client.send(POST)
        client.stream.pauseProducing()
        client.send(POST)
        client.end()
        self.assertEqual(client.received, b"")
        client.stream.resumeProducing()
        self.clock.advance(0)
        for _ in range(2):
            self.scanner.release()
            self.clock.advance(0)
            client.pump()
        self.assertEqual(client.received.count(b"HTTP/1.1 200 OK"), 2)
        self.assertTrue(client.has_end)
