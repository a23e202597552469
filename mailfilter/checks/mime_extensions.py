"""Does the name of a file end as those of programs do?"""

from collections.abc import Iterator

from ..mail import Message
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._archives import BAD as BAD_IN_ARCHIVE
from ._archives import attached, files_of
from ._files import BAD, extensions_of, named_parts
from ._fits import FITS
from ._option_hits import MAX_OPTION


class MimeExtensions(Check):
    """Looks at the extensions of all names that programs may see; the worst one counts.

    A harmless extension before a dangerous one (`invoice.pdf.exe`) is there to deceive. In
    archives other extensions count, and some for less.
    """

    name = "mime_extensions"
    after = ("archives",)
    symbols = {
        "MIME_BAD_EXTENSION": Symbol(2.0, "mime_types", "dangerous file extension"),
        "MIME_DOUBLE_BAD_EXTENSION": Symbol(
            3.0, "mime_types", "double extension hiding a dangerous one"
        ),
    }

    def run(self, task: Task) -> Findings:
        found: dict[str, tuple[float, str]] = {}
        for factor, last, before in _all_extensions(task.message):
            is_double = before in FITS and before not in BAD
            symbol = "MIME_DOUBLE_BAD_EXTENSION" if is_double else "MIME_BAD_EXTENSION"
            if factor > found.get(symbol, (0, ""))[0]:
                found[symbol] = (factor, f"{before}.{last}" if is_double else last)
        return [
            Hit(symbol, float(factor), (option[:MAX_OPTION],))
            for symbol, (factor, option) in found.items()
        ]


def _all_extensions(message: Message) -> Iterator[tuple[float, str, str]]:
    """How bad the last extension of each file is, that extension, and the one before it."""
    for _, names in named_parts(message):
        for name in names:
            last, before = extensions_of(name)
            yield BAD.get(last, 0), last, before
    for archive in attached(message):
        for file in files_of(archive.listing):
            yield BAD_IN_ARCHIVE.get(file.last, 0), file.last, file.before
