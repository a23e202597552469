"""Examples do what they say."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.rules.examples import example, wrong_examples
from mailfilter.rules.match import make_matcher
from tests.rules.case import rules_of


class ExampleTests(SynchronousTestCase):
    """What is said of examples."""

    def wrong(self, *texts: str) -> list[str]:
        """What is wrong with the examples of some rules."""
        return [str(item) for item in wrong_examples(make_matcher(rules_of(*texts)))]

    def test_right(self) -> None:
        """Header, text, HTML, or a whole message."""
        subject = """A target = 'subject'
match = 'x'
examples = {match = ['Subject: x', "Subject: ax\\n\\nbody"], no_match = 'Subject: y'}
"""
        for rule in (
            subject,
            "A target = 'body'\nmatch = 'x'\nexamples = {match = 'x', no_match = ['y', '']}",
            "A target = 'text'\nmatch = '\u00e9'\nexamples = {match = '\u00e9'}",
            "A target = 'html'\nmatch = '<p>'\nexamples = {match = '<p>', no_match = 'p'}",
        ):
            self.assertEqual(self.wrong(rule), [], rule)

    def test_wrong(self) -> None:
        """Each that is wrong is told, with the place of its rule."""
        long = "z" * 100
        found = self.wrong(
            "A target = 'subject'\nmatch = 'x'\n"
            f"examples = {{match = ['Subject: {long}'], no_match = ['Subject: x', 'To: x']}}"
        )
        self.assertEqual(
            found,
            [
                f"r.toml:5: A: does not match its match example 'Subject: {'z' * 51}...'",
                "r.toml:5: A: matches its no_match example 'Subject: x'",
            ],
        )

    def test_messages(self) -> None:
        """What an example stands for."""
        (header,), (html,) = (
            rules_of(f"A target = '{target}'\nmatch = 'x'") for target in ("subject", "html")
        )
        self.assertEqual(example(header, "Subject: x").subject, "x")
        self.assertEqual(example(html, "<p>").root.type, "text/html")
        self.assertEqual(example(html, "Subject: y\n\n<p>").subject, "y")
