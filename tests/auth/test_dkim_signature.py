"""Fields that sign a message, tag by tag."""

import base64
from collections.abc import Callable, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.dkim_signature import (
    MAX_NAMES,
    Signature,
    SignatureError,
    read_message_signature,
    read_signature,
    unsigned_form,
)
from mailfilter.auth.signature_tags import MAX_DOMAIN, MAX_SIGNATURE
from mailfilter.mail.canon import Field

EXAMPLES = settings(derandomize=True, max_examples=200, deadline=None, database=None)

HASH = base64.b64encode(b"h" * 32)
OCTETS = base64.b64encode(b"s" * 256)
TAGS: Mapping[str, bytes] = {
    "v": b"1",
    "a": b"rsa-sha256",
    "d": b"example.com",
    "s": b"sel",
    "h": b"From:To",
    "bh": HASH,
    "b": OCTETS,
}
SEALED = {name: value for name, value in TAGS.items() if name != "v"} | {"i": b"1"}


def field(tags: Mapping[str, bytes], name: bytes = b"DKIM-Signature") -> Field:
    """A field of these tags."""
    value = b"; ".join(tag.encode() + b"=" + text for tag, text in tags.items())
    return Field(name.lower(), name + b": " + value + b"\r\n")


def changed(tags: Mapping[str, bytes], changes: Mapping[str, bytes | None]) -> dict[str, bytes]:
    """Tags with others in them; None takes one out."""
    both: dict[str, bytes | None] = {**tags, **changes}
    return {name: value for name, value in both.items() if value is not None}


def read(**changes: bytes | None) -> Signature:
    """Read a good signature with changes."""
    return read_signature(field(changed(TAGS, changes)))


def read_sealed(**changes: bytes | None) -> Signature:
    """The same of ARC."""
    return read_message_signature(field(changed(SEALED, changes), b"ARC-Message-Signature"))


BAD: tuple[tuple[str, bytes | None, str], ...] = (
    ("v", None, "no v="),
    ("v", b"", "v= is empty"),
    ("v", b"2", 'v="2", expected 1'),
    ("v", b"1.0", "expected 1"),
    ("a", None, "no a="),
    ("a", b"RSA-SHA256", "not known"),
    ("a", b"rsa-sha512", "not known"),
    ("b", None, "no b="),
    ("b", b"", "b= is empty"),
    ("b", b"not_base_64", "b= is not base64"),
    ("b", b"QQ", "b= is not base64"),
    ("b", b"QQ==QQ==", "b= is not base64"),
    ("b", base64.b64encode(bytes(1025)), "1025 octets"),
    ("b", base64.b64encode(bytes(16384)), "octets of tags"),
    ("bh", None, "no bh="),
    ("bh", b"", "bh= is empty"),
    ("bh", b"%", "bh= is not base64"),
    ("bh", b"QQ==", "bh= has 1 octets, expected 32"),
    ("bh", base64.b64encode(bytes(33)), "bh= has 33 octets"),
    ("c", b"", "c="),
    ("c", b"relaxed/", "not known"),
    ("c", b"/relaxed", "not known"),
    ("c", b"Relaxed", "not known"),
    ("c", b"relaxed/simple/simple", "not known"),
    ("c", b"nowsp", "not known"),
    ("d", None, "no d="),
    ("d", b"", "d= is empty"),
    ("d", b"com", "whole domain"),
    ("d", b"example...", "no name"),
    ("d", b"example.com.", "no name"),
    ("d", b"exa mple.com", "no name"),
    ("d", b"a@example.com", "no name"),
    ("d", b"-a.example.com", "no name"),
    ("d", b"a" * 64 + b".com", "no name"),
    ("d", b"\xff.com", "no name"),
    ("d", b".".join([b"a" * 60] * 4), "too long"),
    ("d", b"a-.example.com", "no name of DNS"),
    ("d", b"-a.example.com", "no name of DNS"),
    ("s", None, "no s="),
    ("s", b"", "s= is empty"),
    ("s", b"a..b", "no name"),
    ("s", b"a\\.b", "no name"),
    ("s", b"a" * 64, "no name"),
    ("h", None, "no h="),
    ("h", b"", "empty name"),
    ("h", b"From::To", "empty name"),
    ("h", b"From:", "empty name"),
    ("h", b"To:Subject", "without From"),
    ("h", b"From:Mail Subject", "no name"),
    ("h", b"From:Sub\r\n ject", "no name"),
    ("h", b"From:S\xc3\xbc", "no name"),
    ("h", b"From" + b":a" * MAX_NAMES, f"more than {MAX_NAMES}"),
    ("i", b"", "without an @"),
    ("i", b"example.com", "without an @"),
    ("i", b"@example.org", "is not of"),
    ("i", b"@badexample.com", "is not of"),
    ("i", b"@com", "whole domain"),
    ("i", b"@" + b"a." * 130 + b"example.com", "no name"),
    ("i", b"a@", "no name"),
    ("i", b"a=0D=0Ab@example.com", "no address"),
    ("i", b"\xff@example.com", "no address"),
    ("l", b"", "no number"),
    ("l", b"-1", "no number"),
    ("l", b"1 0", "no number"),
    ("l", b"1" * 77, "no number"),
    ("l", "١".encode(), "no number"),
    ("q", b"", "expected dns/txt"),
    ("q", b"http", "expected dns/txt"),
    ("q", b"dns", "expected dns/txt"),
    ("t", b"", "no time"),
    ("t", b"icecream", "no time"),
    ("t", b"1 2345", "no time"),
    ("t", b"1" * 13, "no time"),
    ("x", b"", "no time"),
    ("x", b"1e9", "no time"),
)
BAD_SEALED: tuple[tuple[str, bytes | None, str], ...] = (
    ("i", None, "no i="),
    ("i", b"0", "1 to 50"),
    ("i", b"01", "1 to 50"),
    ("i", b"51", "1 to 50"),
    ("i", b"1000000000", "1 to 50"),
    ("i", "¹".encode(), "1 to 50"),
    ("h", None, "no h="),
    ("h", b"from:ARC-Seal", "ARC-Seal"),
    ("h", b"from:a b", "no name"),
)


class ReadSignatureTests(SynchronousTestCase):
    """DKIM-Signature (RFC 6376 3.5)."""

    def test_defaults(self) -> None:
        found = read()
        self.assertEqual((found.domain, found.selector), ("example.com", "sel"))
        self.assertEqual(found.key_name, "sel._domainkey.example.com")
        self.assertEqual((found.algorithm, found.hash), ("rsa-sha256", "sha256"))
        self.assertEqual((found.header_form, found.body_form), ("simple", "simple"))
        self.assertEqual(found.names, (b"from", b"to"))
        self.assertEqual((found.body_hash, found.signature), (b"h" * 32, b"s" * 256))
        self.assertEqual((found.length, found.time, found.expires), (None, None, None))
        self.assertEqual((found.identity, found.instance), ("@example.com", 0))

    def test_all_tags(self) -> None:
        found = read(
            a=b"ed25519-sha256",
            b=base64.b64encode(bytes(64)),
            c=b"relaxed/simple",
            d=b"Example.COM",
            h=b" FROM :\r\n\tto:from: x!~ ",
            i=b"Bob@Mail.Example.com",
            l=b"0",
            q=b"http : dns/txt",
            s=b"S1.Part",
            t=b"999999999998",
            x=b"999999999999",
            z=b"From:bob|To:a",
            other=b"",
        )
        self.assertEqual(found.key_name, "s1.part._domainkey.example.com")
        self.assertEqual((found.header_form, found.body_form), ("relaxed", "simple"))
        self.assertEqual(found.names, (b"from", b"to", b"from", b"x!~"))
        self.assertEqual(found.identity, "Bob@mail.example.com")
        self.assertEqual((found.length, found.time), (0, 999999999998))
        self.assertEqual(found.expires, 999999999999)

    def test_bounds(self) -> None:
        """All of what is allowed."""
        most = b"From" + b":a" * (MAX_NAMES - 1)
        self.assertEqual(len(read(h=most).names), MAX_NAMES)
        octets = bytes(MAX_SIGNATURE)
        self.assertEqual(read(b=base64.b64encode(octets)).signature, octets)
        end = b"." + b".".join([b"a" * 60] * 3)
        room = MAX_DOMAIN - len(b"sel._domainkey") - len(end)
        found = read(d=b"b" * (room - 1) + end)
        self.assertEqual(len(found.key_name), MAX_DOMAIN)
        error = self.assertRaises(SignatureError, read, d=b"b" * room + end)
        self.assertIn("too long", str(error))

    def test_forms(self) -> None:
        found = read(c=b"relaxed")
        self.assertEqual((found.header_form, found.body_form), ("relaxed", "simple"))
        found = read(c=b"simple/relaxed")
        self.assertEqual((found.header_form, found.body_form), ("simple", "relaxed"))

    def test_white_space_in_base64(self) -> None:
        spaced = b" \t".join(bytes((octet,)) for octet in HASH)
        found = read(bh=spaced, b=OCTETS[:9] + b"\r\n\t" + OCTETS[9:])
        self.assertEqual((found.body_hash, found.signature), (b"h" * 32, b"s" * 256))

    def test_sha1(self) -> None:
        found = read(a=b"rsa-sha1", bh=base64.b64encode(bytes(20)))
        self.assertEqual((found.algorithm, found.hash), ("rsa-sha1", "sha1"))
        error = self.assertRaises(SignatureError, read, a=b"rsa-sha1")
        self.assertIn("expected 20", str(error))

    def test_size_of_ed25519(self) -> None:
        for size in (0, 63, 65):
            text = base64.b64encode(bytes(size))
            self.assertRaises(SignatureError, read, a=b"ed25519-sha256", b=text)

    def test_identity(self) -> None:
        self.assertEqual(read(i=b"a=20=3Db=40@example.com").identity, "a =b@@example.com")
        self.assertEqual(read(i=b"a\r\n\tb @ example.com").identity, "ab@example.com")
        self.assertEqual(read(i=b"a=zz@example.com").identity, "a=zz@example.com")
        # RFC 6376 2.11: digits of octets are upper case.
        self.assertEqual(read(i=b"a=4a=4A@example.com").identity, "a=4aJ@example.com")
        self.assertEqual(read(i="ü@example.com".encode()).identity, "ü@example.com")

    def test_other_scripts(self) -> None:
        found = read(d="Bücher.example".encode(), s="ä".encode(), i="@a.bücher.example".encode())
        self.assertEqual(found.key_name, "xn--4ca._domainkey.xn--bcher-kva.example")
        self.assertEqual(found.identity, "@a.xn--bcher-kva.example")

    def test_bad(self) -> None:
        for name, value, words in BAD:
            error = self.assertRaises(SignatureError, read, **{name: value})
            self.assertIn(words, str(error), (name, value))

    def test_expires_before_time(self) -> None:
        for expires in (b"99", b"100"):
            error = self.assertRaises(SignatureError, read, t=b"100", x=expires)
            self.assertIn("not after", str(error))
        self.assertEqual(read(t=b"100", x=b"101").expires, 101)

    def test_no_list_of_tags(self) -> None:
        for raw in (b"DKIM-Signature", b"DKIM-Signature:", b"DKIM-Signature: v=1;;"):
            self.assertRaises(SignatureError, read_signature, Field(b"dkim-signature", raw))

    @EXAMPLES
    @given(st.data())
    def test_any_change(self, data: st.DataObject) -> None:
        tags = {**TAGS, "i": b"bob@example.com", "q": b"dns/txt", "t": b"1", "x": b"2", "l": b"3"}
        raw = field(tags).raw
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(raw)))
            end = at + data.draw(st.integers(0, 3))
            raw = raw[:at] + data.draw(st.binary(max_size=3)) + raw[end:]
        try:
            found = read_signature(Field(b"dkim-signature", raw))
        except SignatureError as error:
            self.assertTrue(str(error).isprintable())
            self.assertLess(len(str(error)), 300)
            return
        self.assertRegex(found.key_name, r"\A[a-z0-9_.-]{3,253}\Z")
        self.assertTrue(f".{found.identity.rpartition('@')[2]}".endswith(f".{found.domain}"))
        self.assertTrue(found.identity.isprintable())
        self.assertIn(b"from", found.names)
        self.assertIn(len(found.body_hash), (20, 32))
        self.assertLess(found.time or 0, found.expires or 2**63)
        self.assertGreaterEqual(found.length or 0, 0)


class ReadMessageSignatureTests(SynchronousTestCase):
    """ARC-Message-Signature (RFC 8617 4.1.2)."""

    def test_good(self) -> None:
        found = read_sealed(i=b"50", c=b"relaxed/relaxed", t=b"1")
        self.assertEqual((found.instance, found.identity, found.time), (50, "", 1))
        self.assertEqual(found.key_name, "sel._domainkey.example.com")

    def test_names(self) -> None:
        # Empty ones stand for no field, as one that is not there.
        self.assertEqual(read_sealed(h=b"").names, ())
        self.assertEqual(
            read_sealed(h=b"from::Arc-Message-Signature").names[1:], (b"arc-message-signature",)
        )

    def test_bad(self) -> None:
        own = [bad for bad in BAD if bad[0] not in ("v", "i", "h")]
        for name, value, words in (*own, *BAD_SEALED):
            error = self.assertRaises(SignatureError, read_sealed, **{name: value})
            self.assertIn(words, str(error), (name, value))


class UnsignedFormTests(SynchronousTestCase):
    """A field without its signature (RFC 6376 3.7)."""

    def assert_unsigned(self, value: bytes, simple: bytes, relaxed: bytes) -> None:
        """What both forms make of a field."""
        for end in (b"\r\n", b"\n", b""):
            whole = Field(b"dkim-signature", b"DKIM-Signature :" + value + end)
            self.assertEqual(unsigned_form(whole, "simple"), b"DKIM-Signature :" + simple)
            self.assertEqual(unsigned_form(whole, "relaxed"), b"dkim-signature:" + relaxed)

    def test_places(self) -> None:
        self.assert_unsigned(b" v=1; b=QQ==; d=a", b" v=1; b=; d=a", b"v=1; b=; d=a")
        self.assert_unsigned(b" v=1; b=Q\r\n Q\n\t==", b" v=1; b=", b"v=1; b=")
        self.assert_unsigned(b" v=1; b =  Q ; ", b" v=1; b =; ", b"v=1; b =;")
        self.assert_unsigned(b"b=Q;v=1", b"b=;v=1", b"b=;v=1")
        self.assert_unsigned(b"v=1;\r\n\tb\n =\t", b"v=1;\r\n\tb\r\n =", b"v=1; b =")

    def test_only_that_tag(self) -> None:
        same = b"v=1;bh=b=;B=Q;z=b=1 b=2;xb=3"
        self.assert_unsigned(same, same, same)
        self.assert_unsigned(same + b";b=Q;a=b=", same + b";b=;a=b=", same + b";b=;a=b=")

    @EXAMPLES
    @given(st.binary(max_size=200), st.sampled_from([read_signature, read_message_signature]))
    def test_any_octets(self, value: bytes, reader: Callable[[Field], Signature]) -> None:
        whole = Field(b"dkim-signature", b"DKIM-Signature:" + value)
        unsigned_form(whole, "simple")
        unsigned_form(whole, "relaxed")
        error = self.assertRaises(SignatureError, reader, whole)
        self.assertTrue(str(error).isprintable())
