"""The shipped configuration and the reference are what the model says."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mailfilter.config import Config, load
from mailfilter.config.generate import DOCUMENTS, main
from mailfilter.config.model import Composite
from mailfilter.config.schema import Field, Named, Table, table_of
from mailfilter.config.show import effective

from .case import ConfigCase

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "etc/mailfilter.toml"

UNCOMMENTED = re.compile(r"^#(?=[^ \n])", re.MULTILINE)
"""A # right before a key or a header is what an operator takes away."""


def all_fields(table: Table) -> Iterator[Field]:
    """Every key of the model that has a value of its own."""
    for field in table.fields.values():
        inner = field.node.item if isinstance(field.node, Named) else field.node
        if isinstance(inner, Table):
            yield from all_fields(inner)
        else:
            yield field


class DocumentTests(ConfigCase):
    """Documents that are made from the model."""

    def test_up_to_date(self) -> None:
        """`python -m mailfilter.config.generate` would change nothing."""
        main(self.folder)
        for name in DOCUMENTS:
            made = (self.folder / name).read_text("utf-8")
            self.assertEqual((ROOT / name).read_text("utf-8"), made, name)

    def test_defaults(self) -> None:
        """The shipped file is the built-in defaults, all of them, each set in the file."""
        loaded = load(str(SHIPPED))
        self.assertEqual(loaded.config, Config())
        self.assertEqual(loaded.warnings, ())
        unset = [
            entry.key
            for entry in effective(loaded)
            if entry.value is not None and entry.origin.file != str(SHIPPED)
        ]
        self.assertEqual(unset, [])

    def test_every_key_is_explained(self) -> None:
        """Both documents hold every key with its meaning."""
        shipped = re.sub(r"\n# ", " ", SHIPPED.read_text("utf-8"))
        reference = (ROOT / "docs/configuration.md").read_text("utf-8").replace("\\\\", "\\")
        for field in all_fields(table_of(Config)):
            self.assertRegex(shipped, rf"(?m)^#?{field.name} = ")
            self.assertIn(field.doc, shipped)
            self.assertIn(f"| `{field.name}` |", reference)
            self.assertIn(field.doc.replace("|", "\\|"), reference)

    def test_examples(self) -> None:
        """With the # of every example taken away, the file is still right."""
        config = self.load(UNCOMMENTED.sub("", SHIPPED.read_text("utf-8"))).config
        default = Config()
        self.assertEqual(config.actions, replace(default.actions, rewrite_subject=8.0))
        composite = Composite(expression="MISSING_FROM & MISSING_DATE")
        self.assertEqual(config.composites, {"NAME": composite})
        self.assertEqual(config.profiles["NAME"].actions.reject, 20.0)
        self.assertEqual(config.listeners, default.listeners)
