"""Messages for tests of checks that look at URLs, and what such a test is made of."""

from collections.abc import Iterable, Mapping

from mailfilter.scan.check import Hit
from mailfilter.testing.checks import run_check, symbols_of

from .symbol_case import SymbolCase

Case = bytes | tuple[bytes, Mapping[str, object]]
"""A message, and options of the check if they matter."""


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


class UrlCase(SymbolCase):
    """A test of messages that hit, and of messages that do not."""

    def found(
        self, case: Case, options: Mapping[str, object] | None = None, hits: Iterable[Hit] = ()
    ) -> dict[str, tuple[str, ...]]:
        """The symbols of a message, with their options."""
        raw, given = (case, options or {}) if isinstance(case, bytes) else case
        return symbols_of(run_check(self.check, raw, options=given, hits=hits))
