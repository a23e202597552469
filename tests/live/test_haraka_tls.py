"""Haraka asks over HTTPS and shows a certificate, as docs/tls.md says."""

import functools

from tests.authority import Authority

from .delivered import values
from .haraka import Haraka
from .haraka_case import HarakaCase
from .harness import Reply, message_file, shared_sink, wish
from .processes import private_directory, wait_until
from .scan_mta import HAM, LARGE
from .smtp import STRANGER, Client
from .tls_page import (
    HARAKA_FOLDER,
    HTTPS,
    SERVER,
    MtaFiles,
    PageFilter,
    blocks,
    here,
    https_filter,
    issue,
    refused,
)
from .told import told

GTUBE = message_file("gtube-reject.eml")
SHOWN = f"cert_file = {HARAKA_FOLDER}/mx1.pem\nkey_file = {HARAKA_FOLDER}/mx1.key\n"
NAME = f"servername = {SERVER}"
DEFERRED = Reply(450, "Rspamd scan error")


class HarakaTlsCase(HarakaCase):
    """Base: Haraka as `mx1.example.net`."""

    filter: PageFilter

    def make_filter(self) -> PageFilter:
        """See `LiveCase`."""
        return https_filter()

    def make_haraka(self) -> Haraka:
        """See `HarakaCase`."""
        return documented_haraka()

    def check_deferred(self, kind: str = "", reply: Reply = DEFERRED) -> None:
        """Spam and ham alike are deferred and do not arrive; the filter counts what it refused."""
        before = refused(self.filter, kind)
        for message in (GTUBE, HAM):
            self.assertEqual(self.send(message), reply)
        self.check_arrived(0)
        self.assertEqual(self.filter.records(self.mark), [])
        if kind:
            wait_until(lambda: refused(self.filter, kind) >= before + 2, f"{kind} to be counted")
            self.assertIn("TLS refused: ", self.filter.log())


class HarakaTlsTests(HarakaTlsCase):
    """With the right certificates."""

    def test_mail(self) -> None:
        """Ham comes in, spam does not, and what is between is marked."""
        self.assertEqual(self.send(HAM).code, 250)
        self.assertEqual(self.send(GTUBE), Reply(550, "Gtube pattern"))
        marked = self.address("marked")
        self.assertEqual(self.send(wish([("Action", "add header")]), marked).code, 250)
        self.check_arrived(1)
        self.assertEqual(values(self.arrived(self.box), "X-Spam-Score"), [])
        self.assertEqual(len(values(self.arrived(marked), "X-Spam-Score")), 1)

    def test_large(self) -> None:
        """A message of 10 MB."""
        self.assertEqual(self.send(LARGE).code, 250)
        record = self.filter.wait_record(self.mark, recipients=[self.box])
        self.assertGreater(record["size"], len(LARGE))

    def test_identity(self) -> None:
        """Who asks is known by certificate, and believed, without a word about its network."""
        box = f"tell-{self.box}"
        with Client(self.haraka.port, stranger=True) as client:
            client.envelope("alice@example.org", box)
            self.assertEqual(client.data_octets(HAM).code, 250)
        record = self.filter.wait_record(self.mark, recipients=[box])
        self.assertEqual((record["identity"], record["ip"]), ("mx1", STRANGER))
        envelope = told(self.filter, box).envelope
        self.assertEqual((envelope["identity"], envelope["is_trusted"]), ("mx1", True))

    def test_renewed(self) -> None:
        """Haraka shows a new certificate from the next message on."""
        self.addCleanup(haraka_files().show, *haraka_files().own)
        haraka_files().show(*issue(self.filter.authority, "mx2.example.net"))
        self.check_deferred("identity")
        haraka_files().show(*haraka_files().own)
        self.assertEqual(self.send(HAM).code, 250)


class HarakaRefusedTests(HarakaTlsCase):
    """With wrong ones on one side or the other: nothing gets in unscanned, nothing is lost."""

    def test_stranger(self) -> None:
        """A certificate of an authority that the filter does not know."""
        self.addCleanup(haraka_files().show, *haraka_files().own)
        haraka_files().show(*Authority(private_directory(), "Other").issue("mx1.example.net"))
        self.check_deferred("certificate")

    def test_server_certificate(self) -> None:
        """One of the right authority that is not for clients."""
        self.addCleanup(haraka_files().show, *haraka_files().own)
        authority = self.filter.authority
        haraka_files().show(authority / "filter.pem", authority / "filter.key")
        self.check_deferred("certificate")

    def test_unreadable(self) -> None:
        """A key that is not there."""
        self.addCleanup(haraka_files().show, *haraka_files().own)
        (haraka_files().folder / "mx1.key").unlink()
        self.check_deferred(reply=Reply(450, "Scan error"))
        self.assertIn("not scanned: ", self.haraka.log())

    def test_none(self) -> None:
        """Haraka shows no certificate."""
        self.use(make_haraka({SHOWN: ""}))
        self.check_deferred("certificate")

    def test_name(self) -> None:
        """The filter's certificate is for another name."""
        self.use(make_haraka({NAME: "servername = other.example.org"}))
        self.check_deferred()
        self.assertIn("other.example.org", self.haraka.log())

    def test_authority(self) -> None:
        """The filter's certificate is of another authority than Haraka trusts."""
        other = Authority(private_directory(), "Other").file
        self.use(make_haraka({f"{HARAKA_FOLDER}/ca.pem": str(other)}))
        self.check_deferred()
        self.assertIn("certificate", self.haraka.log())

    def test_plain(self) -> None:
        """Haraka speaks no TLS."""
        self.use(make_haraka({}, scheme="http"))
        self.check_deferred("plain")

    def use(self, haraka: Haraka) -> None:
        """Send through this one."""
        self.addCleanup(haraka.stop)
        self.haraka = haraka


def make_haraka(changes: dict[str, str], scheme: str = "https") -> Haraka:
    """Haraka as the page says, and with other settings of TLS."""
    server = https_filter()
    address, tls = blocks(HTTPS, "ini")
    where = {
        f"host = {SERVER}": "host = 127.0.0.1",
        "port = 11443": f"port = {server.tls['11443']}",
        "scheme = https": f"scheme = {scheme}",
    }
    tls = here(here(tls, changes), {f"{HARAKA_FOLDER}/": f"{haraka_files().folder}/"})
    return Haraka(here(address, where), shared_sink().port, more=tls)


@functools.cache
def haraka_files() -> MtaFiles:
    """The files of all of them."""
    return MtaFiles(https_filter().authority)


@functools.cache
def documented_haraka() -> Haraka:
    """Exactly as the page says."""
    return make_haraka({})
