"""Keys that sign mail in folders and maps: which there are, and what can be none."""

from hypothesis import given
from hypothesis import strategies as st

from mailfilter.app import credential_files, credential_signing
from mailfilter.app.certificates import NOTHING, take
from mailfilter.app.signing_sources import MAX_KEYS
from mailfilter.codec.control import Credentials, SigningFile, encode
from mailfilter.config.signing_rules import record_name
from mailfilter.config.tls_names import MAX_DNS_NAME
from tests.app.signing_case import FOLDER, MAP, SigningCase, pem, seed
from tests.config.case import EXAMPLES

NOT_READ = "cannot be read: No such file or directory"
EVERYBODY = "a private key in a file that everybody may read; chmod o-rw"
SEQUEL = "what was used before goes on"


class MapTests(SigningCase):
    def put_map(self, *lines: str, mode: int = 0o600) -> None:
        self.put("dkim.map", "\n".join(lines).encode(), mode=mode)

    def test_good(self) -> None:
        """A file by its path, or from the folder of the map; or the key itself."""
        self.put("keys/one", pem(1))
        self.put("keys/two", pem(2))
        self.put_map(
            "# keys",
            "",
            "A.example s1 keys/one",
            f"b.example\t s2  {self.folder}/keys/two  ",
            f"c.example s3 {seed(3)}",
        )
        expected = [("a.example", "s1", 1), ("b.example", "s2", 2), ("c.example", "s3", 3)]
        self.assertEqual(self.found(self.held(MAP)), expected)

    def test_case_of_selectors(self) -> None:
        """In DNS it makes no difference."""
        self.put_map(f"a.example S1 {seed(1)}", f"a.example s1 {seed(2)}")
        (text,) = self.wrong(MAP)
        self.assertIn("dkim.map:2: signing.maps: another key has the same name", text)

    def test_lines(self) -> None:
        """Told by file and line; what may be a key is not shown."""
        fields = "expected a domain, a selector, and a file or a key in base64"
        for line, expected in (
            ("a.example s", fields),
            ("a.example s keys/one more", fields),
            ("a..example s keys/one", "expected a domain such as example.org"),
            ("a.example s; keys/one", "expected a selector of letters, digits and hyphens, such"),
            ("a.example s keys/none", NOT_READ),
            (f"a.example s {seed(3)[1:]}", NOT_READ),
            ("a.example s " + "x" * 5000, "cannot be read: File name too long"),
        ):
            self.put_map("# first", line)
            (text,) = self.wrong(MAP)
            self.assertTrue(text.startswith(f"dkim.map:2: signing.maps: {expected}"), text)

    def test_not_utf8(self) -> None:
        self.put("dkim.map", b"#\n#\n\xff\n")
        self.assertEqual(self.wrong(MAP), ["dkim.map:3: signing.maps: expected UTF-8"])

    def test_secret(self) -> None:
        """Others may read a map that only names files."""
        self.put("keys/one", pem(1))
        self.put_map("a.example s keys/one", mode=0o644)
        self.assertEqual(len(self.held(MAP).signing), 1)
        self.put_map(f"a.example s {seed(1)}", mode=0o644)
        self.assertEqual(
            self.wrong(MAP), [f'm.toml:2: signing.maps = "dkim.map": {EVERYBODY} dkim.map']
        )
        self.put_map("a.example s keys/one", mode=0o602)
        (text,) = self.wrong(MAP)
        self.assertIn("a file that everybody may change", text)

    def test_later(self) -> None:
        """Lines come, change and go; of a map that is wrong the one before stays."""
        self.put_map(f"a.example s {seed(1)}")
        before = self.held(MAP)
        self.put_map(f"a.example s {seed(2)}", f"b.example s {seed(3)}")
        self.assertTrue(before.has_changed())
        held = self.held(MAP, before)
        self.assertEqual(self.found(held), [("a.example", "s", 2), ("b.example", "s", 3)])
        (text,) = held.lost(before)
        self.assertIn("another key has the same name, s._domainkey.a.example: mail", text)
        self.put_map(f"b.example s {seed(3)}", "c.example")
        wrong = self.held(MAP, held)
        self.assertEqual(self.found(wrong), self.found(held))
        (text,) = self.trouble(wrong)
        self.assertTrue(text.startswith("dkim.map:2: signing.maps: expected a domain"), text)
        self.assertTrue(text.endswith(SEQUEL), text)

    def test_file_of_a_line(self) -> None:
        """It is watched, too, and its key goes on while it cannot be used."""
        self.put("keys/one", pem(1))
        self.put_map("a.example s keys/one", f"b.example s {seed(2)}")
        before = self.held(MAP)
        self.put("keys/one", b"junk!")
        self.assertTrue(before.has_changed())
        held = self.held(MAP, before)
        self.assertEqual(self.found(held), [("a.example", "s", 1), ("b.example", "s", 2)])
        (text,) = self.trouble(held)
        self.assertTrue(text.startswith("dkim.map:1: signing.maps: neither PEM"), text)


class OddTests(SigningCase):
    def test_anything(self) -> None:
        """Whatever is in a map, it is read or refused, and no key is shown."""
        loaded = self.load(MAP)
        words = st.sampled_from(
            [b"a.example", b"s", seed(1).encode(), b"keys/x", b"#", b"\0", b"/"]
        )
        lines = st.lists(words, max_size=4).map(b" ".join) | st.binary(max_size=20)

        @EXAMPLES
        @given(st.lists(lines, max_size=4).map(b"\n".join))
        def read(data: bytes) -> None:
            self.put("dkim.map", data)
            taken = take(loaded, NOTHING, 0.0)
            self.assertNotIn(seed(1), "".join(self.texts(taken)))

        read()


class BoundTests(SigningCase):
    """What others may fill."""

    def setUp(self) -> None:
        super().setUp()
        self.put("dkim/a.example.s.key", pem(1))
        self.put("dkim.map", f"b.example s {seed(2)}\nc.example s {seed(3)}\n".encode())

    def test_keys(self) -> None:
        """Too many: of that folder or map there are none, or those before."""
        text = FOLDER + 'maps = ["dkim.map"]\n'
        before = self.held(text)
        self.patch(credential_signing, "MAX_KEYS", 2)
        (problem,) = self.wrong(text)
        expected = "3 keys with those before it, expected at most 2"
        self.assertTrue(problem.endswith(expected), problem)
        self.put("dkim/d.example.s.key", pem(4))
        held = self.held(text, before)
        self.assertEqual(len(held.signing), 4)
        self.assertIn("4 keys with those before it", self.trouble(held)[0])

    def test_entries(self) -> None:
        self.patch(credential_files, "MAX_ENTRIES", 1)
        self.held(FOLDER)
        self.put("dkim/d.example.s.key", pem(4))
        (problem,) = self.wrong(FOLDER)
        self.assertTrue(problem.endswith("expected at most 1 files in a folder"), problem)

    def test_octets(self) -> None:
        self.put("dkim/a.example.s.key", b"#" * 65537)
        (problem,) = self.wrong(FOLDER)
        self.assertIn("expected at most 64KiB in a file", problem)

    def test_names_fit(self) -> None:
        """Beside the keys, into the messages that bring them."""
        selector = "s" * (MAX_DNS_NAME - len(record_name("example.org", "")))
        one = SigningFile(domain="example.org", selector=selector, data=b"")
        size = len(encode(Credentials(signing=(one,))))
        self.assertLess(MAX_KEYS * size, 2**22)
