"""`mailfilteradm config`: what it prints and its exit codes."""

import json
import os
from pathlib import Path

from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from mailfilter import __version__
from mailfilter.app.plan import load_all
from mailfilter.app.tls_files import page_of_files
from mailfilter.client.adm import main
from mailfilter.client.options import Knowledge
from mailfilter.config import load, paths


class ConfigCommandTests(SynchronousTestCase):
    """`config check` and `config show`."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.patch(paths, "DEFAULT_PATH", str(self.folder / "default.toml"))

    def write(self, name: str, text: str) -> str:
        """Write a file and return its path."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return str(path)

    def run_main(self, *arguments: str) -> Result:
        """Run the command."""
        knowledge = Knowledge(load_all=load_all, tls_page=page_of_files)
        return CliRunner().invoke(main, arguments, prog_name="mailfilteradm", obj=knowledge)

    def test_check_defaults(self) -> None:
        """Without a file the defaults are checked."""
        result = self.run_main("config", "check")
        self.assertEqual(result.stdout, "ok: built-in defaults, 4 listeners\n")
        self.assertEqual((result.stderr, result.exit_code), ("", 0))

    def test_check_default_file(self) -> None:
        """Without a file the system's one is checked, if there is one."""
        self.write("default.toml", "[listeners.scan]\nenabled = false")
        self.assertEqual(self.run_main("config", "check").stdout, "ok: 1 file, 3 listeners\n")

    def test_check_file(self) -> None:
        """A file with fragments and a warning."""
        path = self.write("m.toml", "[scan]\ntimeout = '2s'")
        self.write("conf.d/x.toml", "")
        result = self.run_main("config", "check", path)
        self.assertEqual(result.stdout, "ok: 2 files, 4 listeners\n")
        warning = 'scan.check_timeout = "4s": has no effect beyond scan.timeout, 2s'
        self.assertEqual(result.stderr, f"warning: {warning}\n")
        self.assertEqual(result.exit_code, 0)

    def test_check_plan(self) -> None:
        """Names that only the checks know are checked too, with their place."""
        path = self.write(
            "m.toml",
            "[checks.gtub]\nenabled = false\n[profiles.p]\ndisable = ['gtube', 'x']\n"
            "[composites.C]\nexpression = 'A'\n",
        )
        result = self.run_main("config", "check", path)
        self.assertEqual(
            result.stderr.splitlines(),
            [
                f"{path}:2: checks.gtub: no check is named gtub; did you mean gtube?",
                f"{path}:4: profiles.p.disable: no check is named x",
                f"{path}:6: composites.C.expression: no symbol is named A",
            ],
        )
        self.assertEqual((result.stdout, result.exit_code), ("", 1))

    def test_check_problems(self) -> None:
        """All problems on standard error, exit code 1."""
        path = self.write("m.toml", "[scan]\nx = 1\ntimeout = 8")
        result = self.run_main("config", "check", path)
        self.assertEqual((result.stdout, result.exit_code), ("", 1))
        first, second = result.stderr.splitlines()
        self.assertTrue(first.startswith(f"{path}:2: scan.x = 1: unknown key; "), first)
        self.assertTrue(second.startswith(f"{path}:3: scan.timeout = 8: expected a "), second)

    def test_check_layers(self) -> None:
        """What is wrong in itself and what does not fit the checks, by line."""
        path = self.write(
            "m.toml", "[profiles.p]\ndisable = ['x']\n[scan]\nx = 1\n[checks.y]\n[checks.z]\n"
        )
        result = self.run_main("config", "check", path)
        self.assertEqual(
            [line.partition(": ")[0] for line in result.stderr.splitlines()],
            [f"{path}:{line}" for line in (2, 4, 5, 6)],
        )

    def test_check_maps(self) -> None:
        """Maps are read, and what is wrong in them is told by their file and line."""
        self.write("partners.map", "example.org\n.\n")
        text = "[maps.{0}]\nkind = 'names'\nfile = '{0}.map'\n"
        path = self.write("m.toml", text.format("partners") + text.format("gone"))
        result = self.run_main("config", "check", path)
        self.assertEqual(
            sorted(result.stderr.splitlines()),
            [
                f"{self.folder}/gone.map: maps.gone: cannot be read: No such file or directory",
                f"{self.folder}/partners.map:2: maps.partners: expected a name, got '.'",
            ],
        )
        self.assertEqual(result.exit_code, 1)
        self.write("partners.map", "example.org\n")
        self.write("gone.map", "")
        self.assertEqual(self.run_main("config", "check", path).exit_code, 0)

    def test_check_option(self) -> None:
        """The file as the option that other commands have, but not twice."""
        path = self.write("m.toml", "[listeners.scan]\nenabled = false")
        for name in ("-c", "--config"):
            result = self.run_main("config", "check", name, path)
            self.assertEqual(result.stdout, "ok: 1 file, 3 listeners\n")
        result = self.run_main("config", "check", path, "-c", path)
        self.assertIn("expected one file", result.stderr)
        self.assertEqual(result.exit_code, 2)

    def test_check_unreadable(self) -> None:
        """A file that is not there is a problem of the configuration."""
        path = str(self.folder / "none")
        result = self.run_main("config", "check", path)
        self.assertEqual(result.stderr, f"{path}: cannot be read: No such file or directory\n")
        self.assertEqual(result.exit_code, 1)

    def test_show(self) -> None:
        """One key, a table, everything."""
        path = self.write("m.toml", "[scan]\ntimeout = '5s'\n[profiles.'a b']\nskip = true")
        result = self.run_main("config", "show", "scan.timeout", "--config", path)
        self.assertEqual(result.stdout, f'scan.timeout = "5s"   # {path}:2\n')
        result = self.run_main("config", "show", 'profiles."a b".skip', "-c", path)
        self.assertEqual(result.stdout, f'profiles."a b".skip = true   # {path}:4\n')
        result = self.run_main("config", "show", "log", "-c", os.path.relpath(path))
        lines = ['log.format = "text"   # default', 'log.level = "info"   # default']
        self.assertEqual(result.stdout.splitlines(), lines)
        everything = self.run_main("config", "show", "-c", path).stdout
        self.assertEqual(load(self.write("again.toml", everything)).config, load(path).config)

    def test_show_json(self) -> None:
        """The same for programs; in ASCII."""
        path = self.write("m.toml", "[scan]\ntimeout = '5s'\n[profiles.'\u00e9']\nskip = true")
        result = self.run_main("config", "show", "scan.timeout", "--json", "-c", path)
        entry = {"key": "scan.timeout", "value": '"5s"', "origin": f"{path}:2"}
        self.assertEqual(json.loads(result.stdout), [entry])
        result = self.run_main("config", "show", "--json", "-c", path)
        self.assertTrue(result.stdout.isascii())
        keys = [entry["key"] for entry in json.loads(result.stdout)]
        self.assertIn('profiles."\u00e9".skip', keys)

    def test_show_wrong(self) -> None:
        """Unknown keys, text that is no key, and a configuration with problems."""
        result = self.run_main("config", "show", "scan.timout")
        self.assertEqual(result.stderr, "scan.timout: unknown key; did you mean scan.timeout?\n")
        self.assertEqual((result.stdout, result.exit_code), ("", 1))
        result = self.run_main("config", "show", "zzz")
        self.assertEqual((result.stderr, result.exit_code), ("zzz: unknown key\n", 1))
        result = self.run_main("config", "show", "a..\x1b[2J")
        self.assertIn(r"a..\u001B[2J is not a key", result.stderr)
        self.assertEqual(result.exit_code, 2)
        path = self.write("m.toml", "x = 1")
        result = self.run_main("config", "show", "scan", "-c", path)
        self.assertTrue(result.stderr.startswith(f"{path}:1: x = 1: unknown key"))
        self.assertEqual((result.stdout, result.exit_code), ("", 1))

    def test_command_line(self) -> None:
        """The version, and mistakes in the command line."""
        self.assertIn(__version__, self.run_main("--version").stdout)
        self.assertEqual(self.run_main("config", "show", "--nothing").exit_code, 2)
        self.assertEqual(self.run_main("config", "check", "a", "b").exit_code, 2)
        self.assertEqual(self.run_main("nothing").exit_code, 2)
        self.assertEqual(self.run_main("config", "check", "-h").exit_code, 0)
