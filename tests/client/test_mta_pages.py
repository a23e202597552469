"""The pages in docs/mta show what `mailfilteradm mta` prints, and name keys that there are."""

import re
import tomllib
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.mta.snippets import MTAS, template
from mailfilter.config import Config, load
from mailfilter.config.schema import Table, table_of

PAGES = Path(__file__).parents[2] / "docs/mta"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def blocks(page: Path) -> list[tuple[str, str]]:
    """The code blocks of a page: language and text."""
    return BLOCK.findall(page.read_text("utf-8"))


class PageTests(SynchronousTestCase):
    """What administrators copy from the pages."""

    def test_templates(self) -> None:
        """Each page has the lines for its MTA, octet by octet, in each way that it may ask."""
        for name in MTAS:
            texts = [text for _, text in blocks(PAGES / f"{name.partition('-')[0]}.md")]
            self.assertIn(template(name), texts, name)

    def test_configurations(self) -> None:
        """What is for mailfilter.toml can be loaded."""
        tried = 0
        for page in PAGES.glob("*.md"):
            for language, text in blocks(page):
                if language != "toml" or "[session." in text:
                    continue
                path = Path(self.mktemp()).absolute()
                path.write_text(text)
                self.assertEqual(load(str(path)).warnings, (), page.name)
                tried += 1
        self.assertEqual(tried, 7)

    def test_stalwart(self) -> None:
        """What is for Stalwart is TOML."""
        tomllib.loads(template("stalwart"))

    def test_links(self) -> None:
        """Every other page that is linked to is there, and every page is linked to."""
        linked = set()
        for page in (*PAGES.glob("*.md"), PAGES.parents[1] / "README.md"):
            for target in LINK.findall(page.read_text("utf-8")):
                path = (page.parent / target).resolve()
                self.assertTrue(path.exists(), (page.name, target))
                linked.add(path)
        self.assertEqual(set(PAGES.glob("*.md")) - linked, set())

    def test_keys(self) -> None:
        """Keys of listeners and texts that are named exist."""
        text = (PAGES / "listener.md").read_text("utf-8")
        root = table_of(Config)
        for table, key in re.findall(r"`(texts|scan|actions|headers)\.(\w+)`", text):
            node = root.fields[table].node
            assert isinstance(node, Table)
            self.assertIn(key, node.fields)
