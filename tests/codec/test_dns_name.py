"""Names of DNS as texts and as octets."""

from ipaddress import ip_address

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.dns_name import (
    MAX_POINTERS,
    BadName,
    name_from_wire,
    name_to_wire,
    normal_name,
    reverse_name,
)

HEAD = bytes(12)

LONGEST = ".".join(["a" * 63] * 3 + ["b" * 61])

NAMES = (
    ("", b"\0"),
    ("a", b"\1a\0"),
    ("example.com", b"\7example\3com\0"),
    ("_spf._domainkey.example", b"\4_spf\x0a_domainkey\7example\0"),
    (r"a\.b.c", b"\3a.b\1c\0"),
    (r"a\\.c", b"\2a\\\1c\0"),
    (r"\032\000\255.c", b"\3 \0\xff\1c\0"),
    ("xn--bcher-kva.example", b"\x0dxn--bcher-kva\7example\0"),
    ("a" * 63 + ".b", b"\x3f" + b"a" * 63 + b"\1b\0"),
    (".".join(["a"] * 127), b"\1a" * 127 + b"\0"),
    (
        ".".join(["a" * 63] * 3 + ["b" * 61]),
        (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"b" * 61 + b"\0",
    ),
)

WRITTEN = (
    (".", ""),
    ("Example.COM.", "example.com"),
    ("a b.c", r"a\032b.c"),
    ("a\x00.c", r"a\000.c"),
    (r"\065.\b", "a.b"),
    (r"a\046b", r"a\.b"),
    ("a\\\\.", "a\\\\"),
    ("a\\.", "a\\."),
    ("bücher.EXAMPLE", "xn--bcher-kva.example"),
    ("BÜCHER.example", "xn--bcher-kva.example"),
    ("日本。JP", "xn--wgv71a.jp"),
    ("ｅｘａｍｐｌｅ．ｃｏｍ", "example.com"),
    ("straße.de", "xn--strae-oqa.de"),
)

BAD = (
    "..",
    ".a",
    "a..b",
    "a..",
    "a" * 64,
    ".".join(["a"] * 128),
    LONGEST + "b",
    "a\\",
    r"a\256",
    r"a\1",
    r"a\12.b",
    "\u2764.example",
    "\ud800.example",
    "ü\\.a",
    "\uff3c.ü",
    "ü" * 63,
    "ü" * 256,
    "\u3002.\u3002",
    r"\000" * 256,
    "x" * 1_000_000,
    "ü" * 1_000_000,
)

BAD_WIRE = (
    (b"", "cut off"),
    (b"\1", "cut off"),
    (b"\1a", "cut off"),
    (b"\5abc\0", "cut off"),
    (b"\xc0", "cut off"),
    (b"\x40a\0", "too long"),
    (b"\x80a\0", "too long"),
    (b"\xc0\x0c", "pointer"),
    (b"\xc0\x0e\0", "pointer"),
    (b"\xc0\0", "pointer"),
    (b"\xff\xff", "pointer"),
    (b"\1a\xc0\x0c", "pointer"),
    (b"\1a" * 128 + b"\0", "too long"),
)


class TextTests(SynchronousTestCase):
    def test_both_ways(self) -> None:
        for name, octets in NAMES:
            self.assertEqual(name_to_wire(name), octets, name)
            self.assertEqual(name_from_wire(HEAD + octets, 12), (name, 12 + len(octets)))
            self.assertEqual(normal_name(name), name)

    def test_as_others_write(self) -> None:
        for text, name in WRITTEN:
            self.assertEqual(normal_name(text), name, text)
            self.assertEqual(name_from_wire(HEAD + name_to_wire(name), 12)[0], name)

    def test_case(self) -> None:
        self.assertEqual(name_to_wire("ExAmPlE"), b"\7example\0")
        self.assertEqual(name_from_wire(HEAD + b"\7EXAMPLE\1\xc4\0", 12)[0], r"example.\196")

    def test_bad(self) -> None:
        for text in BAD:
            self.assertRaises(BadName, name_to_wire, text)
            self.assertRaises(BadName, normal_name, text)

    def test_the_final_dot_is_for_others_alone(self) -> None:
        self.assertRaises(BadName, name_to_wire, "example.com.")

    def test_full_stops_of_other_scripts(self) -> None:
        """Part labels, and one may be the final dot."""
        for dot in "\u3002\uff0e\uff61":
            self.assertEqual(normal_name(f"a{dot}b{dot}"), "a.b")
            self.assertEqual(normal_name(f"\xfc.b{dot}"), "xn--tda.b")
            for text in (f"b{dot}.", f"b.{dot}", f"b{dot}{dot}", f"{dot}b"):
                self.assertRaises(BadName, normal_name, text)
            self.assertRaises(BadName, name_to_wire, f"b{dot}")
        self.assertEqual(normal_name("\u3002"), normal_name("."))


class WireTests(SynchronousTestCase):
    def test_bad(self) -> None:
        for octets, reason in BAD_WIRE:
            error = self.assertRaises(BadName, name_from_wire, HEAD + octets, 12)
            self.assertIn(reason, str(error), octets)

    def test_pointers(self) -> None:
        packet = HEAD + b"\3com\0\7example\xc0\x0c\3www\xc0\x11\xc0\x1b"
        self.assertEqual(name_from_wire(packet, 17), ("example.com", 27))
        self.assertEqual(name_from_wire(packet, 27), ("www.example.com", 33))
        self.assertEqual(name_from_wire(packet, 33), ("www.example.com", 35))

    def test_a_pointer_into_the_name_itself(self) -> None:
        for packet in (b"\1a\1b\xc0\x0c", b"\1a\1b\xc0\x0e", b"\1\0\1\0\xc0\x0d"):
            self.assertRaises(BadName, name_from_wire, HEAD + packet, 12)

    def test_two_that_point_to_each_other(self) -> None:
        packet = HEAD + b"\xc0\x0e\xc0\x0c"
        self.assertRaises(BadName, name_from_wire, packet, 12)
        self.assertRaises(BadName, name_from_wire, packet, 14)

    def test_pointers_to_pointers(self) -> None:
        packet = (
            HEAD
            + b"\1a\0"
            + b"".join(
                (0xC000 | (12 if at == 0 else 13 + 2 * at)).to_bytes(2, "big") for at in range(200)
            )
        )
        last = 15 + 2 * (MAX_POINTERS - 1)
        self.assertEqual(name_from_wire(packet, last), ("a", last + 2))
        self.assertRaises(BadName, name_from_wire, packet, last + 2)

    def test_labels_in_pieces_make_no_longer_name(self) -> None:
        packet, at = HEAD + b"\x3f" + b"a" * 63 + b"\0", 12
        for label in (b"\x3e" + b"b" * 62,) * 3 + (b"\1c",):
            before, at = at, len(packet)
            packet += label + (0xC000 | before).to_bytes(2, "big")
        self.assertEqual(len(name_from_wire(packet, before)[0]), 63 * 4)
        self.assertRaises(BadName, name_from_wire, packet, at)


class ReverseTests(SynchronousTestCase):
    def test_names(self) -> None:
        self.assertEqual(reverse_name(ip_address("192.0.2.1")), "1.2.0.192.in-addr.arpa")
        self.assertEqual(
            reverse_name(ip_address("2001:db8::567:89ab")),
            "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
        )
