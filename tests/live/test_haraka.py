"""A real Haraka with its plugin for Rspamd asks the filter by HTTP."""

from . import scan_mta
from .delivered import values
from .haraka import PASSWORD, USER
from .haraka_case import HarakaCase
from .harness import SENDER, message_file
from .scan_mta import HAM
from .smtp import STRANGER, Client
from .told import told


class HarakaMailTests(HarakaCase, scan_mta.ScanMtaCases):
    """What every kind of message becomes."""


class HarakaFactsTests(HarakaCase):
    """What the filter learns of session and client."""

    def setUp(self) -> None:
        """Name a recipient of whose mail the filter tells."""
        super().setUp()
        self.box = f"tell-{self.box}"

    def connect(self, *, stranger: bool = False) -> Client:
        """A session."""
        client = Client(self.haraka.port, stranger=stranger)
        self.addCleanup(client.close)
        return client

    def test_session(self) -> None:
        """Client, names and the id; nobody has logged in."""
        with self.connect(stranger=True) as client:
            client.envelope(SENDER, self.box)
            reply = client.data_octets(HAM)
        self.assertEqual(reply.code, 250)
        envelope = told(self.filter, self.box).envelope
        self.assertEqual(envelope["client_ip"], STRANGER)
        self.assertEqual(envelope["hostname"], "client.live.test")
        self.assertEqual(envelope["helo"], "client.live.test")
        self.assertIn(envelope["queue_id"], reply.text)
        self.assertEqual((envelope["user"], envelope["tls"]), (None, None))
        record = self.filter.wait_record(self.mark, queue_id=envelope["queue_id"])
        self.assertEqual((record["ip"], record["recipients"]), (STRANGER, [self.box]))

    def test_user(self) -> None:
        """Who has authenticated; spam of such a user is refused too."""
        with self.connect() as client:
            client.login(USER, PASSWORD)
            client.envelope(SENDER, self.box)
            self.assertEqual(client.data_octets(HAM).code, 250)
            self.assertEqual(told(self.filter, self.box).envelope["user"], USER)
            client.envelope(SENDER, self.box)
            self.assertEqual(client.data_octets(message_file("gtube-reject.eml")).code, 550)
        self.send(HAM)
        self.assertEqual(told(self.filter, self.box).envelope["user"], None)

    def test_forged_mark(self) -> None:
        """Fields that say that the message has been marked are gone."""
        self.send(b"X-Spam: Yes\r\nx-spam: no\r\n" + HAM)
        self.assertEqual(values(self.arrived(self.box), "X-Spam"), [])
