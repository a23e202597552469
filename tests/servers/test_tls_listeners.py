"""What the TLS of a listener is made of, and that it is that of no other listener."""

from dataclasses import replace

from OpenSSL import SSL

from mailfilter.codec.control import Credentials, Pair, Trust
from mailfilter.config.model import Certificate, Config, Identity, Listener
from mailfilter.tls.contexts import MAX_NAMED, SESSION_SECONDS, build_sides
from mailfilter.tls.facts import fingerprint
from tests.authority import Authority, load

from .test_tls_clients import KNOWN, TRUSTED, ClientCase
from .tls_case import VERSIONS


class ContextTests(ClientCase):
    def test_sessions(self) -> None:
        """They are the clients' to keep, for an hour: nothing of them fills memory here."""
        self.serve(client_auth="required", identities=KNOWN)
        context = self.factory.side.connection(0.0).get_context()
        self.assertEqual(context.get_session_cache_mode(), SSL.SESS_CACHE_OFF)
        self.assertEqual(context.get_timeout(), SESSION_SECONDS)

    def test_preference(self) -> None:
        """Of the ciphers ours comes first."""
        self.serve()
        chosen = set()
        ciphers = [b"ECDHE-ECDSA-AES256-GCM-SHA384", b"ECDHE-ECDSA-AES128-GCM-SHA256"]
        for offered in (ciphers, ciphers[::-1]):
            context = self.context(SSL.TLS1_2_VERSION)
            context.set_cipher_list(b":".join(offered))
            chosen.add(self.client(context=context).ssl.get_cipher_name())
        self.assertEqual(len(chosen), 1, chosen)

    def test_own_chain(self) -> None:
        """What is shown is what is in the file, whomever we believe."""
        self.authority = self.theirs
        self.pair = self.theirs.issue("mx.example.org")
        self.serve(client_auth="optional", identities=KNOWN)
        for version in VERSIONS:
            client = self.client(version)
            self.assertEqual(len(client.ssl.get_peer_cert_chain() or ()), 1)

    def test_chain_of_several(self) -> None:
        """A few authorities in between are usual."""
        self.serve(client_auth="required", identities=KNOWN)
        authorities = [self.theirs]
        for number in range(4):
            last = authorities[-1]
            authorities.append(Authority(self.folder, f"level{number}", signed_by=last))
        files = authorities[-1].issue(TRUSTED, chain=authorities[:0:-1])
        self.assertEqual(self.known(self.client(files=files)), "mx1")

    def test_authorities_are_told(self) -> None:
        """Not where a certificate of somebody else would do, nor where they are too many."""
        pinned = Identity(fingerprints=(fingerprint(load(self.pair[0])),))
        many = [Authority(self.folder, f"many{at}") for at in range(MAX_NAMED)]
        files = b"".join(each.file.read_bytes() for each in many)
        for identities, more, count in (
            (KNOWN, b"", 1),
            ({**KNOWN, "pinned": pinned}, b"", 0),
            (KNOWN, files, 0),
        ):
            self.serve(client_auth="optional", identities=identities)
            authorities = self.theirs.file.read_bytes() + more
            trust = Trust(listener="here", authorities=authorities)
            self.factory.side = self.side(trusts=(trust,))
            for version in VERSIONS:
                told = self.client(version).ssl.get_client_ca_list(as_cryptography=True)
                self.assertEqual(len(told), count)


class ListenersTests(ClientCase):
    def listener(self, **settings: object) -> Listener:
        usual = Listener(
            protocol="spamd", endpoint="tcp:0", certificates=("mx",), client_auth="required"
        )
        return replace(usual, **settings)  # type: ignore[arg-type]

    def test_authorities(self) -> None:
        """Who is believed at one listener is a stranger at the other."""
        self.serve(client_auth="required", identities=KNOWN)
        config = replace(self.config, listeners={"there": self.listener(), "here": self.listener()})
        trusts = [
            Trust(listener=name, authorities=authority.file.read_bytes())
            for name, authority in (("there", self.authority), ("here", self.theirs))
        ]
        pairs = self.credentials.pairs
        for order in (trusts, trusts[::-1]):
            sides = build_sides(config, Credentials(pairs=pairs, trusts=tuple(order)))
            self.factory.side = sides["here"]
            ours = self.authority.issue(TRUSTED, stem="of-ours")
            theirs = self.theirs.issue(TRUSTED)
            self.scanner.calls.clear()
            self.in_vain(ours, "certificate", "not trusted: CN=ours", "alert unknown ca")
            client = self.client(files=theirs)
            self.assertEqual(self.known(client), "mx1")
            client.gone()

    def test_without_trust(self) -> None:
        """Nor is anybody believed where there is nothing to verify by."""
        self.serve(client_auth="required", identities=KNOWN)
        config = replace(self.config, listeners={"here": self.listener(), "there": self.listener()})
        trust = Trust(listener="there", authorities=self.theirs.file.read_bytes())
        credentials = Credentials(pairs=self.credentials.pairs, trusts=(trust,))
        self.factory.side = build_sides(config, credentials)["here"]
        files = self.theirs.issue(TRUSTED)
        self.in_vain(files, "certificate", "not trusted: CN=theirs", "alert unknown ca")

    def test_off(self) -> None:
        """One that is off needs no files."""
        self.serve()
        listeners = {"off": self.listener(certificates=("none",), enabled=False)}
        config = replace(self.config, listeners={**self.config.listeners, **listeners})
        self.assertEqual(list(build_sides(config, self.credentials)), ["here"])

    def test_first_of_a_name(self) -> None:
        """Of two certificates with the same name in them the first is shown."""
        files = [self.authority.issue("a.example", stem=stem) for stem in ("one", "two")]
        first = self.authority.issue("first.example")
        pairs = [
            Pair(name=chain.stem, chain=chain.read_bytes(), key=key.read_bytes())
            for chain, key in (first, *files)
        ]
        names = tuple(pair.name for pair in pairs)
        listener = self.listener(certificates=names, client_auth="off")
        config = Config(
            listeners={"here": listener},
            certificates={name: Certificate(chain="x") for name in names},
        )
        self.serve()
        self.factory.side = build_sides(config, Credentials(pairs=tuple(pairs)))["here"]
        client = self.client(pump=False)
        client.ssl.set_tlsext_host_name(b"a.example")
        client.pump()
        shown = client.ssl.get_peer_certificate(as_cryptography=True)
        self.assertEqual(shown, load(files[0][0]))
