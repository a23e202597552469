"""Hashes of passwords, by those that `rspamadm pw` of Rspamd 3.4 has made."""

import os
import subprocess
import sys
from hashlib import scrypt

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec import password as module
from mailfilter.codec.base32 import decode_base32, encode_base32
from mailfilter.codec.password import (
    KINDS,
    MAX_PASSWORD,
    RIGHT,
    WRONG,
    DamagedHash,
    Plain,
    Scrypt,
    make_hash,
    parse_stored,
)
from tests.config.case import EXAMPLES

PBKDF2 = "$1$hwsecowsszgt6cut5m7ropgetxphnt76$4ddjykk9cyysofchsb7oz549e8rf4qjb4ytdsbi4gua3jhfad5gb"
CATENA = "$2$5h7ezq5ef79wsndzzokwx4odse81in9q$emdzfq7h6oq3pzmy1k75nfho17ncb9g3oi9ocd1jutd4hzge8fry"
"""Of `secretpw`."""

LONG = "L" * 64
LONGER = "x" * 65

MADE_BY_RSPAMD = (
    ("secretpw", PBKDF2),
    ("secretpw", CATENA),
    (
        "p@ss w0rd",
        "$1$jw7fd5wa7m4y6c8wywhhh3kzphgrs8kz$1bz8jyhda6dundi4xqsd6etyyxa8hy4cinn1kyq6w1qeoh4urxgb",
    ),
    (
        "p@ss w0rd",
        "$2$meea6iiy8niwn136cjrqafd978x3jp3j$je7cd36rzrubeas7gocswok7kjdi71th58uc9f77jbzzxg4bea6y",
    ),
    (
        "Grüße",
        "$1$4mpyw5ft6jy41nw9qwe8g55mjscfh1cn$nmfduedbcwo83ky7ygzhj199j6hpwi6tfi6oq7nt3zidfx6nrneb",
    ),
    (
        "Grüße",
        "$2$eyoejmack4ypeanhxjt7o335zoqjrepo$cjzmkro1d96dkj4gmdhtmpkr87dmnfjaptwndtqcsj7is7nzs4jy",
    ),
    (
        LONG,
        "$1$1h6nju33pczz75861nj1gx1qpcs6wmaa$3bwpa9ajmcmkyumsqpui734b6i5xdwhc3r47ni14c5f4yuwc6iqb",
    ),
    (
        LONG,
        "$2$a9gbaieo5184dmrngo7xtpt974dpz6r6$ra8htf685a134f6qskg5hgkw5ejtd688wstu5s9qge97hj7uyisy",
    ),
    (
        LONGER,
        "$1$spo4yrwk5uuxdq13ieo5uzdxpzhzcidq$7ypz16sqzeuaejwewd75n8pctwfhtx1t9ko4ugszoxiubyrzfmuy",
    ),
    (
        LONGER,
        "$2$4dyjrqd7k788dh33fuea4wr4ocp31ydj$xueb1y78p9e4p5mrz8gae18efz7zwxnqmjhyahpfs4o7gpiwts8y",
    ),
    (
        "pass1",
        "$1$bqojewc9h4rayj4i4zc75zyznuet7ywp$xirm3tsrj4fhornbmhffaqc8bokosx6n1hqbq8rccwtc8m6hq6ib",
    ),
    (
        "pass1",
        "$2$zycirm5qhaxe3of1qpdmh7ay5afxbsgc$rrtukzs8t9rnbe6ongukuyp54mu8jx886e8ug5st3w6oytosm8ey",
    ),
)

MADE_BY_US = (
    (
        "pbkdf2",
        "pyone",
        "$1$yeyroboyfobqyrrbkanaogabxyrnbjcn$mwmjbxmzwqaq1rgmo41mo9u455rdpmma85geh9pxcp3wde3kxqdy",
    ),
    (
        "catena",
        "pytwo",
        "$2$yeyroboyfobqyrrbkanaogabxyrnbjcn$htgfgyr4guh4taoo3rxiyhjcccne8eegd971tujmob76obyyndyy",
    ),
)
"""With the octets 0 to 19 as salt; these have opened a controller of Rspamd 3.4."""

SALT, KEY = PBKDF2.split("$")[2:]

DAMAGED = {
    "$1$": "missing",
    "$1$$": "missing",
    f"$1${SALT}": "missing",
    f"$1${SALT}$": "missing",
    f"$1$${KEY}": "missing",
    f"$1${SALT}${KEY}$": "missing",
    f"$1${SALT}${KEY[:-1]}": "51 characters",
    f"$1${SALT}${KEY}y": "53 characters",
    f"$1${SALT[:-1]}${KEY}": "31 characters",
    f"$1${SALT}${KEY[:-1]}9": "more bits",
    f"$1${SALT}${KEY.upper()}": "alphabet",
    f"$1${SALT}${KEY[:-1]}l": "alphabet",
    f"$2${SALT}$": "missing",
    f"$3${SALT}${KEY}": "no kind",
    "$1abc": "no kind",
    "$9": "no kind",
    "$6$salt$whatever": "no kind",
    "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$a2V5": "no kind",
    "$scrypt$": "expected",
    "$scrypt$ln=15,r=8,p=1$c2FsdHNhbHQ": "expected",
    "$scrypt$ln=15,r=8,p=1$c2FsdHNhbHQ$": "expected",
    "$scrypt$ln=15,r=8,p=1$c2FsdHNhbHQ$a2V5": "16 to 64",
    "$scrypt$ln=15,r=8,p=1$c2Fs$MDEyMzQ1Njc4OWFiY2RlZg": "8 to 64",
    "$scrypt$ln=15,r=8,p=1$c2FsdHNhbHQ=$MDEyMzQ1Njc4OWFiY2RlZg": "base64",
    "$scrypt$ln=15,r=8,p=1$c2FsdHNhbHR$MDEyMzQ1Njc4OWFiY2RlZg": "base64",
    "$scrypt$ln=15,r=8,p=1$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZ!": "base64",
    "$scrypt$ln=15,r=8,p=1$c2FsdHNhbHQ$é": "base64",
    "$scrypt$ln=22,r=8,p=1$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg": "too much",
    "$scrypt$ln=15,r=8,p=99$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg": "too much",
    "$scrypt$ln=0,r=8,p=1$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg": "ln must",
    "$scrypt$ln=99,r=8,p=1$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg": "ln must",
    "$scrypt$ln=15,r=0,p=1$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg": "ln must",
}
"""What looks like a hash -> a word of why it is none."""

PLAIN = ("x", "", "pässword", "$", "$$", "$ecret", "US$1", "$word", " $1$x$y")


class PasswordTests(SynchronousTestCase):
    """What is right, what is wrong, what is damaged."""

    def test_made_by_rspamd(self) -> None:
        """Hashes of Rspamd fit their passwords, of more than 64 octets too, and no others."""
        for password, text in MADE_BY_RSPAMD:
            stored = parse_stored(text)
            self.assertTrue(stored.is_right(password.encode()), text)
            self.assertFalse(stored.is_right(password.encode() + b"x"), text)
            self.assertFalse(stored.is_right(b""), text)

    def test_other_kind(self) -> None:
        """A key of one kind is none of another."""
        self.assertFalse(parse_stored(PBKDF2.replace("$1$", "$2$")).is_right(b"secretpw"))

    def test_scrypt(self) -> None:
        """Our own kind is scrypt as others have it; each hash has a salt of its own."""
        text = make_hash(b"secretpw")
        stored = parse_stored(text)
        assert isinstance(stored, Scrypt)
        self.assertTrue(stored.is_right(b"secretpw"))
        self.assertFalse(stored.is_right(b"secretpW"))
        key = scrypt(b"secretpw", salt=stored.salt, n=2**15, r=8, p=1, dklen=32, maxmem=2**26)
        self.assertEqual(key, stored.key)
        self.assertNotEqual(text, make_hash(b"secretpw"))

    def test_kinds(self) -> None:
        """Of each kind one is made that is right for its password alone, as Rspamd has them."""
        forms = {
            "scrypt": r"\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}",
            "catena": r"\$2\$[a-z0-9]{32}\$[a-z0-9]{52}",
            "pbkdf2": r"\$1\$[a-z0-9]{32}\$[a-z0-9]{52}",
        }
        self.assertEqual(tuple(forms), KINDS)
        for kind, form in forms.items():
            for password in (b"secretpw", "Grüße".encode(), LONGER.encode(), b"\0\xff"):
                text = make_hash(password, kind)
                self.assertRegex(text, f"^{form}$")
                self.assertTrue(parse_stored(text).is_right(password))
                self.assertFalse(parse_stored(text).is_right(password + b"x"))
            self.assertNotEqual(make_hash(b"x", kind), make_hash(b"x", kind))

    def test_salt(self) -> None:
        """Salts come from the system, and are written as they are."""
        self.patch(os, "urandom", lambda size: bytes(range(size)))
        for kind, password, text in MADE_BY_US:
            self.assertEqual(make_hash(password.encode(), kind), text)

    def test_scrypt_of_rfc(self) -> None:
        """The third vector of RFC 7914 12."""
        key = bytes.fromhex(
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
            "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        )
        text = "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$" + module._base64_text(key)
        self.assertTrue(parse_stored(text).is_right(b"pleaseletmein"))

    def test_plain(self) -> None:
        """All else is the password itself."""
        for text in PLAIN:
            stored = parse_stored(text)
            self.assertEqual(stored, Plain(text.encode()))
            self.assertTrue(stored.is_right(text.encode()))
            self.assertFalse(stored.is_right(text.encode() + b"\0"))

    def test_damaged(self) -> None:
        """What looks like a hash and is none is never taken for a password."""
        for text, word in DAMAGED.items():
            with self.assertRaises(DamagedHash, msg=text) as caught:
                parse_stored(text)
            self.assertIn(word, str(caught.exception), text)

    def test_cut_off(self) -> None:
        """A hash that was cut off anywhere is damaged, from its first sign of being one."""
        for whole in (PBKDF2, CATENA):
            for size in range(2, len(whole)):
                self.assertRaises(DamagedHash, parse_stored, whole[:size])
        whole = make_hash(b"x")
        for size in range(len("$scrypt$"), whole.rindex("$") + 20):
            self.assertRaises(DamagedHash, parse_stored, whole[:size])

    def test_time(self) -> None:
        """All kinds compare octets of one length by what takes the same time for all of them."""
        compared: list[tuple[int, int]] = []

        def compare(one: bytes, other: bytes) -> bool:
            compared.append((len(one), len(other)))
            return one == other

        self.patch(module, "compare_digest", compare)
        for text in ("x", "a much longer one", PBKDF2, CATENA, make_hash(b"x")):
            for password in (b"", b"x", b"y" * MAX_PASSWORD):
                parse_stored(text).is_right(password)
        self.assertEqual(len(compared), 15)
        self.assertTrue(all(one == other for one, other in compared), compared)

    @EXAMPLES
    @given(st.text(max_size=60))
    def test_any(self, text: str) -> None:
        """Nothing else comes of any text."""
        for beginning in ("", "$1$", "$2$", "$scrypt$ln=1,r=1,p=1$"):
            try:
                parse_stored(beginning + text)
            except DamagedHash as error:
                self.assertTrue(str(error))

    @EXAMPLES
    @given(st.binary(max_size=40))
    def test_base32(self, octets: bytes) -> None:
        """What is written is read."""
        self.assertEqual(decode_base32(encode_base32(octets), len(octets)), octets)


class ProgramTests(SynchronousTestCase):
    """The program that checks one password."""

    def run_with(self, data: bytes) -> subprocess.CompletedProcess[bytes]:
        arguments = [sys.executable, "-P", "-m", "mailfilter.codec.password"]
        return subprocess.run(arguments, input=data, capture_output=True, check=False, timeout=60)

    def test_verdict(self) -> None:
        """It reads hash and password, which may have any octets, and tells the verdict."""
        self.assertEqual(self.run_with(PBKDF2.encode() + b"\nsecretpw").stdout, RIGHT)
        self.assertEqual(self.run_with(PBKDF2.encode() + b"\nsecretpw\n").stdout, WRONG)
        self.assertEqual(self.run_with(CATENA.encode() + b"\n\xff\0\n$1$").stdout, WRONG)

    def test_nonsense(self) -> None:
        """From what makes no sense comes no verdict."""
        for data in (b"", b"\n", b"x\nx", b"$1$x$y\nz", b"\xff\nz"):
            done = self.run_with(data)
            self.assertEqual((done.stdout, done.returncode), (b"", 1), data)
