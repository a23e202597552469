"""The keys of a listener: which of several is meant, and how many shared ones are kept."""

from twisted.trial.unittest import TestCase

from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.httpcrypt import Keypair, key_header, key_id
from mailfilter.codec.httpcrypt_refused import CannotOpen
from mailfilter.config.model import Config, Identity, Listener
from mailfilter.servers import keyring
from mailfilter.servers.keyring import Keyring, client_keys

OURS = Keypair.of(bytes(range(32)))
NEXT = Keypair.of(bytes(range(1, 33)))
CLIENT = Keypair.of(bytes(range(2, 34)))


def header(ours: Keypair = OURS, client: Keypair = CLIENT) -> bytes:
    return key_header(ours.public, client.public).encode()


class FindTest(TestCase):
    def setUp(self) -> None:
        self.keys = Keyring([OURS, NEXT])

    def refused(self, *headers: bytes) -> CannotOpen:
        error: CannotOpen = self.assertRaises(CannotOpen, self.keys.find, headers)
        return error

    def test_each_pair(self) -> None:
        for pair in (OURS, NEXT):
            shared, client = self.keys.find([header(pair)])
            self.assertEqual(client, CLIENT.public)
            theirs, _ = Keyring([CLIENT]).find([key_header(CLIENT.public, pair.public).encode()])
            self.assertEqual(theirs.unseal(shared.seal(b"x")), b"x")

    def test_whole_id(self) -> None:
        name = encode_base32(key_id(OURS.public)) + "=" + encode_base32(CLIENT.public)
        self.assertEqual(self.keys.find([name.encode()])[1], CLIENT.public)

    def test_one_of_several_is_enough(self) -> None:
        other = Keypair.new()
        for headers in (
            [header(), b"nonsense", header(other)],
            [header(other), header(), b"="],
            [b"", header()],
        ):
            self.assertEqual(self.keys.find(headers)[1], CLIENT.public)

    def test_last_of_several(self) -> None:
        other = Keypair.new()
        self.assertEqual(self.keys.find([header(), header(OURS, other)])[1], other.public)

    def test_too_many(self) -> None:
        most = keyring.MAX_KEY_HEADERS
        self.assertEqual(self.refused(*[header()] * (most + 1)).reason, "header")
        self.keys.find([header()] * most)

    def test_reasons(self) -> None:
        self.assertEqual(self.refused(b"no-equals").reason, "header")
        self.assertEqual(self.refused(header(CLIENT)).reason, "key")
        low = header().partition(b"=")[0] + b"=" + encode_base32(bytes(32)).encode()
        self.assertEqual(self.refused(low).reason, "client")
        self.assertEqual(self.refused(low).reason, "client")

    def test_without_keypairs(self) -> None:
        self.keys = Keyring()
        self.assertEqual(self.refused(header()).reason, "key")


class RenewTest(TestCase):
    def test_old_pair_is_forgotten(self) -> None:
        keys = Keyring([OURS])
        shared, _ = keys.find([header()])
        keys.renew([OURS, NEXT])
        self.assertIs(keys.find([header()])[0], shared)
        keys.renew([NEXT])
        self.assertRaises(CannotOpen, keys.find, [header()])
        keys.renew([OURS])
        self.assertIsNot(keys.find([header()])[0], shared)

    def test_bound(self) -> None:
        self.patch(keyring, "MAX_SHARED", 3)
        keys = Keyring([OURS])
        clients = [Keypair.new() for _ in range(4)]
        first, second = (keys.find([header(OURS, client)])[0] for client in clients[:2])
        keys.find([header(OURS, clients[2])])
        self.assertIs(keys.find([header(OURS, clients[0])])[0], first)
        keys.find([header(OURS, clients[3])])
        self.assertIs(keys.find([header(OURS, clients[0])])[0], first)
        self.assertIsNot(keys.find([header(OURS, clients[1])])[0], second)


class ClientsTest(TestCase):
    config = Config(
        identities={
            "shop": Identity(httpcrypt_keys=(encode_base32(CLIENT.public),), trusted=True),
            "late": Identity(httpcrypt_keys=(encode_base32(CLIENT.public),)),
        }
    )

    def test_first_identity(self) -> None:
        listener = Listener(endpoint="tcp:1", protocol="http", client_keys="optional")
        keys = Keyring([OURS], client_keys(self.config, listener))
        found = keys.known(CLIENT.public)
        assert found is not None
        self.assertEqual((found.name, found.is_trusted), ("shop", True))
        self.assertIsNone(keys.known(OURS.public))

    def test_those_that_are_admitted(self) -> None:
        listener = Listener(
            endpoint="tcp:1", protocol="http", client_keys="required", identities=("late",)
        )
        found = client_keys(self.config, listener)[CLIENT.public]
        self.assertEqual(found.name, "late")

    def test_off(self) -> None:
        listener = Listener(endpoint="tcp:1", protocol="http")
        self.assertEqual(client_keys(self.config, listener), {})
