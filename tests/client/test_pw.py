"""`mailfilteradm pw`."""

from pathlib import Path

import click
from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client import pw as module
from mailfilter.client.adm import main
from mailfilter.codec.password import KINDS, MAX_PASSWORD, Catena, Pbkdf2, Scrypt, parse_stored

PBKDF2 = "$1$hwsecowsszgt6cut5m7ropgetxphnt76$4ddjykk9cyysofchsb7oz549e8rf4qjb4ytdsbi4gua3jhfad5gb"
CATENA = "$2$5h7ezq5ef79wsndzzokwx4odse81in9q$emdzfq7h6oq3pzmy1k75nfho17ncb9g3oi9ocd1jutd4hzge8fry"
"""Of `secretpw`."""


def run(given: bytes, *words: str) -> Result:
    return CliRunner().invoke(main, ("pw", *words), input=given)


class MakeTests(SynchronousTestCase):
    def test_hash(self) -> None:
        """The first line counts, with all its blanks, without its end."""
        for given in (b"geheim", b"geheim\n", b"geheim\r\nmore\n"):
            result = run(given)
            self.assertEqual((result.exit_code, result.stderr), (0, ""))
            self.assertTrue(parse_stored(result.stdout.strip()).is_right(b"geheim"))
        stored = parse_stored(run(b" a b \n").stdout.strip())
        self.assertTrue(stored.is_right(b" a b "))

    def test_kinds(self) -> None:
        """As the option says."""
        for kind, of in (("scrypt", Scrypt), ("catena", Catena), ("pbkdf2", Pbkdf2)):
            stored = parse_stored(run(b"geheim\n", "--type", kind).stdout.strip())
            self.assertIsInstance(stored, of)
            self.assertTrue(stored.is_right(b"geheim"))
        self.assertIsInstance(parse_stored(run(b"geheim\n").stdout.strip()), Scrypt)

    def test_list(self) -> None:
        """Each kind, with how its hashes begin."""
        lines = run(b"", "--list").stdout.splitlines()
        self.assertEqual(tuple(line.split()[0] for line in lines), KINDS)
        for line in lines:
            kind, start = line.split()[:2]
            self.assertTrue(run(b"x\n", "--type", kind).stdout.startswith(start))

    def test_refused(self) -> None:
        for given, text in (
            (b"", "is empty"),
            (b"\n", "is empty"),
            (b"x" * (MAX_PASSWORD + 1), "has more than 1024 octets"),
            (b"x" * 5000, "has more than 1024 octets"),
        ):
            for words in ((), ("--check", CATENA)):
                result = run(given, *words)
                self.assertEqual((result.exit_code, result.stdout), (1, ""))
                self.assertIn(text, result.stderr)

    def test_letters(self) -> None:
        """Other letters than ASCII are taken, and said to be a trouble."""
        result = run("Grüße\n".encode())
        self.assertIn("ASCII", result.stderr)
        self.assertTrue(parse_stored(result.stdout.strip()).is_right("Grüße".encode()))

    def test_shipped(self) -> None:
        """What the examples of Rspamd have lets nobody in from another machine."""
        for given in (b"q1", b"q2"):
            result = run(given)
            self.assertIn("warning: everybody knows it", result.stderr)
            self.assertTrue(parse_stored(result.stdout.strip()).is_right(given))

    def test_asked(self) -> None:
        """At a terminal it is asked for, unseen; twice, if it is a new one."""
        told: list[object] = []

        def prompt(text: str, **options: object) -> str:
            told.append(options)
            return "geheim"

        self.patch(click, "prompt", prompt)
        for is_new in (True, False):
            self.assertEqual(module._asked(is_new=is_new), b"geheim")
            options = {"hide_input": True, "confirmation_prompt": is_new, "err": True}
            self.assertEqual(told.pop(), options)


class CheckTests(SynchronousTestCase):
    def test_hash(self) -> None:
        """Of any kind."""
        for hashed in (PBKDF2, CATENA, run(b"secretpw\n").stdout.strip()):
            result = run(b"secretpw\n", "--check", hashed)
            self.assertEqual((result.exit_code, result.output), (0, "right\n"))
            result = run(b"secretpwx\n", "--check", hashed)
            self.assertEqual((result.exit_code, result.stdout, result.stderr), (1, "", "wrong\n"))

    def test_no_hash(self) -> None:
        """What is none is neither tried nor shown: it is damaged, or a shell took its parts."""
        for hashed in ("", "secretpw", "$secretpw"):
            result = run(b"secretpw\n", "--check", hashed)
            self.assertEqual((result.exit_code, result.stdout), (2, ""), hashed)
            self.assertIn("single quotes", result.stderr)
            self.assertNotIn("secretpw", result.stderr)
        for hashed in ("$2$", PBKDF2[:-1], PBKDF2.replace("$1$", "$3$")):
            result = run(b"secretpw\n", "--check", hashed)
            self.assertEqual((result.exit_code, result.stdout), (1, ""), hashed)
            self.assertTrue(result.stderr.startswith("HASH: "), result.stderr)

    def test_configuration(self) -> None:
        """Tried are both passwords of it; hashes, or themselves."""
        path = Path(self.mktemp())
        path.write_text(
            f'[controller]\npassword = "{CATENA}"\nenable_password = "{PBKDF2}"\n', "utf-8"
        )
        path.chmod(0o600)
        result = run(b"secretpw\n", "--check", "--config", str(path))
        both = "right for controller.password and controller.enable_password\n"
        self.assertEqual((result.exit_code, result.output), (0, both))
        result = run(b"geheim\n", "--check", "-c", str(path))
        self.assertEqual((result.exit_code, result.output), (1, "wrong\n"))
        path.write_text('[controller]\nenable_password = "geheim"\n', "utf-8")
        result = run(b"geheim\n", "--check", "-c", str(path))
        self.assertEqual(
            (result.exit_code, result.stdout), (0, "right for controller.enable_password\n")
        )

    def test_configuration_without(self) -> None:
        """One without a password, or that is wrong."""
        path = Path(self.mktemp())
        for text, said in (("", "is set"), ('[controller]\npassword = "$2$x"\n', "missing")):
            path.write_text(text, "utf-8")
            path.chmod(0o600)
            result = run(b"x\n", "--check", "-c", str(path))
            self.assertEqual((result.exit_code, result.stdout), (1, ""))
            self.assertIn(said, result.stderr)

    def test_wrong_command_line(self) -> None:
        for words in (
            ("--check", "--list"),
            ("--check", "--type", "catena"),
            (CATENA,),
            ("-c", "x.toml"),
            ("--check", CATENA, "-c", "x.toml"),
            ("--type", "md5"),
        ):
            result = run(b"x\n", *words)
            self.assertEqual((result.exit_code, result.stdout), (2, ""), words)
