"""The effective configuration as text."""

import os

from mailfilter.config import load
from mailfilter.config.show import effective

from .case import ConfigCase

CHANGED = """\
[scan]
timeout = "1m30s"
[actions]
greylist = "off"
rewrite_subject = "off"
[groups.headers]
max_score = "off"
[symbols.A]
score = 1
[profiles."a b"]
networks = ["10.0.0.0/8"]
symbols = { "X.Y" = 1 }
[checks.x.options]
a = { b = {}, c = [1, 2.5] }
when = 1979-05-27T07:32:00Z
[listeners.scan]
endpoint = 'unix:x.sock'
"""


class ShowTests(ConfigCase):
    """Keys, values and where they come from."""

    def show(self, text: str, *key: str, **fragments: str) -> list[str]:
        """The lines shown, with the folder taken out."""
        entries = effective(self.load(text, **fragments), key)
        return [str(entry).replace(str(self.folder) + os.sep, "") for entry in entries]

    def test_leaf(self) -> None:
        """One key: by default, from a file, from a later file."""
        key = ("scan", "timeout")
        self.assertEqual(self.show("", *key), ['scan.timeout = "8s"   # default'])
        text = "\n[scan]\ntimeout = '90s'"
        self.assertEqual(self.show(text, *key), ['scan.timeout = "1m30s"   # m.toml:3'])
        lines = self.show(text, *key, x="scan.timeout = '5s'")
        self.assertEqual(lines, ['scan.timeout = "5s"   # conf.d/x.toml:1'])

    def test_table(self) -> None:
        """A table shows its keys in the order of the model."""
        self.assertEqual(
            self.show(CHANGED, "actions"),
            [
                'actions.greylist = "off"   # m.toml:4',
                "actions.add_header = 6.0   # default",
                'actions.rewrite_subject = "off"   # m.toml:5',
                "actions.reject = 15.0   # default",
                'actions.subject = "*** SPAM *** %s"   # default',
            ],
        )
        self.assertEqual(
            self.show(CHANGED, "symbols", "A"),
            [
                "symbols.A.score = 1.0   # m.toml:9",
                "# symbols.A.group is not set",
                "# symbols.A.description is not set",
            ],
        )
        self.assertEqual(self.show(CHANGED, "composites"), ["# composites is not set"])
        self.assertEqual(
            self.show(CHANGED, "checks", "x", "options"),
            [
                "checks.x.options.a.b = {}   # m.toml:14",
                "checks.x.options.a.c = [1, 2.5]   # m.toml:14",
                "checks.x.options.when = 1979-05-27T07:32:00+00:00   # m.toml:15",
            ],
        )

    def test_inside(self) -> None:
        """Keys of names with dots and blanks, and of options."""
        for key, line in (
            (("profiles", "a b", "symbols"), 'profiles."a b".symbols."X.Y" = 1.0   # m.toml:12'),
            (("profiles", "a b", "symbols", "X.Y"), 'profiles."a b".symbols."X.Y" = 1.0'),
            (("checks", "x", "options", "a", "c"), "checks.x.options.a.c = [1, 2.5]   # m.toml:14"),
            (("listeners", "scan", "enabled"), "listeners.scan.enabled = true   # default"),
        ):
            (shown,) = self.show(CHANGED, *key)
            self.assertTrue(shown.startswith(line), shown)

    def test_unknown(self) -> None:
        """An unknown key has a hint where a name is near."""
        for key, hint in (
            (("scan", "timout"), "did you mean scan.timeout?"),
            (("scam", "timeout"), "did you mean scan?"),
            (("listeners", "scn"), "did you mean listeners.scan?"),
            (("scan", "timeout", "x"), ""),
            (("checks", "x"), ""),
            (("",), ""),
        ):
            with self.assertRaises(KeyError) as caught:
                effective(load(None), key)
            self.assertEqual(caught.exception.args, (hint,))

    def test_read_back(self) -> None:
        """What is shown is a configuration file with the same values."""
        config = self.load(CHANGED).config
        shown = "\n".join(str(entry) for entry in effective(self.load(CHANGED)))
        self.assertEqual(self.load(shown).config, config)
