"""Python programs over TLS: http.client and treq, lines and milter over a socket of `ssl`."""

import contextlib
import http.client
import json
import socket
import ssl
from typing import Any

import treq
from treq.client import HTTPClient
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.ssl import (
    Certificate,
    PrivateCertificate,
    optionsForClientTLS,
    trustRootFromCertificates,
)
from twisted.trial.unittest import TestCase
from twisted.web.client import URI, Agent, HTTPConnectionPool
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from . import mta, scan_client
from .harness import message_file
from .threads import Threads
from .tls import (
    NAME,
    SECOND,
    WILD,
    Files,
    TlsCase,
    TlsFilter,
    connect,
    dial,
    one_process_filter,
    papers,
    read_all,
    tls_filter,
    trusting,
)
from .tls_piped import Piped

HAM = message_file("ham.eml")
SPAM = message_file("gtube-reject.eml")
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
LARGE = HAM + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 90_000
"""5 MB."""
AT_ONCE = 20


class Https(http.client.HTTPSConnection):
    """A client of HTTPS at a port of this machine, whose certificate is for `NAME`."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        super().__init__(NAME, port, timeout=60, context=context)
        self._trusting = context

    def connect(self) -> None:
        """See `http.client`."""
        self.sock = connect(self.port, self._trusting)

    def scan(self, message: bytes, **fields: str) -> dict[str, Any]:
        """The verdict on a message."""
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        self.request("POST", "/checkv2", message, headers)
        verdict: dict[str, Any] = json.loads(self.getresponse().read())
        return verdict


class HttpClientTests(TlsCase):
    """The standard library's."""

    def test_kept_alive(self) -> None:
        """Many messages on a connection with a certificate; each is its owner's."""
        for version in VERSIONS:
            context = trusting(papers().partner, version=version, alpn=("http/1.1",))
            client = Https(self.filter.ports["open-known"], context)
            self.addCleanup(client.close)
            mark = self.filter.log_size()
            for number in range(50):
                message, action = ((HAM, "no action"), (SPAM, "reject"))[number % 2]
                self.assertEqual(client.scan(message, Queue_Id="kept")["action"], action)
            self.filter.wait_record(mark, queue_id="kept")
            records = self.filter.records(mark)
            self.assertEqual([record["identity"] for record in records], ["partner"] * 50)

    def test_sizes(self) -> None:
        """5 MB and nothing, on one connection."""
        client = Https(self.filter.ports["open"], trusting())
        self.addCleanup(client.close)
        for message in (LARGE, HAM, b"", LARGE):
            self.assertIn("action", client.scan(message))

    def test_end(self) -> None:
        """A reply that ends the connection ends it in good order, also that to HTTP/1.0."""
        for version in VERSIONS:
            for word, head in (("1.0", b""), ("1.1", b"Connection: close\r\n")):
                for name in ("open", "scan"):
                    stream = connect(self.filter.ports[name], trusting(version=version))
                    self.addCleanup(stream.close)
                    line = f"POST /checkv2 HTTP/{word}\r\n".encode()
                    stream.sendall(line + head + b"Content-Length: %d\r\n\r\n" % len(HAM) + HAM)
                    reply = read_all(stream)
                    self.assertTrue(reply.endswith(b"}"), reply)

    def test_half_closed(self) -> None:
        """A client that says first that it will send no more is answered, nevertheless."""
        for version in VERSIONS:
            plain = dial(self.filter.ports["open"])
            self.addCleanup(plain.close)
            client = Piped(plain, trusting(version=version))
            client.shake_hands()
            plain.sendall(client.seal(scan_client.with_length(HAM)))
            client.half_close()
            self.assertTrue(client.read_all().endswith(b"}"))

    def test_load(self) -> None:
        """200 connections, 20 at the same time."""
        names = (NAME, SECOND, WILD)
        port = self.filter.ports["open"]

        def ask(client: int) -> None:
            context = trusting()
            for number in range(client, 200, AT_ONCE):
                message, action = ((HAM, "no action"), (SPAM, "reject"))[number % 2]
                stream = connect(port, context, names[number % 3])
                verdict = scan_client.Connection(stream).scan(scan_client.with_length(message))
                assert verdict["action"] == action, verdict
                stream.close()

        Threads(AT_ONCE, ask).join()


class SessionTests(TlsCase):
    """Sessions of the standard library."""

    def make_filter(self) -> TlsFilter:
        """See `LiveCase`."""
        return one_process_filter()

    def test_resumed(self) -> None:
        """A session of one connection serves the next ones, with the certificate it was for."""
        for version in VERSIONS:
            context = trusting(papers().partner, version=version)
            session: ssl.SSLSession | None = None
            for number in range(3):
                stream = connect(self.filter.ports["open-known"], context, session=session)
                self.addCleanup(stream.close)
                verdict = scan_client.Connection(stream).scan(
                    scan_client.with_length(HAM, [("Queue-Id", f"again-{version}-{number}")])
                )
                self.assertEqual(verdict["action"], "no action")
                self.assertEqual(stream.session_reused, number > 0)
                session = stream.session
                record = self.filter.wait_record(self.mark, queue_id=f"again-{version}-{number}")
                self.assertEqual(record["identity"], "partner")


class LinesTests(TlsCase):
    """Lines and milter over `ssl`."""

    def test_lines(self) -> None:
        """A check by lines, read to the end of the connection."""
        for name, files in (("lines", None), ("lines-known", papers().partner), ("scan", None)):
            for version in VERSIONS:
                context = trusting(files, version=version)
                stream = connect(self.filter.ports[name], context)
                self.addCleanup(stream.close)
                stream.sendall(b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(SPAM) + SPAM)
                self.assertIn(b"Spam: True ; ", read_all(stream))

    def test_end_of_message(self) -> None:
        """A message that ends with what is sent needs the end of TLS: a FIN alone, which anybody
        on the way can send, does not end it."""
        request = b"CHECK SPAMC/1.2\r\n\r\n" + SPAM
        for listener in ("lines", "scan"):
            for version in VERSIONS:
                plain = dial(self.filter.ports[listener])
                self.addCleanup(plain.close)
                client = Piped(plain, trusting(version=version))
                client.shake_hands()
                plain.sendall(client.seal(request))
                plain.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionError):
                    self.assertEqual(client.read_all(), b"")
        self.assertEqual(self.filter.records(self.mark), [])
        whole = Piped(dial(self.filter.ports["lines"]))
        self.addCleanup(whole.socket.close)
        whole.shake_hands()
        whole.socket.sendall(whole.seal(request))
        whole.half_close()
        self.assertIn(b"Spam: True ; ", whole.read_all())

    def test_milter(self) -> None:
        """Several messages in a session, with and without a certificate."""
        for name, files, who in (
            ("milter", None, None),
            ("milter-known", papers().partner, "partner"),
            ("milter-known", papers().pinned, "pinned"),
        ):
            for version in VERSIONS:
                context = trusting(files, version=version)
                session = mta.Session(connect(self.filter.ports[name], context))
                for number in range(3):
                    queue_id = f"tls-{name}-{who}-{version}-{number}"
                    answer = session.send(mta.show(LARGE if number == 1 else HAM), queue_id)
                    self.assertEqual(answer.code, "a")
                    record = self.filter.wait_record(self.mark, queue_id=queue_id)
                    self.assertEqual(record["identity"], who)
                session.quit()

    def test_milter_reject(self) -> None:
        """A refusal."""
        session = mta.Session(connect(self.filter.ports["milter"]))
        answer = session.send(mta.show(SPAM), "tls-spam")
        session.quit()
        self.assertEqual(answer.code, "y")


@implementer(IAgentEndpointFactory)
class Here:
    """Connects to this machine, whatever the name, and shows a certificate."""

    def __init__(self, files: Files | None) -> None:
        root = Certificate.loadPEM(papers().root.file.read_bytes())
        self._trust = trustRootFromCertificates([root])
        pem = b"" if files is None else files[0].read_bytes() + files[1].read_bytes()
        self._shown = PrivateCertificate.loadPEM(pem) if pem else None

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        """See `IAgentEndpointFactory`."""
        options = optionsForClientTLS(NAME, self._trust, self._shown)
        plain = HostnameEndpoint(reactor, "127.0.0.1", uri.port)
        endpoint: IStreamClientEndpoint = wrapClientTLS(options, plain)
        return endpoint


class TreqTests(TestCase):
    """treq, with connections that it keeps."""

    timeout = 120

    def setUp(self) -> None:
        """A client with a certificate, and one without."""
        self.filter = tls_filter()
        self.mark = self.filter.log_size()

    def client(self, files: Files | None) -> HTTPClient:
        """One that keeps its connections until the test ends."""
        pool = HTTPConnectionPool(reactor)
        pool.maxPersistentPerHost = AT_ONCE
        self.addCleanup(pool.closeCachedConnections)
        return HTTPClient(Agent.usingEndpointFactory(reactor, Here(files), pool))

    async def test_known(self) -> None:
        """100 messages, 20 at the same time, by a client with a certificate."""
        client = self.client(papers().partner)
        url = f"https://{NAME}:{self.filter.ports['open-known']}/checkv2"

        async def scan() -> None:
            for number in range(5):
                reply = await client.post(url, data=SPAM if number % 2 else HAM)
                verdict = await treq.json_content(reply)
                self.assertEqual(verdict["action"], "reject" if number % 2 else "no action")

        await gatherResults([Deferred.fromCoroutine(scan()) for _ in range(AT_ONCE)])
        self.assertEqual(
            {record["identity"] for record in self.filter.records(self.mark)}, {"partner"}
        )

    async def test_stranger(self) -> None:
        """Without a certificate there is no reply."""
        url = f"https://{NAME}:{self.filter.ports['open-known']}/checkv2"
        with self.assertRaises(Exception):  # noqa: B017
            await self.client(None).post(url, data=HAM)
