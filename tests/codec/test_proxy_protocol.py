"""PROXY headers, version 1 and 2, whole and in pieces, and those that are none."""

from ipaddress import ip_address
from unittest import TestCase

from mailfilter.codec.proxy_protocol import (
    MAX_HEADER,
    SIGNATURE,
    NoHeaderError,
    Place,
    Proxied,
    ProxyReader,
    is_header,
)
from mailfilter.codec.proxy_tlv import ProxiedTls, ProxyProtocolError, Told, crc32c

from .proxy_headers import INET, INET6, UNIX, binary, checked, tls, tlv

CLIENT = Place(ip_address("192.0.2.7"), 4711)
CLIENT6 = Place(ip_address("2001:db8::7"), 4711)

TLS = tls(0x07, 0, (0x21, b"TLSv1.3"), (0x22, b"mx1"), (0x23, b"TLS_AES_256_GCM_SHA384"))
VERIFIED = ProxiedTls("TLSv1.3", "TLS_AES_256_GCM_SHA384", "mx1", True, True)

GOOD = {
    "1 IPv4": (
        b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 11332\r\n",
        Proxied(1, source=CLIENT),
    ),
    "1 IPv6": (
        b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 11332\r\n",
        Proxied(1, source=CLIENT6),
    ),
    "1 mapped": (
        b"PROXY TCP6 ::ffff:192.0.2.7 ::1 0 65535\r\n",
        Proxied(
            1,
            source=Place(ip_address("::ffff:192.0.2.7"), 0),
        ),
    ),
    "1 unknown": (b"PROXY UNKNOWN\r\n", Proxied(1)),
    "1 unknown, longest": (
        b"PROXY UNKNOWN " + b"f" * 91 + b"\r\n",
        Proxied(1),
    ),
    "2 IPv4": (binary(0x11, INET), Proxied(2, source=CLIENT)),
    "2 IPv4, datagrams": (binary(0x12, INET), Proxied(2, source=CLIENT)),
    "2 IPv6": (binary(0x21, INET6), Proxied(2, source=CLIENT6)),
    "2 unix": (binary(0x31, UNIX), Proxied(2)),
    "2 unspecified": (binary(0x00, b""), Proxied(2)),
    "2 local": (binary(0x00, b"", 0x20), Proxied(2)),
    "2 local, with addresses": (binary(0x11, INET, 0x20), Proxied(2)),
    "2 local, with what does not matter": (binary(0x77, b"\xff\xff\xff", 0x20), Proxied(2)),
    "2 local, with TLS": (
        binary(0x00, TLS, 0x20),
        Proxied(2, told=Told(VERIFIED, tells_tls=True)),
    ),
    "2 local, with addresses and TLS": (
        binary(0x21, INET6 + TLS, 0x20),
        Proxied(2, told=Told(VERIFIED, tells_tls=True)),
    ),
    "2 longest": (
        binary(0x11, INET + tlv(0x04, bytes(MAX_HEADER - 16 - len(INET) - 3))),
        Proxied(2, source=CLIENT),
    ),
    "2 told of what we have no use for": (
        binary(0x11, INET + tlv(1, b"h2") + tlv(2, b"a") * 2 + tlv(5, bytes(129)) + tlv(0xE0)),
        Proxied(2, source=CLIENT),
    ),
    "2 with TLS": (
        binary(0x11, INET + TLS),
        Proxied(2, source=CLIENT, told=Told(VERIFIED, tells_tls=True)),
    ),
    "2 unspecified, with TLS": (binary(0x00, TLS), Proxied(2, told=Told(VERIFIED, tells_tls=True))),
    "2 without TLS": (
        binary(0x11, INET + tls(0x00, 0)),
        Proxied(2, source=CLIENT, told=Told(tells_tls=True)),
    ),
    "2 with a checksum": (
        checked(0x21, INET6, TLS),
        Proxied(2, source=CLIENT6, told=Told(VERIFIED, tells_tls=True)),
    ),
}

MALFORMED = {
    "1 another case": b"PROXY tcp4 192.0.2.7 198.51.100.1 4711 11332\r\n",
    "1 of datagrams": b"PROXY UDP4 192.0.2.7 198.51.100.1 4711 11332\r\n",
    "1 other family": b"PROXY TCP4 2001:db8::7 2001:db8::1 4711 11332\r\n",
    "1 other family, IPv6": b"PROXY TCP6 192.0.2.7 198.51.100.1 4711 11332\r\n",
    "1 zone": b"PROXY TCP6 fe80::1%eth0 fe80::2 4711 11332\r\n",
    "1 octal": b"PROXY TCP4 192.0.2.07 198.51.100.1 4711 11332\r\n",
    "1 short address": b"PROXY TCP4 127.1 198.51.100.1 4711 11332\r\n",
    "1 port with zero": b"PROXY TCP4 192.0.2.7 198.51.100.1 04711 11332\r\n",
    "1 large port": b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 65536\r\n",
    "1 signed port": b"PROXY TCP4 192.0.2.7 198.51.100.1 +4711 11332\r\n",
    "1 large port of the client": b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 11332\r\n",
    "1 no address of ours": b"PROXY TCP4 192.0.2.7 198.51.100 4711 11332\r\n",
    "1 no port": b"PROXY TCP4 192.0.2.7 198.51.100.1 4711\r\n",
    "1 word too many": b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 11332 x\r\n",
    "1 two blanks": b"PROXY TCP4  192.0.2.7 198.51.100.1 4711 11332\r\n",
    "1 blank at the end": b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 11332 \r\n",
    "1 empty": b"PROXY \r\n",
    "1 bare LF": b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 11332\n",
    "1 NUL": b"PROXY TCP4 192.0.2.7\0 198.51.100.1 4711 11332\r\n",
    "1 too long": b"PROXY UNKNOWN " + b"f" * 92 + b"\r\n",
    "1 endless": b"PROXY UNKNOWN " + b"f" * 93,
    "2 version 1": binary(0x11, INET, 0x11),
    "2 version 3": binary(0x11, INET, 0x31),
    "2 command": binary(0x11, INET, 0x22),
    "2 family": binary(0x41, INET),
    "2 transport": binary(0x13, INET),
    "2 no transport": binary(0x10, INET),
    "2 short IPv4": binary(0x11, INET[:-1]),
    "2 short IPv6": binary(0x21, INET),
    "2 short unix": binary(0x31, UNIX[:-1]),
    "2 too long": binary(0x11, INET + tlv(0x04, bytes(MAX_HEADER - 16 - len(INET) - 2))),
    "2 cut off type": binary(0x11, INET + b"\x04"),
    "2 cut off length": binary(0x11, INET + b"\x04\x00"),
    "2 cut off value": binary(0x11, INET + b"\x04\x00\x02a"),
    "2 two of TLS": binary(0x11, INET + TLS + TLS),
    "2 two common names": binary(0x11, INET + tls(7, 0, (0x22, b"mx1"), (0x22, b"mx2"))),
    "2 too little of TLS": binary(0x11, INET + tlv(0x20, bytes(4))),
    "2 cut off in TLS": binary(0x11, INET + tlv(0x20, bytes(5) + b"\x22\x00\x03mx")),
    "2 wrong checksum": binary(0x11, INET + tlv(3, b"\0\0\0\1")),
    "2 short checksum": binary(0x11, INET + tlv(3, b"\0\0\0")),
    "2 long checksum": binary(0x11, INET + tlv(3, bytes(5))),
}

OTHERS = {
    "HTTP": b"GET /ping HTTP/1.1\r\n\r\n",
    "milter": b"\x00\x00\x00\x0dO",
    "TLS": b"\x16\x03\x01",
    "lines": b"PING SPAMC/1.5\r\n",
    "word": b"PROXYTCP4",
    "case": b"proxy TCP4",
    "blank lines": b"\r\n\r\n\r\n",
}


class GoodTests(TestCase):
    """Those that are read."""

    def test_whole(self) -> None:
        for name, (header, expected) in GOOD.items():
            with self.subTest(name):
                self.assertEqual(ProxyReader().receive(header), (expected, b""))

    def test_with_what_follows(self) -> None:
        for name, (header, expected) in GOOD.items():
            with self.subTest(name):
                read = ProxyReader().receive(header + b"\r\nnext\r\n" * 100)
                self.assertEqual(read, (expected, b"\r\nnext\r\n" * 100))

    def test_in_two_pieces(self) -> None:
        for name, (header, expected) in GOOD.items():
            for at in range(len(header)):
                with self.subTest(name, at=at):
                    reader = ProxyReader()
                    self.assertIsNone(reader.receive(header[:at]))
                    self.assertEqual(reader.receive(header[at:] + b"x"), (expected, b"x"))

    def test_octet_by_octet(self) -> None:
        for name, (header, expected) in GOOD.items():
            with self.subTest(name):
                reader = ProxyReader()
                read = [reader.receive(header[at : at + 1]) for at in range(len(header))]
                self.assertEqual(read, [None] * (len(header) - 1) + [(expected, b"")])

    def test_recognized(self) -> None:
        for name, (header, _) in GOOD.items():
            with self.subTest(name):
                self.assertTrue(is_header(header))


class MalformedTests(TestCase):
    """Those that are refused."""

    def test_whole(self) -> None:
        for name, header in MALFORMED.items():
            with self.subTest(name), self.assertRaises(ProxyProtocolError) as raised:
                ProxyReader().receive(header)
            self.assertNotIsInstance(raised.exception, NoHeaderError)

    def test_in_two_pieces(self) -> None:
        for name, header in MALFORMED.items():
            for at in range(len(header)):
                with self.subTest(name, at=at), self.assertRaises(ProxyProtocolError):
                    reader = ProxyReader()
                    self.assertIsNone(reader.receive(header[:at]))
                    reader.receive(header[at:])

    def test_something_else(self) -> None:
        for name, start in OTHERS.items():
            with self.subTest(name), self.assertRaises(NoHeaderError):
                ProxyReader().receive(start)
            self.assertFalse(is_header(start))

    def test_something_else_in_pieces(self) -> None:
        """It is told as soon as it can be, and not waited for the rest of."""
        reader = ProxyReader()
        self.assertIsNone(reader.receive(b"P"))
        with self.assertRaises(NoHeaderError):
            reader.receive(b"I")

    def test_every_octet_of_a_checked_header(self) -> None:
        """With a checksum no octet can be another one unseen."""
        header = checked(0x11, INET, TLS)
        good = ProxyReader().receive(header)
        for at in range(len(SIGNATURE) + 4, len(header)):
            changed = header[:at] + bytes((header[at] ^ 0x01,)) + header[at + 1 :]
            with self.subTest(at=at):
                try:
                    read = ProxyReader().receive(changed)
                except ProxyProtocolError:
                    continue
                # The type of the checksum itself: then there is none.
                self.assertEqual(header[at], 0x03)
                self.assertEqual(read, good)


class TlsTests(TestCase):
    """By what somebody is known."""

    def _verified_name(self, value: bytes) -> str:
        read = ProxyReader().receive(binary(0x11, INET + value))
        assert read is not None
        assert read[0].tls is not None
        return read[0].tls.verified_name

    def test_verified(self) -> None:
        for client in (0x03, 0x05, 0x07):
            with self.subTest(client=client):
                self.assertEqual(self._verified_name(tls(client, 0, (0x22, b"mx1"))), "mx1")

    def test_nobody(self) -> None:
        self.assertEqual(self._verified_name(tls(0x07, 1, (0x22, b"mx1"))), "")
        self.assertEqual(self._verified_name(tls(0x07, 0x100, (0x22, b"mx1"))), "")
        self.assertEqual(self._verified_name(tls(0x01, 0, (0x22, b"mx1"))), "")
        self.assertEqual(self._verified_name(tls(0x07, 0)), "")

    def test_names_that_are_no_text(self) -> None:
        for name in (b"mx1\0", b"mx\xff", b"mx1\n", "mx\u202e1".encode()):
            with self.subTest(name=name):
                self.assertEqual(self._verified_name(tls(0x07, 0, (0x22, name))), "")


class ChecksumTests(TestCase):
    """The vectors of RFC 3720, B.4."""

    def test_vectors(self) -> None:
        self.assertEqual(crc32c(bytes(32)).to_bytes(4, "little").hex(), "aa36918a")
        self.assertEqual(crc32c(b"\xff" * 32).to_bytes(4, "little").hex(), "43aba862")
        self.assertEqual(crc32c(bytes(range(32))).to_bytes(4, "little").hex(), "4e79dd46")
