"""A connection that has enough to do lets the other side wait, also below TLS."""

from mailfilter.servers.http_connection import PAUSE_OCTETS
from mailfilter.testing.fake_scanner import FakeScanner

from .spamd_case import CHECKED, VERDICT
from .tls_case import VERSIONS, TlsCase, TlsClient

POST = b"POST /checkv2 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
LONG = POST.replace(b"5", b"%d" % PAUSE_OCTETS).replace(b"hello", b"x" * PAUSE_OCTETS)


class PressureTests(TlsCase):
    def watched(self, client: TlsClient) -> list[str]:
        """What is asked of the transport below."""
        asked: list[str] = []
        self.patch(client.transport, "pauseProducing", lambda: asked.append("pause"))
        self.patch(client.transport, "resumeProducing", lambda: asked.append("resume"))
        return asked

    def test_reads_no_more(self) -> None:
        """Nothing is taken from the socket, where it would fill memory."""
        for protocol in ("http", "scan"):
            scanner = FakeScanner(VERDICT, wait=True)
            self.serve(protocol, scanner=scanner)
            client = self.client()
            asked = self.watched(client)
            client.send(POST * 2 + LONG)
            self.assertEqual(asked[-1:], ["pause"])
            for _ in range(3):
                scanner.release()
                self.clock.advance(0)
                client.pump()
            self.assertEqual(asked[-1], "resume")
            self.assertEqual(client.received.count(b"HTTP/1.1 200 OK"), 3)

    def test_end_before_the_rest_is_read(self) -> None:
        """The FIN of one that said its end while we were not reading takes nothing away."""
        for version in VERSIONS:
            self.serve("spamd")
            client = self.client(version)
            client.stream.pauseProducing()
            client.send(b"CHECK SPAMC/1.2\r\n\r\nSubject: x\r\n\r\n")
            client.end()
            client.stream.resumeProducing()
            client.fin()
            self.clock.advance(0)
            client.pump()
            self.assertEqual(client.received, CHECKED)
            self.assertTrue(client.has_end)
            self.assertFalse(client.transport.aborted)
