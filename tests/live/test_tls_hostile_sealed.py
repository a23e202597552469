"""After the handshake: floods and records that libraries do not send. Closed, or of no account."""

from collections.abc import Callable, Collection

from .tls import new_source
from .tls_bytes import ALERT, CCS, DATA, HANDSHAKE, HEARTBEAT, hello, message, record
from .tls_hostile import HAM, HostileTlsCase, drain, push
from .tls_sealed import NEW, OLD, Sealed

MANY = 20_000
Act = Callable[[Sealed], None]


def sends(kind: int, content: bytes, count: int = 1) -> Act:
    """Send so many records."""
    return lambda client: push(
        client.socket, b"".join(client.seal(kind, content) for _ in range(count))
    )


def sends_plain(octets: bytes) -> Act:
    """Send octets that are not sealed."""
    return lambda client: push(client.socket, octets)


def twice(client: Sealed) -> None:
    """Send a record again."""
    octets = client.seal(DATA, HAM[:50])
    push(client.socket, octets + octets)


def spoiled(client: Sealed) -> None:
    """Send a record of which one bit is another."""
    octets = bytearray(client.seal(DATA, HAM))
    octets[-1] ^= 1
    push(client.socket, bytes(octets))


BOTH = {
    "unknown": sends(99, b"abc"),
    "heartbeat": sends(HEARTBEAT, b"\1\x40\0" + bytes(20)),
    "no message": sends(HANDSHAKE, b"", MANY),
    "unknown message": sends(HANDSHAKE, message(77, b"abc")),
    "ticket": sends(HANDSHAKE, message(4, bytes(40))),
    "finished": sends(HANDSHAKE, message(20, bytes(32))),
    "certificate": sends(HANDSHAKE, message(11, bytes(4))),
    "endless message": sends(HANDSHAKE, b"\1\xff\xff\xff" + bytes(2**14 - 4), 20),
    "alerts": sends(ALERT, b"\1\x5a", MANY),
    "odd alert": sends(ALERT, b"\7\7\7"),
    "fatal alert": sends(ALERT, b"\2\x28"),
    "empty": sends(DATA, b"", MANY),
    "too long": sends(DATA, bytes(2**14 + 300)),
    "far too long": sends_plain(record(DATA, bytes(65535))),
    "plain data": sends_plain(record(DATA, HAM)),
    "plain alert": sends_plain(record(ALERT, b"\1\0")),
    "plain words": sends_plain(HAM),
    "CCS": sends_plain(record(CCS, b"\1") * MANY),
    "sealed CCS": sends(CCS, b"\1"),
    "hello": sends(HANDSHAKE, hello()),
    "twice": twice,
    "spoiled": spoiled,
}


class SealedTests(HostileTlsCase):
    """Each closes the connection, is counted and told, and is nothing else."""

    def test_closed(self) -> None:
        """By both versions, on any listener."""
        expected: dict[str, Collection[str]] = {}
        for version in (OLD, NEW):
            for number, (name, act) in enumerate(BOTH.items()):
                if version == OLD and name == "hello":
                    continue
                source = new_source()
                listener = ("open", "lines", "milter")[number % 3]
                client = Sealed(self.filter.ports[listener], version, source)
                with client.socket:
                    act(client)
                    try:
                        drain(client.socket)
                    except TimeoutError:
                        self.fail(f"not closed: {name} ({version})")
                expected[source] = ["broken"]
        self.check_refused(expected)

    def test_after_the_end(self) -> None:
        """What comes behind close_notify is of no account."""
        for version in (OLD, NEW):
            client = Sealed(self.filter.ports["open"], version, new_source())
            with client.socket:
                client.send(ALERT, b"\1\0")
                sends(DATA, HAM)(client)
                drain(client.socket)
        self.check_left()
        self.assertEqual(len(self.filter.records(self.mark)) % 2, 0)


class FloodTests(HostileTlsCase):
    """What is answered each time must not be answered without end: nobody reads the answers."""

    def flood(self, version: int, octets: Callable[[Sealed], bytes]) -> None:
        """Send and send, and read nothing, until it is closed."""
        source = new_source()
        client = Sealed(self.filter.ports["open"], version, source)
        with client.socket, self.assertRaises(ConnectionError):
            for _ in range(MANY):
                client.socket.sendall(octets(client))
        self.check_refused({source: ["broken"]})

    def test_renegotiation(self) -> None:
        """Wishes for it by TLS 1.2, which are declined."""
        octets = hello()
        self.flood(OLD, lambda client: _many(client, HANDSHAKE, octets, 100))

    def test_keys(self) -> None:
        """New keys by TLS 1.3, each with a wish for the other side's."""
        self.flood(NEW, lambda client: b"".join(client.key_update() for _ in range(100)))

    def test_keys_of_one_side(self) -> None:
        """The same without that wish is slow, but nothing else."""
        client = Sealed(self.filter.ports["lines"], NEW, new_source())
        with client.socket:
            for _ in range(MANY):
                client.socket.sendall(client.key_update(both=False))
            client.send(DATA, b"PING SPAMC/1.5\r\n\r\n")
            self.assertTrue(drain(client.socket))
        self.check_left()


def _many(client: Sealed, kind: int, content: bytes, count: int) -> bytes:
    return b"".join(client.seal(kind, content) for _ in range(count))
