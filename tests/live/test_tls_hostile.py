"""What is no TLS, or no good TLS, until the handshake is complete: closed, counted, and told."""

import random
import socket
from collections.abc import Collection, Iterator, Mapping

from . import mta
from .processes import wait_until
from .tls import connect, dial, new_source
from .tls_bytes import (
    ALERT,
    CCS,
    DATA,
    GOOD_SUITES,
    HANDSHAKE,
    HEARTBEAT,
    extension,
    grown,
    hello,
    message,
    record,
    records,
)
from .tls_hostile import HAM, HostileTlsCase, drain, push, reset
from .tls_piped import Piped

PLAIN = {
    "HTTP": b"POST /checkv2 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    "SMTP": b"EHLO client.example.net\r\n",
    "milter": mta.negotiation(),
    "lines": b"CHECK SPAMC/1.5\r\n\r\nhello",
    "zeros": bytes(5000),
    "one octet": b"\n",
    "SSLv2": b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80" + bytes(40),
}
OTHER_SUITES = tuple(number for number in range(1, 0x8000) if number not in GOOD_SUITES)
"""More do not fit. With 0x5600 and 0x00FF, which are signals, and all of export, NULL, RC4, DES."""
PROTOCOL = "protocol"
EITHER = ("protocol", "plain")
"""Where the first octet is none of a handshake, or what follows is none."""


def wrong_hellos() -> Mapping[str, bytes]:
    """Messages by the name of what is wrong with them."""
    good = hello()
    sni = extension(0, b"\0\0")
    return {
        "SSL 3.0": hello(0x0300),
        "TLS 1.0": hello(0x0301),
        "TLS 1.1": hello(0x0302),
        "versions": hello(versions=[0x0302, 0x0301, 0x7F1C, 0x0A0A]),
        "version 0": hello(0),
        "no suite that is known": hello(suites=OTHER_SUITES),
        "no suite": hello(suites=[]),
        "no signatures": hello(extensions=b""),
        "no key share": hello(versions=[0x0304], extensions=b""),
        "duplicates": hello(extensions=extension(23, b"") * 2),
        "name cut off": hello(extensions=extension(0, b"\0\x50\0\0\x4dabc")),
        "name with NUL": hello(extensions=extension(0, b"\0\x06\0\0\x03a\0b")),
        "empty name": hello(extensions=sni),
        "session too long": good[:38] + b"\xff" + good[39:],
        "cut off": message(1, good[4:60]),
        "trailing": message(1, good[4:] + b"\0" * 9),
        "empty": message(1, b""),
        "other message": message(2, good[4:]),
        "finished": message(20, bytes(32)),
        "unknown message": message(77, bytes(32)),
        "endless": b"\1\xff\xff\xff" + bytes(200),
        "random": random.Random(7).randbytes(300),
    }


class PlainTests(HostileTlsCase):
    """Other protocols where TLS is spoken."""

    def test_plain(self) -> None:
        """None is answered in its own words, on any listener."""
        expected: dict[str, Collection[str]] = {}
        for listener in ("open", "scan", "lines", "milter", "open-known"):
            for octets in PLAIN.values():
                source = new_source()
                with dial(self.filter.ports[listener], source) as client:
                    push(client, octets)
                    self.assertNotIn(b"HTTP", drain(client))
                expected[source] = EITHER if octets[:1] == b"\x80" else ["plain"]
        self.check_refused(expected)
        for source in expected:
            self.assertIn(": TLS refused: ", self.lines(source)[0])

    def test_random(self) -> None:
        """Any octets, with and without the first ones of a handshake."""
        chance = random.Random(43)
        expected: dict[str, Collection[str]] = {}
        for number in range(60):
            source = new_source()
            octets = chance.randbytes(chance.choice((6, 20, 100, 3000)))
            octets = (b"", b"\x16", b"\x16\3\1\0", b"\x16\3\3\0\5\1")[number % 4] + octets
            with dial(self.filter.ports["open"], source) as client:
                push(client, octets)
                client.shutdown(socket.SHUT_WR)
                drain(client)
            expected[source] = ("plain", "protocol", "gone")
        self.check_refused(expected)

    def test_same_source(self) -> None:
        """Of a source that comes again and again there is one line a minute, and each counts."""
        source = new_source()
        for _ in range(50):
            with dial(self.filter.ports["lines"], source) as client:
                push(client, b"PING SPAMC/1.2\r\n\r\n")
                drain(client)
        wait_until(lambda: self.refused()["plain"] == 50, "all to be counted", 30)
        self.assertEqual(len(self.lines(source)), 1)
        self.check_left()


class WrongTests(HostileTlsCase):
    """Handshakes that cannot be."""

    def refuse(self, flights: Iterator[tuple[bytes, Collection[str]]]) -> None:
        """Each is sent to a listener, and the connection closed."""
        expected: dict[str, Collection[str]] = {}
        for number, (octets, reasons) in enumerate(flights):
            source = new_source()
            listener = ("open", "lines", "milter", "open-known")[number % 4]
            with dial(self.filter.ports[listener], source) as client:
                push(client, octets)
                drain(client)
            expected[source] = reasons
        self.check_refused(expected)

    def test_hellos(self) -> None:
        """Each in one record, and in many."""

        def flights() -> Iterator[tuple[bytes, Collection[str]]]:
            for wrong in wrong_hellos().values():
                whole = b"".join(records(HANDSHAKE, wrong, 2**14))
                yield whole, [PROTOCOL]
                if len(wrong) < 1000:
                    yield b"".join(records(HANDSHAKE, wrong, 7)), [PROTOCOL]

        self.refuse(flights())

    def test_records(self) -> None:
        """Records that are none, before a hello and after one."""
        good = record(HANDSHAKE, hello())
        floods = {
            "alerts": record(ALERT, b"\1\x5a") * 1000,
            "CCS": record(CCS, b"\1") * 1000,
            "long CCS": record(CCS, b"\1" * 40),
            "heartbeat": record(HEARTBEAT, b"\1\x40\0" + bytes(20)),
            "data": record(DATA, bytes(100)),
            "unknown": record(99, bytes(100)),
            "empty": record(HANDSHAKE, b"") * 1000,
            "long": b"\x16\3\3\xff\xff" + bytes(70000),
            "version": record(HANDSHAKE, hello(), 0x0909),
            "a plain word": PLAIN["HTTP"],
            "fatal": record(ALERT, b"\2\x28"),
            "odd alert": record(ALERT, b"\7\7\7"),
        }

        def flights() -> Iterator[tuple[bytes, Collection[str]]]:
            for name, octets in floods.items():
                is_fatal = name == "fatal"
                yield octets, ("gone", *EITHER) if is_fatal else EITHER
                yield good + octets, (PROTOCOL, "gone") if is_fatal else [PROTOCOL]
            yield good + good, [PROTOCOL]

        self.refuse(flights())

    def test_huge_hello(self) -> None:
        """One of 140 KB is refused by what it says of its length."""
        with dial(self.filter.ports["open"]) as plain:
            octets = Piped(plain).hello()
        huge = message(1, grown(octets, 60_000)[4:] + bytes(80_000))
        flight = b"".join(records(HANDSHAKE, huge, 2**14))
        self.refuse(iter([(flight, [PROTOCOL])] * 4))


class SlowTests(HostileTlsCase):
    """Honest, but in small pieces: served like others."""

    def serve(self, client: Piped, size: int) -> None:
        """A scan whose handshake goes in segments of that size."""
        flights = (client.hello, client.finish, lambda: client.seal(HAM))
        for flight in flights:
            octets = flight()
            for at in range(0, len(octets), size):
                client.socket.sendall(octets[at : at + size])
            if flight == client.finish:
                client.complete()
        client.half_close()
        self.assertIn(b'"action"', client.read_all())
        client.socket.close()

    def test_segments(self) -> None:
        """Of one octet and more."""
        for size in (1, 2, 5, 100):
            self.serve(Piped(dial(self.filter.ports["open"])), size)
        self.check_left()
        self.assertEqual(self.refused().total(), 0)

    def test_records(self) -> None:
        """A ClientHello in records of one octet, a request in records of one octet."""
        for size in (1, 3):
            client = Piped(dial(self.filter.ports["open"]))
            whole = client.hello()
            client.socket.sendall(b"".join(records(HANDSHAKE, whole[5:], size)))
            client.socket.sendall(client.finish())
            client.complete()
            pieces = [client.seal(HAM[at : at + size]) for at in range(0, len(HAM), size)]
            client.socket.sendall(b"".join(pieces))
            client.half_close()
            self.assertIn(b'"action"', client.read_all())
            client.socket.close()
        self.check_left()

    def test_large_hello(self) -> None:
        """One with 20 KB of padding is slow, not wrong."""
        source = new_source()
        client = Piped(dial(self.filter.ports["open"], source))
        client.socket.sendall(b"".join(records(HANDSHAKE, grown(client.hello(), 20_000), 2**14)))
        self.assertTrue(client.socket.recv(5).startswith(b"\x16\3\3"))
        client.socket.close()
        self.check_refused({source: ["gone"]})


class GoneTests(HostileTlsCase):
    """Clients that leave within the handshake."""

    def leave(self, step: int, *, first: bool) -> None:
        """At every so many octets of a flight, in order and not.

        Those that have not said anything are no clients, but those who look whether we listen.
        """
        expected: dict[str, Collection[str]] = {}
        at = int(first)
        while True:
            for ends in (socket.socket.close, reset):
                source = new_source()
                client = Piped(dial(self.filter.ports["open"], source))
                octets = client.hello()
                if not first:
                    client.socket.sendall(octets)
                    octets = client.finish()
                if at >= len(octets):
                    client.socket.sendall(octets[: 0 if first else None])
                    client.socket.close()
                    self.check_refused(expected)
                    return
                client.socket.sendall(octets[:at])
                ends(client.socket)
                expected[source] = ["gone"]
            at += step

    def test_in_the_hello(self) -> None:
        """The first flight."""
        self.leave(37, first=True)

    def test_before_the_end(self) -> None:
        """The second one."""
        self.leave(9, first=False)

    def test_within_records(self) -> None:
        """After the handshake a record that is cut off is the end, and nothing to be counted."""
        client = Piped(dial(self.filter.ports["open"]))
        client.shake_hands()
        length = len(client.seal(HAM))
        client.socket.close()
        for at in (1, 3, 5, 6, length // 2, length - 1):
            for ends in (socket.socket.close, reset):
                client = Piped(dial(self.filter.ports["open"], new_source()))
                client.shake_hands()
                client.socket.sendall(client.seal(HAM)[:at])
                ends(client.socket)
        self.check_left()
        self.assertEqual(self.refused().total(), 0)


class OnPlainTests(HostileTlsCase):
    """TLS where none is spoken."""

    def test_all_protocols(self) -> None:
        """Closed without a word, counted, and told once."""
        hellos = [record(HANDSHAKE, hello()), record(HANDSHAKE, hello(0x0301), 0x0301)]
        sources: list[str] = []
        for port in (self.filter.milter, self.filter.http, self.filter.spamd):
            for octets in hellos:
                for size in (1, 5, len(octets)):
                    sources.append(source := new_source())
                    with dial(port, source) as client:
                        for at in range(0, len(octets), size):
                            push(client, octets[at : at + size])
                        self.assertEqual(drain(client), b"")
        wait_until(lambda: self.counted()["on_plain"] >= len(sources), "all to be counted", 30)
        self.assertEqual(self.counted()["on_plain"], len(sources))
        for source in sources:
            (line,) = self.lines(source)
            self.assertIn("a TLS handshake on a listener without certificates", line)
        self.check_left()

    def test_unix_socket(self) -> None:
        """The same there, where a client has no address."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.filter.unix)
            client.sendall(record(HANDSHAKE, hello()))
            self.assertEqual(drain(client), b"")
        self.wait_counted("on_plain")
        self.check_left()

    def test_library(self) -> None:
        """A client of `ssl` is told that something is wrong at once, and not after a timeout."""
        for port in (self.filter.milter, self.filter.http, self.filter.spamd):
            with self.assertRaises(OSError):
                connect(port)
        self.check_left()
