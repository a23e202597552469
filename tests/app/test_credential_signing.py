"""What is taken of keys that sign mail: at the start, by a reload, when they are renewed."""

import os

from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailfilter.app import signing_changes
from mailfilter.app.certificates import NOTHING, settings_of
from mailfilter.app.credential_signing import nested_settings, read_signing_keys
from mailfilter.app.signing_status import key_page
from mailfilter.app.tls_files import page_of_files
from mailfilter.codec.control import SigningFile
from tests.app.signing_case import FOLDER, MAP, TABLE, SigningCase, key, pem, seed

NOT_READ = "cannot be read: No such file or directory"
EVERYBODY = "a private key in a file that everybody may read; chmod o-rw"
SEQUEL = "what was used before goes on"


class TableTests(SigningCase):
    """Keys with a table of their own."""

    def test_good(self) -> None:
        self.put("ours.key", pem(1))
        held = self.held(TABLE)
        self.assertEqual(self.found(held), [("example.org", "2026", 1)])
        self.assertEqual(
            held.credentials().signing,
            (SigningFile(domain="example.org", selector="2026", data=pem(1)),),
        )
        self.assertEqual(set(held.stamps), {str(self.folder / "ours.key")})

    def test_refused(self) -> None:
        where = 'm.toml:4: signing_keys.ours.file = "ours.key"'
        self.assertEqual(self.wrong(TABLE), [f"{where}: {NOT_READ}"])
        self.put("ours.key", pem(1), mode=0o644)
        self.assertEqual(self.wrong(TABLE), [f"{where}: {EVERYBODY} ours.key"])
        self.put("ours.key", b"")
        self.assertEqual(self.wrong(TABLE), [f"{where}: the file is empty"])
        self.put("ours.key", b"junk!")
        (text,) = self.wrong(TABLE)
        self.assertIn(f"{where}: neither PEM nor base64", text)

    def test_damaged(self) -> None:
        """Numbers that do not belong together sign what nobody verifies."""
        self.put("ours.key", damaged())
        (text,) = self.wrong(TABLE)
        self.assertIn('ours.key": damaged: what it signs does not verify', text)

    def test_doubtful(self) -> None:
        """What was wrong with the configuration is not said twice."""
        self.assertEqual(len(self.problems(TABLE.replace('"ours.key"', "5"))), 1)

    def test_secret_is_not_shown(self) -> None:
        self.put("dkim.map", f"example.org s {seed(1)}\n".encode())
        self.put("ours.key", seed(1).encode())
        held = self.held(TABLE + MAP)
        page = page_of_files(self.write("m.toml", TABLE + MAP))
        for text in (f"{held}", f"{held.credentials()}", f"{page}"):
            self.assertNotIn(seed(1), text)


class FolderTests(SigningCase):
    def test_good(self) -> None:
        """Others than keys are left alone."""
        self.put("dkim/B.example.s1.key", pem(1))
        self.put("dkim/a.example.s1.key", seed(2).encode())
        self.put("dkim/a.example.s1.txt", b"v=DKIM1", mode=0o644)
        self.put("dkim/.a.example.s2.key", b"half")
        held = self.held(FOLDER)
        self.assertEqual(self.found(held), [("b.example", "s1", 1), ("a.example", "s1", 2)])

    def test_names(self) -> None:
        where = "m.toml:2: signing.folders = "
        expected = "expected a name such as DOMAIN.SELECTOR.key: expected a domain such as"
        for name in ("key.key", "a..s.key", "a b.s.key"):
            file = self.put(f"dkim/{name}", pem(1))
            (text,) = self.wrong(FOLDER)
            self.assertEqual(text, f'{where}"dkim/{name}": {expected} example.org')
            file.unlink()

    def test_refused(self) -> None:
        """The file is told of."""
        self.put("dkim/a.example.s.key", pem(1), mode=0o604)
        self.put("dkim/b.example.s.key", b"junk!")
        one, other = self.wrong(FOLDER)
        self.assertIn(f'signing.folders = "dkim/a.example.s.key": {EVERYBODY}', one)
        self.assertIn('signing.folders = "dkim/b.example.s.key": neither PEM', other)

    def test_folder(self) -> None:
        (self.folder / "dkim").chmod(0o702)
        (text,) = self.wrong(FOLDER)
        self.assertIn("a folder that everybody may change; chmod o-w", text)
        (self.folder / "dkim").rmdir()
        self.assertEqual(self.wrong(FOLDER), [f'm.toml:2: signing.folders = "dkim": {NOT_READ}'])

    def test_later(self) -> None:
        """Files come, change and go."""
        before = self.held(FOLDER)
        self.assertFalse(before.has_changed())
        self.put("dkim/a.example.s.key", pem(1))
        self.assertTrue(before.has_changed())
        held = self.held(FOLDER, before)
        self.assertEqual(self.found(held), [("a.example", "s", 1)])
        self.assertEqual(
            list(held.renewed(before)),
            [
                (
                    "signing_keys_added",
                    "mail is signed by a new key: ed25519-sha256, selector s of a.example",
                )
            ],
        )
        self.assertEqual(list(held.lost(before)), [])
        gone = self.folder / "dkim/a.example.s.key"
        gone.unlink()
        empty = self.held(FOLDER, held)
        self.assertEqual(
            [event for event, _ in empty.renewed(held)],
            ["signing_keys_gone"],
        )
        self.assertEqual(
            list(empty.lost(held)), ["mail of a.example is signed no more: there is no key for it"]
        )

    def test_many(self) -> None:
        """Nobody reads more than so much."""
        self.patch(signing_changes, "MAX_NAMED", 2)
        self.patch(signing_changes, "MAX_TOLD", 2)
        for name in "abc":
            self.put(f"dkim/{name}.example.s.key", pem(1))
        before = self.held(FOLDER)
        self.assertEqual([bool(text) for _, text in before.renewed(NOTHING)], [True, True, False])
        for name in "abc":
            self.put(f"dkim/{name}.example.s.key", pem(2))
        held = self.held(FOLDER, before)
        (text,) = held.lost(before)
        self.assertIn("s._domainkey.a.example, s._domainkey.b.example and 1 more: mail", text)
        (text,) = NOTHING.lost(held)
        self.assertTrue(text.startswith("mail of a.example, b.example and 1 more is"), text)

    def test_rotated(self) -> None:
        """A new selector, and the old one is taken away."""
        self.put("dkim/a.example.s1.key", pem(1))
        before = self.held(FOLDER)
        self.put("dkim/a.example.s2.key", pem(2))
        both = self.held(FOLDER, before)
        self.assertEqual(len(both.signing), 2)
        (self.folder / "dkim/a.example.s1.key").unlink()
        after = self.held(FOLDER, both)
        self.assertEqual(self.found(after), [("a.example", "s2", 2)])
        self.assertEqual(list(after.lost(both)), [])

    def test_stays(self) -> None:
        """Of one that cannot be used the one before, and of others what is there now."""
        self.put("dkim/a.example.s.key", pem(1))
        before = self.held(FOLDER)
        self.put("dkim/a.example.s.key", pem(3), mode=0o644)
        self.put("dkim/b.example.s.key", pem(2))
        self.put("dkim/c.example.s.key", b"junk!")
        taken = self.taken(FOLDER, before)
        self.assertEqual(self.found(taken.held), [("a.example", "s", 1), ("b.example", "s", 2)])
        (text,) = self.trouble(taken.held)
        self.assertTrue(text.endswith(SEQUEL), text)
        self.assertEqual(list(taken.refused), [("signing_keys", "s._domainkey.c.example")])

    def test_folder_is_gone(self) -> None:
        """What was in there goes on."""
        self.put("dkim/a.example.s.key", pem(1))
        before = self.held(FOLDER)
        (self.folder / "dkim").rename(self.folder / "away")
        held = self.held(FOLDER, before)
        self.assertEqual(self.found(held), [("a.example", "s", 1)])
        self.assertEqual(
            self.trouble(held), [f'm.toml:2: signing.folders = "dkim": {NOT_READ}; {SEQUEL}']
        )
        self.assertEqual(held.credentials(), before.credentials())

    def test_folder_is_opened(self) -> None:
        """By a change of its mode alone."""
        self.put("dkim/a.example.s.key", pem(1))
        before = self.held(FOLDER)
        (self.folder / "dkim").chmod(0o702)
        self.assertTrue(before.has_changed())
        held = self.held(FOLDER, before)
        (text,) = self.trouble(held)
        self.assertIn(f"a folder that everybody may change; chmod o-w dkim; {SEQUEL}", text)

    def test_another_folder(self) -> None:
        """Who names another one means it."""
        self.put("dkim/a.example.s.key", pem(1))
        before = self.held(FOLDER)
        self.assertEqual(self.found(self.held(FOLDER.replace("dkim", "keys"), before)), [])


class TogetherTests(SigningCase):
    """A key that is there in two ways."""

    BOTH = FOLDER + 'maps = ["dkim.map"]\n'

    def test_another_place(self) -> None:
        """A key from elsewhere does not go on where this one cannot be used."""
        self.put("dkim/a.example.s.key", pem(1))
        before = self.held(FOLDER)
        self.put("keys/one", b"junk!")
        self.put("dkim.map", b"a.example s keys/one\n")
        taken = self.taken(MAP, before)
        self.assertEqual(self.found(taken.held), [])
        self.assertEqual(list(taken.refused), [("signing_keys", "s._domainkey.a.example")])

    def test_second_is_refused(self) -> None:
        """It takes nothing from the first, which is shown with the reason."""
        self.put("dkim/example.org.2026.key", pem(1))
        before = self.held(FOLDER)
        self.put("ours.key", pem(2))
        self.put("dkim/example.org.2026.key", b"junk!")
        taken = self.taken(TABLE + FOLDER, before)
        self.assertEqual(self.found(taken.held), [("example.org", "2026", 2)])
        (shown,) = key_page(taken.held.signing, taken.refused).values()
        self.assertEqual(shown["key"], "Ed25519")
        self.assertIn("neither PEM", shown["trouble"])

    def test_only_one_source_is_away(self) -> None:
        """What was taken out of the other does not come back."""
        self.put("dkim/a.example.s.key", pem(1))
        self.put("dkim.map", f"b.example s {seed(2)}\n".encode())
        before = self.held(self.BOTH)
        self.assertEqual(len(before.signing), 2)
        self.put("dkim.map", b"# none\n")
        (self.folder / "dkim").rename(self.folder / "away")
        held = self.held(self.BOTH, before)
        self.assertEqual(self.found(held), [("a.example", "s", 1)])

    def test_written_anew(self) -> None:
        """The same key in another form is no other key for those who verify."""
        self.put("ours.key", pem(1))
        before = self.held(TABLE)
        self.put("ours.key", seed(1).encode())
        held = self.held(TABLE, before)
        self.assertEqual([event for event, _ in held.renewed(before)], ["signing_keys_renewed"])
        self.assertEqual(list(held.lost(before)), [])

    def test_same(self) -> None:
        self.put("ours.key", pem(1))
        self.put("dkim/example.org.2026.key", seed(1).encode())
        self.assertEqual(len(self.held(TABLE + FOLDER).signing), 1)

    def test_another(self) -> None:
        """Only one of them can be published."""
        self.put("ours.key", pem(1))
        self.put("dkim/EXAMPLE.ORG.2026.key", pem(2))
        self.put("dkim.map", f"example.org 2026 {seed(3)}".encode())
        text = TABLE + FOLDER + 'maps = ["dkim.map"]\n'
        other, one = self.wrong(text)
        expected = "another key has the same name, 2026._domainkey.example.org, and only one can"
        self.assertTrue(one.startswith("dkim.map:1: signing.maps: " + expected), one)
        self.assertIn('signing.folders = "dkim/EXAMPLE.ORG.2026.key": ' + expected, other)

    def test_settings(self) -> None:
        """All of them are read again later, and so must be readable for the service."""
        text = TABLE + FOLDER + 'maps = ["dkim.map"]\n'
        found = {os.path.basename(item.path) for item in settings_of(self.load(text).config)}
        self.assertEqual(found, {"ours.key", "dkim", "dkim.map"})

    def test_not_read_again(self) -> None:
        """A key that is the same is no new one."""
        self.put("ours.key", pem(1))
        before = self.held(TABLE)
        self.put("ours.key", pem(1))
        held = self.held(TABLE, before)
        name = "2026._domainkey.example.org"
        self.assertIs(held.signing[name].parsed, before.signing[name].parsed)
        self.assertEqual(list(held.renewed(before)), [])


def damaged() -> bytes:
    """A key of RSA whose numbers do not belong together, and whose form is right."""
    good = generate_private_key(65537, 1024).private_numbers()
    d, dmp1, dmq1 = (number - 2 for number in (good.d, good.dmp1, good.dmq1))
    numbers = RSAPrivateNumbers(good.p, good.q, d, dmp1, dmq1, good.iqmp, good.public_numbers)
    made = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class ServiceTests(SigningCase):
    """What is read again later, as the user of the service."""

    def test_nested(self) -> None:
        """What folders hold, and maps name."""
        self.put("dkim/a.example.s.key", pem(1))
        self.put("dkim.map", f"b.example s keys/b\nc.example s {seed(3)}\n".encode())
        text = FOLDER + 'maps = ["dkim.map"]\n'
        found = [item.path for item in nested_settings(self.load(text))]
        inside = [f"{self.folder}/dkim/a.example.s.key", f"{self.folder}/keys/b"]
        self.assertEqual(found, inside)
        self.put("dkim.map", b"none\n")
        self.assertEqual([item.path for item in nested_settings(self.load(text))], inside[:1])


class WorkerTests(SigningCase):
    """What a worker makes of what it is handed."""

    def test_known(self) -> None:
        """What was read before is not read again."""
        file = SigningFile(domain="a.example", selector="s", data=pem(1))
        found, _ = read_signing_keys([file], {})
        again, _ = read_signing_keys([file], found)
        self.assertIs(again[file], found[file])
        self.assertEqual(found[file].private.public_key(), key(1).public_key())

    def test_no_good(self) -> None:
        """The master has looked; it says so all the same, and uses the others."""
        bad = SigningFile(domain="a.example", selector="s", data=b"junk!")
        good = SigningFile(domain="b.example", selector="s", data=pem(1))
        found, (text,) = read_signing_keys([bad, good], {})
        self.assertEqual(list(found), [good])
        self.assertTrue(text.startswith("key s of a.example: cannot be used: "), text)
