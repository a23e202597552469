"""What is odd about attached PDF files?"""

from collections.abc import Iterator

from ..mail.pdf import MAX_OBJECTS, MAX_TRAILER, PdfTraits, read_pdf
from ..scan.check import Check, Findings, Symbol
from ..scan.task import Task
from ._archives import candidates, told
from ._option_hits import OptionHits

MAX_FILES = 8
"""PDF files of a message that are looked at."""

TURN = 256 * 1024
"""Octets of parts that are worth a turn for others."""


class Pdf(Check):
    """Looks at PDF files from without: what they pack is not unpacked."""

    name = "pdf"
    symbols = {
        "PDF_ENCRYPTED": Symbol(0.3, "content", "encrypted PDF attached"),
        "PDF_JAVASCRIPT": Symbol(0.1, "content", "PDF holds JavaScript"),
        "PDF_LONG_TRAILER": Symbol(0.2, "content", "PDF has lots of data after its end"),
        "PDF_MANY_OBJECTS": Symbol(0.0, "content", "PDF has more objects than the parser allows"),
        "PDF_SUSPICIOUS": Symbol(4.5, "content", "PDF has suspicious structure"),
    }

    async def run(self, task: Task) -> Findings:
        hits = OptionHits()
        files = [part for part in candidates(task.message) if part.magic == "pdf"]
        octets = 0
        for part in files[:MAX_FILES]:
            octets += part.end - part.body_start
            is_large = octets >= TURN
            if is_large:
                octets = 0
                await task.pause()
            data = part.decoded
            if is_large:
                await task.pause()
            for symbol in _symbols(read_pdf(data)):
                hits.add(symbol, told(part.filename or part.type))
        return hits.hits()


def _symbols(traits: PdfTraits) -> Iterator[str]:
    if traits.is_encrypted:
        yield "PDF_ENCRYPTED"
    if traits.has_javascript:
        yield "PDF_JAVASCRIPT"
    if traits.trailing > MAX_TRAILER:
        yield "PDF_LONG_TRAILER"
    if traits.objects > MAX_OBJECTS:
        yield "PDF_MANY_OBJECTS"
    if traits.has_escaped_names or traits.launches:
        yield "PDF_SUSPICIOUS"
