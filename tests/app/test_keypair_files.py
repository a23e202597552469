"""What is taken of the files of keypairs: at the start, by a reload, when they are renewed."""

from mailfilter.app.certificates import Held, settings_of
from mailfilter.app.credential_keypairs import public_text, read_keypairs
from mailfilter.app.tls_files import page_of_files
from mailfilter.codec.control import Credentials, KeypairFile
from mailfilter.codec.httpcrypt_text import KeypairError, render_ucl
from mailfilter.config.toml_text import key_text
from tests.app.credential_case import CredentialCase
from tests.app.keypair_case import BACK, BOTH, FIRST, FRONT, SECOND, text_of

NOT_READ = "cannot be read: No such file or directory"


class KeypairFileCase(CredentialCase):
    """The file `front.key` has the first of two keypairs."""

    def setUp(self) -> None:
        super().setUp()
        self.put("front.key", text_of(FIRST))

    def refused(self, text: str = FRONT) -> list[str]:
        taken = self.taken(text)
        self.assertNotIn("front", taken.held.keypairs)
        return self.texts(taken)

    def public(self, held: Held) -> list[bytes]:
        return [kept.parsed.public for kept in held.keypairs.values()]


class StartTests(KeypairFileCase):
    """There is nothing before."""

    def test_good(self) -> None:
        held = self.held(FRONT)
        self.assertEqual(self.public(held), [FIRST.public])
        (item,) = held.credentials().keypairs
        self.assertEqual((item.name, item.data), ("front", text_of(FIRST)))
        self.assertEqual(set(held.stamps), {str(self.folder / "front.key")})

    def test_form_of_rspamd(self) -> None:
        self.put("front.key", render_ucl(FIRST).encode())
        self.assertEqual(self.public(self.held(FRONT)), [FIRST.public])

    def test_refused(self) -> None:
        halves = text_of(FIRST).replace(public_text(FIRST).encode(), public_text(SECOND).encode())
        for data, expected in (
            (b"", "the file is empty"),
            (halves, "its two halves do not belong together"),
            (
                b'algorithm = "nistp256"\n' + text_of(FIRST),
                "nistp256 is not known any more: expected a keypair of curve25519",
            ),
            (
                b'type = "sign"\n' + text_of(FIRST),
                "it is a pair for signatures: expected one of type kex",
            ),
            (b"#" * (16 * 1024 + 1), "expected at most 16KiB in a file"),
        ):
            self.put("front.key", data)
            where = 'm.toml:2: keypairs.front.file = "front.key"'
            self.assertEqual(self.refused(), [f"{where}: {expected}"])

    def test_missing(self) -> None:
        (self.folder / "front.key").unlink()
        where = 'm.toml:2: keypairs.front.file = "front.key"'
        self.assertEqual(self.refused(), [f"{where}: {NOT_READ}"])

    def test_read_by_others(self) -> None:
        """Also if it is not known for what it is."""
        for data in (text_of(FIRST), b"junk"):
            self.put("front.key", data, mode=0o644)
            self.assertEqual(
                self.refused(),
                [
                    'm.toml:2: keypairs.front.file = "front.key": a private key in a file that'
                    " everybody may read; chmod o-rw front.key"
                ],
            )

    def test_secret_is_not_shown(self) -> None:
        """In nothing that is said of it, nor where one of these is printed."""
        held = self.held(FRONT)
        secret = text_of(FIRST).partition(b'secret = "')[2][:52].decode()
        self.assertIn(secret, held.credentials().keypairs[0].data.decode())
        self.assertNotIn(secret, f"{held} {held.credentials()}")
        self.assertNotIn(repr(FIRST.secret), f"{held}")
        page = page_of_files(self.write("m.toml", FRONT))
        self.assertNotIn(secret, f"{page}")

    def test_unused(self) -> None:
        """Files that no listener has are not looked at."""
        self.assertEqual(self.public(self.held(FRONT + BACK)), [FIRST.public])
        self.assertEqual(self.public(self.held(FRONT + "enabled = false\n")), [])

    def test_same(self) -> None:
        self.put("back.key", text_of(FIRST))
        (text,) = map(str, self.taken(BOTH).warnings)
        self.assertTrue(text.endswith(": the same keypair as keypairs.front"), text)
        self.put("back.key", text_of(SECOND))
        self.assertEqual(self.taken(BOTH).warnings, ())
        # Of the same file that is said where it is named.
        self.assertEqual(self.taken(BOTH.replace("back.key", "front.key")).warnings, ())

    def test_doubtful(self) -> None:
        """What was wrong with the configuration is not said twice."""
        self.assertEqual(
            self.problems(FRONT.replace('"front.key"', "5")),
            ["m.toml:2: keypairs.front.file = 5: expected a path"],
        )

    def test_settings(self) -> None:
        """It is read again later, and so must be readable for the service."""
        found = {key_text(setting.key) for setting in settings_of(self.load(BOTH).config)}
        self.assertEqual(found, {"keypairs.front.file", "keypairs.back.file"})

    def test_page(self) -> None:
        (self.folder / "m.toml").write_text(BOTH)
        page = page_of_files(str(self.folder / "m.toml"))["keypairs"]
        self.assertEqual(page["front"]["public_key"], public_text(FIRST))
        self.assertEqual(page["front"]["listeners"], ["scan"])
        self.assertEqual(len(page["front"]["short_id"]), 8)
        self.assertEqual((page["front"]["trouble"], page["front"]["expired"]), ("", []))
        self.assertIn(NOT_READ, page["back"]["trouble"])
        self.assertNotIn("public_key", page["back"])


class LaterTests(KeypairFileCase):
    """There is one before."""

    def setUp(self) -> None:
        super().setUp()
        self.before = self.held(FRONT)

    def test_renewed(self) -> None:
        self.put("front.key", text_of(SECOND))
        self.assertTrue(self.before.has_changed())
        held = self.held(FRONT, self.before)
        self.assertEqual(self.public(held), [SECOND.public])
        self.assertEqual(
            list(held.renewed(self.before)),
            [
                (
                    "keypairs_renewed",
                    f"keypair front renewed: its public key is {public_text(SECOND)}",
                )
            ],
        )
        self.assertEqual(
            list(held.lost(self.before)),
            [
                "keypair front is another one: who seals requests for the one before,"
                f" {public_text(FIRST)}, is refused"
            ],
        )

    def test_rotated(self) -> None:
        """Nobody is refused as long as the one before is there by another name."""
        self.put("front.key", text_of(SECOND))
        self.put("back.key", text_of(FIRST))
        held = self.held(BOTH, self.before)
        self.assertEqual(self.public(held), [SECOND.public, FIRST.public])
        self.assertEqual(list(held.lost(self.before)), [])

    def test_rewritten(self) -> None:
        """The same keys in another form are renewed, too, and nobody is refused."""
        self.put("front.key", render_ucl(FIRST).encode())
        held = self.held(FRONT, self.before)
        self.assertEqual([event for event, _ in held.renewed(self.before)], ["keypairs_renewed"])
        self.assertEqual(list(held.lost(self.before)), [])

    def test_unchanged(self) -> None:
        held = self.held(FRONT, self.before)
        self.assertEqual(list(held.renewed(self.before)), [])
        self.assertEqual(held.keypairs["front"].since, self.before.keypairs["front"].since)

    def test_stays(self) -> None:
        """What cannot be used leaves the one before in use."""
        for data, mode, expected in (
            (b"junk!", 0o600, "line 1 is none of a keypair"),
            (text_of(SECOND), 0o644, "a private key in a file that everybody may read"),
        ):
            self.put("front.key", data, mode=mode)
            held = self.held(FRONT, self.before)
            self.assertEqual(self.public(held), [FIRST.public])
            (text,) = self.trouble(held)
            self.assertIn(f'keypairs.front.file = "front.key": {expected}', text)
            self.assertTrue(text.endswith("; what was used before goes on"), text)
            self.assertEqual(held.credentials(), self.before.credentials())

    def test_gone(self) -> None:
        (self.folder / "front.key").unlink()
        held = self.held(FRONT, self.before)
        self.assertEqual(self.public(held), [FIRST.public])
        self.assertIn(NOT_READ, self.trouble(held)[0])

    def test_another_file(self) -> None:
        """Who names another one means it: the one before is no help."""
        (text,) = self.texts(self.taken(FRONT.replace("front.key", "new.key"), self.before))
        self.assertIn('keypairs.front.file = "new.key"', text)
        self.assertIn(NOT_READ, text)
        self.put("new.key", text_of(SECOND))
        held = self.held(FRONT.replace("front.key", "new.key"), self.before)
        self.assertEqual(self.public(held), [SECOND.public])
        self.assertEqual(list(held.lost(self.before)), [])


class WorkerTests(KeypairFileCase):
    """What a worker makes of what it is handed."""

    def test_in_order(self) -> None:
        self.put("back.key", text_of(SECOND))
        credentials = self.held(BOTH).credentials()
        self.assertEqual(read_keypairs(["back", "front", "back"], credentials), [SECOND, FIRST])

    def test_no_good(self) -> None:
        """The master has looked; it says so all the same."""
        bad = Credentials(keypairs=(KeypairFile(name="front", data=b"junk!"),))
        for name, expected in (
            ("front", "keypairs.front: line 1 is none of a keypair"),
            ("back", "keypairs.back: its file was not read"),
        ):
            error = self.assertRaises(KeypairError, read_keypairs, [name], bad)
            self.assertEqual(str(error), expected)
