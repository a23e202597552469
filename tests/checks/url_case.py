"""Messages for tests of checks that look at URLs, and what such a test is made of."""

from collections.abc import Iterable, Mapping

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.scan.check import Check, Hit
from mailfilter.testing.checks import run_check, symbols_of


def html(source: str, fields: str = "") -> bytes:
    """A message of HTML."""
    text = f"{fields}Content-Type: text/html; charset=utf-8\n\n{source}"
    return text.encode("utf-8", "surrogatepass")


def link(href: str, text: str = "here") -> bytes:
    """A message of HTML with one link."""
    return html(f'<p>Go <a href="{href}">{text}</a></p>')


def plain(text: str, fields: str = "") -> bytes:
    """A message of plain text."""
    return f"{fields}Content-Type: text/plain; charset=utf-8\n\n{text}".encode()


class UrlCase(SynchronousTestCase):
    """A test of messages that hit, and of messages that do not."""

    check: type[Check]

    def found(
        self, raw: bytes, options: Mapping[str, object] | None = None, hits: Iterable[Hit] = ()
    ) -> dict[str, tuple[str, ...]]:
        """The symbols of a message, with their options."""
        return symbols_of(run_check(self.check, raw, options=options or {}, hits=hits))

    def compare(self, expected: Mapping[str, tuple[Iterable[bytes], Iterable[bytes]]]) -> None:
        """Every symbol of the check hits the first of its messages, and not the second ones."""
        self.assertEqual(set(expected), set(self.check.symbols))
        for symbol, (hitting, others) in expected.items():
            for raw in hitting:
                self.assertIn(symbol, self.found(raw), raw[:300])
            for raw in others:
                self.assertNotIn(symbol, self.found(raw), raw[:300])
