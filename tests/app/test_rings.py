"""Which keypairs open requests at which listener, and their renewal."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.rings import Rings
from mailfilter.app.serving import FACTORIES
from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.control import Credentials, KeypairFile
from mailfilter.codec.httpcrypt import Keypair, key_header
from mailfilter.codec.httpcrypt_refused import CannotOpen
from mailfilter.codec.httpcrypt_text import KeypairError
from mailfilter.config.model import Config, Identity, Listener, Protocol
from mailfilter.servers.keyring import Keyring
from mailfilter.testing.fake_scanner import FakeScanner
from tests.app.keypair_case import FIRST, SECOND, text_of

CLIENT = Keypair.of(bytes(range(2, 34)))
THIRD = Keypair.of(bytes(range(3, 35)))


def credentials(**pairs: Keypair) -> Credentials:
    files = [KeypairFile(name=name, data=text_of(pair)) for name, pair in pairs.items()]
    return Credentials(keypairs=tuple(files))


def listener(protocol: Protocol, *keypairs: str, **more: Any) -> Listener:
    return Listener(protocol=protocol, endpoint="tcp:0", keypairs=keypairs, **more)


class RingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.alarms: list[str] = []
        self.config = Config(
            listeners={
                "http": listener("http", "front", "back", client_keys="optional"),
                "scan": listener("scan", "front"),
                "none": listener("http"),
                "milter": listener("milter", "front"),
                "spamd": listener("spamd", "front"),
            },
            identities={
                "a": Identity(httpcrypt_keys=(encode_base32(CLIENT.public),), trusted=True)
            },
        )
        self.sites: dict[str, Any] = {
            name: FACTORIES[item.protocol](FakeScanner(), name, item, Clock())
            for name, item in self.config.listeners.items()
        }
        self.rings = self.make(credentials(front=FIRST, back=SECOND))

    def make(self, given: Credentials) -> Rings:
        return Rings(self.config, self.sites, self.alarms.append, given)

    def opens(self, name: str, pair: Keypair) -> bool:
        ring = self.sites[name].keyring
        assert isinstance(ring, Keyring)
        header = key_header(pair.public, CLIENT.public)
        try:
            ring.find([header.encode()])
        except CannotOpen:
            return False
        return True

    def test_listeners(self) -> None:
        self.assertEqual(set(self.rings.by_listener), {"http", "scan"})
        self.assertTrue(self.opens("http", FIRST) and self.opens("http", SECOND))
        self.assertTrue(self.opens("scan", FIRST))
        self.assertFalse(self.opens("scan", SECOND) or self.opens("none", FIRST))

    def test_clients(self) -> None:
        """Where the listener looks at keys they are somebody's."""
        known = self.sites["http"].keyring.known(CLIENT.public)
        self.assertEqual((known.name, known.is_trusted), ("a", True))
        self.assertIsNone(self.sites["scan"].keyring.known(CLIENT.public))

    def test_renewed(self) -> None:
        """In place: connections that are open have the new ones, too."""
        before = self.sites["http"].keyring
        self.rings.renew(credentials(front=THIRD, back=FIRST))
        self.assertIs(self.sites["http"].keyring, before)
        self.assertTrue(self.opens("http", THIRD) and self.opens("http", FIRST))
        self.assertTrue(self.opens("scan", THIRD))
        self.assertFalse(self.opens("http", SECOND) or self.opens("scan", FIRST))
        self.assertEqual(self.alarms, [])

    def test_no_good(self) -> None:
        """All stay as they are, and it is told."""
        self.rings.renew(credentials(front=THIRD))
        self.assertEqual(
            self.alarms,
            ["keypairs are not renewed, the old ones stay: keypairs.back: its file was not read"],
        )
        self.assertTrue(self.opens("scan", FIRST) and self.opens("http", SECOND))
        self.assertFalse(self.opens("http", THIRD) or self.opens("scan", THIRD))

    def test_none_at_first(self) -> None:
        self.assertRaises(KeypairError, self.make, Credentials())
