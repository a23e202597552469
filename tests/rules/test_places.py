"""On which line something stands."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.rules.places import Places

TEXT = """# rules
[[rule]]
symbol = "A"
patterns = {a = 'x'}

  [[ rule ]]  # the second
symbol = "B"
[rule.patterns]
one = 'x'
two = {match = 'y'}
[rule.examples]
match = ["x"]
"""


class PlacesTests(SynchronousTestCase):
    """Lines count from 1."""

    def test_found(self) -> None:
        """Keys, names in their tables, and the rule itself if neither is there."""
        places = Places("r.toml", TEXT, 2)
        for index, key, name, expected in (
            (0, "symbol", "", "r.toml:3"),
            (0, "patterns", "", "r.toml:4"),
            (0, "patterns", "a", "r.toml:4"),
            (0, "score", "", "r.toml:2"),
            (1, "symbol", "", "r.toml:7"),
            (1, "patterns", "two", "r.toml:10"),
            (1, "match", "", "r.toml:12"),
            (1, "", "", "r.toml:6"),
        ):
            self.assertEqual(str(places.of(index, key, name)), expected, f"{index} {key} {name}")

    def test_unsure(self) -> None:
        """Where lines look like rules that are none, only the file is told."""
        text = f'{TEXT}no_match = """\n[[rule]]\n"""\n'
        self.assertEqual(str(Places("r.toml", text, 2).of(1, "symbol")), "r.toml:1")

    def test_line_ends(self) -> None:
        """Files of other systems."""
        places = Places("r.toml", TEXT.replace("\n", "\r\n"), 2)
        self.assertEqual(str(places.of(1, "symbol")), "r.toml:7")
