"""Written signatures: their form, and that dkimpy believes them."""

import base64
import re
from collections.abc import Callable, Sequence

import dkim  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.dkim_signature import (
    Signature,
    read_message_signature,
    read_signature,
    unsigned_form,
)
from mailfilter.auth.private_key import public_record
from mailfilter.auth.signature_writer import (
    MAX_IDENTITY,
    WIDTH,
    arc_message_field,
    dkim_field,
    sign_lines,
    signed_value,
)
from mailfilter.auth.signing_keys import SigningKey
from mailfilter.mail.canon import Canonical, Digest, Field, Form
from mailfilter.mail.message import parse

EXAMPLES = settings(derandomize=True, max_examples=200, deadline=None, database=None)

RSA = SigningKey("example.com", "rsa", generate_private_key(65537, 1024))
ED25519 = SigningKey("example.com", "ed", Ed25519PrivateKey.from_private_bytes(bytes(32)))
KEYS = (RSA, ED25519)
FORMS: Sequence[Form] = ("simple", "relaxed")

MAIL = (
    b"Received: from a\r\n by b\r\n"
    b"FROM:  Bob\t<bob@example.com> \r\n"
    b"To: a@example.org,\r\n\tb@example.org\r\n"
    b"Subject: one\r\n"
    b"Subject: two \r\n"
    b"Empty:\r\n"
    b"\r\n"
    b"Hello,  you \r\n\r\n.\r\n\r\n\r\n"
)
NAMES = (b"from", b"from", b"to", b"subject", b"subject", b"subject", b"empty", b"missing")


def published(name: bytes, timeout: int = 5) -> bytes:
    """The records of our keys, for dkimpy."""
    for key in KEYS:
        if name == f"{key.selector}._domainkey.{key.domain}.".encode():
            return public_record(key.private).encode()
    return b""


def digest(message: Canonical, form: Form) -> Digest:
    """The digest of a body, waited for."""
    work = message.body.digest(form)
    try:
        while True:
            next(work)
    except StopIteration as stop:
        found: Digest = stop.value
        return found


def write(
    key: SigningKey,
    mail: bytes = MAIL,
    names: Sequence[bytes] = NAMES,
    forms: tuple[Form, Form] = ("relaxed", "relaxed"),
    expires: int | None = None,
    identity: str | None = None,
) -> str:
    """Sign a message now."""
    message = parse(mail).canonical
    return dkim_field(
        key,
        message,
        names,
        header_form=forms[0],
        body_form=forms[1],
        digest=digest(message, forms[1]).octets,
        time=1_700_000_000,
        expires=expires,
        identity=identity,
    )


def with_field(value: str, mail: bytes = MAIL, name: bytes = b"DKIM-Signature") -> bytes:
    """The message with the field as it leaves."""
    return name + b": " + value.replace("\n", "\r\n").encode() + b"\r\n" + mail


def read(value: str, reader: Callable[[Field], Signature] = read_signature) -> Signature:
    """What we read of a value."""
    return reader(Field(b"x", b"X: " + value.encode() + b"\r\n"))


class DkimFieldTests(SynchronousTestCase):
    """DKIM-Signature."""

    def test_tags(self) -> None:
        value = write(RSA, expires=1_700_000_060, identity="a b;=ü@mail.example.com")
        found = read(value)
        self.assertEqual((found.domain, found.selector), ("example.com", "rsa"))
        self.assertEqual((found.algorithm, found.names), ("rsa-sha256", NAMES))
        self.assertEqual((found.header_form, found.body_form), ("relaxed", "relaxed"))
        self.assertEqual((found.time, found.expires), (1_700_000_000, 1_700_000_060))
        self.assertEqual(found.identity, "a b;=ü@mail.example.com")
        self.assertIn(" i=a=20b=3B=3D=C3=BC@mail.example.com;", value)
        self.assertIsNone(found.length)
        self.assertEqual(read(write(ED25519)).algorithm, "ed25519-sha256")

    def test_dkimpy_believes(self) -> None:
        for key in KEYS:
            for forms in ((header, body) for header in FORMS for body in FORMS):
                value = write(key, forms=forms, identity="bob@example.com")
                signed = with_field(value)
                self.assertTrue(dkim.verify(signed, dnsfunc=published), (key.selector, forms))
                self.assertFalse(dkim.verify(signed + b"x\r\n", dnsfunc=published))
                more = b"Subject: three\r\n" + signed
                self.assertFalse(dkim.verify(more, dnsfunc=published))

    def test_other_ways_of_writing(self) -> None:
        # Without the space behind the colon, and in one line.
        value = write(RSA)
        for other in (
            b"DKIM-Signature:" + with_field(value).removeprefix(b"DKIM-Signature: "),
            with_field(value.replace("\n", "")),
            with_field(value.replace("\n\t", "\n        ")),
        ):
            self.assertTrue(dkim.verify(other, dnsfunc=published))

    def test_lines(self) -> None:
        most = 999
        for count in range(0, most, 37):
            names = [b"from", *(b"a%d" % number for number in range(count))]
            for key in KEYS:
                value = write(key, b"From: a\r\n\r\n", names)
                lines = ("DKIM-Signature: " + value).split("\n")
                self.assertLessEqual(max(map(len, lines)), WIDTH, value)
                for line in lines[1:]:
                    self.assertRegex(line, r"\A\t[!-~]")
                self.assertNotIn(" \n", value)

    def test_lines_are_full(self) -> None:
        lengths = set()
        for size in range(1, 40):
            key = SigningKey(f"{'a' * size}.com", "s", ED25519.private)
            lines = ("DKIM-Signature: " + write(key)).split("\n")
            lengths.add(len(lines[0]))
            self.assertEqual(max(map(len, lines)), WIDTH)
        self.assertEqual(max(lengths), WIDTH)

    def test_long_names(self) -> None:
        key = SigningKey(".".join(["a" * 60] * 3), "b" * 50, ED25519.private)
        value = write(key, names=[b"from", b"x" * 255], identity=f"{'c' * 60}@{key.domain}")
        self.assertEqual(read(value).names, (b"from", b"x" * 255))
        self.assertLess(max(map(len, value.split("\n"))), 998)
        longest = "@example.com".rjust(MAX_IDENTITY, "c")
        self.assertEqual(read(write(RSA, identity=longest)).identity, longest)
        self.assertRaises(ValueError, write, RSA, identity=f"c{longest}")
        error = self.assertRaises(ValueError, write, key, identity="c" * MAX_IDENTITY + "=")
        self.assertIn(f"at most {MAX_IDENTITY}", str(error))

    @EXAMPLES
    @given(st.sampled_from(KEYS), st.lists(st.sampled_from(NAMES), max_size=30), st.data())
    def test_any_names(self, key: SigningKey, names: list[bytes], data: st.DataObject) -> None:
        forms = (data.draw(st.sampled_from(FORMS)), data.draw(st.sampled_from(FORMS)))
        value = write(key, names=[b"from", *names], forms=forms)
        self.assertTrue(dkim.verify(with_field(value), dnsfunc=published))


class ArcTests(SynchronousTestCase):
    """ARC-Message-Signature, and what ARC-Seal is made of."""

    def test_message_field(self) -> None:
        message = parse(MAIL).canonical
        for header, body in ((header, body) for header in FORMS for body in FORMS):
            value = arc_message_field(
                RSA,
                message,
                NAMES,
                instance=7,
                header_form=header,
                body_form=body,
                digest=digest(message, body).octets,
                time=1,
                expires=2,
            )
            found = read(value, read_message_signature)
            self.assertEqual((found.instance, found.time, found.expires), (7, 1, 2))
            self.assertEqual((found.names, found.key_name), (NAMES, "rsa._domainkey.example.com"))
            self.assertNotIn("v=", value)
            # As a signature of DKIM, but for the name of the field.
            raw = with_field(value, b"", b"ARC-Message-Signature")
            own = Field(b"arc-message-signature", raw)
            lines = [*message.signed(NAMES, header), unsigned_form(own, header)]
            self.assertEqual(found.signature, sign_lines(RSA, lines))

    def test_seal(self) -> None:
        tags = [("i", "1"), ("a", "rsa-sha256"), ("cv", "none"), ("d", "example.com")]
        value = signed_value(RSA, b"ARC-Seal", tags, [b"a:b\r\n"])
        start = "i=1; a=rsa-sha256; cv=none; d=example.com; b="
        self.assertTrue(value.startswith(start), value)
        octets = sign_lines(RSA, [b"a:b\r\n", b"arc-seal:" + start.encode()])
        text = re.sub(r"\n\t", "", value.removeprefix(start))
        self.assertEqual(base64.b64decode(text, validate=True), octets)
        self.assertLessEqual(max(map(len, f"ARC-Seal: {value}".split("\n"))), WIDTH)
