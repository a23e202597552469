"""The pages of clients that are replayed show what the emulators are set to, and what loads."""

import re
import tomllib
from dataclasses import asdict, fields
from pathlib import Path
from textwrap import dedent
from urllib.parse import urlsplit
from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config import Config, load

from .james import James
from .maddy import Maddy

PAGES = Path(__file__).parents[3] / "docs/mta"
REPLAYED = ("james", "maddy", "rspamdclient-rs", "communigate", "smartermail", "emailsuccess")
CLASSICAL = ("clients", "james", "maddy", "communigate", "smartermail", "emailsuccess")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LISTENER = re.compile(r"^    \[listeners\.scan\]\n(?:    .*\n)+", re.MULTILINE)


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text("utf-8")


def block(name: str, language: str) -> str:
    """The one block of a language that a page has."""
    (text,) = (text for found, text in BLOCK.findall(page(name)) if found == language)
    assert isinstance(text, str)
    return text


class PageTests(SynchronousTestCase):
    def test_listeners(self) -> None:
        """Load, and keep to the actions that the client knows."""
        for name in CLASSICAL:
            (text,) = LISTENER.findall(page(name))
            path = Path(self.mktemp()).absolute()
            path.write_text(dedent(text))
            loaded = load(str(path))
            self.assertEqual(loaded.warnings, (), name)
            listener = loaded.config.listeners["scan"]
            self.assertTrue(listener.classic_actions, name)
            self.assertEqual(set(tomllib.loads(dedent(text))["listeners"]), {"scan"})

    def test_addresses(self) -> None:
        """Are those of the listener that there is without a configuration."""
        endpoint = Config().listeners["scan"].endpoint
        for name in REPLAYED[:4]:
            for url in re.findall(r"http://[\d.:]+", page(name)):
                found = urlsplit(url)
                self.assertEqual(f"tcp:{found.port}:interface={found.hostname}", endpoint, name)

    def test_said(self) -> None:
        """Each page says that it was not run, and the table names it so."""
        table = page("clients")
        for name in REPLAYED:
            self.assertIn("**Not run by ", page(name))
            (row,) = (line for line in table.splitlines() if f"({name}.md)" in line)
            self.assertRegex(row, r"\| (?:replayed|assumed)")
            self.assertIn("(clients.md)", page(name))

    def test_james(self) -> None:
        """Both files of its configuration."""
        lines = block("james", "properties").splitlines()
        settings = dict(line.split("=", 1) for line in lines)
        self.assertEqual(James().password, settings.pop("rspamdPassword"))
        self.assertEqual(James().per_user_bayes, settings.pop("perUserBayes") == "true")
        seconds = float(settings.pop("rspamdTimeout"))
        self.assertGreater(seconds, Config().listeners["scan"].deadline)
        self.assertEqual(set(settings), {"rspamdUrl"})
        mailet = ElementTree.fromstring(block("james", "xml"))
        self.assertEqual(mailet.get("class"), "org.apache.james.rspamd.RspamdScanner")
        self.assertLessEqual(
            {"rewriteSubject", "virusProcessor", "rejectSpamProcessor"}, {one.tag for one in mailet}
        )

    def test_maddy(self) -> None:
        """Its block is that of the emulator."""
        lines = block("maddy", "maddy").splitlines()
        self.assertEqual((lines[0], lines[-1]), ("rspamd {", "}"))
        settings = dict(line.split() for line in lines[1:-1])
        self.assertLessEqual(set(settings), {field.name for field in fields(Maddy)})
        self.assertEqual(settings, {name: asdict(Maddy())[name] for name in settings})

    def test_rust(self) -> None:
        self.assertIn(".base_url(", block("rspamdclient-rs", "rust"))
