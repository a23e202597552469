"""Postfix's milter connection through stunnel to a listener with TLS, as docs/tls.md says."""

import functools
from typing import ClassVar

from tests.authority import Authority

from .delivered import values
from .harness import SENDER, PostfixCase, message_file, shared_sink, wish
from .postfix import Postfix
from .postfix_cf import DOCUMENTED, Smtpd
from .processes import free_port, private_directory, wait_until
from .smtp import STRANGER, Client
from .stunnel import Stunnel
from .tls_page import (
    MILTER,
    SERVER,
    MtaFiles,
    PageFilter,
    block,
    here,
    issue,
    milter_filter,
    refusals,
    stunnel_head,
    stunnel_text,
)

HAM = message_file("ham.eml")
GTUBE = message_file("gtube-reject.eml")
LARGE = HAM + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 187_000
"""10 MB."""
DEFERRED = 451
MX1 = "mx1.example.net"
USER = "daemon"
"""Whom stunnel becomes."""


class StunnelCase(PostfixCase):
    """Base: Postfix as `mx1.example.net`, or as somebody else by another stunnel."""

    needs: ClassVar[tuple[str, ...]] = ("master", "stunnel")
    service = "documented"
    filter: PageFilter

    def setUp(self) -> None:
        """Use the Postfix that asks stunnel."""
        super().setUp()
        self.postfix = tls_postfix()

    def make_filter(self) -> PageFilter:
        """See `LiveCase`."""
        return milter_filter()

    def check_arrived(self, *subjects: str) -> None:
        """These have come into this test's mailbox, and nothing waits to come."""
        self.postfix.wait_idle()
        found = [values(message, "Subject")[0] for message in self.postfix.mailbox(self.box)]
        self.assertEqual(found, [*subjects])


class StunnelTests(StunnelCase):
    """With the right certificates."""

    def test_mail(self) -> None:
        """Ham comes in, spam does not, and what is between is marked."""
        self.assertEqual(self.send(HAM).code, 250)
        reply = self.send(GTUBE)
        self.assertEqual((reply.code, reply.text), (554, "5.7.1 Gtube pattern"))
        self.assertEqual(self.send(wish({"Action": "soft reject"})).code, 451)
        marked = f"marked-{self.box}"
        self.assertEqual(self.send(wish({"Action": "add header"}), marked).code, 250)
        self.assertEqual(values(self.postfix.wait_mailbox(self.box)[0], "X-Spam"), [])
        self.assertEqual(values(self.postfix.wait_mailbox(marked)[0], "X-Spam"), ["Yes"])
        self.assertEqual(len(self.postfix.mailbox(self.box)), 1)

    def test_identity(self) -> None:
        """The filter knows Postfix by its certificate, and believes it."""
        with Client(self.ports[self.service], stranger=True) as client:
            client.envelope(SENDER, self.box)
            reply = client.data_octets(HAM)
        self.assertEqual(reply.code, 250)
        record = self.filter.wait_record(self.mark, recipients=[self.box])
        self.assertEqual((record["identity"], record["ip"]), ("mx1", STRANGER))
        self.assertIn(record["queue_id"], reply.text)

    def test_session(self) -> None:
        """Several messages of one session, some of them spam."""
        with Client(self.ports[self.service], stranger=False) as client:
            for message, code in ((HAM, 250), (GTUBE, 554)) * 5:
                client.envelope(SENDER, self.box)
                self.assertEqual(client.data_octets(message).code, code)
        self.assertEqual(len(self.postfix.wait_mailbox(self.box, 5)), 5)

    def test_large(self) -> None:
        """A message of 10 MB."""
        self.assertEqual(self.send(LARGE).code, 250)
        record = self.filter.wait_record(self.mark, recipients=[self.box])
        self.assertGreater(record["size"], len(HAM) * 1000)
        self.assertGreater(len(self.postfix.wait_mailbox(self.box)[0]), 10_000_000)

    def test_version(self) -> None:
        """It is TLS 1.3 that is spoken."""
        self.assertEqual(self.send(HAM).code, 250)
        self.assertIn("TLSv1.3 ciphersuite", tls_stunnel().log())

    def test_local(self) -> None:
        """Mail of local programs goes the same way."""
        self.assertEqual(self.postfix.sendmail(HAM.replace(b"\r\n", b"\n"), self.box), 0)
        self.postfix.wait_mailbox(self.box)
        self.filter.wait_record(self.mark, recipients=[self.box], identity="mx1")


class StunnelRefusedTests(StunnelCase):
    """With a wrong certificate on either side the default action decides; nothing is lost."""

    def check_deferred(self, service: str) -> None:
        """Spam and ham alike are deferred, and the filter sees neither."""
        for message in (GTUBE, HAM):
            self.assertEqual(self.send(message, service=service).code, DEFERRED, service)
        self.assertEqual(self.filter.records(self.mark), [])
        self.assertIn("milter-reject", self.postfix.log())
        self.assertIn("can't read", self.postfix.log())

    def check_said(self, reason: str) -> None:
        """The filter's log has why: from the start of stunnel on, of which each was tried then."""
        wait_until(lambda: reason in refusals(self.filter), f"{reason!r} in the filter's log")

    def test_stranger(self) -> None:
        """A certificate of an authority that the filter does not know."""
        self.check_deferred("stranger")
        self.check_said("from an authority that is not trusted: CN=Other (client_ca)")

    def test_nobody(self) -> None:
        """One of the right authority, for a name that is nobody's."""
        self.check_deferred("nobody")
        self.check_said("its certificate is of nobody in identities: CN=mx3.example.net")

    def test_none(self) -> None:
        """No certificate."""
        self.check_deferred("none")
        self.check_said("no certificate was shown")

    def test_name(self) -> None:
        """The filter's certificate is not for the name that stunnel looks for."""
        self.check_deferred("name")
        self.assertIn("Subject checks failed", odd_stunnel().log())
        self.check_said("it ended the handshake: internal error")

    def test_authority(self) -> None:
        """The filter's certificate is not of the authority that stunnel trusts."""
        self.check_deferred("authority")
        self.assertIn("unable to get local issuer certificate", odd_stunnel().log())
        self.check_said("it does not take our certificate: unknown ca")

    def test_accept(self) -> None:
        """Where the default action is to accept, mail comes in unscanned."""
        self.assertEqual(self.send(GTUBE, service="accept").code, 250)
        self.assertEqual(len(self.postfix.wait_mailbox(self.box)), 1)
        self.assertEqual(self.filter.records(self.mark), [])

    def test_renewed(self) -> None:
        """Mail waits while the certificate is wrong, and comes in when it is right again."""
        files, stunnel = mta_files(), tls_stunnel()
        self.addCleanup(stunnel.reload)
        self.addCleanup(files.show, *files.own)
        files.show(*issue(self.filter.authority, "mx2.example.net"))
        stunnel.reload()
        self.assertEqual(self.send(HAM).code, DEFERRED)
        self.assertEqual(self.postfix.sendmail(HAM.replace(b"\r\n", b"\n"), self.box), 0)
        self.check_said("of nobody in identities: CN=mx2.example.net")
        self.assertEqual(self.postfix.mailbox(self.box), [])
        files.show(*files.own)
        stunnel.reload()
        self.assertEqual(self.send(HAM).code, 250)
        self.assertEqual(len(self.postfix.wait_mailbox(self.box, 2)), 2)


@functools.cache
def mta_files() -> MtaFiles:
    """The files of the stunnel that is right."""
    return MtaFiles(milter_filter().authority, USER)


@functools.cache
def tls_stunnel() -> Stunnel:
    """A stunnel as the page says."""
    text = stunnel_text(MILTER, milter_filter(), mta_files().folder, stunnel_ports()["right"])
    return Stunnel(stunnel_head(USER) + text, [stunnel_ports()["right"]])


@functools.cache
def stunnel_ports() -> dict[str, int]:
    """The ports by what is right or wrong there."""
    names = ("right", "stranger", "nobody", "none", "name", "authority")
    return {name: free_port() for name in names}


@functools.cache
def odd_stunnel() -> Stunnel:
    """One with a section for each thing that may be wrong."""
    asked, ports = milter_filter(), stunnel_ports()
    other = Authority(private_directory(), "Other")
    files = {name: MtaFiles(asked.authority) for name in ports if name != "right"}
    files["stranger"].show(*other.issue(MX1))
    files["nobody"].show(*issue(asked.authority, "mx3.example.net"))
    (files["authority"].folder / "ca.pem").write_bytes(other.file.read_bytes())
    sections = {}
    for number, name in enumerate(files, 2):
        # From an address of its own, since the filter tells of refusals once a minute for each.
        head = {"[mailfilter-milter]": f"[{name}]\nlocal = 127.0.0.{number}"}
        text = stunnel_text(MILTER, asked, files[name].folder, ports[name])
        sections[name] = here(text, head)
    folder = files["none"].folder
    own = f"cert = {folder}/mx1.pem\nkey = {folder}/mx1.key\n"
    sections["none"] = here(sections["none"], {own: ""})
    checked = {f"checkHost = {SERVER}": "checkHost = other.example.org"}
    sections["name"] = here(sections["name"], checked)
    return Stunnel("".join(sections.values()), [ports[name] for name in files])


@functools.cache
def tls_postfix() -> Postfix:
    """A Postfix as the page says, with services for each thing that may be wrong."""
    stunnels = tls_stunnel(), odd_stunnel()
    assert all(stunnels)
    ports = stunnel_ports()
    services = {name: Smtpd(f"inet:127.0.0.1:{port}") for name, port in ports.items()}
    services["accept"] = Smtpd(f"inet:127.0.0.1:{ports['stranger']}", default_action="accept")
    services["documented"] = DOCUMENTED
    lines = here(block(MILTER, "cf"), {"inet:127.0.0.1:11432": f"inet:127.0.0.1:{ports['right']}"})
    return Postfix(services, shared_sink().port, more=lines)
