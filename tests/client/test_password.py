"""`mailfilteradm password`."""

import click
from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client import password as module
from mailfilter.client.adm import main
from mailfilter.codec.password import MAX_PASSWORD, parse_stored


def run(given: bytes) -> Result:
    return CliRunner().invoke(main, ("password",), input=given)


class PasswordTests(SynchronousTestCase):
    def test_hash(self) -> None:
        """The first line counts, with all its blanks, without its end."""
        for given in (b"geheim", b"geheim\n", b"geheim\r\nmore\n"):
            result = run(given)
            self.assertEqual((result.exit_code, result.stderr), (0, ""))
            self.assertTrue(parse_stored(result.stdout.strip()).is_right(b"geheim"))
        stored = parse_stored(run(b" a b \n").stdout.strip())
        self.assertTrue(stored.is_right(b" a b "))

    def test_refused(self) -> None:
        for given, text in (
            (b"", "is empty"),
            (b"\n", "is empty"),
            (b"x" * (MAX_PASSWORD + 1), "at most 1024"),
        ):
            result = run(given)
            self.assertEqual((result.exit_code, result.stdout), (1, ""))
            self.assertIn(text, result.stderr)

    def test_letters(self) -> None:
        """Other letters than ASCII are taken, and said to be a trouble."""
        result = run("Grüße\n".encode())
        self.assertIn("ASCII", result.stderr)
        self.assertTrue(parse_stored(result.stdout.strip()).is_right("Grüße".encode()))

    def test_asked(self) -> None:
        """At a terminal it is asked for twice, unseen."""
        told: list[object] = []

        def prompt(text: str, **options: object) -> str:
            told.append(options)
            return "geheim"

        self.patch(click, "prompt", prompt)
        self.assertEqual(module._asked(), b"geheim")
        self.assertEqual(told, [{"hide_input": True, "confirmation_prompt": True, "err": True}])
