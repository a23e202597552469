"""Keypairs as text: ours, and those of Rspamd's tools."""

import json
from base64 import b64encode

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.httpcrypt import Keypair
from mailfilter.codec.httpcrypt_text import (
    MAX_TEXT,
    KeypairError,
    read_keypair,
    render_json,
    render_toml,
    render_ucl,
)
from tests.codec.httpcrypt_vectors import VECTORS

PAIR = Keypair.of(bytes.fromhex(VECTORS["keypairs"][0]["privkey"]))
PUBLIC = VECTORS["keypairs"][0]["pubkey_b32"]
BASE64 = b64encode(PAIR.public).decode()
SECRET = VECTORS["keypairs"][0]["privkey_b32"]


class ReadTests(SynchronousTestCase):
    """`read_keypair`."""

    def test_forms(self) -> None:
        for render in (render_toml, render_ucl, render_json):
            self.assertEqual(read_keypair(render(PAIR).encode()), PAIR)
            self.assertEqual(read_keypair(render(PAIR).replace("\n", "\r\n").encode()), PAIR)

    def test_without_the_table(self) -> None:
        """As inside of `worker`, or in one line."""
        for text in (
            f'pubkey = "{PUBLIC}"; privkey = "{SECRET}";',
            f"public_key={PUBLIC},private_key={SECRET}",
            f'// a comment\n"public": {PUBLIC}\n# another\nsecret_key: "{SECRET}"',
            f'{{"pubkey":"{PUBLIC}","privkey":"{SECRET}"}}',
            f'keypair = {{ pubkey "{PUBLIC}" privkey "{SECRET}" }};\n',
            f'keypair: {{ private = "{SECRET}"; public = "{PUBLIC}" }}\n',
        ):
            self.assertEqual(read_keypair(text.encode()), PAIR, text)

    def test_encodings(self) -> None:
        for name, encode in (
            ("hex", bytes.hex),
            ("base64", lambda octets: b64encode(octets).decode()),
            ("base32", encode_base32),
        ):
            both = {"pubkey": encode(PAIR.public), "privkey": encode(PAIR.secret)}
            text = json.dumps({"keypair": {**both, "encoding": name, "id": "any"}})
            self.assertEqual(read_keypair(text.encode()), PAIR)

    def test_refused(self) -> None:
        other = encode_base32(Keypair.new().secret)
        for text, said in (
            ("", "expected public, or pubkey as rspamadm writes it"),
            (f'public = "{PUBLIC}"', "expected secret, or privkey"),
            (f'public = "{PUBLIC}"\nsecret = "{other}"', "do not belong together"),
            (f'public = "{PUBLIC}"\npubkey = "{PUBLIC}"', "expected one of public and pubkey"),
            (f'public = "{PUBLIC}"\npublic = "{PUBLIC}"', "has public twice"),
            (f'public = "{PUBLIC.upper()}"', "is not of its alphabet"),
            (f'public = "{PUBLIC[:-2]}"', "public has 31 octets, not 32"),
            ("type = sign", "a pair for signatures"),
            ("type = other", "expected type kex"),
            ("algorithm = nistp256", "nistp256 is not known any more"),
            ("algorithm = other", "expected algorithm curve25519"),
            ("encoding = rot13", "expected encoding base32, hex or base64"),
            ("encoding = hex; public = 0g", "public is not hexadecimal"),
            ('encoding = base64; public = "a"', "public is not base64"),
            (f'encoding = base64; public = "-{BASE64}"', "public is not base64"),
            ("any = a; any = b", "has a key twice"),
            (f"{SECRET} = a; {SECRET} = b", "has a key twice"),
            ("keypair { public = a", "expected } at the end"),
            ("{ keypair { public = a }", "expected } at the end"),
            ("keypair {} keypair {}", "nothing behind it"),
            ("public", "expected a value"),
            ("= a", "expected the name of a key"),
            ("public = { a = b }", "expected a value"),
            ('public = "a\nb"', "line 1 is none of a keypair"),
            ("public = a\n\\", "line 2 is none of a keypair"),
        ):
            error = self.assertRaises(KeypairError, read_keypair, text.encode())
            self.assertIn(said, str(error))
            self.assertNotIn(SECRET, str(error))
            self.assertNotIn(other, str(error))

    def test_case(self) -> None:
        """Names, kinds and encodings may be written in any; keys may not."""
        text = (
            f'keypair {{ PubKey = "{PUBLIC}"; PRIVKEY = "{SECRET}"; Algorithm = "Curve25519";'
            ' ENCODING = "Base32"; Type = "KEX" }'
        )
        self.assertEqual(read_keypair(text.encode()), PAIR)
        for kind in ("NISTP256", "nistP256"):
            error = self.assertRaises(KeypairError, read_keypair, f"ALGORITHM={kind}".encode())
            self.assertIn("not known any more", str(error))

    def test_no_text(self) -> None:
        self.assertRaises(KeypairError, read_keypair, b"\xff")

    def test_size(self) -> None:
        """What is longer than any is not read, and that is said."""
        text = render_toml(PAIR).encode()
        self.assertEqual(read_keypair(text.ljust(16 * 1024)), PAIR)
        error = self.assertRaises(KeypairError, read_keypair, text.ljust(16 * 1024 + 1))
        self.assertEqual(str(error), "expected at most 16KiB")

    def test_all_is_bounded(self) -> None:
        """No form of input takes long, or breaks it."""
        for piece in (
            b"{",
            b"}",
            b'"',
            b"a ",
            b"=",
            b"keypair{",
            b'a="',
            b"\n",
            b"#",
            b"/",
            b"a=b;",
        ):
            for size in (1, 2, 3, MAX_TEXT // len(piece)):
                self.assertRaises(KeypairError, read_keypair, piece * size)


class RenderTests(SynchronousTestCase):
    """What is written."""

    def test_toml(self) -> None:
        self.assertTrue(render_toml(PAIR).endswith(f'\npublic = "{PUBLIC}"\nsecret = "{SECRET}"\n'))

    def test_rspamd(self) -> None:
        told = json.loads(render_json(PAIR))["keypair"]
        self.assertEqual(told["pubkey"], PUBLIC)
        self.assertEqual(told["privkey"], SECRET)
        self.assertEqual(told["id"], VECTORS["keypairs"][0]["id_b32"])
        for name, value in told.items():
            self.assertIn(f'    {name} = "{value}";\n', render_ucl(PAIR))
