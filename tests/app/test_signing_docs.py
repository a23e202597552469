"""What docs/authentication.md says of keys holds."""

import re
import shlex
import tomllib
from pathlib import Path

import click

from mailfilter.client.adm import main
from tests.app.signing_case import SigningCase, pem

PAGE = Path(__file__).parents[2] / "docs/authentication.md"


class DocsTests(SigningCase):
    def setUp(self) -> None:
        super().setUp()
        self.text = PAGE.read_text("utf-8").partition("\n## Keys\n")[2].partition("\n## ")[0]

    def blocks(self, kind: str = "") -> list[str]:
        """Those that begin so."""
        found = re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", self.text)
        return [text for begin, text in found if begin == kind]

    def test_configuration(self) -> None:
        """All three places, where the files are those of the test."""
        (config,) = self.blocks("toml")
        (lines,) = [block for block in self.blocks() if not block.startswith("$")]
        self.put("dkim.map", lines.encode())
        self.put("dkim/example.org.2026.key", pem(1))
        self.put("dkim/sub.example.org.old.key", pem(2))
        for folder in ("/etc/mailfilter/", "/var/lib/rspamd/"):
            config = config.replace(folder, "")
        self.assertEqual(tomllib.loads(config)["signing"]["folders"], ["dkim"])
        found = [(domain, selector) for domain, selector, _ in self.found(self.held(config))]
        self.assertEqual(
            found, [("example.org", "2026"), ("sub.example.org", "old"), ("example.net", "mail")]
        )

    def test_commands(self) -> None:
        """They are there, with their options."""
        shown = re.findall(r"(?:\$ |`)mailfilteradm (dkim [^`\n]+)", self.text)
        self.assertGreaterEqual(len(shown), 4)
        group = main.commands["dkim"]
        assert isinstance(group, click.Group)
        for text in shown:
            _, name, *words = shlex.split(text)
            # Without its parent it would keep other names of --help than the program has.
            group.commands[name].make_context(name, words, parent=main.make_context("", ["dkim"]))
