"""docs/client.md: it has every command and option, and its links lead somewhere."""

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.pages.programs import client

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "client.md").read_text("utf-8")


def anchors(text: str) -> set[str]:
    """Of headings, as they are linked to."""
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}


class ClientPageTests(SynchronousTestCase):
    def test_complete(self) -> None:
        command = client().command
        names = {name for option in command.options for name in option.names}
        names |= {word.name for word in command.words}
        missing = {name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}", PAGE)}
        # Those that ask for help are known.
        self.assertEqual({"-?"}, missing)

    def test_nothing_else(self) -> None:
        """No option is told that there is not."""
        command = client().command
        names = {name for option in command.options for name in option.names}
        told = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", PAGE))
        self.assertEqual(set(), told - names)

    def test_links(self) -> None:
        for link in re.findall(r"\]\(([^)]+)\)", PAGE):
            path, _, anchor = link.partition("#")
            text = (DOCS / path).read_text("utf-8") if path else PAGE
            if anchor:
                self.assertIn(anchor, anchors(text), link)
