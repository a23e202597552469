"""Runs `mailfilteradm tls check` against servers of a test."""

from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client import tls_probe
from mailfilter.client.adm import main
from tests.authority import Authority
from tests.tls.outgoing_case import server_context

from .tls_server import Serve, listening, with_tls

PATIENCE = ("--timeout", "60")


class CheckCase(SynchronousTestCase):
    """With an authority."""

    def setUp(self) -> None:
        """Make it."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.authority = Authority(self.folder, "right")
        # It ends as soon as something comes, also where that takes its time.
        self.patch(tls_probe, "FIRST_SECONDS", 30.0)

    def check(self, serve: Serve, *options: str) -> Result:
        """What is told of a server."""
        return self.run_check(listening(self, serve), *options)

    def run_check(self, *arguments: str) -> Result:
        """What is told of an address."""
        if "--timeout" not in arguments:
            arguments += PATIENCE
        return CliRunner().invoke(main, ("tls", "check", *arguments), prog_name="mailfilteradm")

    def serve(self, *names: str, **options: Any) -> Serve:
        """Serve with a certificate of our authority."""
        return with_tls(server_context(*self.authority.issue(*names), **options))

    def ca(self) -> tuple[str, str]:
        """Options that trust our authority."""
        return "--ca", str(self.authority.file)

    def assert_no(self, result: Result, reason: str) -> None:
        """It says no, and why, as the last line."""
        lines = [*result.stdout.splitlines(), *result.stderr.splitlines()]
        self.assertTrue(lines[-1].startswith("no: "), result.output)
        self.assertIn(reason, lines[-1])
        self.assertEqual(result.exit_code, 1, result.output)

    def assert_ok(self, result: Result) -> None:
        """It says yes."""
        self.assertEqual(result.stdout.splitlines()[-1:], ["ok: we would connect"], result.output)
        self.assertEqual((result.stderr, result.exit_code), ("", 0))

    def assert_row(self, result: Result, name: str, value: str) -> None:
        """A line of what is told."""
        rows = [line.strip().split("  ", 1) for line in result.stdout.splitlines()]
        found = [row[1].strip() for row in rows if row[0] == name]
        self.assertIn(value, found, result.output)
