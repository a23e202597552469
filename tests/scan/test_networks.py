"""Our own networks, and clients whose word does not count."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Scan
from mailfilter.scan.envelope import Envelope, TlsFacts
from mailfilter.scan.networks import Networks, distrusted, is_ignored, local_networks
from mailfilter.scan.request_settings import RequestSettings

LOCAL = local_networks(Scan().local_networks)
CLIENT = Envelope(
    listener="a", client_ip=ip_address("192.0.2.1"), hostname="mail.example.net", sender="c@d"
)
TAKEN = {
    "client_ip",
    "flags",
    "hostname",
    "mta_host",
    "mta_tag",
    "settings",
    "settings_id",
    "tls",
    "user",
}
LEFT = {
    "by_key",
    "deliver_to",
    "filename",
    "helo",
    "identity",
    "is_trusted",
    "knows_client",
    "lacks_recipients",
    "lacks_sender",
    "listener",
    "log_tag",
    "mta_name",
    "notes",
    "passed_on",
    "queue_id",
    "recipients",
    "rewrites_addresses",
    "rewritten_sender",
    "sender",
    "sender_args",
    "subject",
}


class NetworkTests(SynchronousTestCase):
    def test_local(self) -> None:
        for text, expected in {
            "127.0.0.1": True,
            "127.8.8.8": True,
            "::1": True,
            "::ffff:127.0.0.1": True,
            "10.1.2.3": True,
            "172.31.0.1": True,
            "172.32.0.1": False,
            "192.168.1.1": True,
            "169.254.1.1": True,
            "fd12::1": True,
            "fe80::1": True,
            "192.0.2.1": False,
            "2001:db8::1": False,
            "::ffff:192.0.2.1": False,
        }.items():
            self.assertEqual(ip_address(text) in LOCAL, expected, text)
        self.assertNotIn(None, LOCAL)

    def test_no_network(self) -> None:
        with self.assertRaises(ValueError):
            Networks(["192.0.2.0/33"])
        self.assertNotIn(ip_address("192.0.2.1"), Networks([]))


class TrustTests(SynchronousTestCase):
    def test_what_gives_privileges_is_taken(self) -> None:
        envelope = Envelope(
            listener="a",
            client_ip=ip_address("127.0.0.1"),
            helo="b",
            user="joe",
            settings_id="mine",
            mta_name="mx.example.org",
            mta_host="mx.example.org",
            mta_tag="submission",
            settings=RequestSettings(scores={"A": -9.0}),
            flags=frozenset(("milter", "no_log", "raw", "skip")),
            sender="c@d",
            identity="mx1",
            tls=TlsFacts("TLSv1.3", "AES", "joe", "CA"),
        )
        expected = replace(
            envelope,
            client_ip=None,
            user=None,
            settings_id=None,
            settings=None,
            mta_host=None,
            mta_tag=None,
            flags=frozenset(("milter",)),
            tls=TlsFacts("TLSv1.3", "AES", None, None),
        )
        self.assertEqual(distrusted(envelope, LOCAL), expected)

    def test_the_rest_stays(self) -> None:
        self.assertEqual(distrusted(CLIENT, LOCAL), CLIENT)

    def test_address_and_name_of_a_client(self) -> None:
        """Of a side that does not see the client itself they are not taken."""
        told = replace(CLIENT, knows_client=False)
        expected = replace(told, client_ip=None, hostname=None)
        self.assertEqual(distrusted(told, LOCAL), expected)

    def test_every_fact_is_decided(self) -> None:
        """Whoever adds one says whether it is taken from those who are not believed."""
        self.assertEqual(set(Envelope.__slots__), TAKEN | LEFT)
        facts: dict[str, Any] = dict.fromkeys(TAKEN - {"flags", "tls"}, "x")
        told = replace(CLIENT, knows_client=False, **facts)
        told = replace(told, flags=frozenset(("skip",)), tls=TlsFacts(cert_subject="joe"))
        found = distrusted(told, LOCAL)
        self.assertEqual(
            {name for name in TAKEN | LEFT if getattr(found, name) != getattr(told, name)}, TAKEN
        )

    def test_whether_something_is_ignored(self) -> None:
        stranger = replace(CLIENT, is_trusted=False)
        self.assertFalse(is_ignored(stranger))
        self.assertTrue(is_ignored(replace(stranger, user="joe")))
        self.assertTrue(is_ignored(replace(stranger, flags=frozenset(("raw",)))))
        self.assertTrue(is_ignored(replace(stranger, knows_client=False)))
        self.assertFalse(is_ignored(replace(CLIENT, user="joe")))
