"""Does the name of a file end as those of programs do?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._files import BAD, extensions_of, named_parts
from ._fits import FITS
from ._url_hits import MAX_OPTION


class MimeExtensions(Check):
    """Looks at the extensions of all names that programs may see; the worst one counts.

    A harmless extension before a dangerous one (`invoice.pdf.exe`) is there to deceive.
    """

    name = "mime_extensions"
    symbols = {
        "MIME_BAD_EXTENSION": Symbol(2.0, "mime_types", "dangerous file extension"),
        "MIME_DOUBLE_BAD_EXTENSION": Symbol(
            3.0, "mime_types", "double extension hiding a dangerous one"
        ),
    }

    def run(self, task: Task) -> Findings:
        found: dict[str, tuple[int, str]] = {}
        for _, names in named_parts(task.message):
            for name in names:
                last, before = extensions_of(name)
                factor = BAD.get(last, 0)
                is_double = before in FITS and before not in BAD
                symbol = "MIME_DOUBLE_BAD_EXTENSION" if is_double else "MIME_BAD_EXTENSION"
                if factor > found.get(symbol, (0, ""))[0]:
                    found[symbol] = (factor, f"{before}.{last}" if is_double else last)
        return [
            Hit(symbol, float(factor), (option[:MAX_OPTION],))
            for symbol, (factor, option) in found.items()
        ]
