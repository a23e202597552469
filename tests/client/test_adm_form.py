"""The form of all commands of `mailfilteradm`: names, options, help, and how they end."""

from collections.abc import Iterator

import click
from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client import adm
from mailfilter.client.adm import EXIT_CODES, main

SHARED = {
    "-c/--config FILE": {"config check", "config show", "explain", "history", "mta", "pw"}
    | {"dkim check", "dmarc check", "dns doctor", "spf check", "tls show"}
    | {f"store {name}" for name in ("backup", "check", "migrate", "stats")}
    | {f"dmarc {name}" for name in ("list", "report", "show")}
    | {f"rules {name}" for name in ("explain", "list", "test")}
    | {"symbols", "learn list", "learn undo"},
    "--json": {"config show", "explain", "history", "saved list", "status", "store stats"}
    | {"dkim check", "dmarc check", "dns doctor", "keypair show", "spf check", "tls show"}
    | {"dmarc list", "dmarc report", "rules list", "symbols", "learn list"},
    "--state-dir FOLDER": {"config show", "explain", "history", "reload", "status", "tls show"}
    | {f"store {name}" for name in ("backup", "check", "migrate", "stats")}
    | {"saved list", "saved undo", "learn list", "learn undo"}
    | {f"dmarc {name}" for name in ("list", "report", "show")},
}
"""Options that mean the same wherever they are."""


def commands(group: click.Group = main, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """All that can be run, by name."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


def options(command: click.Command) -> Iterator[tuple[str, click.Option]]:
    for option in command.params:
        if isinstance(option, click.Option):
            yield f"{'/'.join(option.opts)} {option.metavar or ''}".rstrip(), option


class FormTests(SynchronousTestCase):
    """What all have in common."""

    def test_shared_options(self) -> None:
        """They look the same, and every command has them that can use them."""
        for form, names in SHARED.items():
            found = {name for name, item in commands() if form in dict(options(item))}
            self.assertEqual(names, found, form)

    def test_options(self) -> None:
        """All say what they are for, and what their value is."""
        for name, command in commands():
            for form, option in options(command):
                where = f"{name} {form}"
                self.assertTrue((option.help or "").endswith("."), where)
                self.assertTrue(option.is_flag or option.metavar, where)

    def test_help(self) -> None:
        """It fits into a terminal, and no summary is cut."""
        groups = [(name, item) for name, item in main.commands.items() if hasattr(item, "commands")]
        for name, command in [("", main), *groups, *commands()]:
            for option in ("-h", "--help"):
                result = CliRunner().invoke(main, [*name.split(), option])
                self.assertEqual((result.exit_code, result.stderr), (0, ""), name)
                lines = result.stdout.splitlines()[1:]
                self.assertTrue(max(map(len, lines)) <= 80, name)
                self.assertFalse([line for line in lines if line.endswith("...")], name)
            self.assertTrue((command.help or "").rstrip().endswith("."), name)

    def test_exit_codes(self) -> None:
        """The help tells all of them."""
        text = CliRunner().invoke(main, ["--help"]).stdout
        for code, meaning in EXIT_CODES:
            self.assertIn(f"{code:>5}  {meaning}\n", text)

    def test_wrong_command_line(self) -> None:
        """Nothing on standard output, and 2."""
        for words in (["no-such"], ["status", "--no-such"], ["store", "no-such"], ["explain"]):
            result = CliRunner().invoke(main, words)
            self.assertEqual((result.exit_code, result.stdout), (2, ""), words)
            self.assertIn("Error: ", result.stderr)

    def test_interrupted(self) -> None:
        """Without a word, as shells have it."""

        def interrupt(*given: object) -> None:
            raise KeyboardInterrupt

        self.patch(adm, "ask_or_exit", interrupt)
        result = CliRunner().invoke(main, ["status"])
        self.assertEqual((result.exit_code, result.output), (130, ""))
