"""Names of header fields in the configuration."""

from .case import ConfigCase

EXPECTED = 'expected the name of a header field such as "X-Mailfilter-Trace"'


class FieldTests(ConfigCase):
    """`scan.trace_header`."""

    def test_good(self) -> None:
        """What may be a field name (RFC 5322 3.6.8), and nothing for none."""
        for name in ("", "X-Mailfilter-Trace", "!~", "x" * 255):
            loaded = self.load(f'[scan]\ntrace_header = "{name}"')
            self.assertEqual(loaded.config.scan.trace_header, name)

    def test_bad(self) -> None:
        """Blanks, colons, line breaks, other characters, and what is too long."""
        for text, near in {
            "X Trace": "XTrace",
            "X-Trace:": "X-Trace",
            "X-Trace\\r\\nX-Other": "X-TraceX-Other",
            "X-Träce": "X-Trce",
            "x" * 256: "x" * 255,
        }.items():
            (problem,) = self.problems(f'[scan]\ntrace_header = "{text}"')
            self.assertIn(f'{EXPECTED}; did you mean "{near}"?', problem)
        (problem,) = self.problems('[scan]\ntrace_header = ": "')
        self.assertTrue(problem.endswith(EXPECTED), problem)
