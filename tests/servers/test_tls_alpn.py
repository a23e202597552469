"""What is spoken by ALPN: nobody is let in who takes us for somebody else."""

from OpenSSL import SSL

from mailfilter.codec.control import Credentials, Pair
from mailfilter.config.model import Certificate, Config, Listener
from mailfilter.tls.contexts import build_sides

from .tls_case import VERSIONS, TlsCase, TlsClient

ALERT = "alert no application protocol"


class AlpnTests(TlsCase):
    def offer(self, version: int, *protocols: bytes, host: bytes = b"") -> TlsClient:
        """What becomes of a client that offers these; without any, of one without ALPN."""
        context = self.context(version)
        if protocols:
            context.set_alpn_protos(list(protocols))
        client = self.client(context=context, pump=False)
        if host:
            client.ssl.set_tlsext_host_name(host)
        client.pump()
        return client

    def refused_at(self, version: int, words: str, *protocols: bytes, host: bytes = b"") -> None:
        self.counted.clear()
        before = len(self.site.connections)
        self.clock.advance(60)
        client = self.offer(version, *protocols, host=host)
        self.assertIn(ALERT, client.error)
        self.refused("protocol", words)
        client.gone()
        self.assertEqual(len(self.site.connections), before)

    def test_chosen(self) -> None:
        """The best that both speak, whatever the other side likes best."""
        for protocol in ("http", "scan", "controller"):
            self.serve(protocol)
            for version in VERSIONS:
                for offered, chosen in (
                    ((), b""),
                    ((b"http/1.1",), b"http/1.1"),
                    ((b"h2", b"http/1.0", b"http/1.1"), b"http/1.1"),
                    ((b"http/1.0",), b"http/1.0"),
                ):
                    client = self.offer(version, *offered)
                    self.assertTrue(client.is_up, client.error)
                    self.assertEqual(client.ssl.get_alpn_proto_negotiated(), chosen)

    def test_none_of_ours(self) -> None:
        for protocol in ("http", "scan", "controller"):
            self.serve(protocol)
            for version in VERSIONS:
                words = "by ALPN it speaks h2; this listener speaks http/1.1 or http/1.0"
                self.refused_at(version, words, b"h2")
                self.refused_at(version, "speaks smtp, HTTP/1.1; this", b"smtp", b"HTTP/1.1")

    def test_no_names(self) -> None:
        """A milter or line listener is nobody that somebody with ALPN could mean."""
        for protocol in ("milter", "spamd"):
            self.serve(protocol)
            for version in VERSIONS:
                words = "by ALPN it speaks h2, http/1.1; this listener speaks none that has a name"
                self.refused_at(version, words, b"h2", b"http/1.1")
                self.assertTrue(self.offer(version).is_up)

    def test_hostile_names(self) -> None:
        """Escaped and cut, not more than some of them."""
        self.serve("http")
        names = [b"\x1b[2J\xff\n", b"x" * 255, *(b"%d" % number for number in range(100))]
        self.refused_at(SSL.TLS1_3_VERSION, "speaks \\x1b[2J\\xff\\n, xxx", *names)
        text = self.lines()[-1]
        self.assertTrue(text.isprintable(), text)
        self.assertIn("xxx..., 0, 1, 2, 97 more; this", text)
        self.assertLess(len(text), 250)

    def test_by_name(self) -> None:
        """Whichever certificate is shown."""
        self.serve("http")
        pairs = []
        for name in ("one.example", "two.example"):
            chain, key = self.authority.issue(name)
            pairs.append(Pair(name=name, chain=chain.read_bytes(), key=key.read_bytes()))
        names = tuple(pair.name for pair in pairs)
        listener = Listener(protocol="http", endpoint="tcp:0", certificates=names)
        shown = {name: Certificate(chain="x") for name in names}
        config = Config(listeners={"here": listener}, certificates=shown)
        self.factory.side = build_sides(config, Credentials(pairs=tuple(pairs)))["here"]
        for version in VERSIONS:
            self.refused_at(version, "by ALPN it speaks h2", b"h2", host=b"two.example")
            client = self.offer(version, b"http/1.1", host=b"two.example")
            self.assertEqual(client.ssl.get_alpn_proto_negotiated(), b"http/1.1")
