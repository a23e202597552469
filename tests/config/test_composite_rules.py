"""Composites without an expression."""

from .case import ConfigCase


class CompositeRuleTests(ConfigCase):
    """What must hold of composites."""

    def test_missing(self) -> None:
        """Without an expression there is nothing to ask."""
        for text in ("", "expression = ''", "enabled = true", "score = 2"):
            (found,) = self.problems(f"[composites.A]\n{text}")
            self.assertIn("composites.A.expression: is missing", found)

    def test_switched_off(self) -> None:
        """To take one out that comes with the filter, its name is enough."""
        loaded = self.load("[composites.AUTH_NA]\nenabled = false")
        self.assertFalse(loaded.config.composites["AUTH_NA"].enabled)

    def test_told_once(self) -> None:
        """An expression that is no text is not missing as well."""
        (found,) = self.problems("[composites.A]\nexpression = 1")
        self.assertNotIn("missing", found)
