"""mailfilterc over HTTPS: whom it believes, and as whom it is known."""

import functools
import hashlib
import json
import ssl
from pathlib import Path
from typing import ClassVar

from tests.authority import Authority, self_signed

from .controller_case import LOOK, make_controlled
from .delivered import values
from .harness import Filter, LiveCase, body_of, message_file
from .mailfilterc import Ran, mailfilterc
from .processes import free_port, private_directory
from .stunnel import Stunnel
from .tls import Files

HAM = message_file("ham.eml")
CLIENT = "client.partner.test"
_LISTENER = """\
[listeners.{name}]
protocol = "{protocol}"
endpoint = "tcp:{port}:interface=127.0.0.1"
certificates = ["own"]
"""


class Papers:
    """Certificates of servers at this machine, right ones and wrong ones, and of clients."""

    def __init__(self) -> None:
        self.folder = folder = private_directory()
        self.root = Authority(folder, "root")
        self.middle = Authority(folder, "middle", signed_by=self.root)
        self.other = Authority(folder, "other")
        self.clients = Authority(folder, "clients")
        self.own = self.root.issue("localhost", usage="server", stem="own")
        self.chained = self._server("chained", self.middle)
        self.odd: dict[str, Files] = {
            "chained": self.chained,
            "expired": self.root.issue("localhost", days=(-90, -1), stem="expired"),
            "early": self.root.issue("localhost", days=(1, 90), stem="early"),
            "other": self.other.issue("localhost", stem="stranger"),
            "name": self.root.issue("elsewhere.test", stem="elsewhere"),
            "alone": self_signed(folder, "localhost"),
            "revoked": self.root.issue("localhost", stem="revoked"),
        }
        self.crl = self.root.revoke(self.odd["revoked"][0])
        self.old_crl = self.other.revoke(days=(-30, -1))
        self.client = self.clients.issue(CLIENT, usage="client")
        self.stranger = self.other.issue(CLIENT, usage="client", stem="foreign")
        self.both = folder / "both.pem"
        self.both.write_bytes(b"".join(path.read_bytes() for path in self.client))
        self.both.chmod(0o600)

    def _server(self, stem: str, authority: Authority) -> Files:
        return authority.issue("localhost", usage="server", stem=stem, chain=[authority])


@functools.cache
def papers() -> Papers:
    """Those that all tests use."""
    return Papers()


class SealedFilter:
    """A filter with passwords and with listeners for HTTPS: `ports` by name.

    `open` asks for no certificate, `known` wants one, `team` is the controller.
    """

    def __init__(self) -> None:
        own = papers()
        self.filter: Filter = make_controlled()
        chain, key = own.own
        self.filter.configure(f'[certificates.own]\nchain = "{chain}"\nkey = "{key}"\n')
        self.filter.configure(f'[identities.partner]\ndns = ["{CLIENT}"]\n')
        self.ports = {name: free_port() for name in ("open", "known", "team")}
        for name, port in self.ports.items():
            protocol = "controller" if name == "team" else "http"
            text = _LISTENER.format(name=name, protocol=protocol, port=port)
            if name == "known":
                text += f'client_auth = "required"\nclient_ca = "{own.clients.file}"\n'
                text += 'identities = ["partner"]\n'
            self.filter.configure(text)
        self.filter.start()


@functools.cache
def sealed() -> SealedFilter:
    """The one that all tests ask."""
    return SealedFilter()


@functools.cache
def odd_ports() -> dict[str, int]:
    """Servers with certificates of all kinds, before the same filter."""
    ports = {name: free_port() for name in papers().odd}
    text = ""
    for name, (chain, key) in papers().odd.items():
        text += f"[{name}]\naccept = 127.0.0.1:{ports[name]}\ncert = {chain}\nkey = {key}\n"
        text += f"connect = 127.0.0.1:{sealed().filter.http}\n"
    Stunnel(text, list(ports.values()))
    return ports


def ask(server: str, *arguments: str) -> Ran:
    """Run mailfilterc, trusting no authority that is not given."""
    return mailfilterc("-h", server, "-t", "60", "--json", *arguments, message=HAM)


class SealedCase(LiveCase):
    """Asks over HTTPS."""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return sealed().filter

    def ask(self, server: str, *arguments: str, authority: Path | None = None) -> Ran:
        """Have a message scanned, or another command carried out, with an answer in JSON."""
        trust = ("--ca", str(authority or papers().root.file))
        return ask(server, *trust, *arguments)

    def check_scanned(self, ran: Ran) -> None:
        """There is a verdict."""
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual(json.loads(ran.out)["action"], "no action")

    def check_refused(self, ran: Ran, reason: str) -> None:
        """There is none, and why is said; nothing was scanned."""
        self.assertEqual(ran.code, 1, ran)
        self.assertIn(reason, ran.text + ran.told)
        self.assertEqual(self.filter.records(self.mark), [])


class TrustTests(SealedCase):
    """Whom it believes."""

    def test_authority(self) -> None:
        """One's own authority, by URL and by option."""
        port = sealed().ports["open"]
        self.check_scanned(self.ask(f"https://localhost:{port}"))
        self.check_scanned(self.ask(f"https://localhost:{port}/"))
        self.check_scanned(self.ask(f"localhost:{port}", "--tls"))

    def test_controller(self) -> None:
        """The controller too, with its password."""
        server = f"https://localhost:{sealed().ports['team']}"
        ran = self.ask(server, "-P", LOOK, "stat")
        self.assertEqual(ran.code, 0, ran)
        self.assertIn("scanned", json.loads(ran.out))

    def test_system(self) -> None:
        """Without an authority given, those of the system: ours is none."""
        server = f"https://localhost:{sealed().ports['open']}"
        self.check_refused(ask(server), "an authority that is not trusted: CN=root")

    def test_name(self) -> None:
        """A wrong name: an address is none of the names."""
        server = f"https://127.0.0.1:{sealed().ports['open']}"
        self.check_refused(self.ask(server), "is not for 127.0.0.1 but for localhost")

    def test_pins(self) -> None:
        """One of the pins must be the server's."""
        server = f"https://localhost:{sealed().ports['open']}"
        right = hashlib.sha256(ssl.PEM_cert_to_DER_cert(papers().own[0].read_text())).hexdigest()
        self.check_scanned(self.ask(server, "--pin", right))
        self.check_scanned(self.ask(server, "--pin", "0" * 64, "--pin", right))
        self.mark = self.filter.log_size()
        self.check_refused(self.ask(server, "--pin", "0" * 64), "is not pinned")

    def test_mixed(self) -> None:
        """What is asked for of TLS is not forgotten where there is none."""
        for flags in (("--pin", "0" * 64), ("--tls",), ("--cert", str(papers().both))):
            ran = ask(f"http://localhost:{self.filter.http}", *flags)
            self.assertEqual(ran.code, 2, ran)
            self.assertTrue(ran.told, ran)

    def test_plain(self) -> None:
        """HTTPS where only HTTP is spoken, and the other way round."""
        self.check_refused(self.ask(f"https://localhost:{self.filter.http}"), "no TLS")
        port = sealed().ports["open"]
        self.check_refused(ask(f"localhost:{port}"), "no answer came")

    def test_files(self) -> None:
        """A file that is not there, or is no certificate."""
        server = f"https://localhost:{sealed().ports['open']}"
        for path in ("/nonexistent/ca.pem", str(papers().own[1])):
            ran = self.ask(server, authority=Path(path))
            self.assertIn(ran.code, (1, 2), ran)
            self.assertIn(path, ran.text + ran.told)


class OddTests(SealedCase):
    """Servers that are not who they should be."""

    needs: ClassVar = ("stunnel",)

    def odd(self, name: str, *arguments: str, authority: Path | None = None) -> Ran:
        """Ask one of them."""
        return self.ask(f"https://localhost:{odd_ports()[name]}", *arguments, authority=authority)

    def test_chain(self) -> None:
        """One signed by an authority between."""
        self.check_scanned(self.odd("chained"))

    def test_refused(self) -> None:
        """Expired, not valid yet, of another authority, of another name, signed by itself."""
        for name, reason in (
            ("expired", "the certificate expired on "),
            ("early", "the certificate does not hold before "),
            ("other", "an authority that is not trusted: CN=other"),
            ("name", "is not for localhost but for elsewhere.test"),
            ("alone", "the certificate is self-signed"),
        ):
            self.check_refused(self.odd(name), reason)

    def test_revoked(self) -> None:
        """With a list, and with one that is out of date."""
        self.check_scanned(self.odd("revoked"))
        self.mark = self.filter.log_size()
        self.check_refused(
            self.odd("revoked", "--crl", str(papers().crl)), "the certificate is revoked"
        )
        authority, crl = papers().other.file, str(papers().old_crl)
        self.check_refused(self.odd("other", "--crl", crl, authority=authority), "is out of date")

    def test_marked(self) -> None:
        """In LDA mode the message goes on as it came, or is refused for now."""
        ran = self.odd("expired", "--mime")
        self.assertEqual((ran.code, body_of(ran.out)), (0, body_of(HAM)))
        self.assertIn("expired", values(ran.out, "X-Spam-Error")[0])
        ran = self.odd("expired", "--mime", "--on-error", "tempfail")
        self.assertEqual((ran.code, ran.out), (75, b""))


class KnownTests(SealedCase):
    """As whom it is known."""

    def known(self, *arguments: str) -> Ran:
        """Ask where a certificate is wanted."""
        return self.ask(f"https://localhost:{sealed().ports['known']}", *arguments)

    def test_certificate(self) -> None:
        """With its key in another file, or in the same one."""
        chain, key = map(str, papers().client)
        self.check_scanned(self.known("--cert", chain, "--cert-key", key))
        self.check_scanned(self.known("--cert", str(papers().both)))
        records = self.filter.records(self.mark)
        self.assertEqual([record["identity"] for record in records], ["partner"] * 2)

    def test_refused(self) -> None:
        """Without one, and with that of a stranger."""
        self.check_refused(self.known(), "it wants a certificate of ours")
        chain, key = map(str, papers().stranger)
        ran = self.known("--cert", chain, "--cert-key", key)
        self.check_refused(ran, "it refused the certificate that we showed")

    def test_marked(self) -> None:
        """In LDA mode too."""
        ran = self.known("--mime", "--cert", str(papers().both))
        self.assertEqual((ran.code, values(ran.out, "X-Spam-Action")), (0, ["no action"]))
